"""Receives the messages of a call. A handler is called as soon as the call's headers have arrived.

A caller can announce a message and never send it, or send it a byte at a time, so the wait is bounded. One timer serves
all calls: a timer per call would cost 11 µs.

Of a unary request only the first message is read. A second one is the caller's error, which grpcio's own handlers do
not notice either. Looking for it would cost 20 µs per call.
"""

import asyncio
from math import inf
from typing import Any, Final

import grpc

from bridge.errors import BridgeError, Reason

Context = grpc.aio.ServicerContext[Any, Any]
#: Time between two checks of the calls that wait for a message.
_SWEEP_SECONDS: Final = 0.05
#: Time to wait for the cancellation of a call whose message was not read to its end.
_CANCEL_SECONDS: Final = 0.05
#: Checks after which a wait counts as slow. A small message arrives with the headers or right after them. Checks and
#: not seconds, because a busy event loop does not see what has arrived.
_SLOW_SWEEPS: Final = 3


class UnreceivedError(asyncio.CancelledError):
    """The call was cancelled before its message was complete: by its caller, or by core, which refused the message."""


class Receiver:
    """Receives messages, each within `timeout` seconds.

    `max_slow` bounds the number of slow waits; the newest ones stay. gRPC buffers a message of up to
    `max_message_bytes` before its size is known, so this bounds the memory of callers whose requests should be small.
    """

    def __init__(self, timeout: float, max_slow: int | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self._max_slow = max_slow
        # Since which check, and until when. The oldest is first.
        self._waiting: dict[asyncio.Task[Any], tuple[int, float]] = {}
        self._ended: set[asyncio.Task[Any]] = set()
        self._sweeps = 0
        self._timer: asyncio.TimerHandle | None = None

    async def only(self, context: Context, deadline: float = inf) -> bytes:
        """The one message of the current task's call, received by `deadline` on the event loop's clock.

        Raises:
            BridgeError: REQUEST_TIMEOUT; INVALID_REQUEST for a call that ends without a message.
            UnreceivedError: the call was cancelled meanwhile.
        """
        try:
            message = await self.next(context, deadline)
            if message is None:
                # The caller may have cancelled, or core may have refused the message. Then a cancellation follows.
                await asyncio.sleep(_CANCEL_SECONDS)
        except asyncio.CancelledError:
            raise UnreceivedError from None
        if message is None:
            raise BridgeError(Reason.INVALID_REQUEST, "the call has no request message")
        return message

    async def next(self, context: Context, deadline: float = inf) -> bytes | None:
        """The next message of the current task's call; None after the last one.

        Raises:
            BridgeError: REQUEST_TIMEOUT.
        """
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101 # for mypy
        self._begin(task, deadline)
        try:
            message: Any = await context.read()
        except asyncio.CancelledError:
            if task in self._ended and not task.uncancel():
                raise BridgeError(Reason.REQUEST_TIMEOUT, "the request message did not arrive in time") from None
            raise
        finally:
            del self._waiting[task]
            self._ended.discard(task)
        return None if message is grpc.aio.EOF else message

    def _begin(self, task: asyncio.Task[Any], deadline: float) -> None:
        self._waiting[task] = self._sweeps, min(self._loop.time() + self._timeout, deadline)
        if self._timer is None:
            self._timer = self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        now = self._loop.time()
        self._sweeps += 1
        waiting = [(task, *since) for task, since in self._waiting.items() if task not in self._ended]
        slow = sum(since <= self._sweeps - _SLOW_SWEEPS for _, since, _ in waiting)
        for number, (task, _, until) in enumerate(waiting):
            if until <= now or (self._max_slow is not None and number < slow - self._max_slow):
                self._ended.add(task)
                task.cancel()
        self._timer = self._loop.call_later(_SWEEP_SECONDS, self._sweep) if self._waiting else None
