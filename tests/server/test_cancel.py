"""When a caller leaves or its deadline passes, the upstream connection is closed within 100 ms, at any point."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import pytest
import structlog.testing

from aibridge.v1 import chat_pb2
from tests.support.bridge import Bridge, Start, start_bridge
from tests.support.gateway import Exchange, Gateway, Script

LIMIT = 0.1
pytestmark = pytest.mark.alone
Call = Callable[[Bridge, chat_pb2.CreateChatCompletionRequest, float | None], Any]


def unary(bridge: Bridge, request: chat_pb2.CreateChatCompletionRequest, timeout: float | None) -> Any:
    return bridge.chat.CreateChatCompletion(request, timeout=timeout)


def stream(bridge: Bridge, request: chat_pb2.CreateChatCompletionRequest, timeout: float | None) -> Any:
    return bridge.chat.CreateChatCompletionStream(request, timeout=timeout)


async def says_nothing(exchange: Exchange) -> None:
    await exchange.wait_closed()


async def stops_after_the_head(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    await exchange.wait_closed()


async def stops_in_the_body(exchange: Exchange) -> None:
    await exchange.head(content_length="1000")
    await exchange.send('{"id":')
    await exchange.wait_closed()


async def sends_comments(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    await exchange.send(": still thinking\n\n")
    await exchange.wait_closed()


async def stops_in_mid_stream(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    await exchange.event({"choices": [{"index": 0, "delta": {"content": "a"}}]})
    await exchange.wait_closed()


async def floods(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    while not exchange.closed.is_set():
        await exchange.event({"choices": [{"index": 0, "delta": {"content": "x" * 1000}}]})


WINDOWS: dict[str, tuple[Call, Script]] = {
    "unary, waiting for the head": (unary, says_nothing),
    "unary, in the body": (unary, stops_in_the_body),
    "stream, waiting for the head": (stream, says_nothing),
    "stream, before the first event": (stream, stops_after_the_head),
    "stream, comments only": (stream, sends_comments),
    "stream, in the middle": (stream, stops_in_mid_stream),
    "stream, in a flood": (stream, floods),
}


@pytest.fixture(params=WINDOWS.values(), ids=WINDOWS.keys())
def window(request: pytest.FixtureRequest) -> tuple[Call, Script]:
    return request.param


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    """The log of the bridge, which must have no warning about a caller that goes away."""
    with structlog.testing.capture_logs() as lines:
        yield lines
    assert not [line for line in lines if line["event"] == "unexpected exception"]


async def closed_within_limit(exchange: Exchange) -> None:
    began = time.monotonic()
    await asyncio.wait_for(exchange.wait_closed(), timeout=5)
    assert time.monotonic() - began < LIMIT


async def reach(bridge: Bridge, call: Any, script: Script) -> Exchange:
    """Bring the call to a point: the gateway has sent its part, and the caller has received everything."""
    if script in {stops_in_mid_stream, floods}:
        assert (await call.read()).choices[0].delta.content
    exchange = await bridge.gateway.exchange()
    await asyncio.sleep(0.03)
    return exchange


async def test_cancel(bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest, window: tuple[Call, Script]) -> None:
    """A cancellation closes the upstream connection at any point of the call."""
    make, script = window
    bridge.gateway.script(script)
    call = make(bridge, hello, None)
    exchange = await reach(bridge, call, script)
    assert not exchange.closed.is_set()
    call.cancel()
    await closed_within_limit(exchange)


async def test_deadline(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest, window: tuple[Call, Script]
) -> None:
    """The upstream connection is closed within 100 ms after the caller gets DEADLINE_EXCEEDED."""
    make, script = window
    bridge.gateway.script(script)
    call = make(bridge, hello, 0.5)
    exchange = await reach(bridge, call, script)
    assert await call.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    await closed_within_limit(exchange)


async def test_caller_vanishes(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest, window: tuple[Call, Script]
) -> None:
    """The same if the caller's whole connection breaks."""
    make, script = window
    bridge.gateway.script(script)
    call = make(bridge, hello, None)
    exchange = await reach(bridge, call, script)
    await bridge.channel.close()
    await closed_within_limit(exchange)
    assert await call.code() == grpc.StatusCode.CANCELLED


@pytest.fixture
async def silent() -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Event]]:
    """A TCP server that accepts and never sends anything, so that a TLS handshake does not end."""
    accepted, closed = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        try:
            while await reader.read(1024):
                pass
        except ConnectionError:
            pass
        closed.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", accepted, closed
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("make", [unary, stream])
async def test_cancel_while_connecting(
    gateway: Gateway,
    hello: chat_pb2.CreateChatCompletionRequest,
    silent: tuple[str, asyncio.Event, asyncio.Event],
    make: Call,
) -> None:
    url, accepted, closed = silent
    async with start_bridge(gateway, upstream_url=url) as bridge:
        call = make(bridge, hello, None)
        await asyncio.wait_for(accepted.wait(), timeout=5)
        call.cancel()
        began = time.monotonic()
        await asyncio.wait_for(closed.wait(), timeout=5)
        assert time.monotonic() - began < LIMIT


@pytest.mark.parametrize("make", [unary, stream])
async def test_cancel_while_the_request_is_sent(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest, make: Call
) -> None:
    """The same while a request that is larger than the sockets' buffers is being sent."""
    closed, began_reading = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began_reading.set()
        await asyncio.wait_for(gone.wait(), timeout=5)
        try:
            while await reader.read(1 << 20):
                pass
        except ConnectionError:
            pass
        closed.set()
        writer.close()

    gone = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1024)
    hello.messages[0].content = "x" * (32 << 20)
    async with start_bridge(
        bridge.gateway, upstream_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    ) as b:
        call = make(b, hello, None)
        await asyncio.wait_for(began_reading.wait(), timeout=5)
        await asyncio.sleep(0.05)
        call.cancel()
        gone.set()
        began = time.monotonic()
        await asyncio.wait_for(closed.wait(), timeout=5)
        assert time.monotonic() - began < LIMIT
    server.close()
    await server.wait_closed()


async def test_nothing_is_left_behind(
    start: Start, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """After a hundred cancelled streams no task of the bridge is left."""
    gateway.script(stops_in_mid_stream)
    async with start() as bridge:
        before = len(asyncio.all_tasks())
        calls = [bridge.chat.CreateChatCompletionStream(hello) for _ in range(100)]
        await asyncio.gather(*(call.read() for call in calls))
        for call in calls:
            call.cancel()
        await asyncio.gather(*(exchange.wait_closed() for exchange in gateway.exchanges))
        for _ in range(100):
            if len(asyncio.all_tasks()) <= before:
                break
            await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) <= before
