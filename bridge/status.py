"""A `BridgeError` as the gRPC status that a caller receives: code, message, details, trailers.

By AIP-193 each status has exactly one `ErrorInfo`, and each type of detail at most once. All details together stay
under 2 KiB, which fits every client's metadata limit. Trailers go into the status itself: grpcio drops those that were
set on the context before an abort.
"""

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RequestInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status

from aibridge.v1.errors_pb2 import UpstreamError
from bridge.call import CallRecord
from bridge.clean import count
from bridge.errors import DOMAIN, BridgeError, ErrorResponse, Reason, Retry
from bridge.jsontext import dumps
from bridge.redact import safe

#: The whole `google.rpc.Status`, in bytes.
_MAX_STATUS_BYTES: Final = 2048
#: The largest `ErrorInfo`, and the least space that is left for the upstream's error.
_MAX_INFO_BYTES: Final = 768
_MIN_ERROR_BYTES: Final = 128
#: The message as gRPC encodes it. Each byte that is not ASCII takes three.
_MAX_MESSAGE_BYTES: Final = 1536
#: The key and the length of an embedded message.
_FRAME_BYTES: Final = 4
#: The delay for callers if the upstream names none.
_DEFAULT_DELAY_SECONDS: Final = 1.0
_USAGE_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_USAGE_KEYS: Final = 8
_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
_QUOTA: Final = frozenset({Reason.INSUFFICIENT_QUOTA, Reason.RATE_LIMIT_EXCEEDED})
_MODEL: Final = frozenset({Reason.MODEL_NOT_FOUND, Reason.MODEL_RETIRED})

Trailers = tuple[tuple[str, str | bytes], ...]


class _Parts(NamedTuple):
    code: grpc.StatusCode
    details: str
    trailing_metadata: Trailers


class RpcStatus(_Parts, grpc.Status):
    """What `ServicerContext.abort_with_status` takes."""


def status_of(error: BridgeError, record: CallRecord) -> RpcStatus:
    """The status of a failed call."""
    code = _CODES[error.reason.code]
    status = Status(code=error.reason.code, message=_message(error))
    room = _MAX_STATUS_BYTES - (_MIN_ERROR_BYTES if error.response is not None else 0)
    for detail in _details(error, record):
        _add(status, detail, room)
    if error.response is not None:
        _add_upstream_error(status, error.response, record)
    trailers = [
        ("grpc-status-details-bin", status.SerializeToString()),
        *trailers_of(record),
        *_pushback(error, record),
    ]
    return RpcStatus(code, status.message, tuple(trailers))


def trailers_of(record: CallRecord) -> Trailers:
    """The trailers of each call: request ids, the upstream's allowed headers, and the usage."""
    trailers: list[tuple[str, str | bytes]] = [("x-request-id", record.request_id), *record.trailers]
    counts: dict[str, int] = {}
    for key, value in (record.usage or {}).items():
        if count(value) is not None and _USAGE_KEY.fullmatch(key) and len(counts) < _USAGE_KEYS:
            counts[key] = value
    if counts:
        trailers.append(("aibridge-usage", dumps(counts).decode()))
    return tuple(trailers)


def _message(error: BridgeError) -> str:
    text = safe(error.message) or error.reason.meaning
    if len(text) <= _MAX_MESSAGE_BYTES and text.isascii() and text.isprintable() and "%" not in text:
        return text  # as nearly all are; counting takes as long as all the rest
    sizes = accumulate(
        1 if " " <= character <= "~" and character != "%" else 3 * len(character.encode()) for character in text
    )
    return text[: sum(size <= _MAX_MESSAGE_BYTES for size in sizes)]


def _retry(error: BridgeError) -> Retry:
    return error.retry or error.reason.retry


def _pushback(error: BridgeError, record: CallRecord) -> Trailers:
    """Pushback: -1 forbids gRPC's retries, N is a delay in ms, absent leaves it to the client's policy."""
    retry = _retry(error)
    if retry is Retry.NO or not _grpc_may_retry(error, record):
        return (("grpc-retry-pushback-ms", "-1"),)
    return (("grpc-retry-pushback-ms", str(_milliseconds(error))),) if retry is Retry.DELAY else ()


