"""Lets the workers of one bridge tell their connections to go away one after another.

A client that is told to go away connects again at once, and the kernel sends it to any worker that listens. If that one
were about to tell its own connections to go away, core would cancel the client's calls, and clients do not retry
CANCELLED. So one worker at a time has its turn. The others hold new calls meanwhile, also those of the clients that had
to leave. When the last worker has had its turn, nobody listens any more, and connecting fails with UNAVAILABLE.
"""

import asyncio
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Final

ASK: Final = "ask for the turn"
GRANT: Final = "grant the turn"
END: Final = "end the turn"
#: Time after which all workers that wait get their turn at once. A turn takes 0.4 seconds or more.
_MAX_SECONDS: Final = 2.0
#: Time that a worker waits for its turn, for a parent that does not respond.
_MAX_WAIT_SECONDS: Final = 3.0


class Turn:
    """The turn of this process. `parent` is the pipe to the parent process; without one it is always its turn."""

    def __init__(self, parent: Connection | None = None) -> None:
        self._parent = parent
        self._granted = asyncio.Event()

    async def take(self) -> None:
        """Wait for the turn."""
        if self._parent is None:
            return
        self._granted.clear()
        tell(self._parent, ASK)
        with suppress(TimeoutError):
            async with asyncio.timeout(_MAX_WAIT_SECONDS):
                await self._granted.wait()

    def grant(self) -> None:
        """The parent has granted the turn."""
        self._granted.set()

    def orphan(self) -> None:
        """The parent has ended."""
        self._parent = None
        self._granted.set()

    def end(self) -> None:
        """All connections were told to go away."""
        if self._parent is not None:
            tell(self._parent, END)


class Turns:
    """The turns of the workers, each of which is known by its pipe."""

    def __init__(self) -> None:
        self._waiting: list[Connection] = []
        self._holder: Connection | None = None
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, worker: Connection) -> None:
        """A worker asks for its turn. It gets it in the order of asking, or when the others take too long."""
        self._waiting.append(worker)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_MAX_SECONDS, self._grant_all)
        self._next()

    def end(self, worker: Connection) -> None:
        """A worker has ended its turn, or itself."""
        if worker in self._waiting:
            self._waiting.remove(worker)
        if worker is self._holder:
            self._holder = None
        self._next()

    def _next(self) -> None:
        if self._holder is None and self._waiting:
            self._holder = self._waiting.pop(0)
            tell(self._holder, GRANT)
        if self._holder is None and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _grant_all(self) -> None:
        self._timer = self._holder = None
        waiting, self._waiting = self._waiting, []
        for worker in waiting:
            tell(worker, GRANT)


def tell(pipe: Connection, word: str, cause: str = "") -> None:
    """Send a message to the process at the other end of a pipe, unless it has ended."""
    with suppress(OSError):
        pipe.send((word, cause))
