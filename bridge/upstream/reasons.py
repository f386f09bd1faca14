"""The tables that map an upstream's HTTP status, error code and error type to a `Reason`.

Names are compared as in `bridge.upstream.names`. A name without a row may be about used-up money, see
`bridge.upstream.money`.

The base is the HTTP mapping in `google/rpc/code.proto`, in reverse. It is not `http-grpc-status-mapping.md`, which is
for gRPC clients that get a response from something other than a gRPC server, and maps 400 to INTERNAL.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from bridge.errors import Reason, Retry
from bridge.upstream.money import names_money, says_money
from bridge.upstream.names import has_status, key_of, keys_of

#: HTTP status to reason. For a status without a row, `of_status` has a rule per class.
STATUSES: Final[Mapping[int, Reason]] = {
    400: Reason.INVALID_REQUEST,
    401: Reason.CALLER_CREDENTIALS_REJECTED,  # BRIDGE_CREDENTIALS_REJECTED if the bridge's credential was sent
    402: Reason.INSUFFICIENT_QUOTA,
    403: Reason.ACCESS_DENIED,
    404: Reason.ENDPOINT_NOT_FOUND,  # MODEL_NOT_FOUND if a model was requested
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

#: Values of `error.code`, then `error.type`, that are more precise than the HTTP status. Each row has a test.
REFINEMENTS: Final[Mapping[str, Reason]] = {
    "context_length_exceeded": Reason.CONTEXT_LENGTH_EXCEEDED,
    "exceed_context_size_error": Reason.CONTEXT_LENGTH_EXCEEDED,  # llama.cpp
    "context_window_exceeded": Reason.CONTEXT_LENGTH_EXCEEDED,  # LiteLLM
    "content_filter": Reason.CONTENT_FILTERED,  # Azure
    "content_policy_violation": Reason.CONTENT_FILTERED,
    "responsible_ai_policy_violation": Reason.CONTENT_FILTERED,  # Azure
    "image_content_policy_violation": Reason.CONTENT_FILTERED,  # OpenAI, as the next
    "moderation_blocked": Reason.CONTENT_FILTERED,  # of images
    "data_inspection_failed": Reason.CONTENT_FILTERED,  # Alibaba
    "sensitive_content_detected": Reason.CONTENT_FILTERED,  # Volcengine, as the next four
    "input_text_sensitive_content_detected": Reason.CONTENT_FILTERED,
    "output_text_sensitive_content_detected": Reason.CONTENT_FILTERED,
    "input_image_sensitive_content_detected": Reason.CONTENT_FILTERED,
    "output_image_sensitive_content_detected": Reason.CONTENT_FILTERED,
    "invalid_api_key": Reason.CALLER_CREDENTIALS_REJECTED,
    "authentication_error": Reason.CALLER_CREDENTIALS_REJECTED,
    "api_key_invalid": Reason.CALLER_CREDENTIALS_REJECTED,  # Gemini, under HTTP 400
    "model_not_found": Reason.MODEL_NOT_FOUND,
    "model_decommissioned": Reason.MODEL_RETIRED,  # Groq, under HTTP 400
    "unknown_url": Reason.ENDPOINT_NOT_FOUND,  # OpenAI, in an error object
    "insufficient_quota": Reason.INSUFFICIENT_QUOTA,
    "billing_hard_limit_reached": Reason.INSUFFICIENT_QUOTA,
    "credit_balance_exhausted": Reason.INSUFFICIENT_QUOTA,
    "organization_spend_limit_exceeded": Reason.INSUFFICIENT_QUOTA,
    "organization_usage_limit_exceeded": Reason.INSUFFICIENT_QUOTA,
    "project_spend_limit_exceeded": Reason.INSUFFICIENT_QUOTA,
    "billing_not_active": Reason.INSUFFICIENT_QUOTA,
    "billing_error": Reason.INSUFFICIENT_QUOTA,  # Anthropic
    "insufficient_funds": Reason.INSUFFICIENT_QUOTA,  # Vercel, also under HTTP 502
    "quota_for_entity_exceeded": Reason.INSUFFICIENT_QUOTA,  # Vercel
    "exceeded_current_quota_error": Reason.INSUFFICIENT_QUOTA,  # Moonshot
    "insufficient_balance": Reason.INSUFFICIENT_QUOTA,
    "insufficient_balance_error": Reason.INSUFFICIENT_QUOTA,
    "insufficient_credits": Reason.INSUFFICIENT_QUOTA,
    "insufficient_user_quota": Reason.INSUFFICIENT_QUOTA,  # One API
    "insufficient_credit": Reason.INSUFFICIENT_QUOTA,
    "not_enough_balance": Reason.INSUFFICIENT_QUOTA,  # Novita
    "not_enough_credits": Reason.INSUFFICIENT_QUOTA,
    "out_of_credits": Reason.INSUFFICIENT_QUOTA,
    "credits_exhausted": Reason.INSUFFICIENT_QUOTA,
    "spend_limit_exceeded": Reason.INSUFFICIENT_QUOTA,
    "AllocationQuota.FreeTierOnly": Reason.INSUFFICIENT_QUOTA,  # Alibaba
    "FailedOperation.ResourcePackExhausted": Reason.INSUFFICIENT_QUOTA,  # Tencent, as the next
    "FailedOperation.FreeResourcePackExhausted": Reason.INSUFFICIENT_QUOTA,
    "budget_exceeded": Reason.INSUFFICIENT_QUOTA,  # LiteLLM, under HTTP 400
    "payment_required": Reason.INSUFFICIENT_QUOTA,
    "arrearage": Reason.INSUFFICIENT_QUOTA,  # Alibaba
    "pre_consume_token_quota_failed": Reason.INSUFFICIENT_QUOTA,  # One API, New API
    "credit_limit": Reason.INSUFFICIENT_QUOTA,  # Together
    "account_overdue_error": Reason.INSUFFICIENT_QUOTA,  # Volcengine
    "1113": Reason.INSUFFICIENT_QUOTA,  # Z.AI, as the next three
    "1211": Reason.MODEL_NOT_FOUND,
    "1261": Reason.CONTEXT_LENGTH_EXCEEDED,
    "1301": Reason.CONTENT_FILTERED,
    "30001": Reason.INSUFFICIENT_QUOTA,  # SiliconFlow
    "rate_limit_exceeded": Reason.RATE_LIMIT_EXCEEDED,
    "throttling_error": Reason.RATE_LIMIT_EXCEEDED,  # LiteLLM
    "unsupported_country_region_territory": Reason.REGION_UNSUPPORTED,
}

#: MiniMax's `base_resp.status_code` as a name of the tables above. Others count as 500.
BASE_RESP: Final[Mapping[str, str]] = {
    "1001": "timeout",
    "1002": "rate_limit_exceeded",
    "1004": "authentication_error",
    "1008": "insufficient_balance",
    "1026": "content_filter",  # the prompt
    "1027": "content_filter",  # the completion
    "1039": "rate_limit_exceeded",  # tokens
    "1041": "rate_limit_exceeded",  # connections
    "1042": "invalid_request_error",  # invisible characters in the prompt
    "2013": "invalid_request_error",
    "2045": "rate_limit_exceeded",  # the rate grows too fast
    "2049": "invalid_api_key",
    "2056": "rate_limit_exceeded",  # the window of a token plan
}

#: What messages say that name the request as the cause of an HTTP 500 without a code of its own.
MESSAGES: Final[Mapping[str, Reason]] = {
    r"(?:audio|image|video) input is not supported\b": Reason.INVALID_REQUEST,  # llama.cpp, a model for text only
}

#: Statuses about the request itself. A code about the moment, such as `rate_limit_exceeded`, does not override them.
ABOUT_THE_REQUEST: Final = frozenset({405, 410, 413, 414, 415, 424, 431, 451, 501})

_REFINEMENTS: Final = {key_of(name): reason for name, reason in REFINEMENTS.items()}


def _refinement(name: str | None) -> Reason | None:
    if not name:
        return None
    found = next((_REFINEMENTS[key] for key in keys_of(name) if key in _REFINEMENTS), None)
    return found or (Reason.INSUFFICIENT_QUOTA if names_money(name) else None)


def _is_money(text: str | None) -> bool:
    return text is not None and (_refinement(text) is Reason.INSUFFICIENT_QUOTA or says_money(text))


def refined(status: int, names: Iterable[str | None], further: Iterable[str | None] = ()) -> Reason | None:
    """The reason for the first name that is more precise than the HTTP status; None if the status decides.

    Of the `further` names only those about money count, because then a retry is useless.
    """
    reason = next((reason for reason in map(_refinement, names) if reason is not None), None)
    if reason is None and any(map(_is_money, further)):
        reason = Reason.INSUFFICIENT_QUOTA
    is_about_now = reason is not None and reason.retry is not Retry.NO
    return None if is_about_now and status in ABOUT_THE_REQUEST else reason


def is_known(name: str) -> bool:
    """Whether the tables have this code or type of an error."""
    return has_status(name) or any(key in _REFINEMENTS for key in keys_of(name)) or names_money(name)


def of_status(status: int, message: str = "") -> Reason:
    """The reason for an HTTP status that is not a success. `message` is the error's, which may name the request.

    Numbers that are no status, such as 99 and 600, count as 5xx (RFC 9110, 15).
    """
    reason = STATUSES.get(status)
    if reason is Reason.UPSTREAM_INTERNAL_ERROR:
        return next((other for words, other in MESSAGES.items() if re.match(words, message)), reason)
    if reason is not None:
        return reason
    if 300 <= status < 400:
        return Reason.UPSTREAM_UNEXPECTED_REDIRECT
    return Reason.UPSTREAM_CLIENT_ERROR if 400 <= status < 500 else Reason.UPSTREAM_SERVER_ERROR
