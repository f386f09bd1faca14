"""The details of a failed call by AIP-193: content, bounded size, trailers, and what must not be in them."""

import json
from typing import Any

import pytest
from google.rpc.status_pb2 import Status

from aibridge.v1 import chat_pb2, models_pb2
from aibridge.v1.errors_pb2 import UpstreamError
from bridge.call import CallRecord
from bridge.errors import BridgeError, ErrorResponse, Reason
from bridge.status import status_of, trailers_of
from tests.support.bridge import Bridge
from tests.support.details import RPCS, failed, failed_either, failed_stream, refusal
from tests.support.gateway import raw_sse, respond, respond_json, sse
from tests.support.payloads import CHUNK

pytestmark = pytest.mark.asyncio(loop_scope="module")

DETAILS = "grpc-status-details-bin"
SECRETS = [
    "sk-proj-AbCdEf0123456789",
    "sk-ab***********************yz",
    "vck_5H2kd93jfSkd9",
    "gsk_abcdefgh12345678",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "bearer abcdefgh12345678",
    "https://user:pass@internal.example:8443/v1/chat?key=abc",
    "http://10.0.0.7:8000/v1",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==",
]
PROMPT = 'Dear Dr. Müller,\nmy password is "correct horse battery staple"; 我的生日是一九八四年四月四日星期三。'


