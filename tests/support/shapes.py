"""Error bodies as gateways send them (api-surface, 9.2), and the information in them."""

import json
from typing import Any, NamedTuple


class Shape(NamedTuple):
    """An error body. `status` is the HTTP status in the body."""

    name: str
    body: bytes
    message: str = ""
    type: str | None = None
    code: str | None = None
    param: str | None = None
    status: int | None = None


def shape(name: str, value: Any, message: str = "", **members: Any) -> Shape:
    return Shape(name, json.dumps(value).encode(), message, **members)


def error(**members: Any) -> dict[str, Any]:
    return {"error": members}


BAD = "invalid_request_error"
GOOGLE = {"code": 400, "message": 'Unknown name "reasoning"', "status": "INVALID_ARGUMENT", "details": []}
AZURE = {
    "message": "blocked by policy",
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
    "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"violence": {"filtered": True}}},
}
VERCEL_STREAM = {
    "code": "error",
    "message": "Stream error occurred",
    "name": "AI_TypeValidationError",
    "value": {"error_type": "validation_error", "error_message": '{"error":{"message":"context length exceeded"}}'},
}

SHAPES = [
    shape(
        "1 OpenAI",
        error(message="no such value", type=BAD, param="temperature", code="invalid_value"),
        "no such value",
        type=BAD,
        code="invalid_value",
        param="temperature",
    ),
    shape("1 Ollama", error(message="m", type="api_error", param=None, code=None), "m", type="api_error"),
    shape(
        "1 Groq",
        error(message="m", type=BAD, code="tool_use_failed", failed_generation="<tool>"),
        "m",
        type=BAD,
        code="tool_use_failed",
    ),
    shape(
        "2 vLLM",
        error(message="m", type="BadRequestError", param=None, code=400),
        "m",
        type="BadRequestError",
        code="400",
        status=400,
    ),
    shape(
        "2 OpenRouter",
        error(
            code=502, message="Provider returned error", metadata={"provider_name": "A", "raw": '{"message":"boom"}'}
        ),
        "boom",
        code="502",
        status=502,
    ),
    shape(
        "2 OpenRouter, error_type",
        error(code=400, message="too long", metadata={"error_type": "context_length_exceeded"}),
        "too long",
        type="context_length_exceeded",
        code="400",
        status=400,
    ),
    shape(
        "2 OpenRouter, raw object",
        error(code=502, message="Provider returned error", metadata={"raw": {"error": {"message": "inner"}}}),
        "inner",
        code="502",
        status=502,
    ),
    shape(
        "2 OpenRouter, raw text",
        error(code=502, message="Provider returned error", metadata={"raw": "upstream said no"}),
        "upstream said no",
        code="502",
        status=502,
    ),
    shape(
        "2 OpenRouter, raw page",
        error(code=502, message="Provider returned error", metadata={"raw": "<html><h1>502</h1></html>"}),
        "Provider returned error",
        code="502",
        status=502,
    ),
    shape(
        "2 llama.cpp",
        error(code=400, message="too long", type="exceed_context_size_error", n_prompt_tokens=5000, n_ctx=4096),
        "too long",
        type="exceed_context_size_error",
        code="400",
        status=400,
    ),
    shape("3 LiteLLM", error(message="m", type="None", param="None", code="429"), "m", code="429", status=429),
    shape(
        "4 Vercel",
        {"error": {"message": "Model not found", "type": "model_not_found", "param": {"modelId": "acme/none"}}}
        | {"generationId": "gen_01E8", "providerMetadata": {}},
        "Model not found",
        type="model_not_found",
        param='{"modelId":"acme/none"}',
    ),
    shape("5 Vercel", error(message="m", type="internal_server_error"), "m", type="internal_server_error"),
    shape(
        "6 Mistral",
        {"object": "error", "message": "Unknown model", "type": BAD, "param": "model", "code": "unknown_model"},
        "Unknown model",
        type=BAD,
        code="unknown_model",
        param="model",
    ),
    shape(
        "6 older vLLM",
        {"object": "error", "message": "m", "type": "BadRequestError", "param": None, "code": 400},
        "m",
        type="BadRequestError",
        code="400",
        status=400,
    ),
    shape(
        "7 TGI",
        {"error": "Input validation error", "error_type": "validation"},
        "Input validation error",
        type="validation",
    ),
    shape("8 TGI", error(message="m", http_status_code=422), "m", status=422),
    shape(
        "9 xAI", {"code": "invalid-argument", "error": "bad temperature"}, "bad temperature", code="invalid-argument"
    ),
    shape("10 vLLM", {"error": "Unauthorized"}, "Unauthorized"),
    shape("11 FastAPI, text", {"detail": "Not authenticated"}, "Not authenticated"),
    shape(
        "11 FastAPI, list",
        {"detail": [{"loc": ["body", "messages"], "msg": "field required", "type": "value_error.missing"}]},
        "messages: field required",
    ),
    shape("11 FastAPI, object", {"detail": {"message": "no", "code": "denied"}}, "no", code="denied"),
    shape("11 FastAPI, error", {"detail": {"error": "no"}}, "no"),
    shape("12 Cohere", {"message": "invalid api token", "id": "x"}, "invalid api token"),
    shape(
        "13 Gemini", [{"error": GOOGLE}], 'Unknown name "reasoning"', type="INVALID_ARGUMENT", code="400", status=400
    ),
    shape("14 Google", {"error": GOOGLE}, 'Unknown name "reasoning"', type="INVALID_ARGUMENT", code="400", status=400),
    shape("15 Azure", {"error": AZURE}, "blocked by policy", code="content_filter", param="prompt", status=400),
    shape("15 Azure, code only", error(code="429", message="slow down"), "slow down", code="429", status=429),
    shape("15 APIM", {"statusCode": 401, "message": "Access denied"}, "Access denied", status=401),
    shape(
        "16 Venice",
        {"error_type": "validation_error", "error_message": '{"error":{"message":"inner"}}'},
        "inner",
        type="validation_error",
    ),
    shape(
        "11 FastAPI, list in a message",
        {
            "object": "error",
            "message": {"detail": [{"type": "missing", "loc": ["body", "x"], "msg": "Field required"}]},
            "type": "invalid_request_error",
        },
        "x: Field required",
        type="invalid_request_error",
    ),
    shape("8 grpc-gateway", error(grpc_code=8, http_code=429, message="m", http_status="Too Many"), "m", status=429),
    shape(
        "8 MiniMax",
        {"type": "error", "error": {"type": "t", "message": "m", "http_code": "429"}},
        "m",
        type="t",
        status=429,
    ),
    shape("8 a status with words", error(message="m", status="429 Too Many"), "m", type="429 Too Many", status=429),
    shape("16 Venice, text", {"error_type": "e", "error_message": "outer"}, "outer", type="e"),
    shape(
        "16 Vercel, stream",
        {"id": "g", "error": VERCEL_STREAM},
        "context length exceeded",
        type="validation_error",
        code="error",
    ),
    shape(
        "17 OAuth",
        {"error": "invalid_token", "error_description": "The token has expired"},
        "The token has expired",
        code="invalid_token",
    ),
    Shape("18 HTML", b"<!DOCTYPE html>\n<html><head><title>502 Bad gateway</title></head><body>x</body></html>"),
    Shape("18 HTML, no doctype", b"\r\n<HTML><BODY><H1>Bad Gateway</H1></BODY></HTML>"),
    Shape("18 HTML, comment", b"<!-- a padding to disable friendly errors --><html></html>"),
    Shape("18 XML", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
    Shape(
        "18 text",
        b"upstream connect error or disconnect/reset before headers",
        "upstream connect error or disconnect/reset before headers",
    ),
    Shape("18 text that begins like markup", b"<model> is not a known model", "<model> is not a known model"),
    Shape("18 text that begins like JSON", b"[error] no route", "[error] no route"),
    Shape("18 empty", b""),
    Shape("18 white space", b" \r\n\t "),
    shape(
        "problem+json",
        {"type": "about:blank", "title": "Bad Request", "status": 400},
        "Bad Request",
        type="about:blank",
        status=400,
    ),
    shape(
        "list of errors", {"success": False, "errors": [{"code": 7003, "message": "no route"}]}, "no route", code="7003"
    ),
    shape("7 Hugging Face, a list", {"error": ["no such input", "nor this"]}, "no such input"),
    shape("11 FastAPI, a detail of texts", {"detail": ["no such input"]}, "no such input"),
    shape("JSON string", "just text", "just text"),
    shape("JSON number", 502),
    shape("JSON null", None),
    shape("JSON empty object", {}),
    shape("JSON empty array", []),
    shape("JSON array of texts", ["no"], "no"),
    shape("error is null", {"error": None}),
    shape("error is a number", {"error": 7}),
    shape("everything of the wrong type", error(message={"a": 1}, type=[], code={}, param=[1]), "", param="[1]"),
    shape(
        "numbers over 64 bits",
        error(message="m", code=10**30, param={"a": 10**30}),
        "m",
        code="1" + "0" * 30,
        param='{"a":1' + "0" * 30 + "}",
    ),
    Shape(
        "numbers over 64 bits, NaN",
        b'{"error": {"message": "m", "code": 99999999999999999999999, "param": NaN}}',
        "m",
        code="99999999999999999999999",
    ),
    shape("a boolean code", error(message="m", code=True), "m", code="true"),
    Shape("byte order mark", b'\xef\xbb\xbf{"error": {"message": "m", "code": 400}}', "m", code="400", status=400),
    Shape("byte order mark before text", b"\xef\xbb\xbfno route", "no route"),
    Shape("invalid UTF-8", b'{"error": {"message": "caf\xe9"}}', "caf\ufffd"),
    Shape("invalid UTF-8 text", b"caf\xe9", "caf\ufffd"),
    Shape("half a surrogate pair", rb'{"error": {"message": "no \ud83d"}}', "no \ufffd"),
    Shape("NaN", b'{"error": {"message": "m", "param": NaN}}', "m"),
    Shape("cut off", b'{"error": {"type": "t", "message": "it said \\"no\\" and th', 'it said "no" and th'),
    Shape("cut off in an escape", b'{"error": {"message": "caf\\u00', "caf"),
    Shape("cut off before the message", b'{"error": {"type": "t"'),
    Shape("an escape that is none", b'{"error": {"message": "a\\xb"}}', "a"),
    Shape("5000 arrays", b"[" * 5000 + b"]" * 5000),
    Shape("5000 objects", b'{"error":' * 5000 + b"1" + b"}" * 5000),
    Shape("5000 causes", b'{"metadata":{"raw":' * 5000 + b"1" + b"}" * 10000),
    Shape("500 causes", b'{"metadata":{"raw":' * 500 + b"1" + b"}" * 1000),
    Shape("5 MB of text", b"word " * 1_000_000, ("word " * 1000)[:4096].strip()),
    Shape(
        "5 MB of JSON",
        b'{"error": {"message": "m", "code": 400}, "x": "' + b"y" * 5_000_000 + b'"}',
        "m",
        code="400",
        status=400,
    ),
    Shape("5 MB of message", b'{"error": {"message": "' + b"y" * 5_000_000 + b'"}}', "y" * 5_000_000),
]
