"""A slow caller slows the upstream: the data in between is bounded, and everything arrives in the end.

The gateway counts the bytes that it has written. `/proc/net/tcp` has those in the kernel's queues, and the caller
counts what it has read. The rest is in the bridge and in gRPC's windows.
"""

import asyncio
import json
import resource
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import pytest

from aibridge.v1 import chat_pb2, chat_pb2_grpc, raw_pb2, raw_pb2_grpc
from tests.support.bridge import Start
from tests.support.gateway import Exchange, Gateway, respond_json
from tests.support.payloads import COMPLETION
from tests.support.processes import channel_to, serving

MB = 1 << 20
#: A client with a fixed window, so that only the bridge's buffers matter.
SMALL_WINDOW = ("grpc.http2.bdp_probe", 0)
#: `stall_timeout` where a caller is slow. On a busy machine the gateway of these tests may pause for part of it.
STALL_SECONDS = 1.0
REQUEST = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


class Flood:
    """A script that writes numbered events, a given number or endlessly. After that it ends or `stalls`."""

    def __init__(self, size: int, events: int | None = None, *, stalls: bool = False) -> None:
        self._filler = "x" * size
        self._events = events
        self._stalls = stalls
        self.written = 0
        self.exchanges: list[Exchange] = []

    async def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        await exchange.head(content_type="text/event-stream")
        for number in count():
            if exchange.closed.is_set():
                return
            if self._stalls and number == self._events:
                await exchange.wait_closed()
                return
            done = number == self._events
            choice = {"index": 0, "delta": {"content": f"{number} {self._filler}"}}
            event = json.dumps({"choices": [{**choice, "finish_reason": "stop" if done else None}]})
            await exchange.event(event)
            self.written += len(event) + len("data: \n\n")
            if done:
                break
        await exchange.event("[DONE]")
        exchange.writer.close()

    async def stands_still_for(self, seconds: float) -> int:
        """As `stands_still`, for at least so long."""
        loop = asyncio.get_running_loop()
        written, since = await self.stands_still(), loop.time()
        while loop.time() - since < seconds:
            await asyncio.sleep(0.04)
            if self.written > written:
                written, since = self.written, loop.time()
        return written

    async def stands_still(self) -> int:
        """The number of written bytes, once ten checks in a row find the same."""
        seen = [-1]
        async with asyncio.timeout(30):
            while len(seen) < 10 or len(set(seen[-10:])) > 1:
                await asyncio.sleep(0.04)
                seen.append(self.written)
        return self.written

    def queued(self) -> int:
        """The bytes in the kernel's queues."""
        total = 0
        for exchange in self.exchanges:
            ours, theirs = (exchange.writer.get_extra_info(name)[1] for name in ("sockname", "peername"))
            total += _queues(ours, theirs)[0] + _queues(theirs, ours)[1]
            total += exchange.writer.transport.get_write_buffer_size()
        return total


def _queues(local: int, remote: int) -> tuple[int, int]:
    """The send and receive queues of the socket between these ports."""
    ports = f":{local:04X}", f":{remote:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines():
        fields = line.split()
        if fields[1].endswith(ports[0]) and fields[2].endswith(ports[1]):
            sending, receiving = fields[4].split(":")
            return int(sending, 16), int(receiving, 16)
    return 0, 0


def number_of(message: Any) -> int:
    choice = json.loads(message.data)["choices"][0] if isinstance(message, raw_pb2.RawEvent) else None
    content = choice["delta"]["content"] if choice else message.choices[0].delta.content
    return int(content.split(" ")[0])


def stream(channel: grpc.aio.Channel) -> Any:
    return chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletionStream(REQUEST)


def raw_stream(channel: grpc.aio.Channel) -> Any:
    request = raw_pb2.RawRequest(path="/chat/completions", body_json='{"model": "m", "stream": true}')
    return raw_pb2_grpc.RawServiceStub(channel).Stream(request)


