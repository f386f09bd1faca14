"""Bounds how many bytes of streams are converted before other calls go on.

A call needs several iterations of the event loop, and gRPC accepts about one new call in each. 16 KiB of log
probabilities take 8 ms. So if 64 streams converted so much in each iteration, every other call would wait for seconds.
"""

import asyncio
from collections import deque
from typing import Final, NamedTuple

#: What has up to this many bytes, as most events have, does not wait for anything larger.
SMALL_BYTES: Final = 1 << 10


class Pace(NamedTuple):
    """So many bytes, or one event of more, in so many iterations. An iteration without other work takes 20 µs."""

    max_bytes: int
    iterations: int


SMALL: Final = Pace(1 << 14, 4)
LARGE: Final = Pace(1 << 14, 8)


class FairQueue:
    """Lets the streams of this process go on in the order in which they ask."""

    def __init__(self) -> None:
        self._small, self._large = _Lane(SMALL), _Lane(LARGE)

    def take(self, size: int) -> asyncio.Future[None] | None:
        """Ask to convert so many bytes: None if that is possible at once, otherwise a future that is done then.

        The turn lasts until the task waits for something else. A task that is cancelled gives up its turn.
        """
        return (self._small if size <= SMALL_BYTES else self._large).take(size)


class _Lane:
    """The turns of one pace."""

    def __init__(self, pace: Pace) -> None:
        self._loop = asyncio.get_running_loop()
        self._pace = pace
        self._used = 0  # bytes since the last turns were handed out; 0 if `_next` is not scheduled
        self._left = 0  # iterations until the next are
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def take(self, size: int) -> asyncio.Future[None] | None:
        used = self._used
        if not used:
            self._schedule()
        elif self._waiting or used + size > self._pace.max_bytes:
            turn: asyncio.Future[None] = self._loop.create_future()
            self._waiting.append((size, turn))
            return turn
        self._used = used + size
        return None

    def _schedule(self) -> None:
        self._left = self._pace.iterations
        self._loop.call_soon(self._next)

    def _next(self) -> None:
        """Hand out turns to those that have waited longest."""
        self._left -= 1
        if self._left:
            self._loop.call_soon(self._next)
            return
        self._used = 0
        while self._waiting:
            size, turn = self._waiting[0]
            if self._used and self._used + size > self._pace.max_bytes:
                break
            self._waiting.popleft()
            if not turn.done():  # its task was not cancelled
                self._used += size
                turn.set_result(None)
        if self._used:
            self._schedule()