def _grpc_may_retry(error: BridgeError, record: CallRecord) -> bool:
    """Whether gRPC may retry the call by itself. The caller may decide to do so in any case.

    gRPC's retries must not multiply the bridge's, nor repeat a call that may have been billed. Once a message has been
    delivered, gRPC does not retry.
    """
    if record.delivered:
        return True
    return not record.retries_spent and (not record.posted or (error.was_not_processed and record.response is None))


def _milliseconds(error: BridgeError) -> int:
    return max(1, round((_DEFAULT_DELAY_SECONDS if error.delay is None else error.delay) * 1000))


def _details(error: BridgeError, record: CallRecord) -> Iterator[Message]:
    """All details except the upstream's error, the most important first."""
    yield _info(error, record)
    retry = _retry(error)
    if retry is Retry.DELAY or (retry is Retry.YES and not _grpc_may_retry(error, record)):
        delay = Duration()
        delay.FromMilliseconds(_milliseconds(error))
        yield RetryInfo(retry_delay=delay)
    yield RequestInfo(request_id=record.request_id)
    model = safe(error.metadata.get("model", record.model), 128)
    if error.reason in _MODEL:
        yield ResourceInfo(resource_type="model", resource_name=model)
    if error.violations:
        pairs = error.violations[:8]
        fields = [BadRequest.FieldViolation(field=safe(path, 128), description=safe(text, 200)) for path, text in pairs]
        yield BadRequest(field_violations=fields)
    if error.reason in _QUOTA:
        subject = f"model:{model}" if model else "account"
        yield QuotaFailure(violations=[QuotaFailure.Violation(subject=subject, description=safe(error.message, 200))])


def _info(error: BridgeError, record: CallRecord) -> ErrorInfo:
    known = _metadata(error, record)
    for limit in (128, 64, 32, 16):  # characters of a value, up to four bytes each
        info = ErrorInfo(
            reason=error.reason.name, domain=DOMAIN, metadata={key: safe(text, limit) for key, text in known.items()}
        )
        if info.ByteSize() <= _MAX_INFO_BYTES:
            break
    return info


def _metadata(error: BridgeError, record: CallRecord) -> dict[str, str]:
    response = error.response or ErrorResponse()
    known = {
        "httpStatus": response.http_status or record.http_status,
        "upstreamRequestId": record.upstream_request_id,
        "errorType": response.type,
        "errorCode": response.code,
        "errorParam": response.param,
        "model": record.model,
        "attempts": record.attempts,
        "retryAfterSeconds": f"{error.delay:g}" if error.delay is not None else None,
    }
    if record.streams:
        known["chunksDelivered"] = str(record.delivered)
    known.update(error.metadata)
    return {key: str(value) for key, value in known.items() if value}


def _add(status: Status, detail: Message, size: int) -> None:
    """Add a detail if it fits. A detail with a list first loses the end of the list."""
    packed = Any()
    packed.Pack(detail)
    while status.ByteSize() + packed.ByteSize() + _FRAME_BYTES > size:
        if not isinstance(detail, BadRequest) or len(detail.field_violations) < 2:
            return
        del detail.field_violations[-1]
        packed.Pack(detail)
    status.details.append(packed)


def _add_upstream_error(status: Status, response: ErrorResponse, record: CallRecord) -> None:
    """The upstream's error, as much as fits. Its HTTP status always fits."""
    detail = UpstreamError(http_status=record.http_status or response.http_status)
    empty = Any()
    empty.Pack(detail)
    room = _MAX_STATUS_BYTES - status.ByteSize() - empty.ByteSize() - 2 * _FRAME_BYTES
    for key in ("code", "type", "param", "message", "body"):
        text = (getattr(response, key) or "").encode()[: max(0, room - _FRAME_BYTES)].decode("utf-8", "ignore")
        if text:
            setattr(detail, key, text)
            room -= len(text.encode()) + _FRAME_BYTES
    status.details.add().Pack(detail)
