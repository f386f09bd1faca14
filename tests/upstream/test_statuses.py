"""The status table of the error model, each row in three ways: a unary call, a refused stream, a failed stream."""

from typing import Any

import pytest

from aibridge.v1 import chat_pb2, models_pb2
from tests.support.bridge import Bridge
from tests.support.details import RPCS, Failure, failed, failed_either, failed_stream, refusal
from tests.support.gateway import Script, respond, respond_json, sse
from tests.support.payloads import CHUNK
from tests.upstream.rows import ASK, DEFAULT, NO, STATUS_ROWS, YES, StatusRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

REDIRECTS = (300, 301, 302, 303, 304, 307, 308, 399)
PARAM = "messages.[0].content"


def check(failure: Failure, row: StatusRow, upstream_status: int) -> None:
    retry = row.retry
    if retry == ASK and failure.metadata.get("chunksDelivered", "0") != "0":
        retry = YES  # gRPC does not retry a call after a message was delivered
    has_delay = retry in {DEFAULT, ASK}
    always = {"ErrorInfo", "RequestInfo", "UpstreamError"} | ({"RetryInfo"} if has_delay else set())
    pushback = NO if retry == ASK else retry
    assert (failure.code, failure.reason, failure.pushback) == (row.code, row.reason, pushback)
    assert failure.details.keys() == always | row.details
    assert failure.delay_ms == (1000 if has_delay else None)
    assert failure.message == "the upstream's words"
    assert failure.metadata["httpStatus"] == str(row.http)
    assert failure.details["UpstreamError"].http_status == upstream_status
    if "BadRequest" in row.details:
        fields = [violation.field for violation in failure.details["BadRequest"].field_violations]
        assert fields == ["messages[0].content"]
    if "ResourceInfo" in row.details:
        info = failure.details["ResourceInfo"]
        assert (info.resource_type, info.resource_name) == ("model", "m")
    if "QuotaFailure" in row.details:
        assert [violation.subject for violation in failure.details["QuotaFailure"].violations] == ["model:m"]


@pytest.mark.parametrize("row", STATUS_ROWS)
async def test_unary(row: StatusRow, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A response with an HTTP status gives the code, reason, advice and details of its row."""
    warm.gateway.script(respond_json(refusal(type="t", param=PARAM, code=None), row.http))
    check(await failed(warm.chat.CreateChatCompletion(hello)), row, row.http)


@pytest.mark.parametrize("row", STATUS_ROWS)
async def test_instead_of_a_stream(row: StatusRow, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """An HTTP status instead of a stream gives the same as for a unary call."""
    warm.gateway.script(respond_json(refusal(type="t", param=PARAM, code=None), row.http))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == []
    assert failure.metadata["chunksDelivered"] == "0"
    check(failure, row, row.http)


@pytest.mark.parametrize("row", STATUS_ROWS)
async def test_in_a_stream(row: StatusRow, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """An error object within a stream delivers the chunks before it, and gives the same as that HTTP status."""
    warm.gateway.script(sse(CHUNK, refusal(type="t", param=PARAM, code=row.http)))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == ["one"]
    assert failure.metadata["chunksDelivered"] == "1"
    check(failure, row, 200)


@pytest.mark.parametrize("row", STATUS_ROWS)
async def test_in_a_response(row: StatusRow, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """An error object in the body of a 200 response gives the same as that HTTP status."""
    warm.gateway.script(respond_json(refusal(type="t", param=PARAM, code=row.http)))
    check(await failed(warm.chat.CreateChatCompletion(hello)), row, 200)


@pytest.mark.parametrize("http", REDIRECTS)
@RPCS
async def test_redirect(
    http: int,
    rpc: str,
    warm: Bridge,
    hello: chat_pb2.CreateChatCompletionRequest,
) -> None:
    """A redirect is INTERNAL, is not followed, and its target is not shown."""
    before = len(warm.gateway.requests)
    warm.gateway.script(respond(b"", http, location=f"{warm.gateway.url}/moved-here"))
    failure = await failed_either(warm, rpc, hello)
    assert (failure.code, failure.reason, failure.pushback) == ("INTERNAL", "UPSTREAM_UNEXPECTED_REDIRECT", NO)
    assert failure.metadata["httpStatus"] == str(http)
    assert "moved-here" not in failure.shown
    assert len(warm.gateway.requests) == before + 1


AUTHORIZED = (("authorization", "Bearer sk-callers-own-key"),)


def unauthorized(how: str) -> Script:
    error = refusal(type="invalid_request_error", code=401 if how == "in a stream" else "invalid_api_key")
    return sse(CHUNK, error) if how == "in a stream" else respond_json(error, 401)


@pytest.mark.parametrize("how", ["unary", "instead of a stream", "in a stream"])
async def test_callers_credential(how: str, bare: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A 401 to the caller's own credential is CALLER_CREDENTIALS_REJECTED."""
    bare.gateway.script(unauthorized(how))
    if how == "unary":
        failure = await failed(bare.chat.CreateChatCompletion(hello, metadata=AUTHORIZED))
    else:
        _, failure = await failed_stream(bare.chat.CreateChatCompletionStream(hello, metadata=AUTHORIZED))
    assert bare.gateway.last.headers["authorization"] == "Bearer sk-callers-own-key"
    assert (failure.code, failure.reason) == ("UNAUTHENTICATED", "CALLER_CREDENTIALS_REJECTED")
    assert failure.pushback == NO


@pytest.mark.parametrize("how", ["unary", "instead of a stream", "in a stream"])
async def test_bridges_credential(how: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A 401 to the bridge's credential is BRIDGE_CREDENTIALS_REJECTED, whatever the caller's metadata."""
    warm.gateway.script(unauthorized(how))
    if how == "unary":
        failure = await failed(warm.chat.CreateChatCompletion(hello, metadata=AUTHORIZED))
    else:
        _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello, metadata=AUTHORIZED))
    assert warm.gateway.last.headers["authorization"] == "Bearer sk-bridge-test-key"
    assert (failure.code, failure.reason) == ("UNAUTHENTICATED", "BRIDGE_CREDENTIALS_REJECTED")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(respond_json({"detail": "Not Found"}, 404), id="FastAPI"),
        pytest.param(respond("<html><h1>404</h1></html>", 404, "text/html"), id="HTML"),
        pytest.param(respond("404 page not found", 404, "text/plain"), id="Go"),
        pytest.param(respond_json({"status": 404, "error": "Not Found", "path": "/"}, 404), id="Spring"),
        pytest.param(respond(b"", 404), id="empty"),
        pytest.param(respond_json(refusal(code="unknown_url"), 404), id="OpenAI"),
    ],
)
@RPCS
async def test_endpoint_not_found(
    script: Script,
    rpc: str,
    warm: Bridge,
    hello: chat_pb2.CreateChatCompletionRequest,
) -> None:
    """A router's 404 means that the base URL is wrong, not the model: there is no ResourceInfo."""
    warm.gateway.script(script)
    failure = await failed_either(warm, rpc, hello)
    assert (failure.code, failure.reason, failure.pushback) == ("NOT_FOUND", "ENDPOINT_NOT_FOUND", NO)
    assert "ResourceInfo" not in failure.details


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("model 'acme/one-2' not found, try pulling it first", "MODEL_NOT_FOUND"),
        ("could not find real modelID for acme/one-2", "MODEL_NOT_FOUND"),
        ("acme/one-2: no such model.", "MODEL_NOT_FOUND"),
        ("no route for /v1/chat/completions", "ENDPOINT_NOT_FOUND"),
        ("model 'acme/one-20' not found", "ENDPOINT_NOT_FOUND"),
        ("/deployments/acme/one-2/chat/completions not found", "ENDPOINT_NOT_FOUND"),
    ],
)
async def test_a_404_that_names_the_model(message: str, reason: str, warm: Bridge) -> None:
    """Ollama's own errors and those of llama-swap have no error object. A router does not name the model."""
    request = chat_pb2.CreateChatCompletionRequest(model="acme/one-2", messages=[{"role": "user", "content": "hi"}])
    for script in (respond_json({"error": message}, 404), respond(message, 404, "text/plain")):
        warm.gateway.script(script)
        failure = await failed(warm.chat.CreateChatCompletion(request))
        assert (failure.code, failure.reason) == ("NOT_FOUND", reason)
        assert ("ResourceInfo" in failure.details) == (reason == "MODEL_NOT_FOUND")


