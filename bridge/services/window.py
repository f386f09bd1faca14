"""The window of time in which a stream's text may be held, so that it becomes part of a later message.

A timer closes it. While it is open, text may wait in two places: merged in the coalescer, or unread at the upstream's
end (`hand_out`), where it does not wake the call's task. So the timer does one of two things. It has what is unread
handed out, which ends the read under way. If nothing is unread, it cancels the read, so that the task writes what is
held. A cancelled read loses nothing: what has arrived meanwhile stays for the next one.

The bridge may stop the call, which cancels its task too. Then what has arrived is still read and written.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Generic, TypeAlias, TypeVar

from bridge.errors import BridgeError

T = TypeVar("T")
#: Returns what the upstream has sent since the last read; None at the end of the stream.
Read: TypeAlias = Callable[[], Coroutine[Any, Any, Iterable[T] | None]]

#: The window closes this long before the call's deadline.
_LAST_SECONDS: Final = 0.02
#: When the bridge stops the call, what has arrived is read within this time.
_FLUSH_SECONDS: Final = 0.02


class Window(Generic[T]):
    """The window of one stream.

    It is open for `seconds` after each `open`; 0 never opens it. `deadline` is the call's, on the event loop's clock.
    `holds` returns whether the coalescer holds text. `stop` is the cancellation by which the bridge stops the call.
    """

    def __init__(self, seconds: float, deadline: float, holds: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._latest = deadline - _LAST_SECONDS
        self._holds = holds
        self._hand_out: Callable[[], bool] = bool  # nothing is unread
        self._timer: asyncio.TimerHandle | None = None
        self._reader: asyncio.Task[Any] | None = None  # the task that waits for the upstream, if one does
        self._has_ended_read = False
        self._flush_until = 0.0
        self._is_overdue = False  # it closed while text was unread: all of that has to be written
        self.is_open = False
        self.stop: asyncio.CancelledError | None = None

    def watch(self, hand_out: Callable[[], bool]) -> None:
        """From now on, text may wait unread. `hand_out` ends the read under way if any does, and returns whether."""
        self._hand_out = hand_out

    def open(self) -> None:
        """Open the window, because a message is written."""
        if self._seconds:
            self.close()
            self._timer = self._loop.call_at(min(self._loop.time() + self._seconds, self._latest), self._expire)
            self.is_open = True

    def close(self) -> None:
        """Close the window. This ends no read."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.is_open = False

    def end(self) -> None:
        """Close the window for good."""
        self.close()
        self._hand_out = bool  # it refers to the stream, which refers to the owner of this window

    def _expire(self) -> None:
        self._timer, self.is_open = None, False
        is_unread = self._hand_out()
        self._is_overdue = self._is_overdue or is_unread
        if not is_unread and self._reader is not None and self._holds():
            self._has_ended_read = True
            self._reader.cancel()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Do not cancel the reading task meanwhile, because it writes: gRPC would drop the call."""
        reader, self._reader = self._reader, None
        try:
            yield
        finally:
            self._reader = reader
        if reader is not None and not self.is_open:
            self._expire()  # it did meanwhile

    async def read(self, read: Read[T]) -> Iterable[T] | None:
        """As `read`, but empty if the window closes first.

        Raises:
            CancelledError: the caller has gone; `stop`, when all that had arrived was read.
        """
        if self.stop is not None:
            return await self._read_rest(read, self.stop)
        if not self.is_open:
            self._is_overdue = self._hand_out() or self._is_overdue  # it has arrived during a write
            if not self._holds():
                return await read()
        self._reader, self._has_ended_read = asyncio.current_task(self._loop), False
        try:
            return await read()
        except asyncio.CancelledError as cancelled:
            task, self._reader = self._reader, None
            if self._has_ended_read and (task is None or not task.uncancel()):
                return ()
            if task is None or not any(isinstance(cause, BridgeError) for cause in cancelled.args):
                raise  # the caller has gone
            task.uncancel()
            self.stop, self._flush_until = cancelled, self._loop.time() + _FLUSH_SECONDS
            return await self._read_rest(read, cancelled)
        finally:
            self._reader = None

    async def _read_rest(self, read: Read[T], stop: asyncio.CancelledError) -> Iterable[T] | None:
        """What had arrived when the bridge stopped the call. Raises `stop` when there is no more."""
        self.close()
        if self._hand_out() and self._loop.time() < self._flush_until:
            with suppress(BridgeError, TimeoutError):  # what is unread may be less than an event
                async with asyncio.timeout_at(self._flush_until):
                    return await read()
        raise stop

    def awaits_more(self) -> bool:
        """After a read: whether text that has to be written now is still unread. It may be less than an event."""
        if not self._is_overdue or not self._hand_out():
            return False
        if not self.is_open:
            self.open()
        return True

    def is_due(self) -> bool:
        """After a read: whether what is held has to be written now."""
        return not self.is_open or self._is_overdue

    def written(self) -> None:
        """All that had to be written was."""
        self._is_overdue = False
