"""The peculiarities of each server in the cheat-sheet of the surface reference: responses, errors, and streaming.

`test_streams.py` has a payload for the end of each server's streams, and `test_models.py` the lists of models.
"""

import asyncio
import json
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from aibridge.v1 import chat_pb2
from tests.dialects.cases import StatusCode, payload
from tests.dialects.law import assert_nothing_lost
from tests.dialects.refusals import REFUSALS, Refusal
from tests.dialects.responses import RESPONSES, RecordedResponse
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, raw_sse, respond, respond_json, sse
from tests.support.outcomes import ask, drain

pytestmark = pytest.mark.asyncio(loop_scope="module")

Request = chat_pb2.CreateChatCompletionRequest
STREAM_HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}


@pytest.mark.parametrize("case", RESPONSES, ids=str)
async def test_plain_response(bridge: Bridge, hello: Request, case: RecordedResponse) -> None:
    """A response arrives as this message, which has everything in the response."""
    bridge.gateway.script(respond(case.sent, content_type="application/json; charset=utf-8"))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert outcome.messages == [case.message], outcome.message
    assert_nothing_lost(outcome.messages[0], case.sent.decode())
    usage = json.loads(case.sent).get("usage")
    counts = {key: value for key, value in (usage or {}).items() if type(value) is int}
    assert json.loads(outcome.trailers.get("aibridge-usage", "{}")) == counts


@pytest.mark.parametrize("case", REFUSALS, ids=str)
@pytest.mark.parametrize("rpc", ["CreateChatCompletion", "CreateChatCompletionStream"])
async def test_refusal(bridge: Bridge, hello: Request, case: Refusal, rpc: str) -> None:
    """A caller gets the same status for an error, unary or streamed."""
    bridge.gateway.script(respond_json(case.body, case.http, **case.headers))
    call = getattr(bridge.chat, rpc)(hello)
    outcome = await (drain(call) if rpc.endswith("Stream") else ask(call))
    assert (outcome.code, outcome.info.reason) == case.expected
    assert outcome.message == case.message
    assert {"httpStatus": str(case.http), **case.metadata}.items() <= dict(outcome.info.metadata).items()


@pytest.mark.parametrize(
    ("name", "code", "reason", "message"),
    [
        ("e7-choice", StatusCode.UNAVAILABLE, "UPSTREAM_BAD_GATEWAY", "Provider disconnected"),
        ("e7-body", StatusCode.UNAVAILABLE, "UPSTREAM_BAD_GATEWAY", "boom"),
    ],
)
async def test_openrouter_fails_with_200(
    bridge: Bridge, hello: Request, name: str, code: StatusCode, reason: str, message: str
) -> None:
    """An error in a 200 response is reported as that error, in the body or in a choice."""
    bridge.gateway.script(respond(payload(f"{name}.json")))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert (outcome.code, outcome.info.reason, outcome.message) == (code, reason, message)
    assert outcome.messages == []


async def test_xai_fails_with_200(bridge: Bridge, hello: Request) -> None:
    """A flat error without `choices` is not a completion."""
    bridge.gateway.script(respond_json({"code": "invalid-argument", "error": "bad temperature"}))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert (outcome.code, outcome.message) == (StatusCode.INVALID_ARGUMENT, "bad temperature")


async def test_openrouter_comments_are_no_progress(start: Start, hello: Request) -> None:
    """Keep-alive comments do not extend the first event timeout."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        while not exchange.closed.is_set():
            await exchange.send(": OPENROUTER PROCESSING\n\n")
            await asyncio.sleep(0.01)

    async with start(first_event_timeout=0.1) as bridge:
        bridge.gateway.script(script)
        outcome = await drain(bridge.chat.CreateChatCompletionStream(hello))
    assert (outcome.code, outcome.info.reason) == (StatusCode.DEADLINE_EXCEEDED, "UPSTREAM_FIRST_EVENT_TIMEOUT")


async def test_azure_deployment_path(start: Start, hello: Request) -> None:
    """The base URL may have a path of any depth, and the RPC's path follows it."""
    async with start() as plain:
        url = plain.gateway.url.removesuffix("/v1") + "/openai/deployments/my%20gpt/v1/"
    async with start(upstream_url=url) as bridge:
        bridge.gateway.script(respond(payload("azure.json")))
        await bridge.chat.CreateChatCompletion(hello)
        assert bridge.gateway.last.path == "/openai/deployments/my%20gpt/v1/chat/completions"


