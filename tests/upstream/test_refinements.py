"""How an error's code and type refine its HTTP status."""

from itertools import product
from typing import Any

import pytest

from aibridge.v1 import chat_pb2
from bridge.upstream.names import STATUS_OF_TYPE
from bridge.upstream.reasons import of_status
from tests.support.bridge import Bridge
from tests.support.details import Failure, failed, failed_stream, refusal
from tests.support.gateway import respond_json, sse
from tests.support.payloads import CHUNK
from tests.upstream.rows import REFINEMENT_ROWS, SPELLING_ROWS, RefinementRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

STATUSES = (400, 401, 403, 404, 422, 429, 500, 502, 503)


ROWS = [*REFINEMENT_ROWS, *SPELLING_ROWS]
BY_NAME = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


def check(failure: Failure, row: RefinementRow) -> None:
    assert (failure.code, failure.reason, failure.pushback) == (row.code, row.reason, row.pushback)
    assert ("RetryInfo" in failure.details) == (row.pushback != "-1")
    assert {"QuotaFailure", "ResourceInfo"} & failure.details.keys() == ({row.detail} if row.detail else set())


def errors(name: str) -> list[dict[str, Any]]:
    """Errors with this name in `code`, in `type`, in both, and in OpenRouter's place."""
    return [
        refusal(code=name, type="invalid_request_error"),
        refusal(code="something_else", type=name),
        refusal(code=None, type=name),
        refusal(code=400, metadata={"error_type": name}),
    ]


