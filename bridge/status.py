"""A `BridgeError` as the gRPC status that a caller receives: code, message, details, trailers.

By AIP-193 each status has exactly one `ErrorInfo`, and each type of detail at most once. All details together stay
under 2 KiB, which fits every client's metadata limit. Trailers go into the status itself: grpcio drops those that were
set on the context before an abort.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RequestInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status

from aibridge.v1.errors_pb2 import UpstreamError
from bridge.call import Call
from bridge.errors import BridgeError, Reason, Reply, Retry
from bridge.jsontext import dumps
from bridge.redact import safe

DOMAIN: Final = "aibridge"
_DETAILS_SIZE: Final = 2048
#: An `Any` around a detail: type URL and lengths.
_ANY_SIZE: Final = 96
_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
_QUOTA: Final = frozenset({Reason.INSUFFICIENT_QUOTA, Reason.RATE_LIMIT_EXCEEDED})

Trailers = tuple[tuple[str, str | bytes], ...]


class _Parts(NamedTuple):
    code: grpc.StatusCode
    details: str
    trailing_metadata: Trailers


class RpcStatus(_Parts, grpc.Status):
    """What `ServicerContext.abort_with_status` takes."""


def status_of(error: BridgeError, call: Call) -> RpcStatus:
    """The whole answer to a call that failed."""
    code = _CODES[error.reason.code]
    status = Status(code=error.reason.code, message=safe(error.message))
    for detail in _details(error, call):
        status.details.add().Pack(detail)
    if error.reply is not None:
        _add_reply(status, error)
    trailers = [("grpc-status-details-bin", status.SerializeToString()), *trailers_of(call), *_pushback(error)]
    return RpcStatus(code, status.message, tuple(trailers))


def trailers_of(call: Call) -> Trailers:
    """What each call ends with, whatever became of it: request ids, the upstream's allowed headers, usage seen."""
    trailers: list[tuple[str, str | bytes]] = [("x-request-id", call.request_id), *call.trailers]
    if call.usage is not None:
        counts = {key: value for key, value in call.usage.items() if type(value) is int and key.isascii()}
        trailers.append(("aibridge-usage", dumps(counts).decode()))
    return tuple(trailers)


def _retry(error: BridgeError) -> Retry:
    return error.retry or error.reason.retry


def _pushback(error: BridgeError) -> Trailers:
    """What gRPC's retries obey: not at all, or in so many milliseconds; nothing leaves it to the client's policy."""
    retry = _retry(error)
    if retry is Retry.NO:
        return (("grpc-retry-pushback-ms", "-1"),)
    return (("grpc-retry-pushback-ms", str(_milliseconds(error))),) if retry is Retry.DELAY else ()


def _milliseconds(error: BridgeError) -> int:
    return max(1, round((error.delay or 0.0) * 1000))


def _details(error: BridgeError, call: Call) -> Sequence[Message]:
    """All details but the upstream's own, those first that a caller needs most."""
    details: list[Message] = [ErrorInfo(reason=error.reason.name, domain=DOMAIN, metadata=_metadata(error, call))]
    if _retry(error) is Retry.DELAY:
        delay = Duration()
        delay.FromMilliseconds(_milliseconds(error))
        details.append(RetryInfo(retry_delay=delay))
    if error.violations:
        pairs = error.violations[:8]
        fields = [BadRequest.FieldViolation(field=path, description=safe(text, 200)) for path, text in pairs]
        details.append(BadRequest(field_violations=fields))
    if error.reason in _QUOTA:
        violation = QuotaFailure.Violation(
            subject=f"model:{safe(call.model, 128)}", description=safe(error.message, 200)
        )
        details.append(QuotaFailure(violations=[violation]))
    if error.reason.code == Reason.MODEL_NOT_FOUND.code:
        details.append(
            ResourceInfo(resource_type="model", resource_name=safe(error.metadata.get("model", call.model), 128))
        )
    details.append(RequestInfo(request_id=call.request_id))
    return details


def _metadata(error: BridgeError, call: Call) -> dict[str, str]:
    reply = error.reply or Reply()
    known = {
        "httpStatus": reply.http_status or call.http_status,
        "upstreamRequestId": call.upstream_request_id,
        "errorType": reply.type,
        "errorCode": reply.code,
        "errorParam": reply.param,
        "model": call.model,
        "attempts": call.attempts,
        "retryAfterSeconds": f"{error.delay:g}" if error.delay is not None else None,
    }
    if call.streams:
        known["chunksDelivered"] = str(call.delivered)
    known.update(error.metadata)
    return {key: safe(str(value), 128) for key, value in known.items() if value}


def _add_reply(status: Status, error: BridgeError) -> None:
    """The upstream's own words, as much of its body as there is room for."""
    reply = error.reply or Reply()
    detail = UpstreamError(
        http_status=reply.http_status, type=reply.type, code=reply.code, param=reply.param, message=reply.message
    )
    room = _DETAILS_SIZE - status.ByteSize() - detail.ByteSize() - _ANY_SIZE
    if reply.body and room > 0:
        detail.body = reply.body.encode()[:room].decode("utf-8", "ignore")
    status.details.add().Pack(detail)
