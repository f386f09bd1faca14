"""A call with status OK has failed if its message is missing or unreadable: each client, and OpenAI's library."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import httpx
import pytest

from aibridge.client import CallFailed, aio, connect
from aibridge.client.calls import readable
from aibridge.client.openai import async_transport, transport
from aibridge.v1 import chat_pb2

CHAT = "/aibridge.v1.ChatService/CreateChatCompletion"
HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def nested(depth: int) -> bytes:
    """A response or chunk with content parts nested to this depth."""
    part: dict[str, Any] = {"text": "hi"}
    for _ in range(depth):
        part = {"thinking": {"items": [part]}}
    choice = {"message": {"content_parts": {"items": [part]}}}
    return chat_pb2.CreateChatCompletionResponse(choices=[choice]).SerializeToString()


GOOD = chat_pb2.CreateChatCompletionStreamResponse(id="x").SerializeToString()
MESSAGES = {"nested 49 deep": nested(49), "not a message": b"\xff\xff\xff", "cut off": GOOD[:-1]}


class Handler(grpc.GenericRpcHandler):
    """Responds to each call with the same bytes; to a stream, after one good message."""

    def __init__(self, message: bytes) -> None:
        self._message = message

    def service(self, handler_call_details: Any) -> Any:
        async def unary(_: bytes, __: Any) -> bytes:
            return self._message

        async def stream(_: bytes, context: Any) -> None:
            await context.write(GOOD)
            await context.write(self._message)

        if handler_call_details.method.endswith("Stream"):
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


@pytest.fixture(params=MESSAGES.values(), ids=MESSAGES)
async def address(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Handler(request.param),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


def check(failure: CallFailed) -> None:
    assert failure.code is grpc.StatusCode.INTERNAL
    assert failure.reason == "RESPONSE_UNREADABLE"
    assert not failure.retryable


async def test_aio(address: str) -> None:
    """A unary response, and a chunk after a good one, raise CallFailed."""
    async with aio.connect(address) as client:
        with pytest.raises(CallFailed) as failure:
            await client.chat.CreateChatCompletion(HELLO)
        check(failure.value)
        chunks = client.chat.CreateChatCompletionStream(HELLO)
        assert (await anext(chunks)).id == "x"
        with pytest.raises(CallFailed) as failure:
            await anext(chunks)
        check(failure.value)


async def test_sync(address: str) -> None:
    """The same in the synchronous client, with and without trailers."""

    def calls() -> None:
        with connect(address) as client:
            for call in (client.chat.CreateChatCompletion, client.chat.CreateChatCompletion.with_trailers):
                with pytest.raises(CallFailed) as failure:
                    call(HELLO)
                check(failure.value)
            chunks = client.chat.CreateChatCompletionStream(HELLO)
            assert next(chunks).id == "x"
            with pytest.raises(CallFailed) as failure:
                next(chunks)
            check(failure.value)

    await asyncio.to_thread(calls)


async def test_under_openai(address: str) -> None:
    """The HTTP response is an error with a JSON body, and the stream ends with an error event and without `[DONE]`."""

    def in_thread(body: dict[str, Any]) -> httpx.Response:
        with httpx.Client(transport=transport(address), base_url="http://any/v1") as client:
            return client.post("/chat/completions", json=body)

    async def on_loop(body: dict[str, Any]) -> httpx.Response:
        async with httpx.AsyncClient(transport=async_transport(address), base_url="http://any/v1") as client:
            return await client.post("/chat/completions", json=body)

    for response in (await asyncio.to_thread(in_thread, BODY), await on_loop(BODY)):
        assert (response.status_code, response.json()["error"]["code"]) == (500, "RESPONSE_UNREADABLE")
    for response in (
        await asyncio.to_thread(in_thread, {**BODY, "stream": True}),
        await on_loop({**BODY, "stream": True}),
    ):
        assert response.status_code == 200
        assert '"id":"x"' in response.text
        assert '"code":"RESPONSE_UNREADABLE"' in response.text
        assert "[DONE]" not in response.text


def test_a_missing_message() -> None:
    """A call with status OK and no message, for which gRPC returns None, has failed."""
    with pytest.raises(CallFailed) as failure:
        readable(None)
    check(failure.value)
