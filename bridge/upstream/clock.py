"""The time limits of one upstream request: the call's deadline, and a timeout for each phase.

`asyncio.timeout` does the work. Rescheduling it for every event of a stream would be too expensive. So a stream only
records its progress, and the timer compares that when it fires.
"""

import asyncio
import math
from types import TracebackType
from typing import Self

from bridge.errors import BridgeError, Reason


class Clock:
    """A context manager that raises the error of the phase that timed out."""

    def __init__(self, deadline: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._timeout = asyncio.timeout_at(deadline)
        self._timer: asyncio.TimerHandle | None = None
        self._progress = 0.0
        self._limit = 0.0
        self._expired: tuple[Reason, str] | None = None
        self._phase: tuple[Reason, str] = (Reason.UPSTREAM_TIMEOUT, "")

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
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
        self._phase, self._limit, self._progress = (reason, message), limit, self._loop.time()
        self._arm()

    def resume(self) -> None:
        """Restart the timeout of the phase."""
        self._progress = self._loop.time()
        if self._timer is None:
            self._arm()

    def pause(self) -> None:
        """Stop the timeout of the phase until `resume`."""
        self._progress = math.inf

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._progress + self._limit
        self._timer = self._loop.call_at(due, self._check) if due < self._deadline else None

    def _check(self) -> None:
        self._timer = None
        if self._progress + self._limit > self._loop.time():
            self._arm()
            return
        self._expired = self._phase
        self._timeout.reschedule(self._loop.time())
