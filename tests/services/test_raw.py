"""RawService: any endpoint that `raw_paths` allows, with the statuses, limits and rules of the other services."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode
from structlog.testing import capture_logs

from aibridge.v1 import raw_pb2
from bridge.access import tokens
from bridge.settings import SettingsError, load
from bridge.upstream import failures
from tests.support import scrape
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, raw_sse, respond, respond_json, sse
from tests.support.leaks import KEY
from tests.support.outcomes import ask, drain

Request = raw_pb2.RawRequest
GET, POST, DELETE = raw_pb2.HTTP_METHOD_GET, raw_pb2.HTTP_METHOD_POST, raw_pb2.HTTP_METHOD_DELETE
PATHS = "/responses,/responses/*,/responses/*/cancel,/rerank,/images/*,/messages,/completions"
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "m-2026",
    "error": None,
    "output": [],
    "usage": {
        "input_tokens": 11,
        "output_tokens": 7,
        "total_tokens": 18,
        "input_tokens_details": {"cached_tokens": 3},
        "output_tokens_details": {"reasoning_tokens": 5},
    },
}
INPUT = {"gen_ai_token_type": "input"}
#: The usage in the trailers, without nested objects.
COUNTS = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}
ASK = '{"model": "m", "input": "hi"}'


@pytest.fixture
async def bridge(start: Start) -> AsyncIterator[Bridge]:
    async with start(raw_paths=PATHS, upstream_api_key=KEY) as running:
        yield running


def event(kind: str, **members: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n"


#: A stream of OpenAI's responses, without its end.
BEGUN = (
    event("response.created", response={**RESPONSE, "status": "in_progress", "usage": None})
    + event("response.output_text.delta", delta="Hel")
    + event("response.output_text.done", text="Hel")
)
ENDED = event("response.completed", response=RESPONSE)


def names(messages: list[Any]) -> list[str]:
    return [message.event for message in messages]


# Bodies in both directions.


async def test_json_goes_there_and_back_as_text(bridge: Bridge) -> None:
    """JSON is passed on byte for byte in both directions. Usage and rate limits are trailers, as with any call."""
    sent = '{ "model":"m","input": [1, 2.50, 123456789012345678901234567890],  "z":1,"a":{} }'
    text = json.dumps({**RESPONSE, "kept": 1.5}, indent=1).replace("1.5", "2.50")
    bridge.gateway.script(respond(f" \n{text}\n", x_request_id="up-1", x_ratelimit_remaining_requests="7"))
    outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=sent)))
    assert outcome.messages == [raw_pb2.RawResponse(http_status=200, body_json=text)]
    request = bridge.gateway.last
    assert (request.method, request.path, request.body.decode()) == ("POST", "/v1/responses", sent)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert outcome.trailers["x-ratelimit-remaining-requests"] == "7"
    assert outcome.trailers["x-upstream-request-id"] == "up-1"
    assert json.loads(outcome.trailers["aibridge-usage"]) == COUNTS


@pytest.mark.parametrize("body", ["[1, 2]", '"text"', "7", "null", "{}"])
async def test_any_json_is_a_body(bridge: Bridge, body: str) -> None:
    bridge.gateway.script(respond(body))
    response = await bridge.raw.Call(Request(path="/rerank", body_json=body))
    assert (bridge.gateway.last.body.decode(), response.body_json) == (body, body)


async def test_methods_and_queries(bridge: Bridge) -> None:
    """GET and DELETE have no body. A parameter may be repeated, and its value is encoded as a whole."""
    query = [
        raw_pb2.QueryParameter(name="include[]", value="a/b&c=d"),
        raw_pb2.QueryParameter(name="include[]", value="é #?%2e"),
        raw_pb2.QueryParameter(name="empty"),
    ]
    bridge.gateway.script(respond_json(RESPONSE), respond(status=204), respond_json(RESPONSE))
    await bridge.raw.Call(Request(path="/responses/resp_1", method=GET, query=query))
    request = bridge.gateway.last
    assert (request.method, request.body) == ("GET", b"")
    assert request.path == "/v1/responses/resp_1?include%5B%5D=a%2Fb%26c%3Dd&include%5B%5D=%C3%A9%20%23%3F%252e&empty="
    deleted = await bridge.raw.Call(Request(path="/responses/resp_1", method=DELETE))
    assert bridge.gateway.last.method == "DELETE"
    assert deleted == raw_pb2.RawResponse(http_status=204)
    await bridge.raw.Call(Request(path="/responses/resp_1/cancel"))
    request = bridge.gateway.last
    assert (request.method, request.headers["content-length"], request.body) == ("POST", "0", b"")
    assert "content-type" not in request.headers


async def test_a_callers_headers_go_by_the_same_lists(start: Start) -> None:
    async with start(raw_paths=PATHS, forward_headers="x-team") as bridge:
        bridge.gateway.script(respond_json(RESPONSE, set_cookie="s=1", openai_processing_ms="5"))
        metadata = (("x-team", "search"), ("x-other", "no"), ("http-referer", "https://example.org"))
        outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK), metadata=metadata))
        headers = bridge.gateway.last.headers
        assert (headers["x-team"], headers["http-referer"]) == ("search", "https://example.org")
        assert "x-other" not in headers
        assert (outcome.trailers["openai-processing-ms"], "set-cookie" in outcome.trailers) == ("5", False)


# Paths.


async def test_none_unless_set(start: Start) -> None:
    """Without a setting no path is allowed, not even those of the bridge's own RPCs."""
    async with start() as bridge:
        for path in ("/responses", "/chat/completions", "/models"):
            outcome = await ask(bridge.raw.Call(Request(path=path, body_json=ASK)))
            assert (outcome.code, outcome.info.reason) == (StatusCode.PERMISSION_DENIED, "RAW_PATH_NOT_ALLOWED")
            assert outcome.trailers["grpc-retry-pushback-ms"] == "-1"
        assert bridge.gateway.requests == []


