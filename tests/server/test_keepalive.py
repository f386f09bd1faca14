"""Connections stay open while a model thinks for longer than a minute, with and without pings.

`make test-clients` does the same with grpc-go and grpc-js.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import pytest

from aibridge.client import aio, connect
from aibridge.v1 import chat_pb2
from tests.support.bridge import Bridge
from tests.support.gateway import Exchange, Gateway, respond_json
from tests.support.payloads import COMPLETION

#: Seconds without a byte from the upstream: more than seven pings at the shortest interval that the bridge tolerates.
SILENCE = 75.0
EAGER = [("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_permit_without_calls", 1)]
LAST = {"choices": [{"index": 0, "delta": {"content": "hello"}, "finish_reason": "stop"}]}
#: What the upstream sends before the silence: nothing, or the head of a stream.
KINDS = ("unary", "stream", "stream, begun")
CLIENTS = ("aio", "aio, eager", "sync", "sync, eager")


async def thinks(exchange: Exchange) -> None:
    request = exchange.request.json
    if "begun" in request["model"]:
        await exchange.head(content_type="text/event-stream")
    await asyncio.sleep(SILENCE)
    if not request.get("stream"):
        await respond_json(COMPLETION)(exchange)
        return
    if "begun" not in request["model"]:
        await exchange.head(content_type="text/event-stream")
    await exchange.event(LAST)
    await exchange.event("[DONE]")
    exchange.writer.close()


async def text(response: Any) -> str:
    """The text of a response or a stream."""
    if isinstance(response, AsyncIterator):
        return "".join([chunk.choices[0].delta.content async for chunk in response])
    content: str = (await response).choices[0].message.content
    return content


@pytest.mark.slow
@pytest.mark.waits
async def test_a_long_silence_before_the_first_token(bridge: Bridge, gateway: Gateway) -> None:
    """Each client gets its response from the one request that it sent, all at the same time."""
    gateway.script(thinks)

    def call(client: Any, name: str, kind: str) -> Any:
        request = chat_pb2.CreateChatCompletionRequest(
            model=f"{name}, {kind}", messages=[{"role": "user", "content": "hi"}]
        )
        rpc = client.chat.CreateChatCompletion if kind == "unary" else client.chat.CreateChatCompletionStream
        return rpc(request)

    def in_thread(client: Any, name: str, kind: str) -> str:
        response = call(client, name, kind)
        if kind == "unary":
            return str(response.choices[0].message.content)
        return "".join(chunk.choices[0].delta.content for chunk in response)

    said: dict[str, asyncio.Future[str]] = {}
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as channels:
        with ThreadPoolExecutor(len(CLIENTS) * len(KINDS)) as threads, ExitStack() as threaded:
            for name in CLIENTS:
                for kind in KINDS:
                    options = [*(EAGER if "eager" in name else ()), ("grpc.use_local_subchannel_pool", 1)]
                    key = f"{name}, {kind}"
                    if name.startswith("aio"):
                        client: Any = await channels.enter_async_context(aio.connect(bridge.address, options=options))
                        said[key] = asyncio.create_task(text(call(client, name, kind)))
                    else:
                        client = threaded.enter_context(connect(bridge.address, options=options))
                        said[key] = loop.run_in_executor(threads, in_thread, client, name, kind)
            began = loop.time()
            outcomes = await asyncio.gather(*said.values(), return_exceptions=True)
            assert loop.time() - began >= SILENCE - 1
    assert dict(zip(said, outcomes, strict=True)) == dict.fromkeys(said, "hello")
    assert sorted(request.json["model"] for request in gateway.requests) == sorted(said)
