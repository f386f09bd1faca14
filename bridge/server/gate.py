"""The door to the services for operators: where callers have to show who they are, they have to here too.

Health is not behind it, because probes have no credentials.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

import grpc
import structlog

from bridge.access.callers import Callers
from bridge.call import begin
from bridge.errors import BridgeError
from bridge.status import status_of

_log = structlog.get_logger("aibridge.rpc")
_KINDS: Final = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
#: Seconds that a call for operators may take, where the caller names no deadline.
_LONGEST: Final = 3600.0


class Gate:
    """What stands for the server where such a service, with handlers for asyncio, is registered."""

    def __init__(self, server: grpc.aio.Server, callers: Callers | None) -> None:
        self._server = server
        self._callers = callers

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """As the server's own."""
        callers = self._callers
        if callers is not None:
            handlers = [_Guarded(handler, callers) for handler in handlers]
        self._server.add_generic_rpc_handlers(tuple(handlers))

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        """As the server's own: handlers that have been added before, by name. Those above serve the calls."""


class _Guarded(grpc.GenericRpcHandler):
    def __init__(self, inner: grpc.GenericRpcHandler, callers: Callers) -> None:
        self._inner = inner
        self._callers = callers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The handler of a call, which begins with a look at the caller."""
        handler: Any = self._inner.service(handler_call_details)
        return None if handler is None else _guard(handler, handler_call_details.method, self._callers)


def _guard(handler: Any, method: str, callers: Callers) -> Any:
    kind = next(name for name in _KINDS if getattr(handler, name) is not None)
    behaviour: Callable[[Any, Any], Any] = getattr(handler, kind)

    async def admit(context: Any) -> None:
        call = begin(method, context.invocation_metadata() or (), context.time_remaining(), default=_LONGEST)
        try:
            call.caller = await callers.identify(call, context)
        except BridgeError as error:
            status = status_of(error, call)
            _log.info("call", request_id=call.request_id, method=method, code=status.code.name)
            await context.abort_with_status(status)

    async def one(request: Any, context: Any) -> Any:
        await admit(context)
        return await behaviour(request, context)

    async def many(request: Any, context: Any) -> AsyncIterator[Any]:
        await admit(context)
        async for reply in behaviour(request, context):
            yield reply

    make: Any = getattr(grpc, f"{kind}_rpc_method_handler")
    return make(many if handler.response_streaming else one, handler.request_deserializer, handler.response_serializer)
