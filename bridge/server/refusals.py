"""Refuses unauthenticated callers at a bounded rate, so that a flood of their calls does not take the processor.

Normally a call without a valid credential is refused at once. In a flood, calls wait for their refusal, and their
connections cannot make more calls (`max_concurrent_streams`) until they get it.
"""

import asyncio
from collections import OrderedDict
from typing import Final

#: Refusals per second. Each costs 0.2 ms, so this takes a tenth of a processor.
_PER_SECOND: Final = 500
#: Refusals in a burst, after a quiet time.
_BURST: Final = 1000
#: Calls that may wait for their refusal; each takes 20 kB. Above the limit calls are refused at once.
_MAX_WAITING: Final = 6144
#: Time between two rounds of refusals.
_PERIOD_SECONDS: Final = 0.02


class Refusals:
    """Limits the rate of refusals."""

    def __init__(self) -> None:
        self._credit = float(_BURST)
        self._since = asyncio.get_running_loop().time()  # when the credit was counted
        self._waiting: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def turn(self) -> None:
        """Wait until the current call may be refused."""
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
        """Refuse all waiting calls, because the server stops."""
        self._closed = True
        while self._waiting:
            self._end_oldest()

    def _earn(self) -> None:
        now = asyncio.get_running_loop().time()
        self._credit = min(_BURST, self._credit + (now - self._since) * _PER_SECOND)
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
