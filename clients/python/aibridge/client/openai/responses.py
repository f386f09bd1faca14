"""The results of RPCs as HTTP responses of the OpenAI API: JSON, events, the gateway's errors. No I/O."""

import struct
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

import grpc

from aibridge.client.failures import CallFailed
from aibridge.client.openai.codec import encode
from aibridge.client.openai.jsontext import MalformedJSONError, dumps, loads

Headers = dict[str, str]

DONE: Final = b"data: [DONE]\n\n"
HEARTBEAT: Final = b": heartbeat\n\n"
EVENT_STREAM: Final[Mapping[str, str]] = {"content-type": "text/event-stream; charset=utf-8"}

#: HTTP statuses for failures without a gateway's status.
STATUSES: Final[Mapping[grpc.StatusCode, int]] = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
#: Reasons that mean a broken connection, with the name of the HTTP library's exception for it.
TRANSPORT: Final[Mapping[str, str]] = {
    "UPSTREAM_UNREACHABLE": "ConnectError",
    "UPSTREAM_TLS_ERROR": "ConnectError",
    "UPSTREAM_PROXY_REJECTED": "ConnectError",
    "UPSTREAM_WRITE_FAILED": "WriteError",
    "UPSTREAM_CONNECTION_LOST": "RemoteProtocolError",
    "UPSTREAM_STREAM_INTERRUPTED": "RemoteProtocolError",
    "UPSTREAM_FIRST_EVENT_TIMEOUT": "ReadTimeout",
    "UPSTREAM_STREAM_STALLED": "ReadTimeout",
    "UPSTREAM_TIMEOUT": "ReadTimeout",
}
#: The same for failures without a reason, which do not come from a bridge.
TRANSPORT_BY_CODE: Final[Mapping[grpc.StatusCode, str]] = {
    grpc.StatusCode.UNAVAILABLE: "ConnectError",
    grpc.StatusCode.DEADLINE_EXCEEDED: "ReadTimeout",
    grpc.StatusCode.CANCELLED: "ReadError",
}


class HttpResponse(NamedTuple):
    """A whole HTTP response."""

    status: int
    headers: Headers
    body: bytes


def response_of(message: Any, trailers: Mapping[str, str | bytes], *, base64: bool = False) -> HttpResponse:
    """The response for a message; `base64` writes vectors as base64 text."""
    vectors = _lift(message) if message.DESCRIPTOR.name == "CreateEmbeddingResponse" else []
    value = encode(message)
    for item, vector in zip(_objects(value, "data"), vectors, strict=False):
        if vector:
            item["embedding"] = b64encode(_packed(vector)).decode() if base64 else [_shortest(item) for item in vector]
    for choice in _objects(value, "choices"):
        choice.setdefault("logprobs", None)  # the API always has these three, null if empty
        said = choice.setdefault("message", {})
        said.setdefault("content", None)
        said.setdefault("refusal", None)
    return HttpResponse(200, {"content-type": "application/json", **headers_of(trailers)}, dumps(value))


def event_of(chunk: Any) -> bytes:
    """The event for a chunk; a comment for a heartbeat."""
    value = encode(chunk)
    if not value:
        return HEARTBEAT
    for choice in _objects(value, "choices"):
        choice.setdefault("finish_reason", None)  # as above
    return b"data: " + dumps(value) + b"\n\n"


class EventWriter(Protocol):
    """Writes the events of one streamed response."""

    def event(self, message: Any) -> bytes:
        """The event of a message."""

    def end(self) -> bytes:
        """The end of the stream."""

    def error(self, failure: CallFailed) -> bytes:
        """The event of an error."""


class ChatEvents:
    """Writes the events of a streamed completion."""

    def event(self, message: Any) -> bytes:
        """The event of a chunk."""
        return event_of(message)

    def end(self) -> bytes:
        """The end of the stream."""
        return DONE

    def error(self, failure: CallFailed) -> bytes:
        """The event of an error."""
        return error_event(failure)


def error_event(failure: CallFailed) -> bytes:
    """The event that ends a stream with an error, as the gateway sent it; not for a broken connection."""
    body = _body(failure)
    try:
        value = loads(body)
    except MalformedJSONError:
        value = None
    if not (isinstance(value, dict) and value.get("error")):
        body = _composed(failure)
    return b"data: " + body + b"\n\n"