@BY_NAME
async def test_refines_a_status(row: RefinementRow, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """`error.code`, else `error.type`, has priority over any HTTP status."""
    for http, error in product(STATUSES, errors(row.name)):
        warm.gateway.script(respond_json(error, http))
        check(await failed(warm.chat.CreateChatCompletion(hello)), row)


@BY_NAME
async def test_refines_a_response(
    row: RefinementRow, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """The same holds inside a 200 response, with or without a number."""
    for error in [*errors(row.name), refusal(code=row.name), {"message": "m", "type": row.name, "object": "error"}]:
        warm.gateway.script(respond_json(error))
        check(await failed(warm.chat.CreateChatCompletion(hello)), row)


@BY_NAME
async def test_refines_a_stream(row: RefinementRow, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """The same holds within a stream, after the delivered chunks."""
    for error in [*errors(row.name), refusal(code=row.name), {"message": "m", "type": row.name, "object": "error"}]:
        warm.gateway.script(sse(CHUNK, error))
        received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
        assert received == ["one"]
        check(failure, row)


async def test_code_goes_before_type(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """If both code and type have a row, the code decides."""
    warm.gateway.script(respond_json(refusal(code="rate_limit_exceeded", type="insufficient_quota"), 429))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.reason == "RATE_LIMIT_EXCEEDED"


@pytest.mark.parametrize("name", ["server_error", "not_a_name_that_anyone_knows", "INTERNAL", "", "None"])
@pytest.mark.parametrize("http", [400, 403, 429, 500, 503])
async def test_other_names_change_nothing(
    name: str, http: int, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Without a row for code and type the HTTP status decides."""
    warm.gateway.script(respond_json(refusal(code=name, type=name), http))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.reason == of_status(http).name


@pytest.mark.parametrize(
    ("http", "message", "reason"),
    [
        (500, "image input is not supported - hint: you may need to provide the mmproj", "INVALID_REQUEST"),
        (500, "audio input is not supported - hint: you may need to provide the mmproj", "INVALID_REQUEST"),
        (500, "a bug: image input is not supported", "UPSTREAM_INTERNAL_ERROR"),
        (500, "image input", "UPSTREAM_INTERNAL_ERROR"),
        (503, "image input is not supported", "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_a_model_without_images(
    http: int, message: str, reason: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """llama.cpp refuses an image with HTTP 500 if the model is for text: only the message names the request."""
    error = {"error": {"code": http, "message": message, "type": "server_error"}}
    warm.gateway.script(respond_json(error, http))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert (failure.reason, failure.message) == (reason, message)
    warm.gateway.script(sse(CHUNK, error))
    _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert failure.reason == reason


@pytest.mark.parametrize("name", STATUS_OF_TYPE)
async def test_names_that_only_stand_for_a_status_do_not_refine(
    name: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """A type that only replaces a missing status does not override an existing one."""
    warm.gateway.script(respond_json(refusal(type=name), 500))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert (failure.code, failure.reason) == ("INTERNAL", "UPSTREAM_INTERNAL_ERROR")


@pytest.mark.parametrize(("name", "http"), STATUS_OF_TYPE.items())
async def test_status_of_a_name(
    name: str, http: int, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """An error in a 200 response or a stream without a number has the status of its type or code."""
    expected = {401: "BRIDGE_CREDENTIALS_REJECTED", 404: "MODEL_NOT_FOUND"}.get(http) or of_status(http).name
    for error in (refusal(type=name), refusal(code=name), refusal(type=name.upper(), code="x")):
        warm.gateway.script(respond_json(error))
        failure = await failed(warm.chat.CreateChatCompletion(hello))
        assert (failure.reason, failure.metadata["httpStatus"]) == (expected, str(http))
        warm.gateway.script(sse(CHUNK, error))
        _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
        assert failure.reason == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("too_many_requests_error", "RATE_LIMIT_EXCEEDED"),
        ("TooManyRequestsException", "RATE_LIMIT_EXCEEDED"),
        ("rpm_rate_limit_exceeded", "RATE_LIMIT_EXCEEDED"),
        ("model_rate_limit", "RATE_LIMIT_EXCEEDED"),
        ("Throttling.RateQuota", "RATE_LIMIT_EXCEEDED"),
        ("com.amazonaws.bedrock#ThrottlingException", "RATE_LIMIT_EXCEEDED"),
        ("UnprocessableEntityError", "INVALID_REQUEST"),
        ("PermissionDeniedError", "ACCESS_DENIED"),
        ("ConflictError", "UPSTREAM_CONFLICT"),
        ("APITimeoutError", "UPSTREAM_TIMEOUT"),
        ("GatewayTimeoutError", "UPSTREAM_TIMEOUT"),
        ("BadGatewayError", "UPSTREAM_BAD_GATEWAY"),
        ("ServerOverloaded", "UPSTREAM_OVERLOADED"),
        ("Sandbox.Timedout", "UPSTREAM_TIMEOUT"),
        ("RequestTimeOut", "UPSTREAM_TIMEOUT"),
        ("EngineServerLimitExceeded", "RATE_LIMIT_EXCEEDED"),
        ("requests_limit_reached", "RATE_LIMIT_EXCEEDED"),
        ("ConcurrencyLimitExceeded", "RATE_LIMIT_EXCEEDED"),
        ("QuotaExceeded", "RATE_LIMIT_EXCEEDED"),
        ("service_tier_capacity_exceeded", "RATE_LIMIT_EXCEEDED"),
        ("TEMPORARILY_UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
        ("server_busy", "UPSTREAM_UNAVAILABLE"),
        ("The service is currently unavailable", "UPSTREAM_INTERNAL_ERROR"),
        ("DeploymentNotFound", "MODEL_NOT_FOUND"),
        ("RESOURCE_DOES_NOT_EXIST", "MODEL_NOT_FOUND"),
        ("ResourceNotFoundException", "MODEL_NOT_FOUND"),
        ("image_file_not_found", "UPSTREAM_INTERNAL_ERROR"),
        ("Model.AccessDenied", "ACCESS_DENIED"),
        ("InvalidParameter", "INVALID_REQUEST"),
        ("InvalidParameter.NotSupported", "INVALID_REQUEST"),
        ("INVALID_REQUEST_BODY", "INVALID_REQUEST"),
        ("invalid_request", "INVALID_REQUEST"),
        ("BadRequest.Empty", "INVALID_REQUEST"),
        ("missing_required_parameter", "INVALID_REQUEST"),
        ("unsupported_value", "INVALID_REQUEST"),
        ("invalid_prompt", "INVALID_REQUEST"),
        ("invalid_base64_image", "INVALID_REQUEST"),
        ("string_too_long", "INVALID_REQUEST"),
        ("prompt_too_long", "INVALID_REQUEST"),
        ("string_above_max_length", "INVALID_REQUEST"),
        ("integer_below_min_value", "INVALID_REQUEST"),
        ("array_above_max_length", "INVALID_REQUEST"),
        ("invalid_type", "INVALID_REQUEST"),
        ("invalid_json_schema", "INVALID_REQUEST"),
        ("invalid_model", "INVALID_REQUEST"),
        ("unknown_model", "INVALID_REQUEST"),
        ("tpm_limit", "RATE_LIMIT_EXCEEDED"),
        ("concurrent_limit_reached", "RATE_LIMIT_EXCEEDED"),
        ("usage_limit_reached", "RATE_LIMIT_EXCEEDED"),
        ("daily_limit_exceeded", "RATE_LIMIT_EXCEEDED"),
        ("max_tokens_limit", "UPSTREAM_INTERNAL_ERROR"),
        ("invalid_response", "UPSTREAM_INTERNAL_ERROR"),
        ("UNIMPLEMENTED", "UPSTREAM_NOT_SUPPORTED"),
        ("timeout_config_error", "UPSTREAM_INTERNAL_ERROR"),
        ("error", "UPSTREAM_INTERNAL_ERROR"),
        ("Exception", "UPSTREAM_INTERNAL_ERROR"),
    ],
)
async def test_status_of_other_names(
    name: str, reason: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Without a number, a name that the table has in another spelling has its status, and some names say it."""
    for error in (refusal(type=name), refusal(code=name)):
        warm.gateway.script(sse(CHUNK, error))
        _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
        assert failure.reason == reason


def google(reason: str) -> dict[str, Any]:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    return refusal(code=400, status="INVALID_ARGUMENT", details=[info])


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("API_KEY_INVALID", "BRIDGE_CREDENTIALS_REJECTED"),
        ("BILLING_DISABLED", "INSUFFICIENT_QUOTA"),
        ("RATE_LIMIT_EXCEEDED", "RATE_LIMIT_EXCEEDED"),
        ("SERVICE_DISABLED", "INVALID_REQUEST"),
    ],
)
async def test_googles_reason(
    reason: str, expected: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Gemini reports a wrong key as an invalid argument, and only the reason in the details says what it is."""
    warm.gateway.script(respond_json([google(reason)], 400))
    assert (await failed(warm.chat.CreateChatCompletion(hello))).reason == expected
    warm.gateway.script(sse(CHUNK, google(reason)))
    _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert failure.reason == expected


@pytest.mark.parametrize("member", ["innererror", "inner_error"])
async def test_azures_inner_code(member: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """Some of Azure's APIs name the content filter only in the inner error."""
    error = refusal(code="BadRequest", **{member: {"code": "ResponsibleAIPolicyViolation"}})
    warm.gateway.script(respond_json(error, 400))
    assert (await failed(warm.chat.CreateChatCompletion(hello))).reason == "CONTENT_FILTERED"


@pytest.mark.parametrize(
    ("http", "message", "reason"),
    [
        (400, "Your credit balance is too low to access the Anthropic API.", "INSUFFICIENT_QUOTA"),
        (429, "Your team 1-2 has either used all available credits or reached its limit.", "INSUFFICIENT_QUOTA"),
        (403, "Your newly created teams doesn't have any credits yet.", "INSUFFICIENT_QUOTA"),
        (429, "Your prepayment credits are depleted. Please go to AI Studio.", "INSUFFICIENT_QUOTA"),
        (429, "You exceeded your current quota, please check your plan and billing details.", "RATE_LIMIT_EXCEEDED"),
        (400, "It says: Your credit balance is too low", "INVALID_REQUEST"),
        (403, "Your team has no access to this model.", "ACCESS_DENIED"),
    ],
)
async def test_messages_about_money(
    http: int, message: str, reason: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Three upstreams say only in the message that no money is left, and a retry is useless."""
    error = {"error": {"message": message, "type": "invalid_request_error"}}
    warm.gateway.script(respond_json(error, http))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.reason == reason
    assert failure.pushback == ("1000" if reason == "RATE_LIMIT_EXCEEDED" else "-1")


async def test_context_length_in_numbers(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """llama.cpp's sizes of prompt and context become metadata."""
    error = refusal(code=400, type="exceed_context_size_error", n_prompt_tokens=5000, n_ctx=4096)
    warm.gateway.script(respond_json(error, 400))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.reason == "CONTEXT_LENGTH_EXCEEDED"
    assert failure.metadata["promptTokens"] == "5000"
    assert failure.metadata["contextWindowTokens"] == "4096"


async def test_filtered_response_is_no_error(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A `finish_reason` of `content_filter` is a success, in a response and in a stream."""
    choice = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "content_filter"}
    warm.gateway.script(respond_json({"id": "c", "choices": [choice]}))
    response = await warm.chat.CreateChatCompletion(hello)
    assert response.choices[0].finish_reason == "content_filter"
    warm.gateway.script(sse(CHUNK, {"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]}))
    received = [chunk async for chunk in warm.chat.CreateChatCompletionStream(hello)]
    assert [chunk.choices[0].finish_reason for chunk in received] == ["", "content_filter"]
