"""Limits the rate at which refused and cancelled calls end, so that a flood of them does not take the processor.

Until a call has ended, it counts for the limit of its connection (`max_concurrent_streams`), even if its caller has
reset it. So a connection that floods the bridge soon cannot begin calls. Normally these calls end at once. In a flood
they wait, and do nothing else.
"""

import asyncio
from collections import OrderedDict
from typing import Final

#: Calls that may wait for their end; each takes 20 kB. Above the limit calls end at once.
_MAX_WAITING: Final = 4096
#: Time between two rounds.
_PERIOD_SECONDS: Final = 0.02


class Throttle:
    """Limits the rate at which calls end: to so many `per_second`, and after a quiet time to a `burst` at once."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._credit = float(burst)
        self._since = asyncio.get_running_loop().time()  # when the credit was counted
        self._waiting: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Calls that wait for their end."""
        return len(self._waiting)

    async def turn(self) -> None:
        """Wait until the current call may end."""
        self._earn()
        if self._closed or len(self._waiting) >= _MAX_WAITING:
            return
        if self._credit >= 1 and not self._waiting:
            self._credit -= 1
            return
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting[turn] = None
        if self._timer is None:
            self._timer = loop.call_later(_PERIOD_SECONDS, self._let_go)
        try:
            await turn
        finally:
            self._waiting.pop(turn, None)

    def close(self) -> None:
        """End all waiting calls, because the server stops."""
        self._closed = True
        while self._waiting:
            self._end_oldest()

    def _earn(self) -> None:
        now = asyncio.get_running_loop().time()
        self._credit = min(self._burst, self._credit + (now - self._since) * self._per_second)
        self._since = now

    def _let_go(self) -> None:
        self._earn()
        while self._waiting and self._credit >= 1:
            self._credit -= 1
            self._end_oldest()
        self._timer = asyncio.get_running_loop().call_later(_PERIOD_SECONDS, self._let_go) if self._waiting else None

    def _end_oldest(self) -> None:
        turn, _ = self._waiting.popitem(last=False)
        if not turn.done():
            turn.set_result(None)