@pytest.mark.parametrize(
    "path",
    ["/response", "/responsess", "/Responses", "/v1/responses", "/images", "/images/a/b", "/responses/a/b"],
)
async def test_only_what_a_pattern_allows(bridge: Bridge, path: str) -> None:
    for call, play in ((bridge.raw.Call, ask), (bridge.raw.Stream, drain)):
        outcome = await play(call(Request(path=path, body_json=ASK)))
        assert (outcome.code, outcome.info.reason) == (StatusCode.PERMISSION_DENIED, "RAW_PATH_NOT_ALLOWED")
        assert "raw_paths" in outcome.message
    assert bridge.gateway.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "", "responses", "https://evil.example/responses", "//evil.example/responses", "/responses/", "//responses",
        "/images/..", "/images/.", "/images/../chat/completions", "/../responses", "/images/%2e%2e", "/images/%2E%2E",
        "/images/a%2Fb", "/images/a%5Cb", "/images/%252e%252e", "/images/a\\b", "\\responses", "/images/..\\chat",
        "/images/a?model=x", "/images/a#b", "/images/a b", "/images/a\r\nHost: evil", "/images/a\0b", "/images/a\tb",
        "/images/\u2024\u2024", "/images/é", "/images/\uff0fx", "/images/..;a", "/images/.%00./a", "/images/%zz",
        "/images/" + "a" * 1100, " /responses", "/responses ", "/images/a@b:c/../../x", "/images/a,b",
    ],
    ids=ascii,
)  # fmt: skip
async def test_no_way_out_of_the_base_url(start: Start, path: str) -> None:
    """A path that another server could read differently is refused, whatever the patterns allow."""
    async with start(raw_paths="/*,/*/*,/*/*/*,/*/*/*/*") as bridge:
        outcome = await ask(bridge.raw.Call(Request(path=path, body_json=ASK)))
        assert (outcome.code, outcome.info.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        assert outcome.details["BadRequest"].field_violations[0].field == "path"
        assert bridge.gateway.requests == []


@pytest.mark.parametrize("path", ["/images/a.b", "/images/...", "/images/a..b", "/images/x@y:1~z+(1)'=!$&_-"])
async def test_odd_names_are_names(bridge: Bridge, path: str) -> None:
    bridge.gateway.script(respond_json({"ok": True}))
    await bridge.raw.Call(Request(path=path, body_json="{}"))
    assert bridge.gateway.last.path == f"/v1{path}"


@pytest.mark.parametrize(
    "value", ["responses", "/", "/a//b", "/a/", "/a/../b", "/**", "/a?b", "/a%2fb", "https://x/y", "/a b", "*", "/a\\b"]
)
def test_patterns_that_are_none(value: str) -> None:
    with pytest.raises(SettingsError, match="raw_paths: "):
        load(raw_paths=value, upstream_url="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"body_json": "{"}, "body_json"),
        ({"body_json": ""}, "body_json"),
        ({"body_json": '{"a": NaN}'}, "body_json"),
        ({"body_json": "{}", "method": GET}, "body_json"),
        ({"body_json": "{}", "method": DELETE}, "body_json"),
        ({"method": 9}, "method"),
        ({"query": [raw_pb2.QueryParameter(value="x")]}, "query[0].name"),
        ({"query": [raw_pb2.QueryParameter(name="x", value="y" * 9000)]}, "query"),
        ({"body_json": "--boundary\r\nContent-Disposition: form-data"}, "body_json"),
    ],
    ids=str,
)
async def test_requests_that_are_wrong(bridge: Bridge, fields: dict[str, Any], field: str) -> None:
    """Anything that is not JSON is refused, for example a multipart body."""
    outcome = await ask(bridge.raw.Call(Request(path="/responses", **fields)))
    assert (outcome.code, outcome.info.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert outcome.details["BadRequest"].field_violations[0].field == field
    assert bridge.gateway.requests == []


# Ends of calls.


@pytest.mark.parametrize(
    ("status", "error", "code", "reason"),
    [
        (400, {"message": "no", "param": "input"}, "INVALID_ARGUMENT", "INVALID_REQUEST"),
        (401, {"message": "no"}, "UNAUTHENTICATED", "BRIDGE_CREDENTIALS_REJECTED"),
        (404, {"message": "no such response"}, "NOT_FOUND", "MODEL_NOT_FOUND"),
        (429, {"message": "slow down", "code": "rate_limit_exceeded"}, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
        (429, {"message": "pay", "code": "insufficient_quota"}, "RESOURCE_EXHAUSTED", "INSUFFICIENT_QUOTA"),
        (503, {"message": "later"}, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_statuses(bridge: Bridge, status: int, error: dict[str, Any], code: str, reason: str) -> None:
    """The statuses are those of the table, for both RPCs."""
    for call, play in ((bridge.raw.Call, ask), (bridge.raw.Stream, drain)):
        bridge.gateway.script(respond_json({"error": error}, status))
        outcome = await play(call(Request(path="/responses", body_json=ASK)))
        assert (outcome.code.name, outcome.info.reason) == (code, reason)
        assert outcome.messages == []


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        (POST, {"error": {"message": "boom", "code": 502}}, "UNAVAILABLE"),
        (POST, {"error": "boom"}, "INTERNAL"),
        (POST, {"object": "error", "message": "boom", "code": 429}, "RESOURCE_EXHAUSTED"),
        (POST, {"type": "error", "error": {"type": "overloaded_error", "message": "boom"}}, "UNAVAILABLE"),
        (POST, [{"error": {"message": "boom", "code": 400}}], "INVALID_ARGUMENT"),
        (POST, {**RESPONSE, "status": "failed", "error": {"code": "server_error", "message": "boom"}}, "INTERNAL"),
        (GET, {**RESPONSE, "status": "failed", "error": {"code": "server_error", "message": "boom"}}, "OK"),
        (POST, {**RESPONSE, "status": "incomplete", "error": None}, "OK"),
        (POST, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "RESOURCE_EXHAUSTED"),
        (POST, {"base_resp": {"status_code": 0, "status_msg": "success"}, "data": {}}, "OK"),
        (POST, {"success": False, "errors": [{"code": 7003, "message": "boom"}], "result": None}, "INTERNAL"),
        (POST, {"success": False, "output": "the tests failed"}, "OK"),
        (POST, {"error": True, "message": "boom"}, "INTERNAL"),
        (POST, {"error": 0.25}, "OK"),
        (POST, {"message": "done", "type": "progress"}, "OK"),
        (POST, {"error": None, "errors": []}, "OK"),
    ],
    ids=str,
)
async def test_errors_with_status_200(bridge: Bridge, method: Any, body: Any, code: str) -> None:
    """An error with status 200 fails the call.

    The stored response of a failed run, or a text called `error`, does not.
    """
    bridge.gateway.script(respond_json(body))
    request = Request(path="/responses/resp_1", method=method, body_json=ASK if method == POST else None)
    assert (await ask(bridge.raw.Call(request))).code.name == code


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"\xff\xf3 sound", "audio/mpeg", "content type"),
        (b"<html>", "text/html", "content type"),
        (BEGUN.encode(), "text/event-stream", "Stream"),
        (b'{"a":', "application/json", "valid JSON"),
        (b"\xff", "application/json", "valid JSON"),
    ],
)
async def test_responses_that_cannot_be_passed_on(bridge: Bridge, body: bytes, kind: str, words: str) -> None:
    """Binary data and pages are refused, and the message names their type."""
    bridge.gateway.script(respond(body, content_type=kind))
    outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK)))
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")
    assert words in outcome.message


