"""Whole responses as JSON: parses them, finds errors in them, and records what telemetry needs."""

from collections.abc import Mapping
from typing import Any, Final

from bridge.call import CallRecord
from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError
from bridge.offload import offload
from bridge.upstream import failures
from bridge.upstream.bodies import values
from bridge.upstream.chunk import value_of
from bridge.upstream.documents import Cuts, is_large, lightened, load_document
from bridge.upstream.exchange import Exchange
from bridge.upstream.inside import error_in, suspect_in, unwrapped
from bridge.upstream.sse import SPACE, bare, begins_stream

#: Maximum number of bytes of an unexpected body that are searched for an error.
_ERROR_BYTES: Final = 1 << 18
#: With one of these members, or a list as `data`, a `message` in a whole response is not an error.
_RESULTS: Final = frozenset({"choices", "models", "request_id"})


def is_json(media_type: str) -> bool:
    """Whether a response with this content type may be JSON. Some servers send no content type."""
    return media_type in {"application/json", ""} or media_type.endswith("+json")


async def beginning_of(exchange: Exchange, limit: int) -> tuple[bool, bytes]:
    """Whether a body that is not called an event stream is one by its first line, and what was read to find out.

    Raises:
        BridgeError: UPSTREAM_RESPONSE_TOO_LARGE if over `limit` bytes tell nothing; as `Exchange.read`.
    """
    start, size = b"", 0
    while (is_stream := begins_stream(start)) is None and (data := await exchange.read()):
        before = len(start)
        size += len(data)
        if size > limit:
            raise failures.too_large("the response", limit)
        start = (start + data).lstrip(SPACE)
        exchange.clock.resume()
        await exchange.rest_from(len(data) - (len(start) - before))
    return bool(is_stream), start


async def response_of(exchange: Exchange, data: bytes, cuts: Cuts | None = None) -> dict[str, Any]:
    """The JSON object of a whole body, with marks for the parts that `cuts` has cut out.

    DeepSeek sends blank lines before the object to keep the connection alive.

    Raises:
        BridgeError: the error in the body, UPSTREAM_MALFORMED_RESPONSE or UPSTREAM_RESPONSE_TOO_LARGE.
    """
    body = lightened(data.strip(), cuts)
    exchange.call.record.has_large_response = is_large(body)
    try:
        response = object_of(await load_document(body, exchange.max_elements, cuts))
    except MalformedJSONError as reason:
        raise await failure_in(exchange, data) or failures.malformed(f"is not valid JSON ({reason})") from None
    except BridgeError as malformed:
        raise await failure_in(exchange, data) or malformed from None
    has_result = isinstance(response.get("data"), list) or not response.keys().isdisjoint(_RESULTS)
    error = error_in(response) or (None if has_result else suspect_in(response))
    if error is not None:
        raise await exchange.failed(error, data)
    return response


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
    error = _first_error(data) if not is_large(data) else await offload(_first_error, data)
    return None if error is None else await exchange.failed(error, data)


def failure_within(exchange: Exchange, data: bytes) -> BridgeError | None:
    """The error in an event that is more than JSON: a word precedes it, or the next field follows on the same line."""
    value = value_of(bare(data))
    is_error = isinstance(value, dict) and error_in(value) is not None
    return exchange.failure(value, data) if is_error else None


def _first_error(data: bytes) -> Any:
    for value in values(data):
        inner = unwrapped(value)
        error = error_in(inner) if isinstance(inner, dict) else None
        if error is not None:
            return error
    return None


def note_response(record: CallRecord, response: dict[str, Any]) -> None:
    """Record a response, or the first chunk of a stream, and its usage."""
    record.response = response
    note_usage(record, response)


def note_usage(record: CallRecord, value: Mapping[str, Any]) -> None:
    """Record the usage in a response, a chunk or an event, if it has one."""
    usage = value.get("usage")
    if type(usage) is dict:
        record.usage = usage


def note_finish_reasons(record: CallRecord, reasons: dict[int, str]) -> None:
    """Record the finish_reasons of a stream. The dictionary is filled while the stream is read."""
    record.finish_reasons = reasons
