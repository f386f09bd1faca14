"""Turns what went wrong upstream into a `BridgeError`: an HTTP status, an error body, an exception of the transport."""

import re
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import httpx

from bridge.call import Call
from bridge.errors import BridgeError, Reason, Reply, Retry
from bridge.jsontext import MalformedJSONError, loads
from bridge.redact import safe, strings, without
from bridge.upstream.bodies import ErrorBody, read, read_value
from bridge.upstream.reasons import REFINEMENTS, STATUS_OF_TYPE, of_status

#: What is not said is taken to be this, in seconds; what is longer than the second means that trying again is no use.
_DEFAULT_DELAY: Final = 1.0
_LONGEST_DELAY: Final = 60.0
_BODY_SIZE: Final = 1024
_GO_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)")
_GO_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def of_reply(status: int, headers: httpx.Headers, data: bytes, call: Call, request: bytes, *, own: bool) -> BridgeError:
    """The failure that a reply with an HTTP status other than 2xx tells of.

    `request` is the body that was sent, of which nothing may come back in the message; `own` says that the credential
    sent was the bridge's.
    """
    return _failure(status, headers, read(data), data, call, request, own=own)


def of_error(error: Any, headers: httpx.Headers, data: bytes, call: Call, request: bytes, *, own: bool) -> BridgeError:
    """The failure that an error inside a 200 reply or a stream tells of: as if it had been the HTTP status it names."""
    body = read_value(error)
    named = (body.code, body.type)
    status = body.status or next(
        (STATUS_OF_TYPE[name.lower()] for name in named if name and name.lower() in STATUS_OF_TYPE), 500
    )
    return _failure(status, headers, body, data, call, request, own=own)


def _failure(
    status: int, headers: httpx.Headers, body: ErrorBody, data: bytes, call: Call, request: bytes, *, own: bool
) -> BridgeError:
    reason = _reason(status, body, call, own=own)
    prompts = _prompts(request)
    # Masked before it is clipped, so that no half of a key or of a prompt remains; clipped once more after.
    message = safe(without(body.message[: 1 << 16], prompts)) or _phrase(status)
    reply = Reply(
        http_status=status,
        type=_token(body.type),
        code=_token(body.code),
        param=_token(body.param),
        message=message,
        body=safe(without(data[: 1 << 16].decode("utf-8", "replace"), prompts), _BODY_SIZE),
    )
    delay, retry = _advice(reason, headers)
    metadata = {name: str(number) for name, number in body.numbers.items()}
    if body.model:
        metadata["model"] = safe(body.model, 128)
    return BridgeError(
        reason,
        message,
        reply=reply,
        delay=delay,
        retry=retry,
        violations=_violations(reason, body, message),
        metadata=metadata,
    )


def _reason(status: int, body: ErrorBody, call: Call, *, own: bool) -> Reason:
    named = (REFINEMENTS.get(name) for name in (body.code, body.type) if name)
    reason = next((reason for reason in named if reason is not None), None) or of_status(status)
    if reason is Reason.CALLER_CREDENTIALS_REJECTED and own:
        return Reason.BRIDGE_CREDENTIALS_REJECTED
    if reason is Reason.ENDPOINT_NOT_FOUND and (
        body.is_openai or (call.model and call.method.endswith("RetrieveModel"))
    ):
        return Reason.MODEL_NOT_FOUND
    return reason


def _prompts(request: bytes) -> list[str]:
    try:
        return list(strings(loads(request))) if request else []
    except MalformedJSONError:  # a lone surrogate in a `_json` field, say: nothing of it can be recognised
        return [request.decode("utf-8", "replace")]


def _token(text: str | None) -> str | None:
    return safe(text, 128) if text else None