@pytest.mark.parametrize("size", [100, 2_000, 50_000])
async def test_a_caller_that_does_not_read_stops_the_upstream(start: Start, gateway: Gateway, size: int) -> None:
    flood = Flood(size)
    gateway.script(flood)
    async with start() as bridge, channel_to(bridge.address, SMALL_WINDOW) as channel:
        call = stream(channel)
        await call.read()
        assert await flood.stands_still() - flood.queued() < 4 * MB
        exchange = await gateway.exchange()
        call.cancel()
        await asyncio.wait_for(exchange.wait_closed(), 1)


async def test_the_upstream_goes_at_the_pace_of_the_caller(start: Start, gateway: Gateway) -> None:
    """The upstream is never further ahead than the bound, and each event arrives in order, and then the end."""
    size, events = 10_000, 2_000
    flood = Flood(size, events)
    gateway.script(flood)
    async with start() as bridge, channel_to(bridge.address, SMALL_WINDOW) as channel:
        call = stream(channel)
        for number in range(events + 1):
            if number % 200 == 0:
                await asyncio.sleep(0.04)
                ahead = flood.written - flood.queued() - number * size
                assert ahead < 5 * MB
            assert number_of(await call.read()) == number
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("begin", [stream, raw_stream])
async def test_a_slow_caller_is_not_told_that_the_upstream_stalls(
    begin: Callable[[grpc.aio.Channel], Any], start: Start, gateway: Gateway
) -> None:
    """The time in which a message waits for its caller does not count for the stall timeout."""
    flood = Flood(50_000, 200)
    gateway.script(flood)
    options = {"stall_timeout": STALL_SECONDS, "raw_paths": "/chat/completions"}
    async with start(**options) as bridge, channel_to(bridge.address, SMALL_WINDOW) as channel:
        call = begin(channel)
        await call.read()
        assert await flood.stands_still_for(STALL_SECONDS) < 200 * 50_000
        numbers = [number_of(message) async for message in _rest(call)]
        assert numbers == list(range(1, 201))
        assert await call.code() is grpc.StatusCode.OK


@pytest.mark.slow
@pytest.mark.parametrize("begin", [stream, raw_stream])
async def test_an_upstream_that_stalls_after_a_slow_caller(
    begin: Callable[[grpc.aio.Channel], Any], start: Start, gateway: Gateway
) -> None:
    """The time of the upstream begins again when the caller has taken its messages, however long that took."""
    flood = Flood(50_000, 200, stalls=True)
    gateway.script(flood)
    options = {"stall_timeout": STALL_SECONDS, "raw_paths": "/chat/completions"}
    async with start(**options) as bridge, channel_to(bridge.address, SMALL_WINDOW) as channel:
        call = begin(channel)
        await call.read()
        await flood.stands_still_for(STALL_SECONDS)
        numbers: list[int] = []
        with pytest.raises(grpc.aio.AioRpcError, match="no event of the stream arrived for too long"):
            await asyncio.wait_for(_note_numbers(call, numbers), 30)
    assert numbers == list(range(1, 200))


async def _note_numbers(call: Any, into: list[int]) -> None:
    async for message in _rest(call):
        into.append(number_of(message))  # noqa: PERF401, what came before an error counts


async def _rest(call: Any) -> AsyncIterator[Any]:
    while (message := await call.read()) is not grpc.aio.EOF:
        yield message


async def test_memory_is_bounded(gateway: Gateway) -> None:
    """Ten callers that do not read, with default windows, take a few megabytes each, and do not affect others."""
    flood = Flood(2_000)
    gateway.script(flood)
    async with serving(gateway) as server, channel_to(server.address) as channel:
        warm = stream(channel)
        await warm.read()
        await flood.stands_still()
        before = _memory(server.pid)
        calls = [stream(channel) for _ in range(10)]
        for call in calls:
            await call.read()
        written = await flood.stands_still()
        assert (_memory(server.pid) - before) / len(calls) < 8 * MB
        assert (written - flood.queued()) / (len(calls) + 1) < 12 * MB
        for call in (warm, *calls):
            call.cancel()
        gateway.script(respond_json(COMPLETION))
        response = await chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(REQUEST)
        assert response.choices[0].message.content == "hello"


def _memory(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()
