"""An upstream that is silent, from the start or later."""

import asyncio
import math
from contextlib import suppress

import grpc
import pytest

from bridge.errors import Reason
from bridge.upstream.clock import Clock
from tests.support.bridge import Bridge, Start
from tests.support.details import RPCS, failed, failed_either, failed_stream, verdict
from tests.support.gateway import Exchange, Script
from tests.support.responses import BODY, DONE, EVENTS, ONE, TWO, Hello, then_wait


async def test_a_clock_leaves_no_timer_behind() -> None:
    """A phase whose time would have run out after the request changes nothing, and nobody is told of it."""
    problems: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: problems.append(context))
    with Clock(math.inf, asyncio.get_running_loop()) as clock:
        clock.phase(0.01, Reason.UPSTREAM_TIMEOUT, "x")
    await asyncio.sleep(0.03)
    assert problems == []


async def closed(bridge: Bridge) -> None:
    """Wait until the bridge has closed its connection."""
    async with asyncio.timeout(5):
        await (await bridge.gateway.exchange()).wait_closed()


def beating(start: str, beat: str, count: int = 1 << 20, end: str = "") -> Script:
    """A stream that begins with this, continues with the same few bytes every 5 ms, and ends with that."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=EVENTS)
        await exchange.send(start)
        for _ in range(count):
            if exchange.closed.is_set():
                return
            with suppress(ConnectionError):
                await exchange.send(beat)
            await asyncio.sleep(0.005)
        await exchange.send(end)
        exchange.writer.close()

    return script


BEATS = {
    "comments": ": still here\n\n",
    "a comment without a blank line": ":\n",
    "empty events": "data:\n\n",
    "a ping": "event: ping\ndata: {}\n\n",
    "a ping without data": "event: ping\n\n",
}
STALLS = {
    "silence": then_wait(ONE),
    "half an event": then_wait(f'{ONE}data: {{"choi'),
    "half a comment": then_wait(f"{ONE}: still he"),
    "drops of a comment": beating(f"{ONE}: ", "x"),
    "drops of an event": beating(f"{ONE}data: ", "x"),
    "lines of an event": beating(ONE, "data: x\n"),
    "fields that say nothing": beating(ONE, "retry: 10\n"),
}


@pytest.mark.parametrize("script", STALLS.values(), ids=STALLS)
async def test_stall(script: Script, start: Start, hello: Hello) -> None:
    """A stream that stops is UPSTREAM_STREAM_STALLED: a part of an event or of a comment does not count as progress."""
    async with start(stall_timeout=0.05) as bridge:
        bridge.gateway.script(script)
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
        await closed(bridge)
    assert received == ["one"]
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_STREAM_STALLED", "-1")


@pytest.mark.alone
@pytest.mark.parametrize("beat", BEATS.values(), ids=BEATS)
async def test_a_heartbeat_is_no_stall(beat: str, start: Start, hello: Hello) -> None:
    """A server that keeps the stream alive, in any way, has not stalled, even after many times the limit."""
    async with start(stall_timeout=0.2) as bridge:
        bridge.gateway.script(beating(ONE, beat, 120, TWO + DONE))
        assert len([chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello)]) == 2


@pytest.mark.alone
@pytest.mark.parametrize("beat", BEATS.values(), ids=BEATS)
async def test_a_heartbeat_is_no_first_event(beat: str, start: Start, hello: Hello) -> None:
    """Heartbeats neither meet nor extend the limit for the first event, also if the stall limit is shorter."""
    async with start(first_event_timeout=0.1, stall_timeout=5) as bridge:
        bridge.gateway.script(beating("", beat))
        async with asyncio.timeout(2):  # a heartbeat that met the limit would go on for ever, or until one came late
            _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
        await closed(bridge)
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_FIRST_EVENT_TIMEOUT", "-1")


@pytest.mark.parametrize("beat", BEATS.values(), ids=BEATS)
async def test_a_heartbeat_that_stops(beat: str, start: Start, hello: Hello) -> None:
    """After the last heartbeat the stall limit starts again, and ends the stream."""
    async with start(stall_timeout=0.1) as bridge:
        bridge.gateway.script(then_wait(ONE + beat * 3))
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert received == ["one"]
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_STREAM_STALLED", "-1")


@pytest.mark.alone
async def test_slow_stream_is_no_stall(start: Start, hello: Hello) -> None:
    """The limit is for the pause between two events, not for the stream."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=EVENTS)
        for _ in range(8):
            await exchange.send(ONE)
            await asyncio.sleep(0.05)
        await exchange.send(TWO + DONE)

    async with start(stall_timeout=0.3) as bridge:
        bridge.gateway.script(script)
        assert len([chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello)]) == 9


