"""Limits of concurrent calls, in the process and per caller. Further calls wait in a queue.

grpcio's own `maximum_concurrent_rpcs` counts health probes too and refuses without details (grpc/grpc#41531).
"""

import asyncio
import time
from collections import Counter, OrderedDict
from itertools import count
from typing import NamedTuple

from bridge.errors import BridgeError, Reason, stopping_error


class _Waiter(NamedTuple):
    turn: asyncio.Future[None]
    number: int  # in order of arrival
    max_calls: int


class Limits:
    """Admits calls. `queue_timeout` is in seconds. At most as many calls wait as may run, in all and per caller."""

    def __init__(self, max_calls: int, queue_timeout: float) -> None:
        self._max_calls = max_calls
        self._queue_timeout = queue_timeout
        self._running = 0
        self._running_of: Counter[str] = Counter()  # by caller
        self._waiting = 0
        self._waiting_of: dict[str, OrderedDict[int, _Waiter]] = {}  # by caller, each in order of arrival
        self._numbers = count()
        self._closed = False

    @property
    def running(self) -> int:
        """Calls that are running."""
        return self._running

    @property
    def waiting(self) -> int:
        """Calls that are waiting."""
        return self._waiting

    async def enter(self, caller: str = "", max_calls: int = 0) -> float:
        """Wait until the limits admit a call. Each must `leave`. Returns the seconds that it waited.

        A caller may run `max_calls` at once. The empty name stands for calls without a limit per caller.

        Raises:
            BridgeError: BRIDGE_OVERLOADED if it is not admitted in time, BRIDGE_SHUTTING_DOWN after `close`.
        """
        if self._closed:
            raise stopping_error()
        if self._has_room(caller, max_calls) and self._next() is None:
            self._admit(caller)
            return 0.0
        if self._waiting >= self._max_calls or (caller and len(self._waiting_of.get(caller, ())) >= max_calls):
            raise self._overloaded(caller, max_calls)
        waiter = _Waiter(asyncio.get_running_loop().create_future(), next(self._numbers), max_calls)
        self._waiting_of.setdefault(caller, OrderedDict())[waiter.number] = waiter
        self._waiting += 1
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._queue_timeout):
                await waiter.turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if waiter.turn.done() and not waiter.turn.cancelled():
                self.leave(caller)  # admitted at the moment of its timeout
            else:
                self._remove(caller, waiter)
            if isinstance(error, TimeoutError):
                raise self._overloaded(caller, max_calls) from None
            raise
        return time.monotonic() - began

    def leave(self, caller: str = "") -> None:
        """An admitted call has ended."""
        self._running -= 1
        if caller:
            self._running_of[caller] -= 1
            if not self._running_of[caller]:
                del self._running_of[caller]
        while (following := self._next()) is not None:
            name, waiter = following
            self._remove(name, waiter)
            self._admit(name)
            waiter.turn.set_result(None)

    def close(self) -> None:
        """Admit no new calls. Those that wait are still served."""
        self._closed = True

    def _has_room(self, caller: str, max_calls: int) -> bool:
        return self._running < self._max_calls and (not caller or self._running_of[caller] < max_calls)

    def _next(self) -> tuple[str, _Waiter] | None:
        """The first waiter that the limits admit, and its caller."""
        if not self._waiting or self._running >= self._max_calls:
            return None
        found: tuple[str, _Waiter] | None = None
        for caller, waiters in self._waiting_of.items():
            # A cancelled one stays here until its task runs.
            first = next((waiter for waiter in waiters.values() if not waiter.turn.done()), None)
            if first is None or not self._has_room(caller, first.max_calls):
                continue
            if found is None or first.number < found[1].number:
                found = caller, first
        return found

    def _admit(self, caller: str) -> None:
        self._running += 1
        if caller:
            self._running_of[caller] += 1

    def _remove(self, caller: str, waiter: _Waiter) -> None:
        self._waiting -= 1
        waiters = self._waiting_of[caller]
        del waiters[waiter.number]
        if not waiters:
            del self._waiting_of[caller]

    def _overloaded(self, caller: str, max_calls: int) -> BridgeError:
        whose = "the caller's" if caller and self._running_of[caller] >= max_calls else "the bridge's"
        return BridgeError(Reason.BRIDGE_OVERLOADED, f"{whose} limit of concurrent calls is reached", delay=1.0)
