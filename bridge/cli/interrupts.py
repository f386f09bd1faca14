"""Ctrl-C during a call cancels the call, and is not an exception, except in a write to standard output.

KeyboardInterrupt may come between two steps of a lock. If that lock is one of grpcio's, it stays locked. The thread
that serves the channel then waits for it, and neither a later call nor the end of the channel returns.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Cancellable(Protocol):
    """A call."""

    def cancel(self) -> object:
        """Cancel the call."""


class Interrupts:
    """Whether Ctrl-C was pressed, which cancels the call in `call`."""

    def __init__(self) -> None:
        self.came = False
        self._raises = False
        self._call: Cancellable | None = None

    def cancel(self, call: Cancellable) -> None:
        """Cancel this call when Ctrl-C is pressed, at once if it already was."""
        self._call = call
        if self.came:
            call.cancel()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        if self._call is not None:
            self._call.cancel()
        if self._raises:
            self._raises = False
            raise KeyboardInterrupt

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Also raise KeyboardInterrupt in this context, for a write that may block. It must not use grpcio."""
        try:
            self._raises = True
            yield
        finally:
            self._raises = False

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Notice Ctrl-C within this context. Only the main thread gets signals, and some programs ignore this one."""
        plain = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if not plain or threading.current_thread() is not threading.main_thread():
            yield
            return
        signal.signal(signal.SIGINT, self._handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
