"""Advice on retries: the pushback trailer for gRPC's own retries, RetryInfo for everyone."""

from email.utils import formatdate
from time import thread_time, time

import pytest

from aibridge.v1 import chat_pb2
from tests.support.bridge import Bridge
from tests.support.details import failed, failed_stream, refusal
from tests.support.gateway import respond, respond_json, sse
from tests.support.payloads import CHUNK

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Headers of a 429, and the delay in milliseconds in the status; None means no retry.
HEADERS: list[tuple[dict[str, str], int | None]] = [
    ({}, 1000),
    ({"retry_after_ms": "250"}, 250),
    ({"retry_after_ms": "1.5"}, 2),
    ({"retry_after_ms": "0.01"}, 1),
    ({"retry_after_ms": "60000"}, 60000),
    ({"retry_after_ms": "60001"}, None),
    ({"x_ms_retry_after_ms": "250", "retry_after": "7"}, 250),
    ({"x_retry_after": "7"}, 7000),
    ({"x_retry_after": "7", "retry_after": "2"}, 2000),
    ({"x_ratelimit_reset_after": "7"}, 7000),
    ({"ratelimit": '"default";r=0;t=7'}, 7000),
    ({"ratelimit": "limit=10, remaining=0, reset=7"}, 7000),
    ({"ratelimit": "limit=10, preset=7"}, 1000),
    ({"ratelimit": '"default";r=0;t=700'}, None),
    ({"retry_after": "7"}, 7000),
    ({"retry_after": "0.5"}, 500),
    ({"retry_after": " 3 "}, 3000),
    ({"retry_after": "60"}, 60000),
    ({"retry_after": "61"}, None),
    ({"retry_after": "86400"}, None),
    ({"retry_after": "1e3"}, None),
    ({"retry_after": "0"}, 1000),
    ({"retry_after": "-5"}, 1000),
    ({"retry_after": "soon"}, 1000),
    ({"retry_after": "nan"}, 1000),
    ({"retry_after": "inf"}, 1000),
    ({"retry_after": ""}, 1000),
    ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 1000),
    ({"retry_after": "Wed, 21 Oct 2099 07:28:00 GMT"}, None),
    ({"retry_after": "Wed, 99 Oct 2099 07:28:00 GMT"}, 1000),
    ({"retry_after_ms": "250", "retry_after": "7"}, 250),
    ({"retry_after_ms": "0", "retry_after": "7"}, 7000),
    ({"retry_after_ms": "-1", "retry_after": "7"}, 7000),
    ({"retry_after_ms": "x", "retry_after": "7"}, 7000),
    ({"retry_after": "7", "x_ratelimit_reset_requests": "12ms"}, 7000),
    ({"retry_after": "x", "x_ratelimit_reset_requests": "12ms"}, 12),
    ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT", "x_ratelimit_reset_requests": "12ms"}, 12),
    ({"x_ratelimit_reset_requests": "12ms"}, 12),
    ({"x_ratelimit_reset_requests": "1s"}, 1000),
    ({"x_ratelimit_reset_tokens": "2.5s"}, 2500),
    ({"x_ratelimit_reset_tokens": "1m0s"}, 60000),
    ({"x_ratelimit_reset_tokens": "6m0s"}, None),
    ({"x_ratelimit_reset_tokens": "1h2m3s"}, None),
    ({"x_ratelimit_reset_tokens": "500us"}, 1),
    ({"x_ratelimit_reset_tokens": "20"}, 20000),
    ({"x_ratelimit_reset_tokens": "1s garbage"}, 1000),
    ({"x_ratelimit_reset_tokens": "x1s"}, 1000),
    ({"x_ratelimit_reset_requests": "2s", "x_ratelimit_reset_tokens": "3s"}, 3000),
    (
        {
            "x_ratelimit_reset_requests": "2s",
            "x_ratelimit_remaining_requests": "0",
            "x_ratelimit_reset_tokens": "6m0s",
            "x_ratelimit_remaining_tokens": "9000",
        },
        2000,
    ),
    ({"x_ratelimit_reset": "4"}, 4000),
    ({"x_ratelimit_reset": "0"}, 1000),
    ({"x_ratelimit_reset": "1445412480"}, 1000),
    ({"x_ratelimit_reset": "1445412480000"}, 1000),
]


