"""Heartbeats: empty messages while the upstream has accepted the request but sends no chunk."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import openai
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode

from aibridge.client.aio import collect
from aibridge.client.openai import async_http_client
from aibridge.v1 import chat_pb2, common_pb2
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Script, respond_json, sse
from tests.support.outcomes import drain

pytestmark = pytest.mark.alone  # the shortest interval is 0.1 s, and several must pass

Chunk = chat_pb2.CreateChatCompletionStreamResponse
BEAT = Chunk()
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def word(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


def hello(seconds: float | None = 0.1) -> chat_pb2.CreateChatCompletionRequest:
    heartbeat = None if seconds is None else Duration(seconds=int(seconds), nanos=round(seconds % 1 * 1e9))
    options = common_pb2.BridgeOptions(heartbeat=heartbeat)
    message = chat_pb2.ChatCompletionMessage(role="user", content="hi")
    return chat_pb2.CreateChatCompletionRequest(model="m", messages=[message], bridge_options=options)


def silent(*parts: Any, gap: float = 0.25, before: Callable[[Exchange], Awaitable[Any]] | None = None) -> Script:
    """A stream with a pause before each of its parts, each an event or raw text."""

    async def script(exchange: Exchange) -> None:
        if before is not None:
            await before(exchange)
        await exchange.head(content_type="text/event-stream")
        for part in parts:
            await asyncio.sleep(gap)
            await (exchange.send(part) if isinstance(part, bytes) else exchange.event(part))
        await exchange.event("[DONE]")
        exchange.writer.close()

    return script


def words(messages: list[Chunk]) -> str:
    return "".join(choice.delta.content for message in messages for choice in message.choices)


async def test_they_come_while_the_upstream_is_silent(bridge: Bridge) -> None:
    """Heartbeats come only before the first chunk and between chunks.

    No chunk is lost, counted wrongly or out of order.
    """
    bridge.gateway.script(silent(word("a"), word("b"), END))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello()))
    assert outcome.code is StatusCode.OK
    beats = [message == BEAT for message in outcome.messages]
    assert beats[:2] == [True, True]
    assert beats.count(False) == 3
    first, second = (at for at, message in enumerate(outcome.messages) if words([message]))
    assert all(beats[first + 1 : second])
    assert second - first in {2, 3}
    assert words(outcome.messages) == "ab"


async def test_comments_of_the_upstream_are_no_chunks(bridge: Bridge) -> None:
    """Comments of the upstream are no chunks. The caller's balancer sees only what the bridge sends."""
    bridge.gateway.script(silent(b": thinking\n\n", b": thinking\n\n", b": thinking\n\n", END, gap=0.06))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello()))
    assert (outcome.code, outcome.messages[0]) == (StatusCode.OK, BEAT)


async def test_off_unless_asked_for(start: Start) -> None:
    """Heartbeats are off unless the call or the setting asks for them. The call overrides the setting."""
    for setting, asked, beats in ((0, None, False), (0.1, None, True), (0.1, 0, False), (0, 0.1, True)):
        async with start(stream_heartbeat=setting) as bridge:
            bridge.gateway.script(silent(END))
            outcome = await drain(bridge.chat.CreateChatCompletionStream(hello(asked)))
            assert (outcome.code, BEAT in outcome.messages) == (StatusCode.OK, beats), (setting, asked)


async def test_none_before_the_upstream_has_accepted(bridge: Bridge) -> None:
    """Until the upstream has accepted, a refusal arrives without any message before it, and gRPC may retry."""

    async def refuses(exchange: Exchange) -> None:
        await asyncio.sleep(0.25)
        await respond_json({"error": {"message": "no"}}, 500)(exchange)

    bridge.gateway.script(refuses)
    call = bridge.chat.CreateChatCompletionStream(hello())
    outcome = await drain(call)
    assert (outcome.code, outcome.messages) == (StatusCode.INTERNAL, [])
    bridge.gateway.script(silent(END, gap=0, before=lambda _: asyncio.sleep(0.25)))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello()))
    assert (outcome.code, BEAT in outcome.messages) == (StatusCode.OK, False)


