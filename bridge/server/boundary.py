"""The boundary between handlers and callers: it records each call and turns each failure into a status.

Calls are aborted only here. What a handler raises becomes a status from the tables. An unexpected exception becomes
BRIDGE_INTERNAL with a fixed text, because grpcio would send the exception's text to the caller.
"""

import asyncio
from functools import partial
from operator import methodcaller
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

import grpc
import structlog
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from bridge.access.callers import Callers
from bridge.access.limits import Limits
from bridge.call import Caller, CallRecord, deadline_of, new_record
from bridge.errors import BridgeError, Reason, internal_error, stopping_error
from bridge.server.departures import Departures
from bridge.server.inflight import InFlightCall, InFlightCalls
from bridge.server.receive import Context, Receiver, UnreceivedError
from bridge.server.response import StreamedResponse
from bridge.server.throttle import Throttle
from bridge.services.entry import parse_request
from bridge.settings import Settings
from bridge.status import status_of, trailers_of
from bridge.telemetry.logs import traceback_of
from bridge.telemetry.observer import Observer

#: Calls of unknown callers that are refused in a second, and at once after a quiet time. A refusal costs 0.2 ms.
_REFUSALS_PER_SECOND: Final = 500
_REFUSALS_AT_ONCE: Final = 250
#: Cancelled calls that end in a second, and at once: all calls that run by default. An upstream that is down makes
#: their callers cancel them together, and call again.
_CANCELLED_PER_SECOND: Final = 1000
_CANCELLED_AT_ONCE: Final = 2048
_serialize: Final = methodcaller("SerializeToString")
_log = structlog.get_logger("aibridge.rpc")

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"  # generic in its stubs only


class _Method(NamedTuple):
    path: str
    behaviour: Any  # (request, context) -> response, or (request, context, stream) for a streamed response
    request_type: Any
    streams: bool


