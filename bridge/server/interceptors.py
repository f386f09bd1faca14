"""The boundary between a handler and its caller: what is known about a call, and how each failure leaves.

Only here is a call aborted. Whatever a handler raises becomes a status from the tables; an exception that nobody
foresaw becomes BRIDGE_INTERNAL with a fixed text, because grpcio would send its text to the caller.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf.message import DecodeError

from bridge.call import begin, current
from bridge.errors import BridgeError, Reason
from bridge.server.limits import Limits
from bridge.settings import Settings
from bridge.status import status_of
from bridge.telemetry.logs import call_line, traceback_of

_log = structlog.get_logger("aibridge.rpc")
#: Failures that the operator has to mend, whoever called.
_OPERATORS = frozenset({Reason.BRIDGE_CREDENTIALS_REJECTED, Reason.UPSTREAM_TLS_ERROR, Reason.BRIDGE_REQUEST_REJECTED})

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"  # generic in its stubs only
Context = grpc.aio.ServicerContext[Any, Any]


class Boundary(grpc.aio.ServerInterceptor):
    """Wraps each method of our services once; later calls cost a look-up. Health and reflection pass as they are."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._settings = settings
        self._limits = limits
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """The handler for a call, with the boundary around it."""
        method = handler_call_details.method
        handler = self._wrapped.get(method)
        if handler is None:
            handler = await continuation(handler_call_details)
            if handler is not None and method.startswith("/aibridge."):
                handler = self._wrapped[method] = self._wrap(method, handler)
        return handler

    def _wrap(self, method: str, handler: Any) -> Handler:
        streams = handler.response_streaming
        behaviour: Any = handler.unary_stream if streams else handler.unary_unary

        async def guarded(data: bytes, context: Context) -> Any:
            call = begin(
                method,
                context.invocation_metadata() or (),
                context.time_remaining(),
                default=self._settings.default_deadline,
            )
            call.streams = streams
            current.set(call)
            try:
                reply = await self._limited(behaviour, _parse(handler, data), context)
                reply = None if streams else handler.response_serializer(reply)
            except BridgeError as error:
                failure = error
            except asyncio.CancelledError:
                _log.info("call", **call_line(call, "CANCELLED"))
                raise
            except Exception as exception:  # noqa: BLE001 # whatever it is, its text must not reach the caller
                _log.error("unexpected exception", request_id=call.request_id, **traceback_of(exception))
                failure = BridgeError(Reason.BRIDGE_INTERNAL, f"internal error, request id {call.request_id}")
            else:
                _log.info("call", **call_line(call, "OK"))
                return reply
            status = status_of(failure, call)
            log = _log.error if failure.reason in _OPERATORS else _log.info
            log("call", **call_line(call, status.code.name, failure.reason.name))
            return await context.abort_with_status(status)

        make = grpc.unary_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        # Bytes in, and for unary calls bytes out: what fails in parsing and serialising fails inside the boundary too.
        return make(guarded, None, handler.response_serializer if streams else None)

    async def _limited(self, behaviour: Any, request: Any, context: Context) -> Any:
        caller = _host(context.peer()) if self._limits.knows_callers else ""
        await self._limits.enter(caller)
        try:
            return await behaviour(request, context)
        finally:
            self._limits.leave(caller)


def _host(peer: str) -> str:
    """A peer without its port: all connections of a host are one caller."""
    return peer.rpartition(":")[0] or peer


def _parse(handler: Any, data: bytes) -> Any:
    try:
        return handler.request_deserializer(data)
    except DecodeError:
        message = "the request is not a message of the method's request type"
        raise BridgeError(Reason.INVALID_REQUEST, message) from None
