"""Captures what C libraries write to standard error: a thread reads it and writes it as log lines of the bridge.

gRPC's core writes a line for each failed TLS handshake, in the thread that polls its sockets. A slow reader of standard
error must not block that thread, and a line that is not JSON breaks the log. So file descriptor 2 becomes a pipe that
never blocks its writers. What does not fit is lost. GRPC_VERBOSITY still selects what core writes.

If core aborts the process, its last lines are lost. `faulthandler` shows where it was.
"""

import faulthandler
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

#: A line as absl writes it: severity, date and time, thread, place, text.
_LINE: Final = re.compile(r"(?P<level>[IWEF])\d{4} [\d:.]+ +\d+ (?P<at>[\w.-]{1,64}:\d{1,6})\] (?P<text>.*)")
_LEVELS: Final = {"I": "info", "W": "warning", "E": "error", "F": "critical"}
#: Places in core whose lines the bridge logs itself, with advice.
_SAID: Final = frozenset({"add_port.cc"})
#: Longer lines are cut.
_MAX_LINE_BYTES: Final = 4096
#: Lines in a burst, and per second after that. Anyone who connects can make core write a line.
_BURST: Final = 20
_LINES_PER_SECOND: Final = 5.0
#: Time for the last lines to be read at the end.
_CLOSE_TIMEOUT_SECONDS: Final = 1.0

#: Is called with a line: its level, its text, and further fields.
Take = Callable[..., None]


@contextmanager
def captured(take: Take, descriptor: int = 2) -> Iterator[None]:
    """While this is open, a thread calls `take` with each line that is written to a file descriptor."""
    sys.stderr.flush()
    original = os.dup(descriptor)
    receiver, sender = os.pipe()
    os.set_blocking(sender, False)
    os.dup2(sender, descriptor)
    os.close(sender)
    faulthandler.enable(original)
    reader = threading.Thread(target=_Lines(take).read, args=(receiver,), name="aibridge-stderr", daemon=True)
    reader.start()
    try:
        yield
    finally:
        sys.stderr.flush()
        faulthandler.disable()
        os.dup2(original, descriptor)  # this closes the pipe, unless a child process has it too: then `join` times out
        reader.join(_CLOSE_TIMEOUT_SECONDS)
        os.close(original)


class _Lines:
    """Passes lines on, at a limited rate."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._allowed = float(_BURST)
        self._at = time.monotonic()
        self._left_out = 0

    def read(self, receiver: int) -> None:
        """Read to the end, and close the descriptor."""
        rest = b""
        try:
            while data := os.read(receiver, 1 << 16):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._line(line)
                rest = rest[:_MAX_LINE_BYTES]
            self._line(rest)
        finally:
            os.close(receiver)

    def _line(self, line: bytes) -> None:
        text = line[:_MAX_LINE_BYTES].decode(errors="replace").strip()
        match = _LINE.fullmatch(text)
        if not text or (match is not None and match["at"].partition(":")[0] in _SAID):
            return
        if not self._may_pass():
            self._left_out += 1
            return
        more: dict[str, Any] = {"lines_left_out": self._left_out} if self._left_out else {}
        self._left_out = 0
        if match is None:
            self._take("warning", text, logger="stderr", **more)
        else:
            self._take(_LEVELS[match["level"]], match["text"], logger="grpc", at=match["at"], **more)

    def _may_pass(self) -> bool:
        now = time.monotonic()
        self._allowed = min(_BURST, self._allowed + (now - self._at) * _LINES_PER_SECOND)
        self._at = now
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True