@pytest.mark.parametrize("rpc", ["Call", "Stream"])
async def test_a_text_that_no_message_can_hold(start: Start, rpc: str) -> None:
    """Each byte of invalid UTF-8 becomes three. A text of just the size that fits is sent."""
    limit = 6 << 20
    async with start(raw_paths=PATHS, max_message_bytes=limit) as bridge:
        for size, reason in ((limit // 3 - 20, ""), (limit // 3, "UPSTREAM_RESPONSE_TOO_LARGE")):
            data = b'"' + b"\xff" * size + b'"'
            bridge.gateway.script(
                raw_sse(b"data: " + data + b"\n\ndata: [DONE]\n\n") if rpc == "Stream" else respond(data)
            )
            request = Request(path="/rerank", body_json="{}")
            outcome = await (drain(bridge.raw.Stream(request)) if rpc == "Stream" else ask(bridge.raw.Call(request)))
            assert (outcome.info.reason if outcome.code is not StatusCode.OK else "") == reason


async def test_limits_hold(start: Start) -> None:
    """The limits of a response, of an event and of time hold."""
    async with start(raw_paths=PATHS, max_response_bytes=1024, max_event_bytes=1024) as bridge:
        large = json.dumps({"a": "x" * 2000})
        bridge.gateway.script(respond(large), raw_sse(f"data: {large}\n\n"))
        outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK)))
        assert outcome.info.reason == "UPSTREAM_RESPONSE_TOO_LARGE"
        outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
        assert outcome.info.reason == "UPSTREAM_RESPONSE_TOO_LARGE"
    async with start(raw_paths=PATHS, response_timeout=0.1) as bridge:
        bridge.gateway.script(Exchange.wait_closed)
        outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK)))
        assert outcome.info.reason == "UPSTREAM_TIMEOUT"


async def test_a_response_that_no_message_can_hold(start: Start) -> None:
    """It is refused before all of it is read: 127 MiB of text took half a gigabyte until gRPC did not send it."""
    async with start(raw_paths=PATHS, max_message_bytes=1024) as bridge:
        ended = asyncio.Event()

        async def endless(exchange: Exchange) -> None:
            await exchange.head(content_length="1000000")
            await exchange.send(b'"' + b"x" * 1024)
            await exchange.wait_closed()
            ended.set()

        bridge.gateway.script(endless)
        outcome = await ask(bridge.raw.Call(Request(path="/rerank", body_json="{}")))
        assert (outcome.info.reason, outcome.info.metadata["limitBytes"]) == ("UPSTREAM_RESPONSE_TOO_LARGE", "1024")
        await asyncio.wait_for(ended.wait(), 5)


@pytest.mark.parametrize("streams", [False, True])
async def test_cancelling_closes_the_upstream(bridge: Bridge, *, streams: bool) -> None:
    async def waits(exchange: Exchange) -> None:
        if streams:
            await exchange.head(content_type="text/event-stream")
            await exchange.send(BEGUN)
        await exchange.wait_closed()

    bridge.gateway.script(waits)
    request = Request(path="/responses", body_json=ASK)
    call: Any = bridge.raw.Stream(request) if streams else bridge.raw.Call(request)
    exchange = await bridge.gateway.exchange()
    if streams:
        assert (await call.read()).event == "response.created"
    call.cancel()
    async with asyncio.timeout(5):
        await exchange.wait_closed()


async def test_a_deadline(bridge: Bridge) -> None:
    """The caller's deadline ends a raw call."""
    bridge.gateway.script(Exchange.wait_closed)
    outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK), timeout=0.1))
    assert outcome.code is StatusCode.DEADLINE_EXCEEDED


