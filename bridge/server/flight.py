"""The calls in flight: how many they are, how new ones are held back for a moment, and how all are ended.

gRPC's core ends each call that it has received and Python has not yet asked for, in the moment that the server is told
to stop, with CANCELLED, which no client retries. Under load these are many: about one for each connection's caller.
So the stop is preceded by a short hold, in which calls are taken in, and wait. Callers who wait for a reply before they
call again fall silent, core's queue empties, and those held are served once the connections have been told to go away.
What is then still on the wire is lost as before, a call now and then; a client that watches health sends none by then.
"""

import asyncio
from typing import Any, Final

from bridge.call import Call

#: The hold ends when no call has arrived for so many seconds,
_QUIET: Final = 0.05
#: and after so many at the latest.
_LONGEST_HOLD: Final = 0.5


class Flight:
    """Knows the calls that run."""

    def __init__(self) -> None:
        self.cut_off = 0  # calls that did not come to their own end
        self._running: dict[Call, asyncio.Task[Any]] = {}
        self._gate: asyncio.Event | None = None
        self._arrival = 0.0
        self._over = False

    def enter(self, call: Call) -> None:
        """A call begins, in the current task; each must `leave`.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN behind `cut`.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 # for mypy
        self._running[call] = task
        call.cut = self._over
        call.check()

    def leave(self, call: Call) -> None:
        """A call has ended, in whatever way."""
        del self._running[call]
        self.cut_off += call.cut

    async def hold_back(self) -> None:
        """Wait until a call that has just begun may go on: at once, but for a moment of the stop."""
        if self._gate is not None:
            self._arrival = asyncio.get_running_loop().time()
            await self._gate.wait()

    async def hold(self) -> None:
        """Hold back the calls that begin from now on; returns when no more arrive, or soon anyway."""
        self._gate = asyncio.Event()
        loop = asyncio.get_running_loop()
        now = began = self._arrival = loop.time()
        while now < min(self._arrival + _QUIET, began + _LONGEST_HOLD):
            await asyncio.sleep(min(self._arrival + _QUIET, began + _LONGEST_HOLD) - now)
            now = loop.time()

    def release(self) -> None:
        """Serve the calls that were held back."""
        if self._gate is not None:
            self._gate.set()

    def cut(self) -> None:
        """End all calls, and all that begin later, with BRIDGE_SHUTTING_DOWN.

        A call that is writing is not cancelled, it sees `Call.cut` behind the write: gRPC takes note that it has sent
        the initial metadata when the first write is over. It would send them again with the status, and fail.
        """
        self._over = True
        for call, task in self._running.items():
            call.cut = True
            if not call.writing:
                task.cancel()

    def ends(self, call: Call) -> bool:
        """Whether the cancellation that has reached a call's task is `cut`'s. Then it is undone."""
        ends = call.cut and not call.writing
        if ends:
            self._running[call].uncancel()
        return ends
