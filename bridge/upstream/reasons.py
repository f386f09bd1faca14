"""The tables that map an upstream's HTTP status, error code and error type to a `Reason`.

Names are compared without case and punctuation: `Insufficient-Balance` is `insufficient_balance`. A name without a
row may be about used-up money, see `bridge.upstream.money`.

The base is the HTTP mapping in `google/rpc/code.proto`, in reverse. It is not `http-grpc-status-mapping.md`, which is
for gRPC clients that get a response from something other than a gRPC server, and maps 400 to INTERNAL.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bridge.errors import Reason, Retry
from bridge.upstream.money import names_money, says_money

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
    "1113": Reason.INSUFFICIENT_QUOTA,  # Z.AI
    "30001": Reason.INSUFFICIENT_QUOTA,  # SiliconFlow
    "rate_limit_exceeded": Reason.RATE_LIMIT_EXCEEDED,
    "throttling_error": Reason.RATE_LIMIT_EXCEEDED,  # LiteLLM
    "unsupported_country_region_territory": Reason.REGION_UNSUPPORTED,
}

#: The HTTP status for an error inside a 200 response that has no number, by its `type`, `code` or Google's `status`.
#: Others count as 500.
STATUS_OF_TYPE: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "bad_request_error": 400,  # vLLM
    "invalid_argument": 400,  # Google, xAI
    "failed_precondition": 400,
    "out_of_range": 400,
    "validation": 400,  # TGI
    "validation_error": 400,
    "validation_exception": 400,  # AWS
    "unauthorized": 401,
    "authentication": 401,  # OpenRouter
    "failed_to_auth": 401,  # Novita
    "unauthenticated": 401,
    "invalid_authentication_error": 401,  # Moonshot
    "permission_error": 403,
    "permission_denied": 403,
    "forbidden": 403,
    "access_denied_exception": 403,  # AWS
    "not_found_error": 404,
    "not_found": 404,
    "conflict": 409,
    "already_exists": 409,  # Google
    "precondition_failed": 412,  # OpenRouter
    "request_too_large": 413,  # Anthropic
    "payload_too_large": 413,
    "unprocessable_entity": 422,
    "unprocessable": 422,  # OpenRouter
    "failed_dependency": 424,  # Vercel
    "generation": 424,  # TGI
    "cancelled": 499,  # TensorRT-LLM, as the next; Google
    "canceled": 499,
    "abort": 499,  # vLLM, SGLang
    "rate_limit_error": 429,
    "rate_limit_reached_error": 429,  # Moonshot
    "resource_exhausted": 429,
    "too_many_requests": 429,
    "throttling": 429,  # Alibaba
    "limit_requests": 429,  # Alibaba
    "request_limit_exceeded": 429,  # Tencent, Databricks
    "throttling_exception": 429,  # AWS
    "requests": 429,
    "tokens": 429,
    "overloaded": 429,  # TGI
    "service_not_available": 503,  # Novita
    "not_supported_error": 501,
    "provider_unavailable": 502,  # OpenRouter, as the next
    "provider_overloaded": 503,
    "unavailable_error": 503,
    "unavailable": 503,
    "bad_gateway": 502,
    "service_unavailable": 503,
    "service_unavailable_error": 503,
    "service_unavailable_exception": 503,  # AWS
    "server_is_overloaded": 503,
    "slow_down": 503,
    "timeout": 504,
    "timeout_error": 504,
    "gateway_timeout": 504,
    "deadline_exceeded": 504,
    "overloaded_error": 529,
    "engine_overloaded_error": 529,  # Moonshot
    "insufficient_system_resource": 529,  # DeepSeek
}

#: The same for names that the table does not have, by what they contain, without punctuation and a final `error`.
#: Examples are in the tests.
_STATUS_OF_PART: Final = (
    (re.compile("(?:rate|request|requests|concurrency|qps|server)limit|toomanyrequests|throttl"), 429),
    (re.compile("(?:quota|capacity)exceeded$"), 429),
    (re.compile("timed?out$"), 504),
    (re.compile("overloaded$"), 529),
    (re.compile("(?:unavailable|busy)$"), 503),
    (re.compile("^(?:model|deployment|resource|endpoint).*(?:notfound|doesnotexist)$"), 404),
    (re.compile("(?:access|permission)denied$"), 403),
    (re.compile("^(?:bad|invalid|malformed)request"), 400),
    (
        re.compile(
            "^(?:invalid|missing|unsupported|unknown|required)(?:required)?(?:param|argument|value|input|prompt)"
        ),
        400,
    ),
    (re.compile("^(?:invalid|unsupported).*image|(?:image|string|input).*too(?:large|long|small)$"), 400),
    (re.compile("(?:un|not)implemented$"), 501),
)

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
    "2013": "invalid_request_error",
    "2049": "invalid_api_key",
}

#: What messages say that name the request as the cause of an HTTP 500 without a code of its own.
MESSAGES: Final[Mapping[str, Reason]] = {
    r"(?:audio|image|video) input is not supported\b": Reason.INVALID_REQUEST,  # llama.cpp, a model for text only
}

#: Statuses about the request itself. A code about the moment, such as `rate_limit_exceeded`, does not override them.
ABOUT_THE_REQUEST: Final = frozenset({405, 410, 413, 414, 415, 424, 431, 451, 501})

_PUNCTUATION: Final = re.compile(r"[^a-z0-9]")
_MAX_NAME: Final = 128


def _key(name: str) -> str:
    return _PUNCTUATION.sub("", name.lower()) if len(name) <= _MAX_NAME else ""


_REFINEMENTS: Final = {_key(name): reason for name, reason in REFINEMENTS.items()}
_STATUS_OF_TYPE: Final = {_key(name): status for name, status in STATUS_OF_TYPE.items()}


def _keys(name: str) -> Iterator[str]:
    """The keys of a name, the most precise first.

    Some servers add `Error` or `Exception`, or a detail after a dot. AWS writes a service and `#` before the name.
    """
    name = name.rpartition("#")[2]
    for part in (name, name.partition(".")[0]):
        key = _key(part)
        yield from (key, key.removesuffix("error").removesuffix("exception"))


def _refinement(name: str | None) -> Reason | None:
    if not name:
        return None
    found = next((_REFINEMENTS[key] for key in _keys(name) if key in _REFINEMENTS), None)
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
    return any(key in _REFINEMENTS or key in _STATUS_OF_TYPE for key in _keys(name)) or names_money(name)


def status_named(names: Iterable[str | None]) -> int:
    """The HTTP status for an error without a number."""
    for name in filter(None, names):
        keys = list(_keys(name))
        found = [_STATUS_OF_TYPE[key] for key in keys if key in _STATUS_OF_TYPE]
        found += [status for part, status in _STATUS_OF_PART for key in keys if part.search(key)]
        if found:
            return found[0]
    return 500


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