async def test_retries(start: Start) -> None:
    """Retries are as with chat: a refused request is repeated, one that may have been billed is not.

    A call can forbid them.
    """

    async def breaks(exchange: Exchange) -> None:
        exchange.reset()

    refused = respond_json({"error": {"message": "later"}}, 429, retry_after_ms="1")
    async with start(raw_paths=PATHS, max_retries=2) as bridge:
        bridge.gateway.script(refused, respond_json(RESPONSE))
        await bridge.raw.Call(Request(path="/responses", body_json=ASK))
        assert len(bridge.gateway.requests) == 2
        for method, attempts in ((POST, 1), (DELETE, 1), (GET, 2)):
            bridge.gateway.requests.clear()
            bridge.gateway.script(breaks, respond_json(RESPONSE))
            body = ASK if method == POST else None
            await ask(bridge.raw.Call(Request(path="/responses/x", method=method, body_json=body)))
            assert len(bridge.gateway.requests) == attempts, method
        for status in (500, 504):
            bridge.gateway.requests.clear()
            bridge.gateway.script(respond_json({"error": {"message": "no"}}, status))
            await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK)))
            assert len(bridge.gateway.requests) == 1
        bridge.gateway.requests.clear()
        bridge.gateway.script(refused)
        await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK, bridge_options={"retry": False})))
        assert len(bridge.gateway.requests) == 1


# Streams.


async def test_events_with_their_names(bridge: Bridge) -> None:
    """Each event is one unchanged message. Comments, empty events and `[DONE]` are not delivered."""
    text = (
        f": hello\n\nretry: 5\n\n{BEGUN}event: ping\n\n"
        f'event: odd\nid: 7\ndata: not json\ndata: at all\n\ndata: {{"unnamed": 1.50}}\n\n{ENDED}data: [DONE]\n\n'
    )
    bridge.gateway.script(raw_sse(text))
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert outcome.code is StatusCode.OK
    assert names(outcome.messages) == [
        "response.created", "response.output_text.delta", "response.output_text.done", "odd", "", "response.completed",
    ]  # fmt: skip
    assert json.loads(outcome.messages[1].data)["delta"] == "Hel"
    assert [message.data for message in outcome.messages[3:5]] == ["not json\nat all", '{"unnamed": 1.50}']
    assert not outcome.messages[4].HasField("event")
    assert bridge.gateway.last.headers["accept"] == "text/event-stream"
    assert json.loads(outcome.trailers["aibridge-usage"]) == COUNTS


COMPLETION_CHUNK = 'data: {"id":"c","choices":[{"index":0,"text":"a","finish_reason":null}]}\n\n'
COMPLETION_END = 'data: {"id":"c","choices":[{"index":0,"text":"","finish_reason":"stop"}]}\n\n'
MESSAGE = event("message_start", message={"id": "msg"}) + event("content_block_delta", delta={"text": "a"})
IMAGE = event("image_generation.partial_image", b64_json="aa")


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        pytest.param(BEGUN + ENDED, True, id="response"),
        pytest.param(BEGUN, False, id="response cut"),
        pytest.param(BEGUN + event("response.incomplete", response={}), True, id="response incomplete"),
        pytest.param(BEGUN + ENDED[:-4], False, id="response cut in its last event"),
        pytest.param(COMPLETION_CHUNK + COMPLETION_END + "data: [DONE]\n\n", True, id="completion"),
        pytest.param(COMPLETION_CHUNK + "data: [DONE]\n\n", True, id="completion with nothing but DONE"),
        pytest.param(COMPLETION_CHUNK, False, id="completion cut"),
        pytest.param(MESSAGE + event("message_stop"), True, id="message"),
        pytest.param(MESSAGE, False, id="message cut"),
        pytest.param(IMAGE + event("image_generation.completed", b64_json="b"), True, id="image"),
        pytest.param(IMAGE, False, id="image cut"),
        pytest.param(event("chunk", a=1), False, id="anything, that only the connection ends"),
        pytest.param(event("chunk", a=1) + "data: [DONE]\n\n", True, id="anything with DONE"),
        pytest.param(": hello\n\n", False, id="nothing"),
        pytest.param("", False, id="nothing at all"),
    ],
)
async def test_a_cut_stream_is_never_ok(bridge: Bridge, text: str, *, complete: bool) -> None:
    """A stream without the last event of its kind fails, even if the connection ends in order."""
    bridge.gateway.script(raw_sse(text))
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert (outcome.code is StatusCode.OK) is complete
    if not complete:
        assert outcome.info.reason in {"UPSTREAM_STREAM_INTERRUPTED", "UPSTREAM_MALFORMED_RESPONSE"}
        assert outcome.info.metadata["chunksDelivered"] == str(len(outcome.messages))


def bare(kind: str, **members: Any) -> str:
    """An event of OpenAI's assistants, whose data does not repeat its name."""
    return f"event: {kind}\ndata: {json.dumps(members)}\n\n"


RUN = bare("thread.run.created", id="run", object="thread.run", status="queued")
OVER = "event: done\ndata: [DONE]\n\n"
LIMITED = {"code": "rate_limit_exceeded", "message": "boom"}


