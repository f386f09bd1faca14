"""RawService: any path below the base URL that the setting `raw_paths` allows."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from grpc.aio import ServicerContext

from aibridge.v1 import raw_pb2, raw_pb2_grpc
from bridge.call import Call, stopped
from bridge.errors import invalid
from bridge.jsontext import MalformedJSONError, loads_strict
from bridge.services.entry import converted, enter
from bridge.services.heartbeat import beating, interval_of
from bridge.services.paths import RawPaths
from bridge.services.permits import permit_raw
from bridge.services.query import written
from bridge.settings import Settings
from bridge.status import trailers_of
from bridge.upstream.client import Upstream
from bridge.upstream.raw import Request, call_whole, events
from bridge.upstream.sse import Event

_METHODS: Final[Mapping[int, str]] = {
    raw_pb2.HTTP_METHOD_UNSPECIFIED: "POST",
    raw_pb2.HTTP_METHOD_GET: "GET",
    raw_pb2.HTTP_METHOD_POST: "POST",
    raw_pb2.HTTP_METHOD_DELETE: "DELETE",
}
_HEARTBEAT: Final = raw_pb2.RawEvent()


class RawService(raw_pb2_grpc.RawServiceServicer):
    """JSON in and out as text, for endpoints without an RPC of their own."""

    def __init__(self, upstream: Upstream, settings: Settings) -> None:
        self._upstream = upstream
        self._settings = settings
        self._paths = RawPaths(settings.raw_paths)

    async def Call(self, request: raw_pb2.RawRequest, context: ServicerContext[Any, Any]) -> raw_pb2.RawResponse:
        """A request, and its response whole."""
        call = enter(request)
        target = await converted(call, _request_of, call, request, self._paths)
        body = await call_whole(self._upstream, self._settings, target, call)
        context.set_trailing_metadata(trailers_of(call))
        text = body.decode("utf-8-sig", "replace") if body else None
        return raw_pb2.RawResponse(http_status=call.http_status, body_json=text)

    async def Stream(self, request: raw_pb2.RawRequest, context: ServicerContext[Any, raw_pb2.RawEvent]) -> None:
        """A request, and the events of its response as they come. A coroutine that writes, as with chat."""
        call = enter(request)
        target = await converted(call, _request_of, call, request, self._paths)
        interval = interval_of(request.bridge_options, self._settings)
        beat = partial(_write, call, context, _HEARTBEAT)
        async with events(self._upstream, self._settings, target, call) as stream:
            while found := await (beating(stream.read, interval, beat) if interval else stream.read()):
                for event in found:
                    await _write(call, context, _message(event))
                    call.delivered += 1
        context.set_trailing_metadata(trailers_of(call))


def _request_of(call: Call, request: raw_pb2.RawRequest, paths: RawPaths) -> Request:
    """The request that goes upstream.

    Raises:
        BridgeError: INVALID_REQUEST, RAW_PATH_NOT_ALLOWED, or CALLER_NOT_ALLOWED for a model.
    """
    call.operation = paths.pattern_of(request.path)
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
    call.adopt_body(value)
    return Request(method, request.path + written(query, "query"), body.encode())


async def _write(call: Call, context: ServicerContext[Any, raw_pb2.RawEvent], message: raw_pb2.RawEvent) -> None:
    call.writing = True
    await context.write(message)
    call.writing = False
    if call.cut:
        raise stopped()


def _message(event: Event) -> raw_pb2.RawEvent:
    return raw_pb2.RawEvent(event=event.type or None, data=event.data.decode("utf-8", "replace"))


def _parsed(body: str) -> Any:
    try:
        return loads_strict(body)
    except MalformedJSONError as error:
        raise invalid("body_json", f"is not JSON: {error}") from None
