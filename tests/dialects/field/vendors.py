"""Refusals and errors of many gateways, proxies and servers, as each of them writes them."""

import json
from functools import partial
from typing import Any

from tests.dialects.field.case import (
    DONE,
    FAILED,
    LIMIT,
    OK,
    QUOTA,
    STREAM,
    UNARY,
    A,
    Case,
    data,
    events,
    http,
)

NO_MODEL = "MODEL_NOT_FOUND"
NO_ENDPOINT = "ENDPOINT_NOT_FOUND"
KEY = "BRIDGE_CREDENTIALS_REJECTED"
DENIED = "ACCESS_DENIED"
INVALID = "INVALID_REQUEST"
DOWN = "UPSTREAM_UNAVAILABLE"
GATEWAY = "UPSTREAM_BAD_GATEWAY"
TIMEOUT = "UPSTREAM_TIMEOUT"
DEPENDENCY = "UPSTREAM_DEPENDENCY_FAILED"
FILTERED = "CONTENT_FILTERED"
OTHER = "UPSTREAM_CLIENT_ERROR"

#: Refusals with JSON: who sends it, the HTTP status, the body, the expected reason.
_JSON: tuple[tuple[str, int, Any, str], ...] = (
    ("Amazon's gateway, timeout", 504, {"message": "Endpoint request timed out"}, TIMEOUT),
    ("Amazon's gateway, no token", 403, {"message": "Missing Authentication Token"}, DENIED),
    ("Azure's gateway, key", 401, {"statusCode": 401, "message": "x"}, KEY),
    ("Azure's gateway, limit", 429, {"statusCode": 429, "message": "x"}, LIMIT),
    ("Azure, deployment", 404, {"error": {"code": "DeploymentNotFound", "message": "x"}}, NO_MODEL),
    ("Azure, filter", 400, {"error": {"code": "content_filter", "type": None, "status": 400}}, FILTERED),
    ("Azure ML, key", 401, {"status": "auth token validation failed"}, KEY),
    ("Kong, limit", 429, {"message": "API rate limit exceeded"}, LIMIT),
    ("Kong, route", 503, {"message": "no Route matched with those values"}, DOWN),
    (
        "Cloudflare AI Gateway",
        400,
        {"success": False, "result": [], "error": [{"code": 2001, "message": "x"}]},
        INVALID,
    ),
    ("Workers AI", 429, {"success": False, "result": {}, "errors": [{"code": 3040, "message": "x"}]}, LIMIT),
    ("Portkey, guardrail", 446, {"error": {"message": "x", "type": "hooks_failed", "code": None}}, OTHER),
    ("Portkey, configuration", 412, {"status": "failure", "message": "x"}, "UPSTREAM_PRECONDITION_FAILED"),
    ("LiteLLM, key", 401, {"error": {"message": "x", "type": "expired_key", "param": "key", "code": "400"}}, KEY),
    ("LiteLLM, limit", 429, {"error": {"message": "x", "type": "throttling_error", "code": "429"}}, LIMIT),
    ("Vercel, money", 402, {"error": {"message": "x", "type": "insufficient_funds"}}, QUOTA),
    ("Vercel, providers", 403, {"error": {"message": "x", "type": "no_providers_available"}}, DENIED),
    ("Z.AI, limit", 429, {"error": {"code": "1305", "message": "x"}}, LIMIT),
    ("Z.AI, filter", 400, {"contentFilter": [{"level": 0}], "error": {"code": "1301", "message": "x"}}, FILTERED),
    ("Z.AI, length", 400, {"error": {"code": "1261", "message": "x"}}, "CONTEXT_LENGTH_EXCEEDED"),
    ("Z.AI, model", 400, {"error": {"code": "1211", "message": "x"}}, NO_MODEL),
    ("Baidu, limit", 429, {"error": {"code": "rpm_rate_limit_exceeded", "type": "invalid_request_error"}}, LIMIT),
    ("Volcengine, model", 404, {"error": {"code": "InvalidEndpointOrModel.NotFound", "type": "NotFound"}}, NO_MODEL),
    ("Volcengine, load", 429, {"error": {"code": "ServerOverloaded", "type": "TooManyRequests"}}, LIMIT),
    ("SiliconFlow, load", 503, {"code": 50603, "message": "x", "data": None}, DOWN),
    ("Novita, money", 403, {"code": 403, "reason": "NOT_ENOUGH_BALANCE", "message": "x"}, QUOTA),
    ("Novita, model", 404, {"code": 404, "reason": "MODEL_NOT_FOUND", "message": "x"}, NO_MODEL),
    ("StepFun, money", 402, {"error": {"message": "x", "type": "quota_exceeded"}}, QUOTA),
    ("Moonshot, load", 429, {"error": {"message": "x", "type": "engine_overloaded_error"}}, LIMIT),
    ("xAI, permission", 403, {"code": "The caller does not have permission", "error": "x"}, DENIED),
    ("xAI, limit", 429, {"code": "Some resource has been exhausted", "error": "x"}, LIMIT),
    ("Cohere, limit", 429, {"message": "You are using a Trial key"}, LIMIT),
    ("Hugging Face, money", 402, {"error": "You have exceeded your monthly included credits"}, QUOTA),
    ("Hugging Face, loading", 503, {"error": "x", "estimated_time": 20.0}, DOWN),
    ("Hugging Face, retired", 410, {"error": "x"}, "MODEL_RETIRED"),
    ("Databricks, limit", 429, {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "x"}, LIMIT),
    ("Snowflake, session", 401, {"data": None, "code": "390112", "message": "x", "success": False}, KEY),
    ("Watsonx, model", 404, {"errors": [{"code": "model_not_supported", "message": "x"}]}, NO_MODEL),
    ("SageMaker", 424, {"ErrorCode": "CLIENT_ERROR_FROM_MODEL", "OriginalStatusCode": 400}, DEPENDENCY),
    ("Google's older form", 403, {"error": {"errors": [{"reason": "rateLimitExceeded"}], "code": 403}}, LIMIT),
    ("Gemini, key", 400, [{"error": {"code": 400, "details": [{"reason": "API_KEY_INVALID"}]}}], KEY),
    ("Cerebras, limit", 429, {"message": "x", "type": "too_many_tokens_error", "code": "token_quota_exceeded"}, LIMIT),
    ("GitHub, limit", 429, {"error": {"code": "RateLimitReached", "message": "x", "details": "x"}}, LIMIT),
    ("DeepInfra, load", 429, {"detail": {"error": "x"}}, LIMIT),
    ("Mistral, limit", 429, {"object": "error", "message": "x", "type": "rate_limited", "code": "1300"}, LIMIT),
    ("NIM, credits", 402, {"type": "urn:x", "title": "Payment Required", "status": 402, "detail": "x"}, QUOTA),
    ("llama.cpp, loading", 503, {"error": {"code": 503, "message": "x", "type": "unavailable_error"}}, DOWN),
    ("Groq, tools", 400, {"error": {"code": "tool_use_failed", "failed_generation": "{"}}, INVALID),
    ("Spring", 500, {"timestamp": "2026", "status": 500, "error": "Internal Server Error", "path": "/"}, FAILED),
    ("NestJS", 429, {"statusCode": 429, "message": "ThrottlerException: Too Many Requests"}, LIMIT),
    ("JSON:API", 429, {"errors": [{"status": "429", "title": "x", "detail": "x"}]}, LIMIT),
    ("Writer", 400, {"tpe": "x", "errors": [{"description": "x", "key": "x"}]}, INVALID),
)

