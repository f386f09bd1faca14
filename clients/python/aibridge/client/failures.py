"""One exception for a failed call, from its status, details and trailers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RequestInfo, RetryInfo
from google.rpc.status_pb2 import Status

from aibridge.client.connecting import NoConnection, why
from aibridge.client.reasons import DOMAIN, RETRYABLE
from aibridge.v1.errors_pb2 import UpstreamError

M = TypeVar("M", bound=Message)

_PUSHBACK = "grpc-retry-pushback-ms"
#: Advice for a reason.
_ADVICE: Final[Mapping[str, str]] = {
    "CALLER_UNAUTHENTICATED": "Give a credential that the bridge accepts: connect(TARGET, token=TOKEN).",
}
#: The only reason that the client itself sets.
UNREADABLE: Final = "RESPONSE_UNREADABLE"


@dataclass(slots=True, eq=False)
class CallFailed(Exception):  # noqa: N818 # not an error of the program
    """A failed call. Decide by `code` and `reason`; `message` is for humans.

    `reason` is `google.rpc.ErrorInfo.reason` (docs/errors.md lists them all), empty if the response is not from a
    bridge. `retryable` says whether the same call may succeed later. `retry_delay` is in seconds, None if the bridge
    advises none. `violations` are pairs of field path and description. `upstream` is the gateway's error, None if it
    sent none. `trailers` are the trailing metadata that are text: request ids, rate limits, usage. `cause` says why
    there was no connection to the bridge, and `advice` what the caller can do about a failure. Both may be empty.
    """

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    retryable: bool = False
    retry_delay: float | None = None
    request_id: str = ""
    violations: tuple[tuple[str, str], ...] = ()
    upstream: UpstreamError | None = None
    trailers: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""
    advice: str = ""

    def __str__(self) -> str:
        name = " ".join(part for part in (self.code.name, self.reason) if part)
        return f"{name}: {self.explanation}"

    @property
    def explanation(self) -> str:
        """The message, and the advice, if any."""
        return f"{self.message}. {self.advice}" if self.advice else self.message


def failure_of(error: Any, target: str = "") -> CallFailed:
    """The failure for a `grpc.RpcError` or a `grpc.aio.AioRpcError` of a call to `target`."""
    code, text, metadata = error.code(), error.details() or "", error.trailing_metadata() or ()
    status = _status(metadata)
    trailers = {key: value for key, value in metadata if isinstance(value, str)}
    info, retry = _detail(status, ErrorInfo), _detail(status, RetryInfo)
    request, wrong = _detail(status, RequestInfo), _detail(status, BadRequest)
    if info is not None and info.domain != DOMAIN:  # such as a proxy's
        info = None
    connection = NoConnection("")
    if code is grpc.StatusCode.UNAVAILABLE and not status.details:
        connection = why(text)
        text = f"no connection to a bridge at {target}: {connection.words}"
    reason = info.reason if info else ""
    return CallFailed(
        code,
        text or "the server sent no message",
        reason=reason,
        metadata=dict(info.metadata) if info else {},
        retryable=retry is not None or _is_retryable(code, reason, trailers),
        retry_delay=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        request_id=request.request_id if request else trailers.get("x-request-id", ""),
        violations=tuple((item.field, item.description) for item in wrong.field_violations) if wrong else (),
        upstream=_detail(status, UpstreamError),
        trailers=trailers,
        cause=connection.cause,
        advice=connection.advice or _ADVICE.get(reason, ""),
    )


def cancelled() -> CallFailed:
    """The failure of a call that the client cancelled."""
    return CallFailed(grpc.StatusCode.CANCELLED, "the call was cancelled")


def unreadable() -> CallFailed:
    """The failure of a call with status OK whose response is missing or cannot be parsed."""
    message = "the server's response is missing, or is not a message of the method's response type"
    return CallFailed(grpc.StatusCode.INTERNAL, message, reason=UNREADABLE)


def _is_retryable(code: grpc.StatusCode, reason: str, trailers: Mapping[str, str]) -> bool:
    """Without `RetryInfo` the pushback decides, then the reason. Otherwise only UNAVAILABLE is retryable."""
    pushback = trailers.get(_PUSHBACK, "")
    if pushback:
        return not pushback.startswith("-")
    return RETRYABLE.get(reason, code is grpc.StatusCode.UNAVAILABLE)


def _status(trailers: Any) -> Any:
    """The `google.rpc.Status` in the trailers; an empty one if there is none."""
    for key, value in trailers:
        if key == "grpc-status-details-bin":
            try:
                return Status.FromString(value)
            except DecodeError:  # a proxy's, or cut off; code and message still apply
                break
    return Status()


def _detail(status: Any, kind: type[M]) -> M | None:
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):
            try:
                return kind.FromString(packed.value)
            except DecodeError:
                return None
    return None
