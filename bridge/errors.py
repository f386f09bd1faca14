"""Why a call fails: the reasons, and the one exception that has them.

Callers program against `Reason`, which fixes the gRPC code and the retry advice. A `BridgeError` is one failed call: a
reason, a message that is safe to show, and details. This module knows neither gRPC's runtime nor HTTP. `bridge.status`
turns a `BridgeError` into a gRPC status. `bridge.upstream.failures` makes one from an HTTP response or a transport
failure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Self

from google.rpc.code_pb2 import Code

from bridge.clean import word

#: `google.rpc.ErrorInfo.domain` of all reasons.
DOMAIN: Final = "aibridge"
#: Cloudflare's HTTP statuses that do not say whether the upstream has processed the request.
_UNCLEAR: Final = frozenset({520, 522, 527})


class Retry(Enum):
    """The retry advice for the caller."""

    NO = "no"
    YES = "yes"
    DELAY = "after a delay"


class Reason(Enum):
    """`google.rpc.ErrorInfo.reason` (domain `aibridge`): gRPC code, retry advice, and what it means for the caller."""

    code: int
    retry: Retry
    meaning: str

    def __init__(self, code: int, retry: Retry, meaning: str) -> None:
        self.code, self.retry, self.meaning = code, retry, meaning

    # The request, and who may make it.
    CALLER_UNAUTHENTICATED = Code.UNAUTHENTICATED, Retry.NO, "The call has no credential that the bridge accepts."
    CALLER_NOT_ALLOWED = Code.PERMISSION_DENIED, Retry.NO, "The caller is authenticated, but not allowed to do this."
    CALLER_UNVERIFIABLE = Code.UNAVAILABLE, Retry.DELAY, "The bridge has no keys yet to verify callers' tokens."
    RAW_PATH_NOT_ALLOWED = (
        Code.PERMISSION_DENIED,
        Retry.NO,
        "The bridge's setting `raw_paths` does not allow this path.",
    )
    INVALID_REQUEST = (
        Code.INVALID_ARGUMENT,
        Retry.NO,
        "The request is wrong. BadRequest names the field if it is known.",
    )
    INVALID_METADATA = Code.INVALID_ARGUMENT, Retry.NO, "A metadata value cannot be sent as an HTTP header."
    REQUEST_TIMEOUT = (
        Code.DEADLINE_EXCEEDED,
        Retry.YES,
        "The request's message did not arrive in time. Nothing was sent.",
    )
    REQUEST_TOO_LARGE = Code.INVALID_ARGUMENT, Retry.NO, "The upstream rejects a request body of this size."
    CONTEXT_LENGTH_EXCEEDED = Code.INVALID_ARGUMENT, Retry.NO, "The prompt does not fit the model's context window."
    CONTENT_FILTERED = Code.INVALID_ARGUMENT, Retry.NO, "The upstream's content policy rejects the prompt."
    CALLER_CREDENTIALS_REJECTED = Code.UNAUTHENTICATED, Retry.NO, "The upstream rejects the caller's own credential."
    BRIDGE_CREDENTIALS_REJECTED = Code.UNAUTHENTICATED, Retry.NO, "The upstream rejects the bridge's credential."
    ACCESS_DENIED = Code.PERMISSION_DENIED, Retry.NO, "The credential is not allowed to do this."
    LEGAL_RESTRICTION = Code.PERMISSION_DENIED, Retry.NO, "The upstream refuses for legal reasons."
    REGION_UNSUPPORTED = Code.PERMISSION_DENIED, Retry.NO, "The upstream does not serve this country or region."
    MODEL_NOT_FOUND = Code.NOT_FOUND, Retry.NO, "The model does not exist. ResourceInfo names it."
    MODEL_RETIRED = Code.NOT_FOUND, Retry.NO, "The model existed once and was removed."
    ENDPOINT_NOT_FOUND = Code.NOT_FOUND, Retry.NO, "The upstream has no such endpoint. Check its base URL."
    # Quotas and load.
    INSUFFICIENT_QUOTA = Code.RESOURCE_EXHAUSTED, Retry.NO, "The account's credit or spending limit is used up."
    RATE_LIMIT_EXCEEDED = Code.RESOURCE_EXHAUSTED, Retry.DELAY, "Too many requests or tokens for now."
    BRIDGE_OVERLOADED = Code.RESOURCE_EXHAUSTED, Retry.DELAY, "A limit of the bridge itself is reached."
    # The upstream responds, but cannot or will not process the request.
    UPSTREAM_NOT_SUPPORTED = Code.UNIMPLEMENTED, Retry.NO, "The upstream does not implement this."
    UPSTREAM_TIMEOUT = Code.DEADLINE_EXCEEDED, Retry.NO, "No response in time. Tokens may have been billed."
    UPSTREAM_CONFLICT = Code.ABORTED, Retry.YES, "Conflict with another request. The caller decides whether to retry."
    UPSTREAM_PRECONDITION_FAILED = Code.FAILED_PRECONDITION, Retry.NO, "A condition of the request is not met."
    UPSTREAM_CLIENT_ERROR = Code.FAILED_PRECONDITION, Retry.NO, "Any other client error (4xx)."
    UPSTREAM_DEPENDENCY_FAILED = Code.FAILED_PRECONDITION, Retry.NO, "Something that the request depends on failed."
    UPSTREAM_TOO_EARLY = Code.UNAVAILABLE, Retry.YES, "The upstream refuses a request that might be a replay."
    UPSTREAM_CLOSED_REQUEST = Code.UNAVAILABLE, Retry.YES, "The upstream gave up on the request."
    UPSTREAM_INTERNAL_ERROR = Code.INTERNAL, Retry.NO, "The upstream failed on this request."
    UPSTREAM_BAD_GATEWAY = Code.UNAVAILABLE, Retry.YES, "A proxy in front of the model could not reach it."
    UPSTREAM_UNAVAILABLE = Code.UNAVAILABLE, Retry.YES, "The upstream is down or still starting."
    UPSTREAM_OVERLOADED = Code.UNAVAILABLE, Retry.DELAY, "The upstream has more work than it can do."
    UPSTREAM_SERVER_ERROR = Code.UNAVAILABLE, Retry.YES, "Any other server error (5xx)."
    # The connection to the upstream.
    UPSTREAM_UNREACHABLE = Code.UNAVAILABLE, Retry.YES, "The bridge cannot connect to the upstream. Nothing was sent."
    UPSTREAM_TLS_ERROR = Code.UNAVAILABLE, Retry.NO, "The upstream's certificate cannot be verified."
    UPSTREAM_PROXY_REJECTED = (
        Code.UNAVAILABLE,
        Retry.NO,
        "The forward proxy requires a valid credential (HTTP 407).",
    )
    UPSTREAM_WRITE_FAILED = Code.UNAVAILABLE, Retry.YES, "The request could not be sent completely."
    UPSTREAM_CONNECTION_LOST = (
        Code.UNAVAILABLE,
        Retry.YES,
        "The connection broke before the headers of the response were complete.",
    )
    UPSTREAM_FIRST_EVENT_TIMEOUT = (
        Code.DEADLINE_EXCEEDED,
        Retry.NO,
        "The stream started, and no event arrived in time.",
    )
    UPSTREAM_STREAM_STALLED = Code.DEADLINE_EXCEEDED, Retry.NO, "No chunk arrived in time in the middle of the stream."
    UPSTREAM_STREAM_INTERRUPTED = Code.UNAVAILABLE, Retry.YES, "The response was cut off before its end."
    # A response that the bridge cannot pass on.
    UPSTREAM_MALFORMED_RESPONSE = Code.INTERNAL, Retry.NO, "The response does not follow the API."
    UPSTREAM_RESPONSE_TOO_LARGE = Code.INTERNAL, Retry.NO, "A response or an event exceeds the bridge's size limit."
    UPSTREAM_UNEXPECTED_REDIRECT = (
        Code.INTERNAL,
        Retry.NO,
        "A redirect. The bridge does not follow redirects, which would send the key elsewhere.",
    )
    # The bridge.
    BRIDGE_REQUEST_REJECTED = (
        Code.INTERNAL,
        Retry.NO,
        "The upstream rejects headers or an encoding that the bridge chose.",
    )
    BRIDGE_SHUTTING_DOWN = Code.UNAVAILABLE, Retry.YES, "The bridge is shutting down."
    BRIDGE_INTERNAL = Code.INTERNAL, Retry.NO, "An internal error of the bridge. Its log has the request id."


#: Reasons that mean that the request was not processed. Those that are never retried need not be here.
_NOT_PROCESSED: Final = frozenset(
    {
        Reason.BRIDGE_OVERLOADED,
        Reason.REQUEST_TIMEOUT,
        Reason.RATE_LIMIT_EXCEEDED,
        Reason.UPSTREAM_BAD_GATEWAY,
        Reason.UPSTREAM_CONFLICT,
        Reason.UPSTREAM_OVERLOADED,
        Reason.UPSTREAM_TOO_EARLY,
        Reason.UPSTREAM_UNAVAILABLE,
        Reason.UPSTREAM_UNREACHABLE,
    }
)


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """The content of an upstream's error response (`aibridge.v1.UpstreamError`). Parts that it does not have are None.

    `should_retry` is its header `x-should-retry`.
    """

    http_status: int | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    message: str | None = None
    body: str | None = None
    should_retry: bool | None = None


@dataclass(slots=True, eq=False)
class BridgeError(Exception):
    """A call that fails for a known reason. Everything in it may be shown to the caller.

    `delay` is in seconds, None if the upstream names none. `retry` overrides the reason's. `violations` are pairs of
    proto field path and description.
    """

    reason: Reason
    message: str
    response: ErrorResponse | None = None
    delay: float | None = None
    retry: Retry | None = None
    violations: Sequence[tuple[str, str]] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.reason.name}: {self.message}"

    def detached(self) -> Self:
        """This error without its traceback, whose frames hold the request.

        A frame that refers to the error makes a reference cycle, so the request would stay in memory until the garbage
        collector runs.
        """
        self.__traceback__ = self.__cause__ = self.__context__ = None
        return self

    @property
    def was_not_processed(self) -> bool:
        """Whether the request was certainly not processed: it never left the bridge, or it was refused."""
        return self.reason in _NOT_PROCESSED and not (
            self.response is not None and self.response.http_status in _UNCLEAR
        )


def stopping_error() -> BridgeError:
    """The error of a call that the bridge has ended because it stops."""
    return BridgeError(Reason.BRIDGE_SHUTTING_DOWN, "the bridge stopped before the call was complete")


def internal_error(request_id: str) -> BridgeError:
    """The error of a call that raised an unexpected exception, whose text must not reach the caller."""
    return BridgeError(Reason.BRIDGE_INTERNAL, f"internal error, request id {request_id}")


def invalid(path: str, description: str) -> BridgeError:
    """The error for a request that fails a check of the bridge. `path` is the field, such as `messages[2].content`."""
    return BridgeError(Reason.INVALID_REQUEST, f"{path}: {description}", violations=((path, description),))


def not_allowed(caller: str, problem: str, *violations: tuple[str, str]) -> BridgeError:
    """The error for a known caller that may not do what it asks for. `caller` is its name, which `problem` follows."""
    path = "".join([f"{path}: " for path, _ in violations])
    message = f"{path}the caller {word(caller)} {problem}"
    return BridgeError(Reason.CALLER_NOT_ALLOWED, message, violations=violations, metadata={"caller": caller})