#: Refusals in words, most of them from proxies.
_TEXT: tuple[tuple[str, int, str, str], ...] = (
    ("Envoy, no host", 503, "no healthy upstream", DOWN),
    ("Envoy, timeout", 504, "upstream request timeout", TIMEOUT),
    ("Envoy, limit", 429, "local_rate_limited", LIMIT),
    ("Istio, rule", 403, "RBAC: access denied", DENIED),
    ("Istio, token", 401, "Jwt is missing", KEY),
    ("Traefik", 404, "404 page not found\n", NO_ENDPOINT),
    ("Express", 404, "<!DOCTYPE html><pre>Cannot POST /v1/chat/completions</pre>", NO_ENDPOINT),
    ("nginx", 502, "<html><head><title>502 Bad Gateway</title></head></html>", GATEWAY),
    ("nginx, header", 494, "", OTHER),
    ("nginx, plain to TLS", 497, "<html>", OTHER),
    ("HAProxy", 503, "<html><body><h1>503 Service Unavailable</h1>", DOWN),
    ("HAProxy, timeout", 408, "<html><body><h1>408 Request Time-out</h1>", TIMEOUT),
    ("Amazon's balancer", 460, "", OTHER),
    ("Amazon's balancer, login", 561, "", "UPSTREAM_SERVER_ERROR"),
    ("Cloudflare, timeout", 524, "error code: 524", TIMEOUT),
    ("Cloudflare, name", 530, "error code: 1016", GATEWAY),
    ("Cloudflare, challenge", 403, "<!DOCTYPE html><title>Just a moment...</title>", DENIED),
    ("Cloudflare, limit", 429, "error code: 1015", LIMIT),
    ("Vercel, timeout", 504, "FUNCTION_INVOCATION_TIMEOUT\n", TIMEOUT),
    ("S3", 503, "<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>", DOWN),
    ("Laravel", 419, "", OTHER),
)