@pytest.mark.alone
async def test_slow_caller_is_no_stall(start: Start, hello: Hello) -> None:
    """A slow caller does not make the upstream stall."""
    large = {"choices": [{"index": 0, "delta": {"content": "x" * 100_000}, "finish_reason": None}]}

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=EVENTS)
        for _ in range(20):
            await exchange.event(large)
        await exchange.send(TWO + DONE)

    async with start(stall_timeout=0.2) as bridge:
        bridge.gateway.script(script)
        call = bridge.chat.CreateChatCompletionStream(hello)
        count = 0
        while await call.read() is not grpc.aio.EOF:
            count += 1
            for _ in range(6 if count < 3 else 0):
                await asyncio.sleep(0.05)
    assert count == 21


@pytest.mark.parametrize("script", [then_wait(), then_wait(": wait\n\n")], ids=["nothing", "comment"])
async def test_no_first_event(script: Script, start: Start, hello: Hello) -> None:
    """A missing first event has its own reason."""
    async with start(first_event_timeout=0.05) as bridge:
        bridge.gateway.script(script)
        _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_FIRST_EVENT_TIMEOUT", "-1")


@RPCS
async def test_no_headers(rpc: str, start: Start, hello: Hello) -> None:
    """Without a response in time the call fails with UPSTREAM_TIMEOUT, and the connection is closed."""
    async with start(response_timeout=0.2) as bridge:
        bridge.gateway.script(then_wait(head=False))
        failure = await failed_either(bridge, rpc, hello)
        await closed(bridge)
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")
    assert "httpStatus" not in failure.metadata


async def test_response_stops(start: Start, hello: Hello) -> None:
    """A unary response that stops in the middle is UPSTREAM_TIMEOUT."""
    async with start(stall_timeout=0.05) as bridge:
        bridge.gateway.script(then_wait(BODY[:20], "application/json"))
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")


@RPCS
@pytest.mark.slow
async def test_refusal_stops(rpc: str, start: Start, hello: Hello) -> None:
    """An error body that stops in the middle keeps its status and the text so far."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(429, retry_after="3", content_length="999")
        await exchange.send('{"error": {"message": "slow down", ')
        await exchange.wait_closed()

    async with start(stall_timeout=0.05) as bridge:
        bridge.gateway.script(script)
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "3000")
    assert failure.message == "slow down"


@pytest.mark.alone
@RPCS
async def test_deadline(rpc: str, start: Start, hello: Hello) -> None:
    """The caller's deadline ends the request, and the bridge reports it before the caller's own clock."""
    async with start() as bridge:
        bridge.gateway.script(then_wait(head=False))
        failure = await failed_either(bridge, rpc, hello, timeout=0.3)
        await closed(bridge)
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")


@pytest.mark.alone
async def test_deadline_in_a_stream(start: Start, hello: Hello) -> None:
    """The same holds within a stream, after the delivered chunks."""
    async with start() as bridge:
        bridge.gateway.script(then_wait(ONE))
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello, timeout=0.3))
    assert received == ["one"]
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")
    assert failure.metadata["chunksDelivered"] == "1"