async def test_time_limits_stay(start: Start) -> None:
    """Time limits hold despite heartbeats, which are not counted as chunks."""
    async with start(stall_timeout=0.6, first_event_timeout=0.6) as bridge:
        bridge.gateway.script(silent(word("a"), END), silent(END, gap=2))
        assert (await drain(bridge.chat.CreateChatCompletionStream(hello()))).code is StatusCode.OK
        outcome = await drain(bridge.chat.CreateChatCompletionStream(hello()))
        assert outcome.info.reason == "UPSTREAM_FIRST_EVENT_TIMEOUT"
        assert outcome.info.metadata["chunksDelivered"] == "0"
        assert outcome.messages == [BEAT] * len(outcome.messages) != []


async def test_a_cut_stream_is_not_hidden(bridge: Bridge) -> None:
    """A failure during a silence is reported after the heartbeats."""

    async def breaks(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(word("a"))
        await asyncio.sleep(0.25)
        exchange.reset()

    bridge.gateway.script(breaks)
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello()))
    assert outcome.info.reason == "UPSTREAM_STREAM_INTERRUPTED"
    assert outcome.info.metadata["chunksDelivered"] == "1"
    assert (words(outcome.messages), outcome.messages[-1]) == ("a", BEAT)


async def test_cancelling_during_a_silence_closes_the_upstream(bridge: Bridge) -> None:
    async def waits(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.wait_closed()

    bridge.gateway.script(waits)
    call = bridge.chat.CreateChatCompletionStream(hello())
    assert await call.read() == BEAT
    call.cancel()
    async with asyncio.timeout(5):
        await (await bridge.gateway.exchange()).wait_closed()


async def test_a_deadline_during_a_silence(bridge: Bridge) -> None:
    bridge.gateway.script(silent(END, gap=2))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello(), timeout=0.4))
    assert outcome.code is StatusCode.DEADLINE_EXCEEDED
    assert outcome.messages[0] == BEAT


async def test_a_stop_during_a_silence(start: Start) -> None:
    """The caller is told that the bridge stops, as in any other stream."""
    async with start() as bridge:
        bridge.gateway.script(silent(END, gap=2))
        call = bridge.chat.CreateChatCompletionStream(hello())
        assert await anext(aiter(call)) == BEAT
        stopping = asyncio.create_task(bridge.app.stop())
        outcome = await drain(call)
        await stopping
    assert (outcome.code, outcome.info.reason) == (StatusCode.UNAVAILABLE, "BRIDGE_SHUTTING_DOWN")


@pytest.mark.parametrize("seconds", [0.05, -1, 3601])
async def test_intervals_out_of_bounds(bridge: Bridge, seconds: float) -> None:
    request = hello()
    request.bridge_options.heartbeat.FromNanoseconds(int(seconds * 1e9))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(request))
    assert (outcome.code, outcome.info.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert outcome.details["BadRequest"].field_violations[0].field == "bridge_options.heartbeat"
    assert bridge.gateway.requests == []


async def test_accumulators_pass_over_them(bridge: Bridge) -> None:
    bridge.gateway.script(silent(word("a"), word("b"), END), sse(word("a"), word("b"), END))
    with_beats, without = [
        await collect(bridge.chat.CreateChatCompletionStream(hello(seconds))) for seconds in (0.1, None)
    ]
    assert with_beats == without


async def test_openai_python_sees_none(start: Start) -> None:
    """For openai-python heartbeats are comments, which it ignores.

    A failure before the first chunk keeps its HTTP status.
    """
    async with start(stream_heartbeat=0.1) as bridge:
        bridge.gateway.script(silent(word("a"), word("b"), END))
        async with openai.AsyncOpenAI(api_key="k", http_client=async_http_client(bridge.address)) as client:
            messages: Any = [{"role": "user", "content": "hi"}]
            stream = await client.chat.completions.create(model="m", messages=messages, stream=True)
            chunks = [chunk async for chunk in stream]
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "ab"
            response = await client.chat.completions.with_raw_response.create(model="m", messages=messages, stream=True)
            assert ": heartbeat" in (await response.http_response.aread()).decode()
