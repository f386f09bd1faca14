"""Receives the request message of a call. A handler sees its call as soon as the headers are there.

A caller can announce a message and never send it, or send it a byte at a time, so the wait for it is bounded. One timer
looks after all calls: a timer for each call would cost 11 µs, a tenth of what a call costs in grpcio.

Only the first message is read. A second one is a caller's fault, which grpcio's own handlers do not notice either; to
look for it costs a call 20 µs.
"""

import asyncio
from typing import Any, Final

import grpc

from bridge.errors import BridgeError, Reason

#: Seconds between two looks at the calls that wait for their message.
_SWEEP_PERIOD: Final = 0.1
#: Seconds in which a call turns out to be cancelled whose message was not read to its end.
_CANCEL_WAIT: Final = 0.05


class Receiver:
    """Receives messages, each within `timeout` seconds."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._due: dict[asyncio.Task[Any], float] = {}  # calls that wait, and when their time is over
        self._overdue: set[asyncio.Task[Any]] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    async def receive(self, context: grpc.aio.ServicerContext[Any, Any], deadline: float) -> bytes:
        """The message of the current task's call, by `deadline` on the event loop's clock.

        Raises:
            BridgeError: REQUEST_TIMEOUT; INVALID_REQUEST for a call that ends without a message.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 # for mypy
        self._await(task, deadline)
        try:
            data: Any = await context.read()
            if data is grpc.aio.EOF:
                await asyncio.sleep(_CANCEL_WAIT)  # so it is too if core has refused the message, or the caller is gone
        except asyncio.CancelledError:
            if task in self._overdue and not task.uncancel():
                raise BridgeError(Reason.REQUEST_TIMEOUT, "the request's message did not arrive in time") from None
            raise
        finally:
            del self._due[task]
            self._overdue.discard(task)
        if data is grpc.aio.EOF:
            raise BridgeError(Reason.INVALID_REQUEST, "the call has no request message")
        return bytes(data)

    def _await(self, task: asyncio.Task[Any], deadline: float) -> None:
        loop = asyncio.get_running_loop()
        self._due[task] = min(loop.time() + self._timeout, deadline)
        if self._sweeper is None:
            self._sweeper = loop.call_later(_SWEEP_PERIOD, self._sweep)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for task, due in self._due.items():
            if due <= now and task not in self._overdue:
                self._overdue.add(task)
                task.cancel()
        self._sweeper = loop.call_later(_SWEEP_PERIOD, self._sweep) if self._due else None