@pytest.mark.parametrize(
    ("text", "seen", "reason"),
    [
        (RUN + bare("thread.run.failed", status="failed", last_error=LIMITED) + OVER, 2, "RATE_LIMIT_EXCEEDED"),
        (RUN + bare("thread.run.failed", status="failed", last_error=LIMITED), 2, "RATE_LIMIT_EXCEEDED"),
        (RUN + bare("thread.run.failed") + "event: done\ndata: {}\n\n" + OVER, 3, "UPSTREAM_INTERNAL_ERROR"),
        (RUN + bare("thread.run.expired", status="expired") + OVER, 2, "UPSTREAM_INTERNAL_ERROR"),
        (RUN + bare("thread.run.cancelled", status="cancelled") + OVER, 2, "UPSTREAM_CLOSED_REQUEST"),
        (RUN + bare("thread.run.incomplete", status="incomplete") + OVER, 2, ""),
        (RUN + bare("thread.run.requires_action") + OVER, 2, ""),
        (RUN + bare("thread.run.step.failed") + bare("thread.run.completed") + OVER, 3, ""),
        (RUN + bare("thread.run.step.failed") + OVER, 2, "UPSTREAM_INTERNAL_ERROR"),
        (BEGUN + event("response.mcp_call.failed") + ENDED, 5, ""),
        (BEGUN + bare("tool.failed") + "data: [DONE]\n\n", 4, ""),
        (IMAGE + event("image_generation.failed", message="boom"), 2, "UPSTREAM_INTERNAL_ERROR"),
        (IMAGE + event("image_generation.failed", error=LIMITED), 1, "RATE_LIMIT_EXCEEDED"),
        (COMPLETION_CHUNK + COMPLETION_END.replace("stop", "error") + "data: [DONE]\n\n", 2, "UPSTREAM_INTERNAL_ERROR"),
        (
            COMPLETION_CHUNK + COMPLETION_END.replace("stop", "cancelled") + "data: [DONE]\n\n",
            2,
            "UPSTREAM_CLOSED_REQUEST",
        ),
    ],
)
async def test_the_last_event_says_that_it_failed(bridge: Bridge, text: str, seen: int, reason: str) -> None:
    """The event is delivered, and the status says the same. An earlier failure is one of a part."""
    bridge.gateway.script(raw_sse(text))
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert (outcome.info.reason if outcome.details else "", len(outcome.messages)) == (reason, seen)


@pytest.mark.parametrize(
    ("method", "value", "reason"),
    [
        (POST, {"object": "thread.run", "last_error": LIMITED}, "RATE_LIMIT_EXCEEDED"),
        (POST, {"object": "response", "error": LIMITED}, "RATE_LIMIT_EXCEEDED"),
        (POST, {"object": "batch"}, "UPSTREAM_INTERNAL_ERROR"),
        (POST, {"object": "response", "status": "incomplete"}, ""),
        (POST, {"object": "response", "status": "cancelled"}, ""),
        (GET, {"object": "thread.run", "last_error": LIMITED}, ""),
        (POST, {"choices": [{"text": "a", "finish_reason": "timeout"}]}, "UPSTREAM_TIMEOUT"),
        (POST, {"choices": [{"text": "a", "finish_reason": "length"}]}, ""),
    ],
)
async def test_a_resource_that_failed(bridge: Bridge, method: Any, value: dict[str, Any], reason: str) -> None:
    """The call that made it has failed. One that looks it up has not."""
    bridge.gateway.script(respond_json({"id": "r", "status": "failed", **value}))
    body = ASK if method == POST else None
    outcome = await ask(bridge.raw.Call(Request(path="/responses", method=method, body_json=body)))
    assert (outcome.info.reason if outcome.details else "") == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"error": {"message": "", "code": None}, "results": []}, ""),
        ({"error": {"code": 0, "message": "success"}, "results": []}, ""),
        ({"error": "success", "results": []}, ""),
        ({"error": {"message": ""}}, "UPSTREAM_INTERNAL_ERROR"),
        ({"code": 429, "message": "boom"}, "RATE_LIMIT_EXCEEDED"),
        ({"code": 429, "message": "boom", "data": None, "request_id": "r"}, "RATE_LIMIT_EXCEEDED"),
        ({"status": "503", "msg": "boom", "path": "/"}, "UPSTREAM_UNAVAILABLE"),
        ({"type": "about:blank", "title": "slow", "status": 429, "detail": "boom"}, "RATE_LIMIT_EXCEEDED"),
        ({"title": "slow", "status": 503, "instance": "/a"}, "UPSTREAM_UNAVAILABLE"),
        ({"title": "slow", "status": 429, "year": 1999}, ""),
        ({"title": "slow", "status": 200}, ""),
        ({"code": 429, "message": "boom", "answer": "it is boom"}, ""),
        ({"code": 42, "message": "boom"}, ""),
        ({"message": "boom"}, ""),
        ({"code": 429}, ""),
    ],
)
async def test_what_is_an_error_of_any_endpoint(bridge: Bridge, value: dict[str, Any], reason: str) -> None:
    """An error with empty members is none next to a result. A status and a message, and nothing else, are one."""
    bridge.gateway.script(respond_json(value), sse(value))
    for outcome in (
        await ask(bridge.raw.Call(Request(path="/rerank", body_json=ASK))),
        await drain(bridge.raw.Stream(Request(path="/rerank", body_json=ASK))),
    ):
        assert (outcome.info.reason if outcome.details else "") == reason


@pytest.mark.parametrize(
    ("value", "pushback"),
    [
        ({"error": {"message": "boom", "code": 429}}, "1000"),
        ({"code": 429, "message": "boom"}, "1000"),
        ({"error": {"message": "boom", "code": 503}}, None),
        ({"error": {"message": "boom", "code": 400}}, "-1"),
    ],
)
async def test_advice_about_an_error_with_status_200(
    bridge: Bridge, value: dict[str, Any], pushback: str | None
) -> None:
    """The advice is that of the HTTP status that the error names: nothing was begun, so gRPC may retry."""
    bridge.gateway.script(respond_json(value), sse(value))
    for outcome in (
        await ask(bridge.raw.Call(Request(path="/rerank", body_json=ASK))),
        await drain(bridge.raw.Stream(Request(path="/rerank", body_json=ASK))),
    ):
        assert outcome.trailers.get("grpc-retry-pushback-ms") == pushback


