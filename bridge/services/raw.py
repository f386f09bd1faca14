"""RawService: any path below the base URL that the setting `raw_paths` allows."""

from codecs import iterdecode
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from aibridge.v1 import raw_pb2
from bridge.call import CallContext, ResponseStream
from bridge.errors import invalid
from bridge.jsontext import MalformedJSONError, loads_strict, readable_text
from bridge.offload import offload, offload_if
from bridge.services.entry import with_operation
from bridge.services.heartbeat import Heartbeats
from bridge.services.options import interval_of
from bridge.services.paths import RawPaths
from bridge.services.permits import permit_raw
from bridge.services.query import written
from bridge.settings import Settings
from bridge.upstream.client import Request, Upstream
from bridge.upstream.failures import too_large
from bridge.upstream.raw import call_whole, events
from bridge.upstream.sse import Event, MendedEvent

_METHODS: Final[Mapping[int, str]] = {
    raw_pb2.HTTP_METHOD_UNSPECIFIED: "POST",
    raw_pb2.HTTP_METHOD_GET: "GET",
    raw_pb2.HTTP_METHOD_POST: "POST",
    raw_pb2.HTTP_METHOD_DELETE: "DELETE",
}
#: Invalid UTF-8 of more bytes is decoded in the thread: 1 MiB takes 8 ms.
_DECODED_AT_ONCE: Final = 1 << 20
_PIECE: Final = 1 << 16
_HEARTBEAT: Final = raw_pb2.RawEvent()


class RawService:
    """Endpoints without an RPC of their own, with JSON as text."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self._upstream = upstream
        self._settings = settings
        self._paths = RawPaths(settings.raw_paths)
        self._max_bytes = settings.max_message_bytes

    async def Call(self, request: raw_pb2.RawRequest, call: CallContext) -> raw_pb2.RawResponse:
        """Send a request and return the whole response."""
        call, outgoing = await self._checked(call, request)
        body = await call_whole(self._upstream, self._settings, outgoing, call)
        large = len(body) > _DECODED_AT_ONCE
        text = await offload(_text_of, body, self._max_bytes) if large else readable_text(body) if body else None
        return raw_pb2.RawResponse(http_status=call.record.http_status, body_json=text)

    async def Stream(self, request: raw_pb2.RawRequest, call: CallContext, response: ResponseStream) -> None:
        """Send a request and write the events of its response as they arrive. A coroutine that writes, as in `chat`."""
        call, outgoing = await self._checked(call, request)
        interval = interval_of(request.bridge_options, self._settings)
        beat = partial(response.heartbeat, _HEARTBEAT)
        async with (
            events(self._upstream, self._settings, outgoing, call) as stream,
            Heartbeats(stream.read, interval, beat) as read,
        ):
            while found := await read():
                for event in found:
                    is_large = len(event.data) > _DECODED_AT_ONCE
                    await response.write(await offload_if(is_large, _message, event))

    async def _checked(self, call: CallContext, request: raw_pb2.RawRequest) -> tuple[CallContext, Request]:
        """The call's context with the model of the request's body, and the request to send upstream.

        Raises:
            BridgeError: INVALID_REQUEST, RAW_PATH_NOT_ALLOWED, or CALLER_NOT_ALLOWED for a model.
        """
        operation = self._paths.pattern_of(request.path)
        call = with_operation(call, operation, "")
        model, outgoing = await offload_if(call.is_large, _request_of, call, request)
        return with_operation(call, operation, model), outgoing


def _request_of(call: CallContext, request: raw_pb2.RawRequest) -> tuple[str, Request]:
    """The model of a request's body, and the request to send upstream. Raises as `RawService._checked`."""
    method = _METHODS.get(request.method)
    if method is None:
        raise invalid("method", "is not known")
    body = request.body_json
    if body and method != "POST":
        raise invalid("body_json", f"is not allowed with {method}")
    query = [(parameter.name, parameter.value) for parameter in request.query]
    for position, (name, _) in enumerate(query):
        if not name:
            raise invalid(f"query[{position}].name", "is required")
    value = _parsed(body) if request.HasField("body_json") else None
    permit_raw(call, body, query)
    model = value.get("model") if isinstance(value, dict) else None
    path = request.path + written(query, "query")
    return model if isinstance(model, str) else "", Request(method, path, body.encode())


def _message(event: Event) -> raw_pb2.RawEvent:
    data = event.original if isinstance(event, MendedEvent) else event.data
    return raw_pb2.RawEvent(event=event.type or None, data=readable_text(data, "utf-8"))


def _text_of(data: bytes, max_bytes: int) -> str:
    """As `readable_text`, for a message of at most so many bytes: each byte of invalid UTF-8 becomes three.

    Raises:
        BridgeError: UPSTREAM_RESPONSE_TOO_LARGE for a text that no message can hold.
    """
    if 3 * len(data) > max_bytes:
        pieces = (data[at : at + _PIECE] for at in range(0, len(data), _PIECE))
        if sum(len(text.encode()) for text in iterdecode(pieces, "utf-8-sig", "replace")) > max_bytes:
            raise too_large("the response, with U+FFFD in place of invalid UTF-8,", max_bytes)
    return readable_text(data)


def _parsed(body: str) -> Any:
    try:
        return loads_strict(body)
    except MalformedJSONError as error:
        raise invalid("body_json", f"is not JSON: {error}") from None