async def test_metadata(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """ErrorInfo has everything that is known, with the error model's names."""
    error = refusal(type="tokens", code="rate_limit_exceeded", param="messages")
    warm.gateway.script(respond_json(error, 429, x_request_id="req_1", retry_after="2"))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.metadata == {
        "httpStatus": "429",
        "upstreamRequestId": "req_1",
        "errorType": "tokens",
        "errorCode": "rate_limit_exceeded",
        "errorParam": "messages",
        "model": "m",
        "attempts": "1",
        "retryAfterSeconds": "2",
    }


async def test_metadata_of_a_stream(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """For streams it has the number of delivered chunks."""
    warm.gateway.script(sse(CHUNK, CHUNK, refusal(code=500), x_request_id="req_2"))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == ["one", "one"]
    assert failure.metadata == {
        "httpStatus": "500",
        "upstreamRequestId": "req_2",
        "errorCode": "500",
        "model": "m",
        "attempts": "1",
        "chunksDelivered": "2",
    }


async def test_upstream_error(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """UpstreamError has the upstream's error and body."""
    error = refusal(type="t", code="c", param={"modelId": "x"})
    warm.gateway.script(respond_json(error, 418))
    detail = (await failed(warm.chat.CreateChatCompletion(hello))).details["UpstreamError"]
    assert (detail.http_status, detail.type, detail.code) == (418, "t", "c")
    assert detail.param == '{"modelId":"x"}'
    assert detail.message == "the upstream's words"
    assert json.loads(detail.body) == error


@pytest.mark.parametrize(
    ("param", "field"),
    [
        ("temperature", "temperature"),
        ("messages", "messages"),
        ("messages[2].content", "messages[2].content"),
        ("messages.[2].content", "messages[2].content"),
        ("messages.2.content", "messages[2].content"),
        ("messages[2][content]", "messages[2].content"),
        ("$.messages[0].role", "messages[0].role"),
        ("tools[0].function.parameters", "tools[0].function.parameters_json"),
    ],
)
async def test_bad_request_from_param(
    param: str, field: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """BadRequest names the field from OpenAI's `param`, as a field path."""
    warm.gateway.script(respond_json(refusal(type="invalid_request_error", param=param), 400))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    (violation,) = failure.details["BadRequest"].field_violations
    assert (violation.field, violation.description) == (field, "the upstream's words")


@pytest.mark.parametrize("param", [None, "", "None", {"ruleId": "r"}, ["x"], 7])
async def test_no_bad_request_without_a_path(
    param: Any, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """A `param` that is not a path makes no BadRequest."""
    warm.gateway.script(respond_json(refusal(param=param), 400))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.reason == "INVALID_REQUEST"
    assert "BadRequest" not in failure.details


async def test_bad_request_from_fastapi(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """BadRequest has a violation for each of FastAPI's, without `body` at the start of the path."""
    detail = [
        {"loc": ["body", "messages", 0, "role"], "msg": "field required", "type": "missing", "input": "x"},
        {"loc": ["body", "temperature"], "msg": "must be a number", "type": "float_type"},
    ]
    warm.gateway.script(respond_json({"detail": detail}, 422))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    violations = [(item.field, item.description) for item in failure.details["BadRequest"].field_violations]
    assert violations == [("messages[0].role", "field required"), ("temperature", "must be a number")]
    assert failure.message == "messages.0.role: field required; temperature: must be a number"


@pytest.mark.parametrize(
    ("around", "message"),
    [
        ({"title": "Invalid.", "status": 400, "traceId": "0"}, "Invalid."),  # ASP.NET
        ({"message": "The given data was invalid."}, "The given data was invalid."),  # Laravel
        ({}, "messages[0].role: is unknown; is too long; temperature: must be a number"),  # Rails
    ],
)
async def test_bad_request_from_lists(
    around: dict[str, Any], message: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """BadRequest has a violation for each field of an object of lists, and without a message they are the message."""
    errors = {"messages[0].role": ["is unknown", "is too long"], "temperature": ["must be a number"], "top_p": []}
    warm.gateway.script(respond_json({**around, "errors": errors}, 422))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    violations = [(item.field, item.description) for item in failure.details["BadRequest"].field_violations]
    assert violations == [("messages[0].role", "is unknown; is too long"), ("temperature", "must be a number")]
    assert (failure.message, failure.reason) == (message, "INVALID_REQUEST")


@pytest.mark.parametrize("errors", [{"message": "m", "code": ["x"]}, {"a": [1]}, {"a": "b"}, {}, ["a"], {"a": None}])
async def test_other_errors_are_no_fields(
    errors: Any, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """An object is one of fields only if each member is a list of texts."""
    warm.gateway.script(respond_json({"errors": errors}, 422))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.reason == "INVALID_REQUEST"
    assert "BadRequest" not in failure.details


async def test_bad_request_from_google(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """BadRequest has Google's own violations."""
    violations = [{"field": "messages[0].role", "description": "unknown role"}]
    details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}]
    error = [{"error": {"code": 400, "message": "Invalid", "status": "INVALID_ARGUMENT", "details": details}}]
    warm.gateway.script(respond_json(error, 400))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.message == "Invalid"
    assert [item.field for item in failure.details["BadRequest"].field_violations] == ["messages[0].role"]


async def test_resource_info(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """ResourceInfo names the requested model, or the one that the upstream names."""
    warm.gateway.script(respond_json(refusal(code="model_not_found"), 404))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.details["ResourceInfo"].resource_name == "m"
    warm.gateway.script(respond_json(refusal(type="model_not_found", param={"modelId": "acme/none"}), 404))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.details["ResourceInfo"].resource_name == "acme/none"
    assert failure.metadata["model"] == "acme/none"


async def test_quota_of_no_model(warm: Bridge) -> None:
    """QuotaFailure names the account if no model was requested."""
    warm.gateway.script(respond_json(refusal(), 429))
    failure = await failed(warm.models.ListModels(models_pb2.ListModelsRequest()))
    assert [item.subject for item in failure.details["QuotaFailure"].violations] == ["account"]


@RPCS
async def test_request_id(rpc: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """The caller's request id is in the details and the trailers. Without one, the bridge makes one."""
    warm.gateway.script(respond_json(refusal(), 500, x_request_id="req_up"))
    failure = await failed_either(warm, rpc, hello, metadata=(("x-request-id", "mine-1"),))
    assert failure.trailers["x-request-id"] == failure.details["RequestInfo"].request_id == "mine-1"
    assert failure.trailers["x-upstream-request-id"] == failure.metadata["upstreamRequestId"] == "req_up"
    assert warm.gateway.last.headers["x-request-id"] == "mine-1"
    failure = await failed_either(warm, rpc, hello)
    assert len(failure.trailers["x-request-id"]) == 32


@RPCS
async def test_white_space_after_a_header(rpc: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """White space around the value of a header is not part of it (RFC 9110, 5.5)."""
    warm.gateway.script(respond_json(refusal(), 500, x_request_id=" \treq_up \t "))
    failure = await failed_either(warm, rpc, hello)
    assert failure.trailers["x-upstream-request-id"] == failure.metadata["upstreamRequestId"] == "req_up"


@RPCS
async def test_trailers(rpc: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """Rate-limit headers are trailers; cookies, credentials and framing headers never are."""
    passed = {
        "x-ratelimit-limit-requests": "100",
        "x-ratelimit-remaining-tokens": "7",
        "openai-processing-ms": "12",
        "x-litellm-call-id": "abc",
        "x-generation-id": "gen-1",
        "cf-ray": "8f",
    }
    denied = {"set-cookie": "a=b", "authorization": "Bearer x", "www-authenticate": "Basic", "server": "nginx"}
    denied |= {"x-api-key": "k", "grpc-status": "0", "x-powered-by": "x", "content-language": "de"}
    headers = {name.replace("-", "_"): value for name, value in (passed | denied).items()}
    warm.gateway.script(respond_json(refusal(), 429, **headers))
    failure = await failed_either(warm, rpc, hello)
    mine = {"x-request-id", "grpc-retry-pushback-ms"}
    assert {name: value for name, value in failure.trailers.items() if name not in mine} == passed


@pytest.mark.parametrize("filler", ["x", "ü", "你", "🙂", "%", '"', "\\", "\n", "\x00"], ids=repr)
@RPCS
async def test_size(filler: str, rpc: str, warm: Bridge) -> None:
    """With any error of the upstream, in any script, the status stays within 2 KiB and the metadata within 8 KiB."""
    long = f"it failed {filler * 2000}"
    error = {
        "message": long,
        "type": long,
        "code": long,
        "param": long,
        "n_ctx": 10**18,
        "n_prompt_tokens": 10**18,
        "metadata": {"retry_after_seconds": 3},
    }
    detail = [{"loc": ["body", long], "msg": long, "input": long}] * 20
    hello = chat_pb2.CreateChatCompletionRequest(
        model=f"m{filler * 3000}", messages=[{"role": "user", "content": "hi"}]
    )
    limits = {f"x_ratelimit_limit_{number}": "9" * 60 for number in range(80)}
    metadata = (("x-request-id", "i" * 128),)
    for http in (400, 404, 422, 429):
        warm.gateway.script(respond_json({"error": error, "detail": detail}, http, x_request_id="r" * 300, **limits))
        failure = await failed_either(warm, rpc, hello, metadata=metadata)
        assert failure.message.startswith("it failed")
        assert failure.details["UpstreamError"].http_status == http
        assert {"ErrorInfo", "RequestInfo"} <= failure.details.keys()
        assert failure.metadata["httpStatus"] == str(http)
        trailers = sum(len(key) + len(value) + 32 for key, value in failure.trailers.items())
        encoded = sum(
            1 if " " <= letter <= "~" and letter != "%" else 3 * len(letter.encode()) for letter in failure.message
        )
        total = trailers + encoded + failure.status.ByteSize() * 4 // 3 + 200
        assert total <= 8192, f"{trailers=} {encoded=} {failure.status.ByteSize()=}"


@pytest.mark.parametrize("secret", SECRETS)
async def test_secrets_are_masked(secret: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A key or a URL at any place of an error does not reach the caller."""
    telling = f"Incorrect credential ({secret}) was sent."
    error = refusal(type=telling, code=telling, param=telling) | {"detail": [{"loc": [secret], "msg": telling}]}
    error["error"]["message"] = telling
    for script in (
        respond_json(error, 400),
        respond_json(error),
        sse(error),
        respond(telling, 400, "text/plain"),
        respond(f"<html>{telling}</html>", 502, "text/html"),
        respond(f'{{"message": "{telling}"', 400),
    ):
        warm.gateway.script(script)
        _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
        assert secret not in failure.shown
        assert secret[8:] not in failure.shown


ECHOES = [
    pytest.param(lambda text: refusal() | {"error": {"message": f"Invalid input: {text}"}}, id="message"),
    pytest.param(lambda text: {"detail": [{"loc": ["body"], "msg": f"bad: {text}", "input": text}]}, id="detail"),
    pytest.param(lambda text: {"detail": [{"loc": ["body", text], "msg": "bad"}]}, id="loc"),
    pytest.param(lambda text: refusal(metadata={"flagged_input": text[:60]}), id="flagged_input"),
    pytest.param(lambda text: refusal(param=text, code=text, type=text), id="param"),
    pytest.param(lambda text: refusal(metadata={"raw": json.dumps({"message": text})}), id="nested"),
    pytest.param(lambda text: refusal(failed_generation=text), id="failed_generation"),
    pytest.param(lambda text: refusal(request={"messages": [{"role": "user", "content": text}]}), id="request"),
]


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("http", [400, 422, 500])
async def test_the_prompt_never_comes_back(echo: Any, http: int, warm: Bridge) -> None:
    """An error that repeats the prompt, plain or escaped, does not reveal it."""
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": PROMPT}])
    error = echo(PROMPT)
    for data in (json.dumps(error), json.dumps(error, ensure_ascii=False), json.dumps(error)[:-2]):
        for script in (respond(data, http), raw_sse(f"event: error\ndata: {data}\n\n")):
            warm.gateway.script(script)
            _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(request))
            for part in ("Müller", "password", "battery staple", "一九八四年", "\\u4e00\\u4e5d", "M\\u00fcller"):
                assert part not in failure.shown
                assert part not in failure.shown.encode().decode("unicode_escape", "ignore")


async def test_a_plain_echo_never_comes_back(warm: Bridge) -> None:
    """The same for plain text, HTML, and other line ends."""
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": PROMPT}])
    for text in (PROMPT, f"<html><pre>{PROMPT}</pre></html>", f"cannot parse {PROMPT!r}"):
        warm.gateway.script(respond(text, 400, "text/plain"))
        failure = await failed(warm.chat.CreateChatCompletion(request))
        assert "battery staple" not in failure.shown
        assert "一九八四年" not in failure.shown


async def test_short_prompt_leaves_the_message_readable(
    warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """A prompt of a few letters, such as `hi`, is not masked in a message."""
    warm.gateway.script(respond_json({"error": {"message": "this is high time"}}, 400))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.message == "this is high time"


@pytest.mark.parametrize("usage", [{"prompt_tokens": 10**30, "total_tokens": 3}, {"\x7f": 1, "total_tokens": 3}])
async def test_usage_of_a_failed_stream(
    usage: dict[str, int], warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """The usage so far is a trailer, without values that a trailer cannot hold."""
    warm.gateway.script(sse(CHUNK | {"usage": usage}, refusal(code=500)))
    _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert failure.reason == "UPSTREAM_INTERNAL_ERROR"
    assert failure.trailers["aibridge-usage"] == '{"total_tokens":3}'


async def test_which_usage_becomes_a_trailer() -> None:
    """At most eight counts: integers that fit into 64 bits, with the names of members."""
    record = CallRecord("/x/y", (), "r")
    odd = {"a": -1, "b": True, "c": 1.5, "d": 1 << 63, "e f": 1, "g" * 41: 1, "h": "1", "i": None}
    counts = {f"tokens_{number}": number for number in range(10)}
    record.usage = {**odd, "largest": (1 << 63) - 1, **counts}
    trailers = dict(trailers_of(record))
    assert json.loads(trailers["aibridge-usage"]) == {
        "largest": (1 << 63) - 1,
        **{f"tokens_{number}": number for number in range(7)},
    }


@pytest.mark.parametrize("size", range(60, 200))
async def test_the_upstreams_error_has_room(size: int) -> None:
    """Of a status full of other details at least 128 bytes are left for it, and all of it stays under 2 KiB."""
    violations = tuple((f"messages[{number}].content", "x" * size) for number in range(8))
    response = ErrorResponse(400, message="y" * 2000)
    error = BridgeError(Reason.INVALID_REQUEST, "z" * 500, violations=violations, response=response)
    status = Status.FromString(dict(status_of(error, CallRecord("/x/y", (), "r")).trailing_metadata)[DETAILS])
    detail = UpstreamError()
    assert status.details[-1].Unpack(detail)
    assert len(detail.message) > 40
    assert status.ByteSize() <= 2048


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        ({}, True),
        ({"posted": True}, True),
        ({"posted": True, "response": {}}, False),
        ({"posted": True, "retries_spent": True}, False),
        ({"posted": True, "response": {}, "delivered": 1}, True),
    ],
    ids=["not sent", "refused", "after a response began", "after retries", "after a message"],
)
async def test_when_grpc_may_repeat_a_refused_call(facts: dict[str, Any], may: bool) -> None:  # noqa: FBT001 # a column
    """Not if an upstream has begun to respond, because that may have been billed. -1 forbids it."""
    record = CallRecord("/x/y", (), "r", model="m")
    for name, value in facts.items():
        setattr(record, name, value)
    trailers = dict(status_of(BridgeError(Reason.UPSTREAM_OVERLOADED, "busy"), record).trailing_metadata)
    assert (trailers.get("grpc-retry-pushback-ms") != "-1") is may


async def test_large_usage(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A large usage object does not make the call's metadata large."""
    usage = {f"a_count_of_something_{number}": number for number in range(5000)}
    warm.gateway.script(sse(CHUNK | {"usage": usage}, refusal(code=500)))
    _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert len(failure.trailers["aibridge-usage"]) < 600


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("a\r\nb\tc\x00d\x1b[31me", "a b c d [31me"),
        ("  padded  ", "padded"),
        ("x" * 600, "x" * 511 + "…"),
        ("", "HTTP 400 Bad Request"),
        ("\n", "HTTP 400 Bad Request"),
        ("…", "HTTP 400 Bad Request"),
    ],
)
async def test_message_is_one_line(
    message: str, shown: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """The message is one line of at most 512 characters, and never empty."""
    warm.gateway.script(respond_json({"error": {"message": message}}, 400))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.message == shown