async def test_a_resource_that_failed_may_have_been_billed(bridge: Bridge) -> None:
    """The resource was begun, so gRPC must not repeat the call by itself."""
    bridge.gateway.script(respond_json({**RESPONSE, "status": "failed", "error": {"message": "boom", "code": 429}}))
    outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK)))
    assert (outcome.info.reason, outcome.trailers["grpc-retry-pushback-ms"]) == ("RATE_LIMIT_EXCEEDED", "-1")
    assert "RetryInfo" in outcome.details


@pytest.mark.parametrize("media", ["text/plain", "text/html; charset=utf-8", "text/event-stream"])
async def test_an_error_in_another_content_type(bridge: Bridge, media: str) -> None:
    """A response of the wrong content type fails in any case, with the upstream's error if it has one."""
    error = {"error": {"message": "boom", "code": 429}}
    for body in (json.dumps(error), f"data: {json.dumps(error)}\n\n"):
        bridge.gateway.script(respond(body, content_type=media))
        outcome = await ask(bridge.raw.Call(Request(path="/rerank", body_json=ASK)))
        assert (outcome.info.reason, outcome.message) == ("RATE_LIMIT_EXCEEDED", "boom")
        bridge.gateway.script(respond(body, content_type=media))
        outcome = await drain(bridge.raw.Stream(Request(path="/rerank", body_json=ASK)))
        assert (outcome.info.reason, outcome.message) == ("RATE_LIMIT_EXCEEDED", "boom")


async def test_http_may_say_where_a_stream_ends(bridge: Bridge) -> None:
    """A body of the announced length is complete, unless its kind has a last event, and that is missing."""
    for text, code in ((event("chunk", a=1), StatusCode.OK), (BEGUN, StatusCode.UNAVAILABLE)):
        bridge.gateway.script(respond(text, content_type="text/event-stream"))
        outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
        assert outcome.code is code


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream", "text/html"])
@pytest.mark.parametrize("before", ["", ": hello\n\n", "\ufeff\n", "id: 1\n"])
@pytest.mark.parametrize("size", [7, 1 << 20])
async def test_a_stream_under_another_content_type(bridge: Bridge, kind: str, before: str, size: int) -> None:
    """A stream of events is recognised by its first line, whatever its content type."""
    data = (before + BEGUN + ENDED).encode()

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=kind)
        for at in range(0, len(data), size):
            await exchange.send(data[at : at + size])
            await asyncio.sleep(0)
        exchange.writer.close()

    bridge.gateway.script(script)
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert outcome.code is StatusCode.OK
    assert len(outcome.messages) == 4
    assert names(outcome.messages)[-1] == "response.completed"


@pytest.mark.parametrize("body", ["<html>data: x</html>", "database is down", "dat", ""])
async def test_text_that_is_no_stream(bridge: Bridge, body: str) -> None:
    """Text that only resembles the first line of an event is malformed."""
    bridge.gateway.script(respond(body, content_type="text/plain"))
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert (outcome.messages, outcome.info.reason) == ([], "UPSTREAM_MALFORMED_RESPONSE")


@pytest.mark.parametrize("is_over", [False, True])
async def test_an_event_of_exactly_the_limit(start: Start, *, is_over: bool) -> None:
    """An event of exactly `max_event_bytes` is delivered; one byte more is too large."""
    limit = 2000
    body = json.dumps({"type": "response.output_text.delta", "delta": ""})
    data = f"data: {body[:-2]}{'x' * (limit - len(body) + is_over)}{body[-2:]}\n\n{ENDED}"
    async with start(raw_paths=PATHS, max_event_bytes=limit) as bridge:
        bridge.gateway.script(raw_sse(data))
        outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert [len(message.data) for message in outcome.messages[:1]] == ([] if is_over else [limit])
    assert (outcome.info.reason if is_over else outcome.code.name) == (
        "UPSTREAM_RESPONSE_TOO_LARGE" if is_over else "OK"
    )


async def test_a_broken_connection(bridge: Bridge) -> None:
    """A connection that breaks after the last event does no harm."""
    for text, code in ((BEGUN, StatusCode.UNAVAILABLE), (BEGUN + ENDED, StatusCode.OK)):

        async def breaks(exchange: Exchange, text: str = text) -> None:
            await exchange.head(content_type="text/event-stream", transfer_encoding="chunked")
            await exchange.send(f"{len(text.encode()):x}\r\n{text}\r\n")
            await asyncio.sleep(0.02)
            exchange.reset()

        bridge.gateway.script(breaks)
        outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
        assert (outcome.code, outcome.messages[0].event) == (code, "response.created")


