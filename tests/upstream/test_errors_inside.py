"""Errors in a response that began with HTTP 200 (api-surface 9.4, E6, E7), and what only looks like one."""

import json
from typing import Any

import pytest

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from tests.support.bridge import Bridge
from tests.support.details import failed, failed_stream, refusal, text
from tests.support.gateway import raw_sse, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONE = f"data: {json.dumps(CHUNK)}\n\n"
TWO = f"data: {json.dumps(LAST)}\n\n"
DONE = "data: [DONE]\n\n"

OPENROUTER = {
    "id": "gen-e6",
    "object": "chat.completion.chunk",
    "model": "vendor/m",
    "provider": "Acme",
    "error": {"code": 429, "message": "Rate limit exceeded", "metadata": {"error_type": "rate_limit_exceeded"}},
    "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
}
VERCEL = {
    "id": "gen_01E6",
    "object": "chat.completion.chunk",
    "model": "alibaba/q",
    "error": {
        "code": "error",
        "message": "Stream error occurred",
        "name": "AI_TypeValidationError",
        "value": {
            "error_type": "validation_error",
            "error_message": '{"error":{"message":"context length 40960 exceeded"}}',
        },
    },
}
VLLM = {"error": {"message": "engine died", "type": "InternalServerError", "param": None, "code": 500}}
LLAMA = {
    "code": 400,
    "message": "the request exceeds the available context size",
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 5000,
    "n_ctx": 4096,
}
GROQ = {"id": "c", "object": "chat.completion.chunk", "x_groq": {"id": "req_g", "error": "over capacity"}}
ANTHROPIC = {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}
STREAMS = [
    (f"data: {json.dumps(OPENROUTER)}\n\n", "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "Rate limit exceeded"),
    (f"data: {json.dumps(VERCEL)}\n\n", "INVALID_ARGUMENT", "INVALID_REQUEST", "context length 40960 exceeded"),
    (f"data: {json.dumps(VLLM)}\n\n", "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "engine died"),
    (f"error: {json.dumps(LLAMA)}\n\n", "INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED", LLAMA["message"]),
    (f"error: {json.dumps({'error': LLAMA})}\n\n", "INVALID_ARGUMENT", "CONTEXT_LENGTH_EXCEEDED", LLAMA["message"]),
    (f"data: {json.dumps(GROQ)}\n\n", "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "over capacity"),
    (f"data: {json.dumps(GROQ | CHUNK)}\n\n", "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "over capacity"),
    ('data: {"code":"invalid-argument","error":"too hot"}\n\n', "INVALID_ARGUMENT", "INVALID_REQUEST", "too hot"),
    ('data: {"code":"weird","error":"too hot"}\n\n', "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "too hot"),
    ('data: {"error":"boom"}\n\n', "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "boom"),
    ('data: {"error":"too long","error_type":"validation"}\n\n', "INVALID_ARGUMENT", "INVALID_REQUEST", "too long"),
    ('data: {"error":{"message":"m","http_status_code":422}}\n\n', "INVALID_ARGUMENT", "INVALID_REQUEST", "m"),
    ('data: {"error":{"message":"m","code":"429"}}\n\n', "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "m"),
    ('data: {"error":{"message":"m","type":"overloaded_error"}}\n\n', "UNAVAILABLE", "UPSTREAM_OVERLOADED", "m"),
    ('data: [{"error":{"message":"m","code":503}}]\n\n', "UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "m"),
    ('data: {"object":"error","message":"m","code":40303}\n\n', "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "m"),
    ('event: error\ndata: {"type":"error","message":"m","code":503}\n\n', "UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "m"),
    (f"event: error\ndata: {json.dumps(ANTHROPIC)}\n\n", "UNAVAILABLE", "UPSTREAM_OVERLOADED", "m"),
    ("event: error\ndata: it broke\n\n", "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "it broke"),
    ('event: error\ndata: "it broke"\n\n', "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "it broke"),
    ("event: error\ndata:\n\n", "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "HTTP 500 Internal Server Error"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "code", "reason", "message"), STREAMS, ids=[row[0].strip()[:70] for row in STREAMS])
@pytest.mark.parametrize("end", [DONE, "", TWO + DONE], ids=["done", "eof", "more"])
async def test_error_in_a_stream(
    event: str,
    code: str,
    reason: str,
    message: str,
    end: str,
    warm: Bridge,
    hello: chat_pb2.CreateChatCompletionRequest,
) -> None:
    """An error in any dialect's form fails the call with its status, after what came before it, or next to it."""
    beside = ["one"] if '"content": "one"' in event else []
    warm.gateway.script(raw_sse(ONE + event + end))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == ["one", *beside]
    assert (failure.code, failure.reason, failure.message) == (code, reason, message)
    assert failure.details["UpstreamError"].http_status == 200
    warm.gateway.script(raw_sse(event + end))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == beside
    assert (failure.code, failure.reason, failure.message) == (code, reason, message)


async def test_numbers_in_a_stream(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """llama.cpp's sizes of prompt and context are read in a stream too."""
    warm.gateway.script(raw_sse(f"error: {json.dumps(LLAMA)}\n\n"))
    _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert failure.metadata["promptTokens"] == "5000"
    assert failure.metadata["contextWindowTokens"] == "4096"


E7 = [
    (
        {
            "id": "gen-e7",
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "partial"},
                    "finish_reason": "error",
                    "error": {
                        "code": 502,
                        "message": "Provider disconnected",
                        "metadata": {"error_type": "provider_unavailable"},
                    },
                }
            ],
        },
        "UNAVAILABLE",
        "UPSTREAM_BAD_GATEWAY",
        "Provider disconnected",
    ),
    (
        {
            "error": {
                "message": "Provider returned error",
                "code": 502,
                "metadata": {"provider_name": "Acme", "raw": '{"message":"boom"}'},
            },
            "user_id": "u1",
        },
        "UNAVAILABLE",
        "UPSTREAM_BAD_GATEWAY",
        "boom",
    ),
    ({"code": "invalid-argument", "error": "too hot"}, "INVALID_ARGUMENT", "INVALID_REQUEST", "too hot"),
    ({"error": "no"}, "INTERNAL", "UPSTREAM_INTERNAL_ERROR", "no"),
    (COMPLETION | {"error": {"message": "m", "code": 429}}, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "m"),
    ([{"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}], "UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "m"),
    ({"object": "error", "message": "m", "code": 404}, "NOT_FOUND", "MODEL_NOT_FOUND", "m"),
]


@pytest.mark.parametrize(("value", "code", "reason", "message"), E7, ids=[json.dumps(row[0])[:60] for row in E7])
async def test_error_in_a_response(
    value: Any, code: str, reason: str, message: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """An error in the body of a 200 response fails the call, whether unary or a stream."""
    warm.gateway.script(respond_json(value))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert (failure.code, failure.reason, failure.message) == (code, reason, message)
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == []
    assert (failure.code, failure.reason, failure.message) == (code, reason, message)


async def test_error_in_other_responses(warm: Bridge) -> None:
    """It also fails the calls of the other services."""
    warm.gateway.script(respond_json({"error": {"message": "m", "code": 503}}))
    for call in (
        warm.models.ListModels(models_pb2.ListModelsRequest()),
        warm.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="m")),
        warm.embeddings.CreateEmbedding(embeddings_pb2.CreateEmbeddingRequest(model="m", input="x")),
    ):
        failure = await failed(call)
        assert (failure.code, failure.reason, failure.message) == ("UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "m")


@pytest.mark.parametrize("nothing", [None, "", {}, [], False], ids=json.dumps)
async def test_no_error(nothing: Any, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """An `error` that is null or empty is none, in a response and in a stream."""
    warm.gateway.script(respond_json(COMPLETION | {"error": nothing}))
    response = await warm.chat.CreateChatCompletion(hello)
    assert response.choices[0].message.content == "hello"
    warm.gateway.script(sse(CHUNK | {"error": nothing}, LAST | {"error": nothing}))
    assert [text(chunk.choices) async for chunk in warm.chat.CreateChatCompletionStream(hello)] == ["one", "two"]


@pytest.mark.parametrize(
    "words", ["error", '{"error":{"message":"m","code":500}}', "event: error\ndata: x\n\n", "[DONE]"]
)
async def test_talk_of_errors(words: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """Text about errors is text."""
    message = {"role": "assistant", "content": words}
    warm.gateway.script(respond_json({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}))
    assert (await warm.chat.CreateChatCompletion(hello)).choices[0].message.content == words
    warm.gateway.script(sse({"choices": [{"index": 0, "delta": {"content": words}, "finish_reason": "stop"}]}))
    assert [text(chunk.choices) async for chunk in warm.chat.CreateChatCompletionStream(hello)] == [words]


@pytest.mark.parametrize("done", [True, False], ids=["done", "eof"])
async def test_finish_reason_error(
    done: bool,  # noqa: FBT001
    warm: Bridge,
    hello: chat_pb2.CreateChatCompletionRequest,
) -> None:
    """A choice that ends with `error` is delivered, and the call fails, even without an error object."""
    failing = {"choices": [{"index": 0, "delta": {"content": "par"}, "finish_reason": "error"}]}
    warm.gateway.script(sse(CHUNK, failing, done=done))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == ["one", "par"]
    assert (failure.code, failure.reason) == ("INTERNAL", "UPSTREAM_INTERNAL_ERROR")
    assert failure.metadata["chunksDelivered"] == "2"


async def test_finish_reason_error_in_a_response(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """The same holds for a unary response."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "par"}, "finish_reason": "error"}
    warm.gateway.script(respond_json({"choices": [choice]}))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert (failure.code, failure.reason) == ("INTERNAL", "UPSTREAM_INTERNAL_ERROR")


async def test_usage_comes_with_the_failure(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """The trailers of a stream that fails carry the usage seen so far."""
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4, "cost": 0.5, "details": {"x": 1}}
    warm.gateway.script(sse(CHUNK | {"usage": usage}, refusal(code=502)))
    _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert json.loads(failure.trailers["aibridge-usage"]) == {
        "prompt_tokens": 3,
        "completion_tokens": 1,
        "total_tokens": 4,
    }