async def test_azure_retry_after_ms(bridge: Bridge, hello: Request) -> None:
    """`retry-after-ms` overrides `retry-after`, and reaches gRPC's retries and the details."""
    bridge.gateway.script(respond_json({"error": {"code": "429"}}, 429, retry_after_ms="1500", retry_after="2"))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert outcome.details["RetryInfo"].retry_delay == Duration(seconds=1, nanos=500_000_000)
    assert outcome.trailers["grpc-retry-pushback-ms"] == "1500"


async def test_vercel_image_of_megabytes(bridge: Bridge, hello: Request) -> None:
    """A whole image comes in one event, and goes in one message."""
    url = "data:image/png;base64," + "iVBORw0KGgo=" * 500_000
    delta = {"images": [{"type": "image_url", "image_url": {"url": url}}]}
    bridge.gateway.script(sse({**STREAM_HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]}))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello))
    assert outcome.code is StatusCode.OK
    assert [message.choices[0].delta.images[0].image_url.url for message in outcome.messages] == [url]


async def test_mistral_names_the_field(bridge: Bridge, hello: Request) -> None:
    """The path in a 422 `detail` becomes the path of a field."""
    detail = [{"loc": ["body", "messages", 0, "role"], "msg": "field required", "type": "value_error.missing"}]
    bridge.gateway.script(respond_json({"detail": detail}, 422))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    violation = outcome.details["BadRequest"].field_violations[0]
    assert (violation.field, violation.description) == ("messages[0].role", "field required")


async def test_a_server_that_ignores_stream(bridge: Bridge, hello: Request) -> None:
    """A whole completion in response to a streaming request is one chunk with the same content."""
    bridge.gateway.script(respond(payload("openai.json")))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello))
    assert outcome.code is StatusCode.OK
    (chunk,) = outcome.messages
    assert chunk.object == "chat.completion.chunk"
    assert chunk.choices[0].delta.content == "Hi"
    assert chunk.choices[0].finish_reason == "stop"
    assert chunk.usage.total_tokens == 9


async def test_nothing_is_lost_on_the_way_to_a_chunk(bridge: Bridge, hello: Request) -> None:
    """Unknown members of such a completion keep their value."""
    member = '"quantum_mode":{"b":1,"a":2.5,"n":123456789012345678901234567890}'
    choice = f'{{"index": 0, "message": {{"content": "Hi", {member}}}, "finish_reason": "stop", {member}}}'
    bridge.gateway.script(respond(f'{{"id": "c", "choices": [{choice}], {member}}}'))
    (chunk,) = (await drain(bridge.chat.CreateChatCompletionStream(hello))).messages
    for message in (chunk, chunk.choices[0], chunk.choices[0].delta):
        assert message.extra_json == f"{{{member}}}"


async def test_a_bare_object_under_the_name_of_a_stream(bridge: Bridge, hello: Request) -> None:
    """JSON labelled as an event stream is read as JSON: a completion makes one chunk, an error is reported."""
    bridge.gateway.script(raw_sse(payload("openai.json")))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello))
    assert outcome.code is StatusCode.OK
    assert [chunk.choices[0].delta.content for chunk in outcome.messages] == ["Hi"]
    bridge.gateway.script(raw_sse(payload("e7-body.json")))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello))
    assert outcome.code is StatusCode.UNAVAILABLE
    assert outcome.info.reason == "UPSTREAM_BAD_GATEWAY"
    assert outcome.messages == []
    bridge.gateway.script(raw_sse(payload("openai.json")[:-20]))
    assert (await drain(bridge.chat.CreateChatCompletionStream(hello))).code is not StatusCode.OK


