"""The boundary of the services that grpcio provides: health, reflection, channelz.

If callers must authenticate, they must do so for reflection and channelz too. Health needs no credential, because
probes have none. For every caller the size of a message, the time for it, and the number of open calls are bounded.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple

import grpc
import structlog

from bridge.access.callers import Callers
from bridge.call import new_record
from bridge.errors import BridgeError, Reason, internal_error
from bridge.server.receive import Context, Receiver
from bridge.status import status_of
from bridge.telemetry.logs import traceback_of

_log = structlog.get_logger("aibridge.rpc")
#: The largest request. It holds names of services and symbols, the longest of which have 100 characters.
MAX_REQUEST_BYTES: Final = 1024
#: Time for a request to arrive.
_REQUEST_TIMEOUT_SECONDS: Final = 5.0
#: Calls that may wait for their request. Each can hold twice the bytes of the largest message.
_MAX_SLOW_CALLS: Final = 1


class Bounds(NamedTuple):
    """Open calls in total and per connection, and the timeout of a call in seconds (None for no limit)."""

    max_calls: int
    max_calls_of_connection: int
    timeout: float | None


#: An open health call is a watch, which takes 20 kB. A client has one watch per connection.
HEALTH: Final = Bounds(max_calls=4096, max_calls_of_connection=32, timeout=None)
#: People and tools make short calls.
TOOLS: Final = Bounds(max_calls=32, max_calls_of_connection=32, timeout=60.0)


class Gate:
    """Stands in for the server when such a service registers its asyncio handlers."""

    def __init__(self, server: grpc.aio.Server, bounds: Bounds, callers: Callers | None = None) -> None:
        self._server = server
        self._bounds = bounds
        self._callers = callers
        self._receiver = Receiver(_REQUEST_TIMEOUT_SECONDS, _MAX_SLOW_CALLS)
        self._open = 0
        self._open_of: Counter[str] = Counter()  # by connection

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """As the method of the server."""
        self._server.add_generic_rpc_handlers(tuple(_Handlers(handler, self) for handler in handlers))

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        """As the method of the server. Probes, which are unary health calls, do not queue behind other calls."""
        if self._callers is None:
            probes = {
                name: self.guard(handler, f"/{service}/{name}")
                for name, handler in handlers.items()
                if not handler.response_streaming
            }
            self._server.add_registered_method_handlers(service, probes)

    def guard(self, handler: Any, method: str) -> Any:
        """A handler behind the gate. To grpcio it takes a stream of bytes, so that it is called before they arrive."""

        async def serve(_messages: object, context: Context) -> Any:
            record = new_record(method, context.invocation_metadata() or ())
            connection = context.peer()
            try:
                self._enter(connection)
                try:
                    async with asyncio.timeout(self._bounds.timeout):
                        if self._callers is not None:
                            await self._callers.identify(record, context.auth_context)
                        return await self._handle(handler, context)
                finally:
                    self._leave(connection)
            except BridgeError as error:
                failure = error
            except TimeoutError:
                failure = BridgeError(Reason.REQUEST_TIMEOUT, "the call was open for too long")
            except (asyncio.CancelledError, grpc.aio.AbortError):
                raise
            except grpc.aio.BaseError:
                raise asyncio.CancelledError from None  # the caller has gone during a write
            except Exception as exception:  # noqa: BLE001 # its text must not reach the caller
                _log.error("unexpected exception", request_id=record.request_id, **traceback_of(exception))
                failure = internal_error(record.request_id)
            status = status_of(failure, record)
            problem = {"problem": record.problem} if record.problem else {}
            _log.info("call", request_id=record.request_id, method=method, code=status.code.name, **problem)
            return await context.abort_with_status(status)

        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(serve, None, handler.response_serializer)
        return grpc.stream_unary_rpc_method_handler(serve, None, handler.response_serializer)

    async def _handle(self, handler: Any, context: Context) -> Any:
        if handler.request_streaming:
            async for response in handler.stream_stream(self._requests(handler, context), context):
                await context.write(response)
            return None
        request = _parsed(handler, await self._receiver.only(context))
        behaviour = handler.unary_stream if handler.response_streaming else handler.unary_unary
        return await behaviour(request, context)

    async def _requests(self, handler: Any, context: Context) -> AsyncIterator[Any]:
        while (data := await self._receiver.next(context)) is not None:
            yield _parsed(handler, data)

    def _enter(self, connection: str) -> None:
        if self._open >= self._bounds.max_calls:
            raise BridgeError(Reason.BRIDGE_OVERLOADED, "too many calls of this service are open", delay=1.0)
        if self._open_of[connection] >= self._bounds.max_calls_of_connection:
            message = "the connection has too many calls of this service open"
            raise BridgeError(Reason.BRIDGE_OVERLOADED, message, delay=1.0)
        self._open += 1
        self._open_of[connection] += 1

    def _leave(self, connection: str) -> None:
        self._open -= 1
        self._open_of[connection] -= 1
        if not self._open_of[connection]:
            del self._open_of[connection]


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, inner: grpc.GenericRpcHandler, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate
        self._guarded: dict[str, Any] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """The handler of a call, behind the gate."""
        method = handler_call_details.method
        if method not in self._guarded:
            handler: Any = self._inner.service(handler_call_details)
            if handler is None:
                return None
            self._guarded[method] = self._gate.guard(handler, method)
        return self._guarded[method]


def _parsed(handler: Any, data: bytes) -> Any:
    if len(data) > MAX_REQUEST_BYTES:
        raise BridgeError(Reason.INVALID_REQUEST, f"the request is over the limit of {MAX_REQUEST_BYTES} bytes")
    try:
        return handler.request_deserializer(data)
    except Exception:  # noqa: BLE001 # protobuf's, whichever it is
        raise BridgeError(Reason.INVALID_REQUEST, "the request is not a message of the method's request type") from None
