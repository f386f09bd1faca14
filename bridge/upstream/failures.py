"""Turns an upstream failure into a `BridgeError`: an HTTP status, an error body, or an exception of the transport."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import httpx

from bridge.call import CallContext
from bridge.errors import BridgeError, ErrorResponse, Reason, Retry
from bridge.operations import has_model, retrieves_model
from bridge.upstream import delays
from bridge.upstream.bodies import ErrorBody, read, read_value
from bridge.upstream.causes import Cause, cause_of
from bridge.upstream.inside import suspect_in
from bridge.upstream.masking import Mask, Text, body_text
from bridge.upstream.names import status_named
from bridge.upstream.reasons import of_status, refined

#: If the upstream asks for a longer delay, the status advises against a retry.
_MAX_DELAY_SECONDS: Final = 60.0
#: Bytes that are searched for an error in an event that is not JSON.
_MAX_BYTES: Final = 1 << 14
#: Causes with a reason of their own, because retries do not help.
_REASONS: Final = {
    Cause.CERTIFICATE_EXPIRED: Reason.UPSTREAM_TLS_ERROR,
    Cause.CERTIFICATE_NOT_YET_VALID: Reason.UPSTREAM_TLS_ERROR,
    Cause.CERTIFICATE_UNKNOWN_AUTHORITY: Reason.UPSTREAM_TLS_ERROR,
    Cause.CERTIFICATE_WRONG_HOST: Reason.UPSTREAM_TLS_ERROR,
    Cause.CERTIFICATE_INVALID: Reason.UPSTREAM_TLS_ERROR,
    Cause.TLS_FAILED: Reason.UPSTREAM_TLS_ERROR,
    Cause.PROXY_CREDENTIALS: Reason.UPSTREAM_PROXY_REJECTED,
}
#: The failure for each exception between the connection and the response.
_EXCEPTIONS: Final = (
    (httpx.WriteError, Reason.UPSTREAM_WRITE_FAILED, "the connection broke while the request was being sent"),
    (httpx.RemoteProtocolError, Reason.UPSTREAM_MALFORMED_RESPONSE, "the upstream's response is not HTTP"),
    (httpx.LocalProtocolError, Reason.BRIDGE_INTERNAL, "the request cannot be written as HTTP"),
    (httpx.TransportError, Reason.UPSTREAM_CONNECTION_LOST, "the connection broke before the response began"),
)


class _Failed(NamedTuple):
    """A failed response: its status, headers, error and raw body; and whether the bridge's credential was sent."""

    status: int
    headers: Mapping[str, str]
    body: ErrorBody
    data: bytes
    uses_bridge_credential: bool


def of_response(
    status: int, headers: Mapping[str, str], data: bytes, call: CallContext, mask: Mask, *, uses_bridge_credential: bool
) -> BridgeError:
    """The failure for a response with an HTTP status other than 2xx.

    `mask` hides the prompt and the credential. `uses_bridge_credential` says that the bridge's credential was sent.
    """
    return _failure(_Failed(status, headers, read(data, _read), data, uses_bridge_credential), call, mask)


def of_error(
    error: Any, headers: Mapping[str, str], data: bytes, call: CallContext, mask: Mask, *, uses_bridge_credential: bool
) -> BridgeError:
    """The failure for an error inside a 200 response or a stream, as if it had the HTTP status that it names.

    `error` is the JSON value, or bytes that are not JSON.
    """
    body = read(error[:_MAX_BYTES], _read) if isinstance(error, bytes) else _read(error)
    status = body.status or status_named((body.code, body.type, body.name))
    return _failure(_Failed(status, headers, body, data, uses_bridge_credential), call, mask)


def _read(value: Any) -> ErrorBody:
    """The error in a JSON value, which may be inside an object with any name."""
    body = read_value(value)
    if not (body.message or body.code or body.type) and isinstance(value, dict):
        inner = suspect_in(value)
        return body if inner is None else read_value(inner)
    return body


def _failure(failed: _Failed, call: CallContext, mask: Mask) -> BridgeError:
    reason = _reason(failed.status, failed.body, call, uses_bridge_credential=failed.uses_bridge_credential)
    response, metadata, violations = _masked(failed, mask, is_invalid=reason.code == Reason.INVALID_REQUEST.code)
    if not any(character.isalnum() for character in response.message or ""):
        response = replace(response, message=_phrase(failed.status, reason))
    delay, retry = _advice(reason, failed.headers, failed.body)
    if reason is Reason.UPSTREAM_PROXY_REJECTED:
        metadata["cause"] = Cause.PROXY_CREDENTIALS.value
    return BridgeError(
        reason,
        response.message or "",
        response=response,
        delay=delay,
        retry=retry,
        violations=tuple((call.locate(json_path(path)), text) for path, text in violations),
        metadata=metadata,
    )


