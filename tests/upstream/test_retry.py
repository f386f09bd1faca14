"""Retries inside the bridge: only if nothing can have been billed, within the deadline, and bounded."""

import asyncio
import time

import grpc
import pytest

from aibridge.v1 import chat_pb2
from bridge import metadata
from bridge.upstream import retry
from tests.support.bridge import Start
from tests.support.gateway import Exchange, Gateway, Script, respond, respond_json, sse
from tests.support.payloads import COMPLETION

Request = chat_pb2.CreateChatCompletionRequest
ERROR = '{"error": {"message": "no", "type": null}}'
NOW = {"retry_after_ms": "1"}


async def code(call: object) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_DELAY_SECONDS", 0.01)


@pytest.mark.parametrize("status", [429, 502, 503, 529])
async def test_refusals_are_retried(start: Start, gateway: Gateway, hello: Request, status: int) -> None:
    gateway.script(respond(ERROR, status, **NOW), respond(ERROR, status, **NOW), respond_json(COMPLETION))
    async with start(max_retries=2) as bridge:
        response = await bridge.chat.CreateChatCompletion(hello)
    assert response.choices[0].message.content == "hello"
    assert len(gateway.requests) == 3
    assert len({request.body for request in gateway.requests}) == 1


async def test_a_stream_is_retried_before_it_begins(start: Start, gateway: Gateway, hello: Request) -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]}
    gateway.script(respond(ERROR, 503), sse(chunk))
    async with start(max_retries=2) as bridge:
        assert [c.choices[0].delta.content async for c in bridge.chat.CreateChatCompletionStream(hello)] == ["a"]
    assert len(gateway.requests) == 2


async def lost(exchange: Exchange) -> None:
    exchange.reset()


async def cut(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    exchange.reset()


BILLED: dict[str, Script] = {
    "400": respond(ERROR, 400),
    "408": respond(ERROR, 408),
    "500": respond(ERROR, 500),
    "504": respond(ERROR, 504),
    "429, quota": respond('{"error": {"message": "no", "code": "insufficient_quota"}}', 429),
    "429, in an hour": respond(ERROR, 429, retry_after="3600"),
    "503, do not": respond(ERROR, 503, x_should_retry="false"),
    "connection lost": lost,
    "cut": cut,
}


@pytest.mark.parametrize("script", BILLED.values(), ids=BILLED.keys())
async def test_what_may_be_billed_is_not(start: Start, gateway: Gateway, hello: Request, script: Script) -> None:
    gateway.script(script)
    async with start(max_retries=2) as bridge:
        assert await code(bridge.chat.CreateChatCompletion(hello)) is not grpc.StatusCode.OK
    assert len(gateway.requests) == 1


async def test_x_should_retry_is_obeyed(start: Start, gateway: Gateway, hello: Request) -> None:
    gateway.script(respond(ERROR, 500, x_should_retry="true"), respond_json(COMPLETION))
    async with start(max_retries=2) as bridge:
        assert await code(bridge.chat.CreateChatCompletion(hello)) is grpc.StatusCode.OK


async def test_retries_do_not_depend_on_what_callers_get(
    start: Start, gateway: Gateway, hello: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upstream's advice is read from its headers, even if those are not passed on as trailers."""
    monkeypatch.setattr(metadata, "RESPONSE_HEADERS", frozenset())
    monkeypatch.setattr(metadata, "_rank", metadata._rank.__wrapped__)  # without what it remembers
    many = {f"x_ratelimit_{number}": "v" * 90 for number in range(50)}
    gateway.script(
        respond(ERROR, 500, **many, x_should_retry=" True"), respond(ERROR, 503, **many, x_should_retry="FALSE")
    )
    async with start(max_retries=2) as bridge:
        call = bridge.chat.CreateChatCompletion(hello)
        assert await code(call) is grpc.StatusCode.UNAVAILABLE
        assert "x-should-retry" not in dict(await call.trailing_metadata())
    assert len(gateway.requests) == 2


async def test_an_unreachable_upstream_is_tried_again(start: Start, hello: Request) -> None:
    """An unreachable upstream is tried again, as nothing was sent or billed."""
    async with start(max_retries=2, upstream_url="http://127.0.0.1:1/v1") as bridge:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await bridge.chat.CreateChatCompletion(hello)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert b"attempts\x12\x013" in dict(caught.value.trailing_metadata())["grpc-status-details-bin"]


async def test_not_beyond_the_deadline(start: Start, gateway: Gateway, hello: Request) -> None:
    """If the deadline is before the next attempt, the call fails at once."""
    gateway.script(respond(ERROR, 503, retry_after="30"))
    began = time.monotonic()
    async with start(max_retries=2) as bridge:
        assert await code(bridge.chat.CreateChatCompletion(hello, timeout=20)) is grpc.StatusCode.UNAVAILABLE
    assert len(gateway.requests) == 1
    assert time.monotonic() - began < 10


async def test_the_wait_for_the_next_attempt_is_not_the_upstreams(
    start: Start, gateway: Gateway, hello: Request
) -> None:
    """The time limit of a response starts with each attempt, and does not run in between."""
    gateway.script(respond(ERROR, 503, retry_after_ms="150"), respond_json(COMPLETION))
    async with start(max_retries=1, response_timeout=0.1) as bridge:
        assert await code(bridge.chat.CreateChatCompletion(hello)) is grpc.StatusCode.OK


async def test_a_caller_can_switch_it_off(start: Start, gateway: Gateway, hello: Request) -> None:
    gateway.script(respond(ERROR, 503))
    hello.bridge_options.retry = False
    async with start(max_retries=2) as bridge:
        assert await code(bridge.chat.CreateChatCompletion(hello)) is grpc.StatusCode.UNAVAILABLE
    assert len(gateway.requests) == 1
    assert "bridge_options" not in gateway.last.json


async def test_no_storm(start: Start, gateway: Gateway, hello: Request) -> None:
    """Fifty calls to an upstream that is down cause ten retries, not a hundred."""
    gateway.script(respond(ERROR, 503, **NOW))
    async with start(max_retries=2) as bridge:
        await asyncio.gather(*(code(bridge.chat.CreateChatCompletion(hello)) for _ in range(50)))
    assert len(gateway.requests) == 60


async def test_cancelled_while_waiting(start: Start, gateway: Gateway, hello: Request) -> None:
    gateway.script(respond(ERROR, 503, retry_after="30"))
    async with start(max_retries=2) as retrying:
        call = retrying.chat.CreateChatCompletion(hello)
        await gateway.exchange()
        await asyncio.sleep(0.03)
        call.cancel()
        assert await call.code() is grpc.StatusCode.CANCELLED
        await asyncio.sleep(0.03)
    assert len(gateway.requests) == 1
