"""Errors inside a stream, in each server's shape: earlier chunks are delivered, and the status reports the error."""

from tests.dialects.cases import StatusCode, Stream, ended, head, said

PAR = said(role="assistant", content="Par")

STREAMS = [
    Stream(
        "e6-openrouter",
        head=head("gen-e6", "vendor/m", 1790000500, provider="Acme"),
        received=[PAR],
        code=StatusCode.RESOURCE_EXHAUSTED,
        reason="RATE_LIMIT_EXCEEDED",
        message="Rate limit exceeded",
        metadata={"httpStatus": "429", "errorCode": "429", "errorType": "rate_limit_exceeded"},
    ),
    Stream(
        "e6-vercel",
        head=head("gen_01E6", "alibaba/q", 1790000500),
        received=[PAR],
        code=StatusCode.INVALID_ARGUMENT,
        reason="INVALID_REQUEST",
        message="context length 40960 exceeded",
        metadata={"errorCode": "error", "errorType": "validation_error"},
    ),
    Stream(
        "vercel-error-status",
        head=head("gen_01Z", "vercel/z"),
        received=[PAR],
        code=StatusCode.RESOURCE_EXHAUSTED,
        reason="INSUFFICIENT_QUOTA",
        message="Your account is out of credit",
        metadata={"httpStatus": "502", "errorType": "insufficient_funds"},
    ),
    Stream(
        "e6-vllm",
        head=head("cmpl-e6", "m", 1790000500),
        received=[PAR],
        code=StatusCode.INTERNAL,
        reason="UPSTREAM_INTERNAL_ERROR",
        message="engine died",
        metadata={"httpStatus": "500", "errorType": "InternalServerError"},
    ),
    Stream(
        "e6-llamacpp",
        received=[],
        code=StatusCode.INVALID_ARGUMENT,
        reason="CONTEXT_LENGTH_EXCEEDED",
        message="the request exceeds the available context size",
        metadata={"httpStatus": "400", "promptTokens": "5000", "contextWindowTokens": "4096"},
    ),
    Stream(
        "sglang-error",
        head=head("sg-1", "qwen-x"),
        received=[PAR],
        code=StatusCode.INTERNAL,
        reason="UPSTREAM_INTERNAL_ERROR",
        message="The request was aborted by the scheduler",
    ),
    Stream(
        "litellm-error",
        head=head("chatcmpl-ll", "gpt-x"),
        received=[PAR],
        code=StatusCode.RESOURCE_EXHAUSTED,
        reason="RATE_LIMIT_EXCEEDED",
        message="litellm.RateLimitError: AnthropicException - Overloaded",
        metadata={"httpStatus": "429", "errorCode": "429"},
    ),
    Stream(
        "tgi-error",
        head=head("", "tgi-x", system_fingerprint="3.3-x"),
        received=[PAR],
        code=StatusCode.INVALID_ARGUMENT,
        reason="INVALID_REQUEST",
        message="Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096",
        metadata={"httpStatus": "422"},
    ),
    Stream(
        "xai-error",
        head=head("xai-2", "grok-x"),
        received=[PAR],
        code=StatusCode.INTERNAL,
        reason="UPSTREAM_INTERNAL_ERROR",
        message="Model is overloaded",
        metadata={"errorCode": "The service is currently unavailable"},
    ),
    Stream(
        "groq-error",
        head=head("gq-2", "llama-x"),
        received=[said(role="assistant", content="Par", top={"x_groq": {"id": "req_02"}})],
        code=StatusCode.INTERNAL,
        reason="UPSTREAM_INTERNAL_ERROR",
        message="Over capacity",
    ),
    Stream(
        "event-error",
        head=head("oa-2", "gpt-x"),
        received=[PAR],
        code=StatusCode.UNAVAILABLE,
        reason="UPSTREAM_UNAVAILABLE",
        message="The server had an error",
        metadata={"httpStatus": "503", "errorCode": "server_is_overloaded", "errorType": "server_error"},
    ),
    *(
        Stream(
            name,
            head=head("cut", "m"),
            received=[said(role="assistant", content="Hi"), ended("stop")],
            code=StatusCode.INVALID_ARGUMENT,
            reason="CONTENT_FILTERED",
            message="Output was blocked",
        )
        for name in ("error-behind-finish", "error-before-done")
    ),
    Stream(
        "finish-reason-error",
        head=head("cut", "m"),
        received=[
            said(role="assistant", content="Hi"),
            ended("error"),
        ],
        code=StatusCode.INTERNAL,
        reason="UPSTREAM_INTERNAL_ERROR",
    ),
]