def _masked(
    failed: _Failed, mask: Mask, *, is_invalid: bool
) -> tuple[ErrorResponse, dict[str, str], Iterator[tuple[str, str]]]:
    """The response as it may be shown, the numbers and the model that it names, and the fields that are invalid."""
    body = failed.body
    fields = body.fields[:8] if is_invalid else ()
    words = (body.type, body.code, body.param, body.model, *map(str, body.numbers.values()))
    message, text, kind, code, param, model, *rest = mask.shown(
        [
            Text(body.message, 512),
            Text(body_text(failed.data), 1024),
            *(Text(word or "", 128) for word in words),
            *(text for path, description in fields for text in (Text(path, 128), Text(description, 200))),
        ]
    )
    metadata = dict(zip(body.numbers, rest, strict=False))
    if model:
        metadata["model"] = model
    pairs = iter(rest[len(body.numbers) :])
    response = ErrorResponse(
        http_status=failed.status,
        type=kind or None,
        code=code or None,
        param=param or None,
        message=message,
        body=text,
        should_retry=_should_retry(failed.headers),
    )
    return response, metadata, zip(pairs, pairs, strict=True)


def _reason(status: int, body: ErrorBody, call: CallContext, *, uses_bridge_credential: bool) -> Reason:
    reason = refined(status, (body.code, body.type, body.name), body.further)
    if reason is None:
        reason = of_status(status, body.message)
        if reason is Reason.ENDPOINT_NOT_FOUND and _is_about_model(body, call):
            return Reason.MODEL_NOT_FOUND
    return (
        Reason.BRIDGE_CREDENTIALS_REJECTED
        if uses_bridge_credential and reason is Reason.CALLER_CREDENTIALS_REJECTED
        else reason
    )


def _is_about_model(body: ErrorBody, call: CallContext) -> bool:
    """Whether a 404 is about the model and comes from the API, not from a router that does not know the path."""
    if retrieves_model(call.method):
        return True
    return has_model(call.method) and (body.is_openai or _names(body.message, call.model))


def _names(message: str, model: str) -> bool:
    """Whether a message names the model, which a router does not do: it knows nothing but the path."""
    return bool(model) and re.search(rf"(?<![\w./-]){re.escape(model)}(?![\w/-])", message[:_MAX_BYTES]) is not None


def _phrase(status: int, reason: Reason) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}: {reason.meaning}"


def json_path(param: str) -> str:
    """Normalise an upstream's path: `messages.[2].content` or `messages.2.content` becomes `messages[2].content`."""
    steps = [step for step in re.split(r"[.\[\]]+", param.removeprefix("$")) if step]
    path = "".join(f"[{step}]" if step.isdecimal() else f".{step}" for step in steps)
    return path.removeprefix(".")


def _advice(reason: Reason, headers: Mapping[str, str], body: ErrorBody) -> tuple[float | None, Retry | None]:
    """The delay that the upstream asks for, and the retry advice if it differs from the reason's."""
    if reason.retry is Retry.NO:
        return None, None
    delay = delays.in_headers(headers) or body.retry_after
    if delay is None and reason is Reason.RATE_LIMIT_EXCEEDED:
        delay = delays.reset(headers)  # only then: most responses have these headers
    if _should_retry(headers) is False:
        return delay, Retry.NO
    if delay is None:
        return None, None
    return delay, Retry.NO if delay > _MAX_DELAY_SECONDS else Retry.DELAY


def _should_retry(headers: Mapping[str, str]) -> bool | None:
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())


def of_exception(error: httpx.TransportError, *, has_response: bool) -> BridgeError:
    """The failure for an exception of the transport. `has_response` says that the response's headers had arrived."""
    if has_response:
        return interrupted("the connection broke in the middle of the response")
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        cause = cause_of(error)
        words = str(error) if isinstance(error, httpx.ProxyError) else cause.words
        reason = _REASONS.get(cause, Reason.UPSTREAM_UNREACHABLE)
        return BridgeError(reason, f"no connection to the upstream: {words}", metadata={"cause": cause.value})
    return next(BridgeError(reason, message) for kind, reason, message in _EXCEPTIONS if isinstance(error, kind))


def interrupted(message: str) -> BridgeError:
    """The failure for a response that was cut off."""
    return BridgeError(Reason.UPSTREAM_STREAM_INTERRUPTED, message)


def malformed(what: str) -> BridgeError:
    """The failure for a successful response that does not follow the API. `what` says how, without quoting it."""
    return BridgeError(Reason.UPSTREAM_MALFORMED_RESPONSE, f"the upstream's response {what}")


def too_many(what: str, limit: int) -> BridgeError:
    """The failure for a response or event with too many elements: values, list items and object members."""
    message = f"{what} has more than {limit} elements"
    return BridgeError(Reason.UPSTREAM_RESPONSE_TOO_LARGE, message, metadata={"maxElements": str(limit)})


def too_large(what: str, limit: int) -> BridgeError:
    """The failure for a response or event over the size limit."""
    message = f"{what} is over the limit of {limit} bytes"
    return BridgeError(Reason.UPSTREAM_RESPONSE_TOO_LARGE, message, metadata={"limitBytes": str(limit)})