def error_response(failure: CallFailed) -> HttpResponse | None:
    """The response for a failure, with the gateway's body if it sent one; None for a broken connection."""
    if transport_error(failure):
        return None
    status = _status(failure)
    headers = headers_of(failure.trailers)
    named = headers.keys() & {"retry-after", "retry-after-ms"}
    if failure.retry_delay is not None and not named and failure.trailers.get("grpc-retry-pushback-ms") != "-1":
        headers["retry-after-ms"] = str(round(failure.retry_delay * 1000))
    if failure.upstream is None and not failure.retryable:
        headers["x-should-retry"] = "false"  # a failure of the bridge, with its own advice
    body = _body(failure)
    is_json = body.lstrip()[:1] in {b"{", b"["}
    return HttpResponse(status, {"content-type": "application/json" if is_json else "text/plain", **headers}, body)


def transport_error(failure: CallFailed) -> str:
    """The name of the HTTP library's exception for a broken connection; empty if there was a response."""
    if failure.upstream is not None:
        return ""
    if failure.reason:
        return TRANSPORT.get(failure.reason, "")
    return TRANSPORT_BY_CODE.get(failure.code, "")


def is_event(failure: CallFailed) -> bool:
    """Whether the gateway sent this error inside a stream, after its start."""
    return failure.upstream is not None and failure.upstream.http_status == 200


def refusal(status: int, message: str, code: str) -> HttpResponse:
    """The response to a request without an RPC."""
    error = {"message": message, "type": "aibridge", "param": None, "code": code}
    return HttpResponse(
        status, {"content-type": "application/json", "x-should-retry": "false"}, dumps({"error": error})
    )


def headers_of(trailers: Mapping[str, str | bytes]) -> Headers:
    """Trailing metadata as response headers.

    `x-request-id` is the gateway's, as without a bridge, or else the bridge's.
    """
    headers = {
        key: value
        for key, value in trailers.items()
        if isinstance(value, str) and not key.startswith(("grpc-", "content-", "aibridge-"))
    }
    own, upstream = headers.pop("x-request-id", ""), headers.pop("x-upstream-request-id", "")
    named = {"x-request-id": upstream or own, "x-aibridge-request-id": own}
    return {**headers, **{name: value for name, value in named.items() if value}}


def _status(failure: CallFailed) -> int:
    known = failure.upstream.http_status if failure.upstream is not None else 0
    if known == 200:  # the error was in the body: use the status for its reason
        known = int(failure.metadata.get("httpStatus", "0"))
    if known in range(400, 600):
        return known
    return 502 if known else STATUSES.get(failure.code, 500)


def _body(failure: CallFailed) -> bytes:
    """The gateway's body if it is complete, otherwise a body with the same error."""
    upstream = failure.upstream
    if upstream is None:
        return _composed(failure)
    if not upstream.body and upstream.message.startswith(f"HTTP {upstream.http_status}"):
        return b""  # the gateway sent none, and the message is the bridge's
    if upstream.body[:1] in {"{", "["}:
        try:
            loads(upstream.body.encode())
        except MalformedJSONError:  # it was truncated to fit a status
            return _composed(failure)
        return upstream.body.encode()
    return upstream.body.encode() or _composed(failure)


def _composed(failure: CallFailed) -> bytes:
    upstream = failure.upstream
    if upstream is None:
        param = failure.violations[0][0] if failure.violations else None
        error = {"message": failure.message, "type": "aibridge", "param": param, "code": failure.reason or None}
    else:
        error = {"message": upstream.message or failure.message}
        error |= {name: getattr(upstream, name) or None for name in ("type", "param", "code")}
    return dumps({"error": error})


def _objects(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of a list; none if the list is not in the message's fields, such as an empty one."""
    items = value.get(key)
    return items if isinstance(items, list) else []


def _lift(message: Any) -> list[list[float]]:
    """The vectors of a response, removed from it, because the codec would visit each number."""
    vectors = [list(item.embedding) for item in message.data]
    for item in message.data:
        item.ClearField("embedding")
    return vectors


def _packed(vector: list[float]) -> bytes:
    return struct.pack(f"<{len(vector)}f", *vector)


def _shortest(number: float) -> float:
    """The shortest decimal for this 32-bit float: 0.1, where the double is 0.10000000149011612."""
    for digits in (7, 8):
        decimal = float(f"{number:.{digits}g}")
        if struct.unpack("<f", struct.pack("<f", decimal))[0] == number:
            return decimal
    return float(f"{number:.9g}")