class Boundary(grpc.GenericRpcHandler):
    """The methods of the bridge's services. A call costs one look-up; interceptors would cost a layer each."""

    def __init__(
        self, settings: Settings, limits: Limits, in_flight: InFlightCalls, callers: Callers | None, observer: Observer
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._settings = settings
        self._limits = limits
        self._in_flight = in_flight
        self._callers = callers
        self._observer = observer
        self._receiver = Receiver(settings.request_timeout)
        self._refusals = Throttle(_REFUSALS_PER_SECOND, _REFUSALS_AT_ONCE)
        self._cancels = Throttle(_CANCELLED_PER_SECOND, _CANCELLED_AT_ONCE)
        self._departures = Departures()
        self._handlers: dict[str, Handler] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """The handler of a call; None for a method of another service."""
        return self._handlers.get(handler_call_details.method)

    def register(self, server: grpc.aio.Server) -> None:
        """Serve the methods on a server. Other calls do not queue behind streams.

        gRPC hands over calls one at a time, at best one in each iteration of the event loop, and 600 streams make the
        iterations long. A unary call behind 600 that began before it waited for four seconds. gRPC has a queue for each
        registered method and one for all others; each queue makes every call cost one or two µs more.
        """
        server.add_generic_rpc_handlers((self,))
        for path, handler in self._handlers.items():
            if handler.response_streaming:
                _, service, method = path.split("/")
                server.add_registered_method_handlers(service, {method: handler})

    def stop(self) -> None:
        """The server stops: end the calls that wait for their end at once."""
        self._refusals.close()
        self._cancels.close()

    async def close(self) -> None:
        """The server has stopped: write the remaining log lines."""
        await self._departures.close()

    def add(self, service: ServiceDescriptor, servicer: object) -> None:
        """Serve the methods of a service."""
        for method in service.methods:
            path = f"/{service.full_name}/{method.name}"
            self._handlers[path] = self._handler(path, method, getattr(servicer, method.name))

    def _handler(self, path: str, descriptor: MethodDescriptor, behaviour: Any) -> Handler:
        streams = bool(descriptor.server_streaming)
        method = _Method(path, behaviour, GetMessageClass(descriptor.input_type), streams)

        async def handle(_messages: object, context: Context) -> Any:
            record = new_record(path, context.invocation_metadata() or (), streams=streams)
            self._observer.begin(record)
            call = self._in_flight.enter()
            try:
                return await self._serve(method, context, record, call)
            except asyncio.CancelledError as cancelled:
                failure = stopping_error() if call.undo_cancel() else None
                received = not isinstance(cancelled, UnreceivedError)
            except Exception as exception:  # noqa: BLE001 # its text must not reach the caller
                failure, received = self._failure(exception, record, call), True
            finally:
                self._in_flight.leave(call)
            if failure is None:
                await self._depart(context, record, call, received=received)
            return await self._fail(failure, context, record, call)

        # Bytes in and bytes out, so that parsing and serializing fail inside the boundary. To grpcio every request is a
        # stream: for any other kind of handler it reads the message before it calls the handler.
        if streams:
            return grpc.stream_stream_rpc_method_handler(handle, None, _serialize)
        return grpc.stream_unary_rpc_method_handler(handle)

    async def _serve(self, method: _Method, context: Context, record: CallRecord, call: InFlightCall) -> bytes | None:
        settings = self._settings
        deadline = deadline_of(self._loop.time(), context.time_remaining(), default=settings.default_deadline)
        call.check()
        caller = None
        if self._callers is not None:
            caller = await self._callers.identify(record, context.auth_context)
            record.caller = caller.name
        await self._take_place(caller, context, record, call)
        await self._in_flight.hold_back()
        receiving = self._receiver.only(context, deadline)
        response = (StreamedResponse(context, record, call),) if method.streams else ()
        # No variable here holds the message or its bytes while the call runs, because they may be large.
        result = await method.behaviour(
            *await parse_request(
                record, deadline, caller, method.request_type, await receiving, settings.max_request_elements
            ),
            *response,
        )
        data = None if method.streams else _serialize(result)
        context.set_trailing_metadata(trailers_of(record))
        await self._in_flight.hold_end()
        self._observer.end(record, "OK")
        return data

    async def _take_place(
        self, caller: Caller | None, context: Context, record: CallRecord, call: InFlightCall
    ) -> None:
        """Wait until the limits admit the call. A caller without a limit is not counted by name."""
        max_calls = (caller.max_calls if caller is not None else 0) or self._settings.max_calls_per_caller
        name = ""
        if max_calls:
            name = caller.name if caller is not None else _host(context.peer())
        record.queue_seconds = await self._limits.enter(name, max_calls)
        # The task ends when grpcio has sent the response, so a caller that does not read it keeps its slot.
        call.take_place(partial(self._limits.leave, name))

    def _failure(self, exception: Exception, record: CallRecord, call: InFlightCall) -> BridgeError | None:
        """What the caller is told about an exception; None if the caller has gone during a write."""
        if isinstance(exception, BridgeError):
            record.caller = record.caller or exception.metadata.get("caller", "")  # one that may not call at all
            return exception.detached()
        if call.is_writing and isinstance(exception, grpc.aio.InternalError):
            return None
        _log.error("unexpected exception", request_id=record.request_id, **traceback_of(exception))
        return internal_error(record.request_id)

    async def _fail(self, failure: BridgeError, context: Context, record: CallRecord, call: InFlightCall) -> None:
        if failure.reason is Reason.CALLER_UNAUTHENTICATED:
            try:
                await self._refusals.turn()
            except asyncio.CancelledError:
                await self._depart(context, record, call)
        status = status_of(failure, record)
        self._observer.end(record, status.code.name, failure.reason.name)
        await self._in_flight.hold_end()
        try:
            await context.abort_with_status(status)
        except grpc.aio.InternalError:
            if not call.is_writing:
                raise
            # The deadline has passed during the first write, and gRPC cannot send a status before the write is over.
            # This drops the call. The caller's own deadline ends it on the other side.
            raise asyncio.CancelledError from None

    async def _depart(
        self, context: Context, record: CallRecord, call: InFlightCall, *, received: bool = True
    ) -> NoReturn:
        """End a call whose caller has gone."""
        self._departures.note(context.peer(), self._observer.cancelled(record), received=received)
        call.leave_place()
        await self._cancels.turn()
        raise asyncio.CancelledError


def _host(peer: str) -> str:
    """A peer without its port. All connections of a host count as one caller."""
    return peer.rpartition(":")[0] or peer