async def test_an_error_in_json_to_a_stream(bridge: Bridge, hello: Request) -> None:
    """A 200 with a JSON error in response to a streaming request is reported as that error."""
    bridge.gateway.script(respond(payload("e7-body.json")))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello))
    assert (outcome.code, outcome.message) == (StatusCode.UNAVAILABLE, "boom")


@pytest.mark.parametrize("choices", [None, {}, "none", [1]])
async def test_choices_that_are_no_list(bridge: Bridge, hello: Request, choices: object) -> None:
    """A completion without a list of choices is an error, not an empty success."""
    bridge.gateway.script(respond_json({"id": "c", "choices": choices}))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")


async def test_choices_of_a_chunk_that_are_no_list(bridge: Bridge, hello: Request) -> None:
    bridge.gateway.script(sse({**STREAM_HEAD, "choices": {"index": 0}}))
    outcome = await drain(bridge.chat.CreateChatCompletionStream(hello))
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")


ACCEPTED = {"request_id": "e8a2"}


async def test_deferred(bridge: Bridge, hello: Request) -> None:
    """A deferred request to xAI is answered with an id. The completion is fetched later."""
    hello.deferred = True
    bridge.gateway.script(respond_json(ACCEPTED))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert bridge.gateway.last.json["deferred"] is True
    assert outcome.messages == [chat_pb2.CreateChatCompletionResponse(request_id="e8a2")]


@pytest.mark.parametrize(
    ("deferred", "body"),
    [
        (False, ACCEPTED),
        (None, ACCEPTED),
        (True, {}),
        (True, {"request_id": None}),
        (True, {"request_id": "e8a2", "choices": {}}),
    ],
)
async def test_an_id_is_no_completion(
    bridge: Bridge,
    hello: Request,
    deferred: bool | None,  # noqa: FBT001
    body: Any,
) -> None:
    """An id alone is only accepted for a deferred request, and a body without an id never is."""
    if deferred is not None:
        hello.deferred = deferred
    bridge.gateway.script(respond_json(body))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")


async def test_a_deferred_request_that_fails(bridge: Bridge, hello: Request) -> None:
    """An error is reported, deferred or not."""
    hello.deferred = True
    bridge.gateway.script(respond_json({"request_id": "e8a2", "code": "rate_limit_exceeded", "error": "slow down"}))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert (outcome.info.reason, outcome.message) == ("RATE_LIMIT_EXCEEDED", "slow down")


async def test_no_choices_at_all(bridge: Bridge, hello: Request) -> None:
    """An empty list of choices is accepted."""
    bridge.gateway.script(respond_json({"id": "c", "choices": []}))
    outcome = await ask(bridge.chat.CreateChatCompletion(hello))
    assert outcome.messages == [chat_pb2.CreateChatCompletionResponse(id="c", extra_json='{"choices":[]}')]


async def test_xai_defers(bridge: Bridge, hello: Request) -> None:
    """The response to `deferred: true` has an id and no choices. For any other request that is an error."""
    deferred = Request(deferred=True)
    deferred.MergeFrom(hello)
    bridge.gateway.script(respond_json({"request_id": "f15c"}), respond_json({"request_id": "f15c"}), respond_json({}))
    completion = await bridge.chat.CreateChatCompletion(deferred)
    assert completion == chat_pb2.CreateChatCompletionResponse(request_id="f15c")
    assert bridge.gateway.last.json["deferred"] is True
    for request in (hello, deferred):
        outcome = await ask(bridge.chat.CreateChatCompletion(request))
        assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")
