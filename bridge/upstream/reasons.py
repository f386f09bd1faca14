"""The tables that read an upstream's verdict: HTTP status, error code and error type to `Reason`.

The base is the HTTP mapping of `google/rpc/code.proto`, read backwards. It is not `http-grpc-status-mapping.md`, which
is for a gRPC client that got a reply from something that is no gRPC server: that makes 400 INTERNAL, 429 UNAVAILABLE.
"""

from collections.abc import Mapping
from typing import Final

from bridge.errors import Reason

#: HTTP status to reason. A status without a row falls to `of_status`'s rule for its class.
STATUSES: Final[Mapping[int, Reason]] = {
    400: Reason.INVALID_REQUEST,
    401: Reason.CALLER_CREDENTIALS_REJECTED,  # BRIDGE_CREDENTIALS_REJECTED where the bridge's own was sent
    402: Reason.INSUFFICIENT_QUOTA,
    403: Reason.ACCESS_DENIED,
    404: Reason.ENDPOINT_NOT_FOUND,  # MODEL_NOT_FOUND where a model was asked for
    405: Reason.UPSTREAM_NOT_SUPPORTED,
    406: Reason.BRIDGE_REQUEST_REJECTED,
    407: Reason.UPSTREAM_PROXY_REJECTED,
    408: Reason.UPSTREAM_TIMEOUT,
    409: Reason.UPSTREAM_CONFLICT,
    410: Reason.MODEL_RETIRED,
    412: Reason.UPSTREAM_PRECONDITION_FAILED,
    413: Reason.REQUEST_TOO_LARGE,
    415: Reason.BRIDGE_REQUEST_REJECTED,
    422: Reason.INVALID_REQUEST,
    424: Reason.UPSTREAM_DEPENDENCY_FAILED,
    425: Reason.UPSTREAM_TOO_EARLY,
    429: Reason.RATE_LIMIT_EXCEEDED,
    431: Reason.BRIDGE_REQUEST_REJECTED,
    451: Reason.LEGAL_RESTRICTION,
    498: Reason.RATE_LIMIT_EXCEEDED,  # Groq: no capacity for the flex tier
    499: Reason.UPSTREAM_CLOSED_REQUEST,
    500: Reason.UPSTREAM_INTERNAL_ERROR,
    501: Reason.UPSTREAM_NOT_SUPPORTED,
    502: Reason.UPSTREAM_BAD_GATEWAY,
    503: Reason.UPSTREAM_UNAVAILABLE,
    504: Reason.UPSTREAM_TIMEOUT,
    520: Reason.UPSTREAM_BAD_GATEWAY,  # 520 to 530 are Cloudflare's, between it and the origin
    521: Reason.UPSTREAM_BAD_GATEWAY,
    522: Reason.UPSTREAM_BAD_GATEWAY,
    523: Reason.UPSTREAM_BAD_GATEWAY,
    524: Reason.UPSTREAM_TIMEOUT,
    525: Reason.UPSTREAM_BAD_GATEWAY,
    526: Reason.UPSTREAM_BAD_GATEWAY,
    527: Reason.UPSTREAM_BAD_GATEWAY,
    529: Reason.UPSTREAM_OVERLOADED,
    530: Reason.UPSTREAM_BAD_GATEWAY,
}

#: `error.code`, then `error.type`, that say more than the HTTP status does. Each row has a test.
REFINEMENTS: Final[Mapping[str, Reason]] = {
    "context_length_exceeded": Reason.CONTEXT_LENGTH_EXCEEDED,
    "exceed_context_size_error": Reason.CONTEXT_LENGTH_EXCEEDED,  # llama.cpp
    "content_filter": Reason.CONTENT_FILTERED,  # Azure
    "content_policy_violation": Reason.CONTENT_FILTERED,
    "invalid_api_key": Reason.CALLER_CREDENTIALS_REJECTED,
    "authentication_error": Reason.CALLER_CREDENTIALS_REJECTED,
    "model_not_found": Reason.MODEL_NOT_FOUND,
    "unknown_url": Reason.ENDPOINT_NOT_FOUND,  # OpenAI, in an error object all the same
    "insufficient_quota": Reason.INSUFFICIENT_QUOTA,
    "billing_hard_limit_reached": Reason.INSUFFICIENT_QUOTA,
    "credit_balance_exhausted": Reason.INSUFFICIENT_QUOTA,
    "organization_spend_limit_exceeded": Reason.INSUFFICIENT_QUOTA,
    "organization_usage_limit_exceeded": Reason.INSUFFICIENT_QUOTA,
    "project_spend_limit_exceeded": Reason.INSUFFICIENT_QUOTA,
    "insufficient_funds": Reason.INSUFFICIENT_QUOTA,  # Vercel, also under HTTP 502
    "quota_for_entity_exceeded": Reason.INSUFFICIENT_QUOTA,  # Vercel
    "rate_limit_exceeded": Reason.RATE_LIMIT_EXCEEDED,
    "throttling_error": Reason.RATE_LIMIT_EXCEEDED,  # LiteLLM
    "unsupported_country_region_territory": Reason.REGION_UNSUPPORTED,
}

#: The HTTP status that an error inside a 200 reply would have had, by its `type`, `code` or Google's `status`, where it
#: bears no number. What is in no row counts as 500.
STATUS_OF_TYPE: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "badrequesterror": 400,  # vLLM
    "invalid_argument": 400,  # Google
    "invalid-argument": 400,  # xAI
    "failed_precondition": 400,
    "out_of_range": 400,
    "validation": 400,  # TGI
    "validation_error": 400,
    "unauthorized": 401,
    "unauthenticated": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "forbidden": 403,
    "not_found_error": 404,
    "notfounderror": 404,
    "not_found": 404,
    "conflict": 409,
    "failed_dependency": 424,  # Vercel
    "generation": 424,  # TGI
    "rate_limit_error": 429,
    "resource_exhausted": 429,
    "requests": 429,
    "tokens": 429,
    "overloaded": 429,  # TGI
    "not_supported_error": 501,
    "provider_unavailable": 502,  # OpenRouter, as the next
    "provider_overloaded": 503,
    "unavailable_error": 503,
    "unavailable": 503,
    "service_unavailable_error": 503,
    "server_is_overloaded": 503,
    "slow_down": 503,
    "timeout": 504,
    "timeout_error": 504,
    "deadline_exceeded": 504,
    "overloaded_error": 529,
}


def of_status(status: int) -> Reason:
    """The reason for an HTTP status that is not a success."""
    reason = STATUSES.get(status)
    if reason is not None:
        return reason
    if status >= 500:
        return Reason.UPSTREAM_SERVER_ERROR
    return Reason.UPSTREAM_CLIENT_ERROR if status >= 400 else Reason.UPSTREAM_UNEXPECTED_REDIRECT