def _phrase(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _violations(reason: Reason, body: ErrorBody, message: str) -> tuple[tuple[str, str], ...]:
    if body.fields:
        return tuple((proto_path(path), safe(text, 200)) for path, text in body.fields[:8])
    if body.param and reason.code == Reason.INVALID_REQUEST.code:
        return ((proto_path(body.param), message),)
    return ()


def proto_path(param: str) -> str:
    """A path as upstreams write it, `messages.[2].content` or `messages.2.content`, as `messages[2].content`."""
    steps = [step for step in re.split(r"[.\[\]]+", safe(param, 128)) if step]
    path = "".join(f"[{step}]" if step.isdecimal() else f".{step}" for step in steps)
    return path.removeprefix(".")


def _advice(reason: Reason, headers: Mapping[str, str]) -> tuple[float | None, Retry | None]:
    """How long to wait, and what to say about retrying where it is not what the reason says."""
    delay = retry_delay(headers)
    if reason.retry is Retry.NO:
        return None, None
    if delay is not None and delay > _LONGEST_DELAY:
        return None, Retry.NO
    if reason.retry is Retry.DELAY:
        return _DEFAULT_DELAY if delay is None else delay, None
    return delay, Retry.DELAY if delay is not None else None


def retry_delay(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `retry-after-ms`, `retry-after` (seconds or a date) or `x-ratelimit-reset-*`, if any says."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        seconds = _number(headers.get(name, ""))
        if seconds is not None and seconds > 0:
            return seconds * unit
    try:
        seconds = parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        pass
    else:
        return seconds if seconds > 0 else None
    resets = (headers.get(f"x-ratelimit-reset-{kind}", "") for kind in ("requests", "tokens"))
    waits = [wait for wait in (_go_duration(text) for text in resets) if wait > 0]
    return max(waits) if waits else _number(headers.get("x-ratelimit-reset", ""))


def _number(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _go_duration(text: str) -> float:
    """Seconds in Go's notation, as in `1h2m3s` or `12ms`; 0 for what is none."""
    parts = _GO_DURATION.findall(text)
    return (
        sum(float(number) * _GO_UNITS[unit] for number, unit in parts) if "".join(map("".join, parts)) == text else 0.0
    )


def of_exception(error: Exception, *, answered: bool) -> BridgeError:
    """The failure behind an exception of the HTTP client; `answered` says that the reply's headers had arrived.

    httpx-aiohttp maps a disconnect in mid-request to `httpx.ConnectTimeout`, so the class alone says nothing about
    whether the request was sent: the aiohttp exception behind it does.
    """
    cause = error if isinstance(error, aiohttp.ClientError) else error.__cause__ or error
    if isinstance(cause, (aiohttp.ClientSSLError, ssl.SSLError)):
        return BridgeError(Reason.UPSTREAM_TLS_ERROR, "the upstream's TLS certificate or handshake was not accepted")
    if isinstance(cause, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return BridgeError(Reason.UPSTREAM_UNREACHABLE, "no connection to the upstream")
    if answered:
        return interrupted("the connection broke in the middle of the reply")
    if isinstance(cause, (aiohttp.ClientResponseError, httpx.InvalidURL)):
        return BridgeError(Reason.UPSTREAM_MALFORMED_RESPONSE, "the upstream's reply is not HTTP")
    if isinstance(cause, BrokenPipeError):
        return BridgeError(Reason.UPSTREAM_WRITE_FAILED, "the connection broke while the request was being sent")
    return BridgeError(Reason.UPSTREAM_CONNECTION_LOST, "the connection broke before the reply began")


def interrupted(message: str) -> BridgeError:
    """A reply that was cut off after it had begun."""
    return BridgeError(Reason.UPSTREAM_STREAM_INTERRUPTED, message)


def malformed(what: str) -> BridgeError:
    """A success that is not what the API promises; `what` says in which way, without quoting it."""
    return BridgeError(Reason.UPSTREAM_MALFORMED_RESPONSE, f"the upstream's reply {what}")


def too_large(what: str, limit: int) -> BridgeError:
    """A reply or an event over the size limit."""
    message = f"{what} is over the limit of {limit} bytes"
    return BridgeError(Reason.UPSTREAM_RESPONSE_TOO_LARGE, message, metadata={"limitBytes": str(limit)})