@pytest.mark.parametrize(
    ("text", "seen", "code", "reason"),
    [
        pytest.param(
            event("error", code="rate_limit_exceeded", message="slow", param=None), 0, "RESOURCE_EXHAUSTED",
            "RATE_LIMIT_EXCEEDED", id="error event"),
        pytest.param(
            'data: {"type":"error","code":"server_error","message":"boom"}\n\n', 0, "INTERNAL",
            "UPSTREAM_INTERNAL_ERROR", id="error by its type"),
        pytest.param('data: {"error":{"message":"boom","code":503}}\n\ndata: [DONE]\n\n', 0, "UNAVAILABLE",
                     "UPSTREAM_UNAVAILABLE", id="error member"),
        pytest.param(
            event("response.failed", response={"error": {"code": "server_error", "message": "boom"}}), 1, "INTERNAL",
            "UPSTREAM_INTERNAL_ERROR", id="a response that failed"),
        pytest.param('{"error":{"message":"boom","code":503}}\n\ndata: [DONE]\n\n', 0, "UNAVAILABLE",
                     "UPSTREAM_UNAVAILABLE", id="beside the framing"),
        pytest.param('{\n "code": 429,\n "message": "slow"\n}\n', 0, "RESOURCE_EXHAUSTED",
                     "RATE_LIMIT_EXCEEDED", id="beside the framing, pretty"),
        pytest.param('data: [{"error":{"message":"boom","code":503}}]\n\ndata: [DONE]\n\n', 0, "UNAVAILABLE",
                     "UPSTREAM_UNAVAILABLE", id="inside an array"),
        pytest.param(event("", choices=[{"index": index} for index in range(4097)]), 0, "INTERNAL",
                     "UPSTREAM_MALFORMED_RESPONSE", id="choices without end"),
        pytest.param("event: error\n\n", 0, "INTERNAL", "UPSTREAM_INTERNAL_ERROR", id="the name of an error alone"),
        pytest.param(event("response.failed", response={}), 1, "INTERNAL", "UPSTREAM_INTERNAL_ERROR",
                     id="a response that failed and says no more"),
        pytest.param(event("response.failed", message="boom"), 1, "INTERNAL", "UPSTREAM_INTERNAL_ERROR",
                     id="a response that failed and is not in the event"),
        pytest.param(event("response.cancelled", response={}), 1, "UNAVAILABLE", "UPSTREAM_CLOSED_REQUEST",
                     id="a response that was cancelled"),
        pytest.param(event("response.error", message="boom", code=429) + "data: [DONE]\n\n", 1,
                     "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", id="an event that ends with error"),
        pytest.param(event("response.error", message="boom", code=429), 1, "RESOURCE_EXHAUSTED",
                     "RATE_LIMIT_EXCEEDED", id="an event that ends with error, and a cut"),
    ],
)  # fmt: skip
async def test_errors_in_a_stream(bridge: Bridge, text: str, seen: int, code: str, reason: str) -> None:
    """Errors end the stream with their status, after the earlier events. `response.failed` is delivered too."""
    bridge.gateway.script(raw_sse(BEGUN + text))
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert (outcome.code.name, outcome.info.reason) == (code, reason)
    assert len(outcome.messages) == 3 + seen


async def test_a_server_that_does_not_stream(bridge: Bridge) -> None:
    """JSON instead of a stream is one event without a name, or an error. Other data is malformed."""
    bridge.gateway.script(
        respond_json(RESPONSE), respond_json({"error": {"message": "no", "code": 400}}), respond("", 200)
    )
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert (outcome.code, [json.loads(message.data) for message in outcome.messages]) == (StatusCode.OK, [RESPONSE])
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert outcome.code is StatusCode.INVALID_ARGUMENT
    outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
    assert outcome.info.reason == "UPSTREAM_MALFORMED_RESPONSE"


@pytest.mark.alone
async def test_heartbeats(bridge: Bridge) -> None:
    """A raw stream sends heartbeats while nothing arrives."""

    async def thinks(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await asyncio.sleep(0.25)
        await exchange.send(BEGUN + ENDED)
        exchange.writer.close()

    bridge.gateway.script(thinks)
    request = Request(path="/responses", body_json=ASK)
    request.bridge_options.heartbeat.FromMilliseconds(100)
    outcome = await drain(bridge.raw.Stream(request))
    assert outcome.code is StatusCode.OK
    assert (outcome.messages[0], outcome.messages[-1].event) == (raw_pb2.RawEvent(), "response.completed")


@pytest.mark.alone
async def test_a_stall(start: Start) -> None:
    """A raw stream that stalls fails with UPSTREAM_STREAM_STALLED."""

    async def stops(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.send(BEGUN)
        await exchange.wait_closed()

    async with start(raw_paths=PATHS, stall_timeout=0.1) as bridge:
        bridge.gateway.script(stops)
        outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
        assert outcome.info.reason == "UPSTREAM_STREAM_STALLED"
        assert outcome.info.metadata["chunksDelivered"] == "3"


@pytest.mark.alone
async def test_comments_are_no_stall(start: Start) -> None:
    """Comments reset the stall timer, and unknown lines are ignored."""

    async def thinks(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.send(BEGUN)
        for _ in range(20):
            await exchange.send(': wait\n{"took": 1}\n\n')
            await asyncio.sleep(0.02)
        await exchange.send(ENDED)
        exchange.writer.close()

    async with start(raw_paths=PATHS, stall_timeout=0.2) as bridge:
        bridge.gateway.script(thinks)
        outcome = await drain(bridge.raw.Stream(Request(path="/responses", body_json=ASK)))
        assert (outcome.code, len(outcome.messages)) == (StatusCode.OK, 4)


# Permissions, logs and metrics.

SEARCH = tokens.new("search")


@pytest.fixture
def limited(tmp_path: Path) -> dict[str, Any]:
    """One caller, who may use `openai/*`."""
    (tmp_path / "tokens").write_text(f"{SEARCH.line}\n")
    (tmp_path / "rules").write_text('[search]\nmodels = ["openai/*"]\n')
    files = {"caller_tokens_file": tmp_path / "tokens", "callers_file": tmp_path / "rules"}
    return {"raw_paths": PATHS, "upstream_api_key": KEY, **files}


BEARER = (("authorization", f"Bearer {SEARCH.token}"),)


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"body_json": '{"model": "openai/gpt", "input": "hi"}'}, True),
        ({"body_json": '{"model": "openai/gpt", "input": [{"model": "said by someone"}]}'}, True),
        ({"body_json": '{"model": "anthropic/claude"}'}, False),
        ({"body_json": '{"model": "openai/gpt", "models": ["anthropic/claude"]}'}, False),
        ({"body_json": '{"model": "openai/gpt", "x": {"fallback": ["anthropic/claude"]}}'}, False),
        ({"body_json": '{"model": "anthropic/claude", "model": "openai/gpt"}'}, False),
        ({"body_json": '{"Model": "anthropic/claude", "model": "openai/gpt"}'}, False),
        ({"body_json": '{"model": ["anthropic/claude"]}'}, False),
        ({"body_json": '{"model": null}'}, False),
        ({"body_json": '{"input": "hi"}'}, False),
        ({"body_json": '["anthropic/claude"]'}, False),
        ({"body_json": '"anthropic/claude"'}, False),
        ({"query": [{"name": "model", "value": "anthropic/claude"}]}, False),
        ({"query": [{"name": "model", "value": "openai/gpt"}]}, True),
        ({"method": GET}, True),
        ({"method": DELETE}, True),
        ({}, True),
    ],
    ids=str,
)
async def test_the_models_of_a_caller(
    start: Start, limited: dict[str, Any], fields: dict[str, Any], *, allowed: bool
) -> None:
    """The patterns of models hold for bodies and queries.

    A body without a model is refused, as its default is unknown.
    """
    async with start(**limited) as bridge:
        bridge.gateway.script(respond_json(RESPONSE))
        outcome = await ask(bridge.raw.Call(Request(path="/responses", **fields), metadata=BEARER))
        if allowed:
            assert outcome.code is StatusCode.OK, outcome.message
        else:
            assert (outcome.code, outcome.info.reason) == (StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED")
            assert bridge.gateway.requests == []


async def test_nobody_calls_without_a_credential(start: Start, limited: dict[str, Any]) -> None:
    async with start(**limited) as bridge:
        outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=ASK)))
        assert (outcome.code, outcome.info.reason) == (StatusCode.UNAUTHENTICATED, "CALLER_UNAUTHENTICATED")


