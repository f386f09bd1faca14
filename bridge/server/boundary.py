"""The boundary between a handler and its caller: what is known about a call, and how each failure leaves.

Only here is a call aborted. Whatever a handler raises becomes a status from the tables; an exception that nobody
foresaw becomes BRIDGE_INTERNAL with a fixed text, because grpcio would send its text to the caller.
"""

import asyncio
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from bridge.access.callers import Callers
from bridge.access.limits import Limits
from bridge.call import Call, begin, current, stopped
from bridge.errors import BridgeError, Reason
from bridge.server.departures import Departures
from bridge.server.flight import Flight
from bridge.server.receive import Receiver
from bridge.server.refusals import Refusals
from bridge.services.entry import received
from bridge.settings import Settings
from bridge.status import status_of
from bridge.telemetry.logs import traceback_of
from bridge.telemetry.observer import Observer

_log = structlog.get_logger("aibridge.rpc")

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"  # generic in its stubs only
Context = grpc.aio.ServicerContext[Any, Any]


class Guarded(grpc.GenericRpcHandler):
    """The methods of our services behind the boundary: one look-up for a call, where interceptors cost a layer each."""

    def __init__(
        self, settings: Settings, limits: Limits, flight: Flight, callers: Callers | None, observer: Observer
    ) -> None:
        self._settings = settings
        self._limits = limits
        self._flight = flight
        self._callers = callers
        self._observer = observer
        self._receiver = Receiver(settings.request_timeout)
        self._refusals = Refusals()
        self._departures = Departures()
        self._handlers: dict[str, Handler] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """The handler of a call, None for a method of others."""
        return self._handlers.get(handler_call_details.method)

    def stop(self) -> None:
        """The server stops: nobody waits for a refusal any more."""
        self._refusals.close()

    async def close(self) -> None:
        """The server has stopped: write the log lines that are left."""
        await self._departures.close()

    def add(self, service: ServiceDescriptor, servicer: object) -> None:
        """Guard the methods of a service."""
        for method in service.methods:
            path = f"/{service.full_name}/{method.name}"
            self._handlers[path] = self._guard(path, method, getattr(servicer, method.name))

    def _guard(self, path: str, method: MethodDescriptor, behaviour: Any) -> Handler:
        streams = method.server_streaming
        request_type = GetMessageClass(method.input_type)

        async def guarded(_messages: object, context: Context) -> Any:
            call = begin(
                path,
                context.invocation_metadata() or (),
                context.time_remaining(),
                default=self._settings.default_deadline,
            )
            call.streams = streams
            current.set(call)
            self._observer.begin(call)
            try:
                return await self._serve(behaviour, request_type, context, call)
            except asyncio.CancelledError:
                if not self._flight.ends(call):
                    self._cancelled(call, context)
                    raise
                failure = stopped()
            except Exception as exception:  # noqa: BLE001 # whatever it is, its text must not reach the caller
                failure = self._failure(exception, context, call)
            finally:
                self._flight.leave(call)
            return await self._fail(failure, context, call)

        # Bytes in and bytes out: what fails in parsing and serialising fails inside the boundary too. To grpcio the
        # requests are streams, because it reads the message of any other kind of handler before it calls the handler.
        if streams:
            return grpc.stream_stream_rpc_method_handler(guarded, None, _serialize)
        return grpc.stream_unary_rpc_method_handler(guarded)

    async def _serve(self, behaviour: Any, request_type: Any, context: Context, call: Call) -> bytes | None:
        flight, limits = self._flight, self._limits
        flight.enter(call)
        if self._callers is not None:
            call.caller = await self._callers.identify(call, context)
        caller, most = self._share(call, context)
        call.queued = await limits.enter(caller, most)
        # The task ends when grpcio has sent the response: a caller that does not read it keeps its place.
        _task().add_done_callback(lambda _: limits.leave(caller))
        await flight.hold_back()
        receiving = self._receiver.only(context, call.deadline)
        # Nothing here keeps the message's bytes, or the message, which may be large, while the call runs.
        reply = await behaviour(
            await received(call, request_type, await receiving, self._settings.max_request_elements), context
        )
        reply = None if call.streams else _serialize(reply)
        await flight.hold_end()
        self._observer.end(call, "OK")
        return reply

    def _failure(self, exception: Exception, context: Context, call: Call) -> BridgeError:
        if isinstance(exception, BridgeError):
            return exception
        if call.writing and isinstance(exception, grpc.aio.InternalError):
            self._cancelled(call, context)
            raise asyncio.CancelledError from None  # the caller has gone while a message was on its way
        _log.error("unexpected exception", request_id=call.request_id, **traceback_of(exception))
        return BridgeError(Reason.BRIDGE_INTERNAL, f"internal error, request id {call.request_id}")

    async def _fail(self, failure: BridgeError, context: Context, call: Call) -> None:
        if failure.reason is Reason.CALLER_UNAUTHENTICATED:
            try:
                await self._refusals.turn()
            except asyncio.CancelledError:
                self._cancelled(call, context)
                raise
        status = status_of(failure, call)
        self._observer.end(call, status.code.name, failure.reason.name)
        await self._flight.hold_end()
        try:
            await context.abort_with_status(status)
        except grpc.aio.InternalError:
            if not call.writing:
                raise
            # The deadline has passed in the middle of the first write, behind which alone gRPC can send a status.
            raise asyncio.CancelledError from None  # it drops the call, and the caller's own deadline tells it

    def _cancelled(self, call: Call, context: Context) -> None:
        self._departures.note(context.peer(), self._observer.cancelled(call))

    def _share(self, call: Call, context: Context) -> tuple[str, int]:
        """Whose calls are counted together with this one, and how many of them may run; nobody's without a limit."""
        known = call.caller
        most = (known.max_calls if known is not None else 0) or self._settings.max_calls_per_caller
        if not most:
            return "", 0
        return (known.name if known is not None else _host(context.peer())), most


def _task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 # for mypy
    return task


def _host(peer: str) -> str:
    """A peer without its port: all connections of a host are one caller."""
    return peer.rpartition(":")[0] or peer


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()
