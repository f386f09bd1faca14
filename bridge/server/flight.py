"""The calls in flight: how many they are, how new ones are held back for a moment, and how all are ended.

gRPC's core ends each call that it has received and Python has not yet asked for, in the moment that the server is told
to stop, with CANCELLED, which no client retries. Under load these are many: about one for each connection's caller.
So the stop is preceded by a short hold, in which calls are taken in, and wait. Callers who wait for a reply before they
call again fall silent once the calls that run have ended, core's queue empties, and those held are served when the
connections have been told to go away. Calls that run for longer are not waited for: who calls again in the very moment
that one of them ends is lost as before, now and then; a client that watches health sends none by then.
"""

import asyncio
from typing import Any, Final

from bridge.call import Call

#: The hold ends when all calls are held and none has come or gone for so many seconds,
_QUIET: Final = 0.05
#: and after so many at the latest.
_LONGEST_HOLD: Final = 0.5
#: So often it is looked whether it is so.
_LOOK: Final = 0.01


class Flight:
    """Knows the calls that run."""

    def __init__(self) -> None:
        self.cut_off = 0  # calls that did not come to their own end
        self._running: dict[Call, asyncio.Task[Any]] = {}
        self._gate: asyncio.Event | None = None
        self._held = 0
        self._latest = 0.0  # when a call has come or gone
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
        if self._gate is not None:
            self._latest = asyncio.get_running_loop().time()

    async def hold_back(self) -> None:
        """Wait until a call that has just begun may go on: at once, but for a moment of the stop."""
        if self._gate is not None:
            self._latest = asyncio.get_running_loop().time()
            self._held += 1
            try:
                await self._gate.wait()
            finally:
                self._held -= 1

    async def hold(self) -> None:
        """Hold back the calls that begin from now on; returns when all callers have fallen silent, or soon anyway."""
        self._gate = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._latest = loop.time()
        end = self._latest + _LONGEST_HOLD
        # Looking is cheaper than to be told by each call.
        while (now := loop.time()) < end and (len(self._running) > self._held or now < self._latest + _QUIET):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)

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
