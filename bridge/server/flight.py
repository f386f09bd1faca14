"""The calls in flight: how many they are, how new ones are held back for a moment, and how all are ended.

gRPC's core ends each call that it has received and Python has not yet asked for, in the moment that the server is told
to stop, with CANCELLED, which no client retries. Under load these are many: about one for each connection's caller.
So the stop is preceded by a short hold, in which calls are taken in, and wait. Callers who wait for a reply before they
call again fall silent, core's queue empties, and those held are served once the connections have been told to go away.
What is then still on the wire is lost as before, a call now and then; a client that watches health sends none by then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import grpc

from bridge.errors import BridgeError, Reason

#: The hold ends when no call has arrived for so many seconds,
_QUIET: Final = 0.05
#: and after so many at the latest.
_LONGEST_HOLD: Final = 0.5


class Flight(grpc.aio.ServerInterceptor):
    """Knows the calls that run. It stands behind the boundary, which turns into a status what it raises."""

    def __init__(self) -> None:
        self.cut_off = 0  # calls that `cut` has ended
        self._running: dict[asyncio.Task[Any], _Context] = {}
        self._cut: set[asyncio.Task[Any]] = set()
        self._gate: asyncio.Event | None = None
        self._arrival = 0.0
        self._over = False

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """The handler, counted if it is one of our services'."""
        handler = await continuation(handler_call_details)
        if handler is None or not handler_call_details.method.startswith("/aibridge."):
            return handler
        streams = handler.response_streaming
        make = grpc.unary_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        behaviour = self._counted(handler.unary_stream if streams else handler.unary_unary)
        return make(behaviour, handler.request_deserializer, handler.response_serializer)

    def _counted(self, behaviour: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
        async def counted(request: Any, context: Any) -> Any:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 # for mypy
            watched = self._running[task] = _Context(self, context)
            try:
                if self._gate is not None:
                    self._arrival = asyncio.get_running_loop().time()
                    await self._gate.wait()
                self.check()
                return await behaviour(request, watched)
            except asyncio.CancelledError:
                if task in self._cut:
                    task.uncancel()
                    raise self._stopped() from None
                self.cut_off += self._over  # by gRPC, as the caller did not take what was being written
                raise
            finally:
                del self._running[task]
                self._cut.discard(task)

        return counted

    def check(self) -> None:
        """See that calls may go on.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN behind `cut`.
        """
        if self._over:
            raise self._stopped()

    def _stopped(self) -> BridgeError:
        self.cut_off += 1
        return BridgeError(Reason.BRIDGE_SHUTTING_DOWN, "the bridge stopped before the call was complete")

    async def hold(self) -> None:
        """Let calls that arrive from now on wait for `release`; returns when no more arrive, or soon anyway."""
        self._gate = asyncio.Event()
        loop = asyncio.get_running_loop()
        now = began = self._arrival = loop.time()
        while now < min(self._arrival + _QUIET, began + _LONGEST_HOLD):
            await asyncio.sleep(min(self._arrival + _QUIET, began + _LONGEST_HOLD) - now)
            now = loop.time()

    def release(self) -> None:
        """Serve the calls that were held back."""
        if self._gate is not None:
            self._gate.set()

    def cut(self) -> None:
        """End all calls, and all that begin later, with BRIDGE_SHUTTING_DOWN."""
        self._over = True
        for task, context in self._running.items():
            if task not in self._cut and not context.writing:
                self._cut.add(task)
                task.cancel()


class _Context:
    """A call's context that knows whether a message is being written. To cancel that would leave the call broken.

    gRPC takes note that it has sent the initial metadata when the first write is over. It would send them again with
    the status, and fail; so a call that is cut off while it writes ends with the write.
    """

    def __init__(self, flight: Flight, context: Any) -> None:
        self._flight = flight
        self._context = context
        self._write = context.write
        self.writing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    async def write(self, message: Any) -> None:
        self.writing = True
        try:
            await self._write(message)
        finally:
            self.writing = False
        self._flight.check()