@pytest.mark.parametrize(
    "script", [respond_json(refusal(), 404), respond_json({"detail": "Not Found"}, 404), respond(b"", 404)]
)
async def test_retrieved_model_not_found(script: Script, warm: Bridge) -> None:
    """Any 404 to RetrieveModel is about the requested model."""
    warm.gateway.script(script)
    failure = await failed(warm.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="acme/none")))
    assert (failure.code, failure.reason) == ("NOT_FOUND", "MODEL_NOT_FOUND")
    assert failure.details["ResourceInfo"].resource_name == "acme/none"


async def test_list_not_found(warm: Bridge) -> None:
    """A 404 to ListModels is about the endpoint, as no model was requested."""
    warm.gateway.script(respond_json(refusal(), 404))
    failure = await failed(warm.models.ListModels(models_pb2.ListModelsRequest()))
    assert (failure.code, failure.reason) == ("NOT_FOUND", "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("code", ["insufficient_quota", "billing_hard_limit_reached", "credit_balance_exhausted"])
@RPCS
async def test_quota_is_no_rate_limit(
    code: str,
    rpc: str,
    warm: Bridge,
    hello: chat_pb2.CreateChatCompletionRequest,
) -> None:
    """A 429 for lack of credit forbids retries, even if a header names a delay."""
    warm.gateway.script(respond_json(refusal(type="insufficient_quota", code=code), 429, retry_after="5"))
    failure = await failed_either(warm, rpc, hello)
    assert (failure.code, failure.reason, failure.pushback) == ("RESOURCE_EXHAUSTED", "INSUFFICIENT_QUOTA", NO)
    assert "RetryInfo" not in failure.details
    assert "QuotaFailure" in failure.details


async def test_closed_request_of_a_caller_that_has_gone(
    warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """When the caller cancels, the upstream's connection is closed, and its 499 reaches nobody."""

    async def script(exchange: Any) -> None:
        await exchange.wait_closed()
        await respond_json(refusal(), 499)(exchange)

    before = len(warm.gateway.requests)
    warm.gateway.script(script)
    call = warm.chat.CreateChatCompletion(hello)
    exchange = await warm.gateway.exchange(before)
    call.cancel()
    await exchange.wait_closed()
    assert (await call.code()).name == "CANCELLED"