async def test_what_is_known_of_a_call(bridge: Bridge) -> None:
    """The operation in the log is the pattern that allowed the path, not the path, which callers choose."""
    body = '{"model": "m", "input": "secret-words"}'
    bridge.gateway.script(respond_json(RESPONSE), raw_sse(BEGUN + ENDED), respond_json(RESPONSE))
    with capture_logs() as lines:
        await bridge.raw.Call(Request(path="/responses", body_json=body))
        await drain(bridge.raw.Stream(Request(path="/responses", body_json=body)))
        await bridge.raw.Call(Request(path="/responses/resp_private", method=GET))
    assert [line["operation"] for line in lines] == ["/responses", "/responses", "/responses/*"]
    assert [line["method"] for line in lines] == ["Call", "Stream", "Call"]
    assert (lines[0]["model"], lines[0]["input_tokens"], lines[0]["output_tokens"]) == ("m", 11, 7)
    assert (lines[1]["chunks"], lines[1]["input_tokens"]) == (4, 11)
    seen = scrape.of([bridge.app.metrics])
    genai = {"gen_ai_operation_name": "/responses", "gen_ai_request_model": "m"}
    assert seen.sum("gen_ai_client_operation_duration_seconds_count", **genai) == 2
    assert seen.sum("gen_ai_client_token_usage_sum", **genai, **INPUT) == 22
    assert seen.sum("gen_ai_client_operation_duration_seconds_count", gen_ai_operation_name="/responses/*") == 1
    assert seen.sum("grpc_server_handled_total", grpc_service="aibridge.v1.RawService", grpc_code="OK") == 3
    assert "private" not in str(lines)
    assert "secret-words" not in str(lines)


async def test_an_error_does_not_repeat_the_prompt(bridge: Bridge) -> None:
    prompt = "the quick brown fox jumps over the lazy dog, twice"
    bridge.gateway.script(respond_json({"error": {"message": f"cannot read {prompt!r}"}}, 400))
    outcome = await ask(bridge.raw.Call(Request(path="/responses", body_json=json.dumps({"input": prompt}))))
    assert prompt not in str(outcome)


async def test_a_large_error_is_read_in_the_thread(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a good status too. On the event loop, other calls would wait for 0.4 s."""
    threads: list[str] = []
    read = failures.of_error

    def noted(*arguments: Any, **options: Any) -> Any:
        threads.append(threading.current_thread().name)
        return read(*arguments, **options)

    monkeypatch.setattr(failures, "of_error", noted)
    bridge.gateway.script(respond_json({"error": {"message": "x", "padding": "x" * (1 << 18)}}))
    outcome = await ask(bridge.raw.Call(raw_pb2.RawRequest(path="/responses", body_json="{}")))
    assert outcome.code is not StatusCode.OK
    assert [name.split("_")[0] for name in threads] == ["aibridge-offload"]


async def test_health_knows_the_service(bridge: Bridge) -> None:
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415 # only for this test

    stub = health_pb2_grpc.HealthStub(bridge.channel)
    status = await stub.Check(health_pb2.HealthCheckRequest(service="aibridge.v1.RawService"))
    assert status.status == health_pb2.HealthCheckResponse.SERVING


async def test_sse_helper_is_used_as_servers_do(bridge: Bridge) -> None:
    """Legacy completions use the same service."""
    bridge.gateway.script(sse({"choices": [{"index": 0, "text": "a", "finish_reason": "stop"}]}))
    outcome = await drain(bridge.raw.Stream(Request(path="/completions", body_json='{"model": "m", "stream": true}')))
    assert (outcome.code, len(outcome.messages)) == (StatusCode.OK, 1)
