"""Errors of servers, and the status that a caller gets for each. The shapes are from the cheat-sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from tests.dialects.cases import StatusCode

INVALID = StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"
EXHAUSTED = StatusCode.RESOURCE_EXHAUSTED
NO_PROVIDERS = {"error": {"message": "No providers available", "type": "no_providers_available"}}


@dataclass(frozen=True)
class Refusal:
    """An HTTP status with a body, and the expected status, reason, message and metadata."""

    server: str
    http: int
    body: Any
    expected: tuple[grpc.StatusCode, str]
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.server}-{self.http}"


def error(message: str, **members: Any) -> dict[str, Any]:
    return {"error": {"message": message, **members}}


REFUSALS = [
    Refusal(
        "openai",
        400,
        error("Unknown parameter: 'top_k'.", type="invalid_request_error", param="top_k", code="unknown_parameter"),
        INVALID,
        "Unknown parameter: 'top_k'.",
        {"errorCode": "unknown_parameter", "errorParam": "top_k"},
    ),
    Refusal(
        "vercel",
        404,
        {**error("Model not found", type="model_not_found", param={"modelId": "acme/none"}), "generationId": "gen_1"},
        (StatusCode.NOT_FOUND, "MODEL_NOT_FOUND"),
        "Model not found",
        {"model": "acme/none"},
    ),
    Refusal(
        "vercel",
        502,
        error("Insufficient funds", type="insufficient_funds"),
        (EXHAUSTED, "INSUFFICIENT_QUOTA"),
        "Insufficient funds",
    ),
    Refusal("vercel", 400, NO_PROVIDERS, INVALID, "No providers available", {"errorType": "no_providers_available"}),
    Refusal(
        "vercel",
        403,
        NO_PROVIDERS,
        (StatusCode.PERMISSION_DENIED, "ACCESS_DENIED"),
        "No providers available",
        {"errorType": "no_providers_available"},
    ),
    Refusal(
        "openrouter",
        429,
        error("Provider returned error", code=429, metadata={"raw": "slow down, please", "provider_name": "Acme"}),
        (EXHAUSTED, "RATE_LIMIT_EXCEEDED"),
        "slow down, please",
        {"errorCode": "429"},
    ),
    Refusal(
        "azure",
        400,
        error(
            "blocked by policy",
            type=None,
            param="prompt",
            code="content_filter",
            status=400,
            innererror={"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
        ),
        (StatusCode.INVALID_ARGUMENT, "CONTENT_FILTERED"),
        "blocked by policy",
    ),
    Refusal(
        "azure",
        429,
        error("Requests have exceeded the rate limit", code="429"),
        (EXHAUSTED, "RATE_LIMIT_EXCEEDED"),
        "Requests have exceeded the rate limit",
        {"retryAfterSeconds": "1.5"},
        {"retry_after_ms": "1500", "retry_after": "2"},
    ),
    Refusal(
        "vllm",
        400,
        error("temperature must be non-negative", type="BadRequestError", param="temperature", code=400),
        INVALID,
        "temperature must be non-negative",
        {"errorCode": "400"},
    ),
    Refusal(
        "vllm",
        401,
        {"error": "Unauthorized"},
        (StatusCode.UNAUTHENTICATED, "BRIDGE_CREDENTIALS_REJECTED"),
        "Unauthorized",
    ),
    Refusal(
        "ollama",
        404,
        error('model "none" not found', type="not_found_error", param=None, code=None),
        (StatusCode.NOT_FOUND, "MODEL_NOT_FOUND"),
        'model "none" not found',
    ),
    Refusal(
        "ollama",
        500,
        error("llama runner process has terminated", type="api_error", param=None, code=None),
        (StatusCode.INTERNAL, "UPSTREAM_INTERNAL_ERROR"),
        "llama runner process has terminated",
    ),
    Refusal(
        "llamacpp",
        503,
        error("Loading model", code=503, type="unavailable_error"),
        (StatusCode.UNAVAILABLE, "UPSTREAM_UNAVAILABLE"),
        "Loading model",
    ),
    *(
        Refusal(
            "llamacpp",
            http,
            error("too long", code=http, type="exceed_context_size_error", n_prompt_tokens=5000, n_ctx=4096),
            (StatusCode.INVALID_ARGUMENT, "CONTEXT_LENGTH_EXCEEDED"),
            "too long",
            {"promptTokens": "5000", "contextWindowTokens": "4096"},
        )
        for http in (400, 500)
    ),
    Refusal(
        "litellm",
        429,
        error("litellm.RateLimitError: slow down", type="None", param="None", code="429"),
        (EXHAUSTED, "RATE_LIMIT_EXCEEDED"),
        "litellm.RateLimitError: slow down",
        {"errorCode": "429"},
    ),
    Refusal(
        "deepseek",
        402,
        error("Insufficient Balance", type="unknown_error", param=None, code="invalid_request_error"),
        (EXHAUSTED, "INSUFFICIENT_QUOTA"),
        "Insufficient Balance",
    ),
    Refusal(
        "groq",
        400,
        error(
            "Failed to call a function",
            type="invalid_request_error",
            code="tool_use_failed",
            failed_generation="<function=f>{",
        ),
        INVALID,
        "Failed to call a function",
        {"errorCode": "tool_use_failed"},
    ),
    Refusal(
        "groq",
        498,
        error("flex tier capacity exceeded", type="capacity_exceeded"),
        (EXHAUSTED, "RATE_LIMIT_EXCEEDED"),
        "flex tier capacity exceeded",
    ),
    Refusal(
        "xai",
        400,
        {"code": "invalid-argument", "error": "bad temperature"},
        INVALID,
        "bad temperature",
        {"errorCode": "invalid-argument"},
    ),
    Refusal(
        "mistral",
        400,
        {
            "object": "error",
            "message": "Unknown model",
            "type": "invalid_request_error",
            "param": "model",
            "code": "unknown_model",
        },
        INVALID,
        "Unknown model",
        {"errorCode": "unknown_model", "errorParam": "model"},
    ),
    Refusal(
        "mistral",
        422,
        {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "field required", "type": "value_error.missing"}]},
        INVALID,
        "messages.0.role: field required",
    ),
    Refusal(
        "gemini",
        400,
        [
            error(
                'Invalid JSON payload received. Unknown name "reasoning"',
                code=400,
                status="INVALID_ARGUMENT",
                details=[
                    {
                        "@type": "type.googleapis.com/google.rpc.BadRequest",
                        "fieldViolations": [{"description": 'Unknown name "reasoning"'}],
                    }
                ],
            )
        ],
        INVALID,
        'Invalid JSON payload received. Unknown name "reasoning"',
        {"errorType": "INVALID_ARGUMENT"},
    ),
    Refusal(
        "gemini-bad-key",
        400,
        [error("API key not valid. Please pass a valid API key.", code=400, status="INVALID_ARGUMENT")],
        INVALID,
        "API key not valid. Please pass a valid API key.",
    ),
    Refusal(
        "tgi",
        422,
        {"error": "Input validation error", "error_type": "validation"},
        INVALID,
        "Input validation error",
    ),
    Refusal(
        "tgi",
        424,
        {"error": "Request failed during generation", "error_type": "generation"},
        (StatusCode.FAILED_PRECONDITION, "UPSTREAM_DEPENDENCY_FAILED"),
        "Request failed during generation",
    ),
    Refusal(
        "tgi",
        429,
        {"error": "Model is overloaded", "error_type": "overloaded"},
        (EXHAUSTED, "RATE_LIMIT_EXCEEDED"),
        "Model is overloaded",
    ),
    Refusal(
        "perplexity",
        400,
        error("Invalid model", type="invalid_model", code=400),
        INVALID,
        "Invalid model",
    ),
    Refusal(
        "cohere",
        400,
        {"id": "1", "message": "invalid request: no messages"},
        INVALID,
        "invalid request: no messages",
    ),
]
