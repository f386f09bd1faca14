"""Writes standard error in a thread, so that a slow or stuck reader blocks no call.

Lines are collected for a moment and written together, which is cheaper than one by one. Lines that cannot be written
wait in memory up to a limit. Further lines are dropped and counted. A process that is killed loses the last moment.
"""

import asyncio
import atexit
import os
import select
import threading
from collections import deque
from typing import Final

#: Time for which lines are collected.
_COLLECT_SECONDS: Final = 0.05
#: Waiting lines, about 4 MB.
_MAX_LINES: Final = 10_000
#: Writes to a pipe are atomic up to this size, so lines of several workers are not mixed.
_PIECE_BYTES: Final = 4096
#: Time that the end of the process waits for the reader.
_CLOSE_TIMEOUT_SECONDS: Final = 1.0


class Writer:
    """A text file for structlog and logging. A thread writes to the file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self._news = threading.Event()
        self._called = False
        self._closed = False
        self._reported = 0
        self.dropped = 0  # lines
        self._thread = threading.Thread(target=self._run, name="aibridge-log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, line: str) -> None:
        """Add one line with its line feed. Never blocks."""
        if len(self._lines) >= _MAX_LINES:
            self.dropped += 1
            return
        self._lines.append(line)
        if not self._called:
            self._called = True
            self._call()

    def _call(self) -> None:
        """Wake the thread after a moment. At once, it would compete for the interpreter during a call."""
        try:
            asyncio.get_running_loop().call_later(_COLLECT_SECONDS, self._news.set)
        except RuntimeError:  # no loop in this thread
            self._news.set()

    def flush(self) -> None:
        """Nothing: the thread writes in a moment."""

    def close(self) -> None:
        """Write the remaining lines. Waits only a moment for a reader that does not read."""
        atexit.unregister(self.close)
        self._closed = True
        self._news.set()
        self._thread.join(_CLOSE_TIMEOUT_SECONDS)

    def _run(self) -> None:
        while not self._closed:
            self._news.wait()
            self._news.clear()
            self._called = False  # before the lines are taken, so that a line added now sets it again
            self._drain()
        self._drain()  # a line that was added after the last look, and before the close

    def _drain(self) -> None:
        piece = b""
        while self._lines:
            line = self._lines.popleft().encode(errors="replace")
            if len(piece) + len(line) > _PIECE_BYTES:
                self._put(piece)
                piece = b""
            piece += line
        if self.dropped > self._reported:
            lost, self._reported = self.dropped - self._reported, self.dropped
            piece += b'{"event":"log lines dropped","level":"warning","lines":%d}\n' % lost
        self._put(piece)

    def _put(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # another process that shares it has made it non-blocking
                select.select((), (self._descriptor,), ())
            except OSError:  # the reader has gone
                return
