"""Whole responses as JSON: parses them, finds errors in them, and records what telemetry needs."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from bridge.call import CallRecord
from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError
from bridge.offload import offload_if
from bridge.upstream import failures
from bridge.upstream.bodies import values
from bridge.upstream.chunk import value_of
from bridge.upstream.documents import Cuts, Document, is_large, load_document, without_texts
from bridge.upstream.exchange import Exchange
from bridge.upstream.inside import error_in, suspect_in, unwrapped
from bridge.upstream.sse import bare

#: Maximum number of bytes of an unexpected body that are searched for an error.
_ERROR_BYTES: Final = 1 << 18
#: An unexpected body up to this size is searched on the event loop. Each of its lines may be JSON: 16 KiB take 20 ms.
_SMALL_BYTES: Final = 16 << 10
_NOT_JSON: Final = "has an event that is not valid JSON ({})"
#: Recorded members of a response, and the maximum length of each.
_IDENTITY: Final = ("id", "object", "created", "model")
_MAX_IDENTITY: Final = 1024
#: Maximum number of members of `usage` that are recorded.
_MAX_USAGE: Final = 64
#: With one of these members, choices, or a list as `data`, a `message` in a whole response is not an error.
_RESULTS: Final = frozenset({"models", "request_id"})


def is_json(media_type: str) -> bool:
    """Whether a response with this content type may be JSON. Some servers send no content type."""
    return media_type in {"application/json", "text/json", ""} or media_type.endswith("+json")


async def response_of(exchange: Exchange, data: bytes, cuts: Cuts | None = None) -> Document:
    """The JSON object of a whole body, with marks for the parts that `cuts` has cut out.

    DeepSeek sends blank lines before the object to keep the connection alive.

    Raises:
        BridgeError: the error in the body, UPSTREAM_MALFORMED_RESPONSE or UPSTREAM_RESPONSE_TOO_LARGE.
    """
    body = without_texts(data.strip(), cuts)
    try:
        response = object_of(await load_document(body, exchange.max_elements, cuts))
    except MalformedJSONError as reason:
        raise await failure_in(exchange, data) or failures.malformed(f"is not valid JSON ({reason})") from None
    except BridgeError as malformed:
        raise await failure_in(exchange, data) or malformed from None
    error = error_in(response) or (None if _has_result(response) else suspect_in(response))
    if error is not None:
        note_usage(exchange.call.record, response)
        raise await exchange.failed(error, data)
    return Document(response, is_large(body))


def _has_result(response: Mapping[str, Any]) -> bool:
    is_model = response.get("object") == "model" and "id" in response  # whatever its description contains
    has_list = bool(response.get("choices")) or isinstance(response.get("data"), list)
    return is_model or has_list or not response.keys().isdisjoint(_RESULTS)


def object_of(value: Any) -> dict[str, Any]:
    """The value of a response, which must be a JSON object, or a list, which gets an object around it.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE.
    """
    if isinstance(value, list):  # a list without an object around it
        return {"data": value}
    if not isinstance(value, dict):
        raise failures.malformed("is not a JSON object")
    return value


async def failure_in(exchange: Exchange, data: bytes) -> BridgeError | None:
    """The error in an unexpected body, such as JSON with another content type or an event of a stream."""
    data = data[:_ERROR_BYTES]
    error = await offload_if(len(data) > _SMALL_BYTES, _first_error, data)
    return None if error is None else await exchange.failed(error, data)


def failure_within(exchange: Exchange, data: bytes, problem: Exception) -> BridgeError:
    """The failure for an event that is not JSON: the error in it, with a word before or the next field behind it."""
    value = value_of(bare(data))
    is_error = isinstance(value, dict) and error_in(value) is not None
    return exchange.failure(value, data) if is_error else failures.malformed(_NOT_JSON.format(problem))


def _first_error(data: bytes) -> Any:
    """The first error, or the first object that is one if there is no result, because the body is none in any case."""
    suspect = None
    for value in values(data):
        inner = unwrapped(value)
        error = error_in(inner) if isinstance(inner, dict) else None
        if error is not None:
            return error
        if suspect is None and isinstance(inner, dict) and not inner.get("choices"):
            suspect = suspect_in(inner)
    return suspect


def note_response(record: CallRecord, response: Mapping[str, Any]) -> None:
    """Record what identifies a response, from the response or its first chunk, and its usage.

    The rest is not kept: gRPC keeps the record of a failed call until the garbage collector runs.
    """
    record.response = {
        name: value
        for name in _IDENTITY
        if type(value := response.get(name)) is int or (type(value) is str and len(value) <= _MAX_IDENTITY)
    }
    note_usage(record, response)


def note_usage(record: CallRecord, value: Mapping[str, Any]) -> None:
    """Record the usage in a response, a chunk or an event, if it has one."""
    usage = value.get("usage")
    if type(usage) is dict:
        record.usage = usage if len(usage) <= _MAX_USAGE else dict(islice(usage.items(), _MAX_USAGE))
