"""Which reasons of the bridge's errors (`google.rpc.ErrorInfo.reason`) are retryable."""

from collections.abc import Mapping
from typing import Final

#: `google.rpc.ErrorInfo.domain` of the bridge's errors.
DOMAIN: Final = "aibridge"

#: Whether the same call may succeed later, at once or after the advised delay. `tests/contract` compares this with the
#: bridge's own table.
RETRYABLE: Final[Mapping[str, bool]] = {
    "ACCESS_DENIED": False,
    "BRIDGE_CREDENTIALS_REJECTED": False,
    "BRIDGE_INTERNAL": False,
    "BRIDGE_OVERLOADED": True,
    "BRIDGE_REQUEST_REJECTED": False,
    "BRIDGE_SHUTTING_DOWN": True,
    "CALLER_CREDENTIALS_REJECTED": False,
    "CALLER_NOT_ALLOWED": False,
    "CALLER_UNAUTHENTICATED": False,
    "CALLER_UNVERIFIABLE": True,
    "CONTENT_FILTERED": False,
    "CONTEXT_LENGTH_EXCEEDED": False,
    "ENDPOINT_NOT_FOUND": False,
    "INSUFFICIENT_QUOTA": False,
    "INVALID_METADATA": False,
    "INVALID_REQUEST": False,
    "LEGAL_RESTRICTION": False,
    "MODEL_NOT_FOUND": False,
    "MODEL_RETIRED": False,
    "RATE_LIMIT_EXCEEDED": True,
    "RAW_PATH_NOT_ALLOWED": False,
    "REGION_UNSUPPORTED": False,
    "REQUEST_TIMEOUT": True,
    "REQUEST_TOO_LARGE": False,
    "UPSTREAM_BAD_GATEWAY": True,
    "UPSTREAM_CLIENT_ERROR": False,
    "UPSTREAM_CLOSED_REQUEST": True,
    "UPSTREAM_CONFLICT": True,
    "UPSTREAM_CONNECTION_LOST": True,
    "UPSTREAM_DEPENDENCY_FAILED": False,
    "UPSTREAM_FIRST_EVENT_TIMEOUT": False,
    "UPSTREAM_INTERNAL_ERROR": False,
    "UPSTREAM_MALFORMED_RESPONSE": False,
    "UPSTREAM_NOT_SUPPORTED": False,
    "UPSTREAM_OVERLOADED": True,
    "UPSTREAM_PRECONDITION_FAILED": False,
    "UPSTREAM_PROXY_REJECTED": False,
    "UPSTREAM_RESPONSE_TOO_LARGE": False,
    "UPSTREAM_SERVER_ERROR": True,
    "UPSTREAM_STREAM_INTERRUPTED": True,
    "UPSTREAM_STREAM_STALLED": False,
    "UPSTREAM_TIMEOUT": False,
    "UPSTREAM_TLS_ERROR": False,
    "UPSTREAM_TOO_EARLY": True,
    "UPSTREAM_UNAVAILABLE": True,
    "UPSTREAM_UNEXPECTED_REDIRECT": False,
    "UPSTREAM_UNREACHABLE": True,
    "UPSTREAM_WRITE_FAILED": True,
}
