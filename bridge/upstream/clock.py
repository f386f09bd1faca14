"""The time limits of one upstream request: the call's deadline, and a timeout for each phase.

`asyncio.timeout` ends the request. It has no time of its own, because a timer for each phase, or for each event of a
stream, would be too expensive. One timer checks now and then which limit passes next.
"""

import asyncio
import math
from types import TracebackType
from typing import Final, Self

from bridge.errors import BridgeError, Reason

#: Maximum seconds until the timer's first check, before which most requests have ended.
_FIRST_CHECK_SECONDS: Final = 10.0


class Clock:
    """A context manager that raises the error of the phase that timed out."""

    def __init__(self, deadline: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf  # when the timer checks
        self._progress = math.inf
        self._limit = 0.0
        self._expired: tuple[Reason, str] | None = None
        self._phase: tuple[Reason, str] = (Reason.UPSTREAM_TIMEOUT, "")

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._check_at(min(self._loop.time() + _FIRST_CHECK_SECONDS, self._deadline))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            reason, message = self._expired or (Reason.UPSTREAM_TIMEOUT, "the call's deadline has passed")
            raise BridgeError(reason, message, delay=1.0 if reason is Reason.BRIDGE_OVERLOADED else None) from None

    def phase(self, limit: float, reason: Reason, message: str) -> None:
        """Start a phase that fails with `reason` when `limit` seconds pass without `resume` or `pause`."""
        self._phase, self._limit = (reason, message), limit
        self.resume()

    def resume(self) -> None:
        """Restart the timeout of the phase."""
        self._progress = self._loop.time()
        if self._progress + self._limit < self._due:
            self._check_at(self._progress + self._limit)

    def pause(self) -> None:
        """Stop the timeout of the phase until `resume`."""
        self._progress = math.inf

    def _check_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = self._loop.call_at(due, self._check)

    def _check(self) -> None:
        now = self._loop.time()
        due = min(self._progress + self._limit, self._deadline)
        if due > now:
            self._check_at(due)
            return
        self._timer, self._due = None, -math.inf  # the last check
        if self._deadline > now:
            self._expired = self._phase
        self._timeout.reschedule(now)
