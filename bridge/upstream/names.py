"""The HTTP status that the code or the type of an error stands for, if the error names no number.

Names are compared without case and punctuation: `Insufficient-Balance` is `insufficient_balance`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

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
    "auth_failure": 401,  # Tencent
    "auth_error": 401,  # LiteLLM, as the next
    "expired_key": 401,
    "invalid_token": 401,  # OAuth
    "account_deactivated": 401,  # OpenAI
    "not_authenticated": 401,  # Oracle
    "invalid_authentication_error": 401,  # Moonshot
    "permission_error": 403,
    "permission_denied": 403,
    "forbidden": 403,
    "access_denied_exception": 403,  # AWS
    "unauthorized_operation": 403,  # Tencent
    "insufficient_permissions": 403,  # OpenAI
    "customer_verification_required": 403,  # Vercel, as the next
    "free_tier_model_not_available": 403,
    "not_found_error": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "conflict": 409,
    "already_exists": 409,  # Google
    "precondition_failed": 412,  # OpenRouter
    "request_too_large": 413,  # Anthropic
    "payload_too_large": 413,
    "content_too_large": 413,
    "request_entity_too_large": 413,
    "unprocessable_entity": 422,
    "unprocessable": 422,  # OpenRouter
    "failed_dependency": 424,  # Vercel
    "generation": 424,  # TGI
    "client_closed_request": 499,
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
    "limit_exceeded": 429,  # Tencent; AWS, with `Exception`
    "throttling_exception": 429,  # AWS
    "1302": 429,  # Z.AI, as the next two
    "1303": 429,
    "1305": 429,
    "requests": 429,
    "tokens": 429,
    "overloaded": 429,  # TGI
    "service_not_available": 503,  # Novita
    "not_supported_error": 501,
    "provider_unavailable": 502,  # OpenRouter, as the next
    "provider_overloaded": 503,
    "over_capacity": 503,
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
    "Client specified an invalid argument": 400,  # xAI, as the next six: the words of a gRPC library for its codes
    "The request does not have valid authentication credentials": 401,
    "The caller does not have permission to execute the specified operation": 403,
    "Some requested entity was not found": 404,
    "Some resource has been exhausted": 429,
    "Operation is not implemented or not supported": 501,
    "Deadline expired before operation could complete": 504,
}

#: The same for names that the table does not have, by what they contain, without punctuation and a final `error`.
_STATUS_OF_PART: Final = (
    (re.compile("ratelimit|toomanyrequests"), 429),  # Baidu, Together, Volcengine
    (re.compile("timed?out$"), 504),
    (re.compile("overloaded$"), 529),
)
#: The same for names of one word, and not for sentences. Examples are in the tests.
_STATUS_OF_WORD: Final = (
    (
        re.compile(
            "(?:requests?|concurren(?:cy|t)|qps|rpm|tpm|server|usage|daily|monthly)limit|(?:quota|capacity)exceeded$"
            "|throttl"
        ),
        429,
    ),
    (re.compile("(?:unavailable|busy)$"), 503),
    (re.compile("^(?:model|deployment|resource|endpoint).*(?:notfound|doesnotexist)$"), 404),
    (re.compile("(?:access|permission)denied$"), 403),
    (re.compile("^(?:bad|invalid|malformed)request"), 400),
    (
        re.compile(
            "^(?:invalid|missing|unsupported|unknown)(?:required)?(?:param|argument|value|input|prompt|type|model|json)"
        ),
        400,
    ),
    (re.compile("^(?:invalid|unsupported).*image|(?:image|string|input|prompt).*too(?:large|long|small)$"), 400),
    (re.compile("^(?:string|array|integer|decimal|object).*(?:above|below)m(?:ax|in)"), 400),
    (re.compile("(?:un|not)implemented$"), 501),
)

_PUNCTUATION: Final = re.compile(r"[^a-z0-9]")
_MAX_NAME: Final = 128


def key_of(name: str) -> str:
    """A name as it is compared; empty for a long text, which is none."""
    return _PUNCTUATION.sub("", name.lower()) if len(name) <= _MAX_NAME else ""


_STATUS_OF_TYPE: Final = {key_of(name): status for name, status in STATUS_OF_TYPE.items()}


def keys_of(name: str) -> Iterator[str]:
    """The keys of a name, the most precise first.

    Some servers add `Error` or `Exception`, or a detail after a dot. AWS writes a service and `#` before the name.
    """
    name = name.rpartition("#")[2]
    for part in (name, name.partition(".")[0]):
        key = key_of(part)
        yield from (key, key.removesuffix("error").removesuffix("exception"))


def has_status(name: str) -> bool:
    """Whether the table has this code or type of an error."""
    return any(key in _STATUS_OF_TYPE for key in keys_of(name))


def status_named(names: Iterable[str | None]) -> int:
    """The HTTP status for an error without a number."""
    for name in filter(None, names):
        keys = list(keys_of(name))
        found = [_STATUS_OF_TYPE[key] for key in keys if key in _STATUS_OF_TYPE]
        parts = _STATUS_OF_PART if " " in name else (*_STATUS_OF_PART, *_STATUS_OF_WORD)
        found += [status for part, status in parts for key in keys if part.search(key)]
        if found:
            return found[0]
    return 500
