"""Receives the messages of a call. A handler sees its call as soon as the headers are there.

A caller can announce a message and never send it, or send it a byte at a time, so the wait for it is bounded. One timer
looks after all calls: a timer for each call would cost 11 µs, a tenth of what a call costs in grpcio.

Of a unary request only the first message is read. A second one is a caller's fault, which grpcio's own handlers do not
notice either; to look for it costs a call 20 µs.
"""

import asyncio
from math import inf
from typing import Any, Final

import grpc

from bridge.errors import BridgeError, Reason

Context = grpc.aio.ServicerContext[Any, Any]
#: Seconds between two looks at the calls that wait for a message.
_SWEEP_SECONDS: Final = 0.05
#: Seconds in which a call turns out to be cancelled whose message was not read to its end.
_CANCEL_SECONDS: Final = 0.05
#: Looks after which a wait counts as slow: a small message comes with the headers, or right after them. Looks and not
#: seconds, because what has come is not seen while the event loop is busy.
_SLOW_SWEEPS: Final = 3


class Receiver:
    """Receives messages, each within `timeout` seconds.

    `max_slow` is how many calls may wait for a message for longer than a moment; the newest stay. gRPC takes a message
    in up to `max_message_bytes` before its size can be seen, so this bounds the memory that small requests can take.
    """

    def __init__(self, timeout: float, max_slow: int | None = None) -> None:
        self._timeout = timeout
        self._max_slow = max_slow
        self._waiting: dict[asyncio.Task[Any], tuple[int, float]] = {}  # since which look, until when; the oldest first
        self._ended: set[asyncio.Task[Any]] = set()
        self._sweeps = 0
        self._timer: asyncio.TimerHandle | None = None

    async def only(self, context: Context, deadline: float = inf) -> bytes:
        """The one message of the current task's call, by `deadline` on the event loop's clock.

        Raises:
            BridgeError: REQUEST_TIMEOUT; INVALID_REQUEST for a call that ends without a message.
        """
        message = await self.next(context, deadline)
        if message is None:
            # The caller may have cancelled, or core have refused the message: then the call is about to be cancelled.
            await asyncio.sleep(_CANCEL_SECONDS)
            raise BridgeError(Reason.INVALID_REQUEST, "the call has no request message")
        return message

    async def next(self, context: Context, deadline: float = inf) -> bytes | None:
        """The next message of the current task's call; None behind the last one.

        Raises:
            BridgeError: REQUEST_TIMEOUT.
        """
        task = asyncio.current_task()
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
        loop = asyncio.get_running_loop()
        self._waiting[task] = self._sweeps, min(loop.time() + self._timeout, deadline)
        if self._timer is None:
            self._timer = loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._sweeps += 1
        waiting = [(task, *since) for task, since in self._waiting.items() if task not in self._ended]
        slow = sum(since <= self._sweeps - _SLOW_SWEEPS for _, since, _ in waiting)
        for number, (task, _, until) in enumerate(waiting):
            if until <= now or (self._max_slow is not None and number < slow - self._max_slow):
                self._ended.add(task)
                task.cancel()
        self._timer = loop.call_later(_SWEEP_SECONDS, self._sweep) if self._waiting else None
