"""How many calls may run at once, in the process and for one caller, and how long a further one waits for its turn.

grpcio's own `maximum_concurrent_rpcs` counts health probes too and refuses without details (grpc/grpc#41531).
"""

import asyncio
import time
from collections import Counter, deque
from typing import NamedTuple

from bridge.errors import BridgeError, Reason


class _Waiter(NamedTuple):
    caller: str
    most: int
    turn: asyncio.Future[None]


class Limits:
    """Admits calls. `wait` is in seconds. No more wait than may run, in all and of one caller."""

    def __init__(self, total: int, wait: float) -> None:
        self._total = total
        self._wait = wait
        self._running = 0
        self._of: Counter[str] = Counter()
        self._waiting: deque[_Waiter] = deque()
        self._closed = False

    @property
    def running(self) -> int:
        """Calls that were admitted and have not left."""
        return self._running

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._waiting)

    async def enter(self, caller: str = "", most: int = 0) -> float:
        """Begin a call, as soon as there is room for it; each must `leave`. The seconds that it waited.

        Of one caller run `most` at once; the empty name is nobody's, and has no limit of its own.

        Raises:
            BridgeError: BRIDGE_OVERLOADED when there is none in time, BRIDGE_SHUTTING_DOWN behind `close`.
        """
        if self._closed:
            raise BridgeError(Reason.BRIDGE_SHUTTING_DOWN, "the bridge is stopping")
        if not self._waiting and self._has_room(caller, most):
            self._admit(caller)
            return 0.0
        if len(self._waiting) >= self._total or (caller and self._waits(caller) >= most):
            raise _overloaded()
        waiter = _Waiter(caller, most, asyncio.get_running_loop().create_future())
        began = time.monotonic()
        self._waiting.append(waiter)
        self._wake()  # those before this one may wait for their own caller's limit only
        try:
            async with asyncio.timeout(self._wait):
                await waiter.turn
        except (TimeoutError, asyncio.CancelledError) as error:
            if waiter.turn.done() and not waiter.turn.cancelled():
                self.leave(caller)  # admitted in the very moment that it gave up
            else:
                self._waiting.remove(waiter)
            if isinstance(error, TimeoutError):
                raise _overloaded() from None
            raise
        return time.monotonic() - began

    def leave(self, caller: str = "") -> None:
        """End a call that was admitted."""
        self._running -= 1
        if caller:
            self._of[caller] -= 1
            if not self._of[caller]:
                del self._of[caller]
        self._wake()

    def close(self) -> None:
        """Admit no call any more; those that wait are still served."""
        self._closed = True

    def _has_room(self, caller: str, most: int) -> bool:
        return self._running < self._total and (not caller or self._of[caller] < most)

    def _waits(self, caller: str) -> int:
        return sum(waiter.caller == caller for waiter in self._waiting)

    def _admit(self, caller: str) -> None:
        self._running += 1
        if caller:
            self._of[caller] += 1

    def _wake(self) -> None:
        if not self._waiting or self._running >= self._total:
            return
        for waiter in list(self._waiting):
            if self._has_room(waiter.caller, waiter.most) and not waiter.turn.done():  # a cancelled one removes itself
                self._waiting.remove(waiter)
                self._admit(waiter.caller)
                waiter.turn.set_result(None)
                if self._running >= self._total:
                    return


def _overloaded() -> BridgeError:
    return BridgeError(Reason.BRIDGE_OVERLOADED, "the bridge has as many calls as it may run", delay=1.0)