#: Errors in responses that began with HTTP 200: as an event after a chunk, and as the whole response.
_GOOD: tuple[tuple[str, Any, str], ...] = (
    ("DeepSeek, money", {"error": {"message": "Insufficient Balance", "code": "invalid_request_error"}}, QUOTA),
    ("Z.AI, limit", {"error": {"code": "1302", "message": "x"}}, LIMIT),
    ("Z.AI, filter", {"contentFilter": [{"level": 1}], "error": {"code": "1301", "message": "x"}}, FILTERED),
    ("Alibaba, limit", {"code": "Throttling.RateQuota", "message": "x", "request_id": "r"}, LIMIT),
    ("Alibaba, key", {"code": "InvalidApiKey", "message": "x", "request_id": "r"}, KEY),
    ("Alibaba, parameter", {"code": "InvalidParameter", "message": "x", "request_id": "r"}, INVALID),
    ("Databricks", {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "x"}, DOWN),
    ("Watsonx, limit", {"errors": [{"code": "x", "message": "x"}], "trace": "t", "status_code": 429}, LIMIT),
    ("Lambda", {"errorMessage": "x", "errorType": "Sandbox.Timedout"}, TIMEOUT),
    ("Perplexity", {"error": {"message": "x", "type": "invalid_model", "code": 400}}, INVALID),
    ("TGI, generation", {"error": {"message": "x", "http_status_code": 424}}, DEPENDENCY),
    ("TGI, load", {"error": "x", "error_type": "overloaded"}, LIMIT),
    ("Mistral, capacity", {"object": "error", "message": "x", "type": "service_tier_capacity_exceeded"}, LIMIT),
    ("GitHub, limit", {"error": {"code": "RateLimitReached", "message": "x"}}, LIMIT),
    ("Oracle, limit", {"code": "TooManyRequests", "message": "x"}, LIMIT),
    ("Oracle, key", {"code": "NotAuthenticated", "message": "x"}, KEY),
    ("Cohere", {"id": "u", "message": "x"}, FAILED),
    ("Dify", {"event": "error", "task_id": "x", "status": 400, "code": "x", "message": "x"}, INVALID),
    ("Coze", {"code": 4000, "msg": "x"}, FAILED),
    ("Cerebras", {"error": {"message": "x", "type": "server_error", "code": ""}, "status_code": 500}, FAILED),
    ("Ray", {"error": {"message": "x", "code": 500, "type": "InternalServerError", "param": {}}}, FAILED),
    ("Replicate", {"id": "x", "status": "failed", "error": "x", "output": None}, FAILED),
    ("ASP.NET", {"type": "https://x", "title": "x", "status": 429}, LIMIT),
    ("Novita", {"code": 403, "reason": "FAILED_TO_AUTH", "message": "x"}, DENIED),
)

refusal = partial(Case, "refusal")
good = partial(Case, "HTTP 200")
_ALIBABA = 'id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"InvalidParameter","message":"x","request_id":"r"}\n\n'
VENDORS = [
    *(refusal(name, UNARY, http(json.dumps(body), status=status), reason) for name, status, body, reason in _JSON),
    *(
        refusal(name, UNARY, http(body, status=status, media="text/html"), reason)
        for name, status, body, reason in _TEXT
    ),
    *(good(f"{name}, streamed", STREAM, events(A, data(body), DONE), reason, "a") for name, body, reason in _GOOD),
    *(good(f"{name}, plain", UNARY, http(json.dumps(body)), reason) for name, body, reason in _GOOD),
    good("Alibaba's own stream", STREAM, events(A, _ALIBABA), INVALID, "a"),
    good("an id and a notice", STREAM, events(A, data({"id": "u", "message": "x"}), A, DONE), OK, "aa"),
]
