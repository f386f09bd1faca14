"""The time limits of one upstream request: the call's deadline, and a timeout for each phase.

A timer for each phase, or for each event of a stream, would be too expensive. One timer checks now and then which limit
passes next. It cancels the task, as `asyncio.timeout` does. That one inside of this class would double its cost.
"""

import asyncio
import math
from types import TracebackType
from typing import Any, Final, Self

from bridge.errors import BridgeError, Reason

#: Maximum seconds until the timer's first check, before which most requests have ended.
_FIRST_CHECK_SECONDS: Final = 10.0

_Limit = tuple[Reason, str]
_DEADLINE: Final[_Limit] = (Reason.UPSTREAM_TIMEOUT, "the call's deadline has passed")


class Clock:
    """A context manager, within one task of `loop`, that raises the error of the phase that timed out."""

    def __init__(self, deadline: float, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._deadline = deadline
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf  # when the timer checks
        self._progress = math.inf
        self._limit = 0.0
        self._expired: _Limit | None = None  # the limit that has passed: the task is cancelled
        self._phase: _Limit = (Reason.UPSTREAM_TIMEOUT, "")
        self._task: asyncio.Task[Any]
        self._cancelling = 0  # other requests to cancel the task, before this began

    def __enter__(self) -> Self:
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101 # for mypy
        self._task, self._cancelling = task, task.cancelling()
        self._check_at(min(self._loop.time() + _FIRST_CHECK_SECONDS, self._deadline))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._expired is None:
            return
        is_ours = self._task.uncancel() <= self._cancelling  # nobody else has cancelled the task too
        if is_ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            reason, message = self._expired
            raise BridgeError(reason, message, delay=1.0 if reason is Reason.BRIDGE_OVERLOADED else None) from None

    def phase(self, limit: float, reason: Reason, message: str) -> None:
        """Start a phase that fails with `reason` when `limit` seconds pass without `resume` or `pause`."""
        self._phase, self._limit = (reason, message), limit
        self.resume()

    def resume(self, passed: float = 0.0) -> None:
        """Restart the timeout of the phase, of which these seconds count as passed."""
        self._progress = self._loop.time() - passed
        if self._progress + self._limit < self._due:
            self._check_at(self._progress + self._limit)

    def pause(self) -> None:
        """Stop the timeout of the phase until `resume`."""
        self._progress = math.inf

    def suspend(self) -> float:
        """As `pause`. Returns the seconds of the timeout that have passed; negative infinity if it was stopped."""
        passed = self._loop.time() - self._progress
        self.pause()
        return passed

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
        self._expired = self._phase if self._deadline > now else _DEADLINE
        self._task.cancel()
