"""A rolling restart of two bridges behind one balancing client fails no call."""

import asyncio
import json
from collections import Counter
from typing import Any

import grpc
import pytest

from aibridge.client import OPTIONS, SERVICE_CONFIG
from aibridge.v1 import chat_pb2, chat_pb2_grpc
from tests.support.gateway import Exchange, Gateway, respond_json
from tests.support.payloads import COMPLETION
from tests.support.processes import Process, free_port, serving

pytestmark = pytest.mark.alone

WORDS = [f"word{index} " for index in range(5)]
#: The client checks each bridge's health, and leaves one that is about to stop.
HEALTH = {"healthCheckConfig": {"serviceName": "aibridge.v1.ChatService"}}


async def script(exchange: Exchange) -> None:
    if not exchange.request.json.get("stream"):
        await respond_json(COMPLETION)(exchange)
        return
    await exchange.head(content_type="text/event-stream")
    for word in WORDS:
        await exchange.event({"choices": [{"index": 0, "delta": {"content": word}}]})
        await asyncio.sleep(0.02)
    await exchange.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    await exchange.event("[DONE]")
    exchange.writer.close()


class Load:
    """Callers that call continuously. A failed call ends the test."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = chat_pb2_grpc.ChatServiceStub(channel)
        self._request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
        self.done: Counter[str] = Counter()
        self._stop = False

    async def run(self, callers: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(self._unary())
                group.create_task(self._stream())

    def stop(self) -> None:
        self._stop = True

    async def _unary(self) -> None:
        while not self._stop:
            assert (await self._stub.CreateChatCompletion(self._request)).choices[0].message.content == "hello"
            self.done["unary"] += 1
            await asyncio.sleep(0.005)  # the starting bridges share the machine

    async def _stream(self) -> None:
        while not self._stop:
            words = [
                item.choices[0].delta.content async for item in self._stub.CreateChatCompletionStream(self._request)
            ]
            assert words == [*WORDS, ""]
            self.done["stream"] += 1


@pytest.mark.parametrize(("config", "delay"), [({}, "0"), (HEALTH, "0.3")], ids=["as shipped", "with health checks"])
async def test_rolling_restart(gateway: Gateway, config: dict[str, Any], delay: str) -> None:
    """Each of two bridges is stopped and restarted under load, and no call fails."""
    gateway.script(script)
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    balanced = {**SERVICE_CONFIG, **config}
    options = {
        **dict(OPTIONS),
        "grpc.service_config": json.dumps(balanced),
        "grpc.use_local_subchannel_pool": 1,
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 200,
    }

    def bridge(address: str) -> Any:
        return serving(gateway, "--drain-delay", delay, listen=address)

    async with (
        grpc.aio.insecure_channel(f"ipv4:{','.join(addresses)}", options=list(options.items())) as channel,
        bridge(addresses[0]) as first,
        bridge(addresses[1]) as second,
    ):
        load = Load(channel)
        running = asyncio.create_task(load.run(4))
        await _served(running, first, second)
        first.terminate()
        assert await first.ended() == 0
        async with bridge(addresses[0]) as first_again:
            await _served(running, first_again)
            second.terminate()
            assert await second.ended() == 0
            async with bridge(addresses[1]) as second_again:
                await _served(running, second_again)
                load.stop()
                await asyncio.wait_for(running, 10)
    stopped = [
        line["calls_cut_off"] for process in (first, second) for line in process.log if line["event"] == "stopped"
    ]
    assert stopped == [0, 0]
    assert min(load.done["unary"], load.done["stream"]) > 30


async def _served(load: asyncio.Task[None], *processes: Process) -> None:
    """Wait until each bridge has its share of the load; return at once if the load has failed."""
    for process in processes:
        share = asyncio.create_task(process.logged("call", 20))
        await asyncio.wait({share, load}, return_when=asyncio.FIRST_COMPLETED)
        if load.done():
            share.cancel()
            await load
        await share