@pytest.mark.parametrize(("headers", "expected"), HEADERS, ids=[str(headers) for headers, _ in HEADERS])
async def test_delay(
    headers: dict[str, str], expected: int | None, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """The delay is `retry-after-ms`, else `retry-after`, else the reset of the limits, else a second.

    Over a minute is none.
    """
    warm.gateway.script(respond(b"{}", 429, **headers))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.reason == "RATE_LIMIT_EXCEEDED"
    assert failure.pushback == ("-1" if expected is None else str(expected))
    assert failure.delay_ms == expected
    said = failure.metadata.get("retryAfterSeconds")
    assert said is None or float(said) > 0
    assert said is not None or expected == 1000  # a default is not attributed to the upstream


@pytest.mark.parametrize("header", ["retry_after", "x_ratelimit_reset"])
async def test_time_of_day(header: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A delay may be an HTTP date, and a reset a Unix time, also in milliseconds (OpenRouter)."""
    at = time() + 30
    values = [formatdate(at, usegmt=True)] if header == "retry_after" else [str(int(at)), str(int(at * 1000))]
    for value in values:
        warm.gateway.script(respond(b"{}", 429, **{header: value}))
        failure = await failed(warm.chat.CreateChatCompletion(hello))
        assert failure.delay_ms is not None
        assert 25_000 < failure.delay_ms <= 30_000
        assert failure.pushback == str(failure.delay_ms)


@pytest.mark.parametrize(
    ("http", "headers", "pushback"),
    [
        (503, {}, None),
        (503, {"retry_after": "2"}, "2000"),
        (503, {"retry_after": "120"}, "-1"),
        (503, {"x_ratelimit_reset_tokens": "6m0s"}, None),
        (502, {"x_ratelimit_reset_tokens": "3s"}, None),
        (502, {"retry_after": "2"}, "2000"),
        (409, {}, None),
        (409, {"x_ratelimit_reset_requests": "1s"}, None),
        (424, {"retry_after": "2"}, "-1"),
        (529, {}, "1000"),
        (529, {"retry_after_ms": "100"}, "100"),
        (529, {"x_ratelimit_reset_tokens": "6m0s"}, "1000"),
        (498, {"retry_after": "2"}, "2000"),
        (500, {"retry_after": "2"}, "-1"),
        (504, {"retry_after": "2"}, "-1"),
        (408, {"retry_after": "2"}, "-1"),
        (402, {"retry_after": "2"}, "-1"),
        (400, {"retry_after": "2"}, "-1"),
        (401, {"retry_after_ms": "2"}, "-1"),
    ],
)
async def test_other_statuses(
    http: int,
    headers: dict[str, str],
    pushback: str | None,
    warm: Bridge,
    hello: chat_pb2.CreateChatCompletionRequest,
) -> None:
    """A delay counts for each retryable status; the reset of a limit only for a rate limit."""
    warm.gateway.script(respond(b"{}", http, **headers))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.pushback == pushback
    assert failure.delay_ms == (int(pushback) if pushback not in {None, "-1"} else None)


async def test_delay_in_the_body(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """OpenRouter puts the delay into the error object, as a stream has no headers for it."""
    error = refusal(code=429, metadata={"retry_after_seconds": 3})
    warm.gateway.script(sse(CHUNK, error))
    _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert failure.pushback == "3000"
    warm.gateway.script(respond_json(error, 429, retry_after="2"))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.pushback == "2000"


@pytest.mark.parametrize("unit", ["1", "1h", "1."])
@pytest.mark.parametrize("name", ["retry_after", "retry_after_ms", "x_ratelimit_reset", "x_ratelimit_reset_requests"])
async def test_long_headers(name: str, unit: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A very long header is ignored, and reading it costs no time."""
    value = unit * (8000 // len(unit))
    warm.gateway.script(respond(b"{}", 429, **{name: value}))
    began = thread_time()
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert thread_time() - began < 0.5  # 16,000 digits took 23 s, by the square of their number
    assert failure.delay_ms == 1000


async def test_headers_stay_readable(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """The headers from which the advice was made are trailers too, unchanged."""
    warm.gateway.script(respond(b"{}", 429, retry_after="120", x_ratelimit_reset_tokens="6m0s", x_should_retry="false"))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.pushback == "-1"
    assert failure.trailers["retry-after"] == "120"
    assert failure.trailers["x-ratelimit-reset-tokens"] == "6m0s"
    assert failure.trailers["x-should-retry"] == "false"
    assert failure.metadata["retryAfterSeconds"] == "120"
