"""The calls in flight: how many they are, how they are held for a moment before a stop, and how all are ended.

When the server is told to stop, gRPC's core ends each call that it has received and Python has not yet asked for, with
CANCELLED, which no client retries. So a hold precedes the stop. In its first step calls that begin wait, and calls
that run may end. In its second step calls that end wait too, so that their callers cannot call again yet. When no call
has come for a while, core's queue is empty. The connections are then told to go away, and behind that every call goes
on: a caller that calls when its call has ended knows by then that it has to connect elsewhere. A caller that does not
wait for the end of a call can still meet the very moment of the stop.
"""

import asyncio
from typing import Any, Final

from bridge.call import Call

#: The first step ends when all calls are held and none has come or gone for so many seconds,
_QUIET: Final = 0.05
#: and after so many at the latest.
_FIRST_STEP: Final = 0.5
#: The second step ends when so many polls in a row have seen no call. A client on a busy machine takes its time between
#: the end of a call and the next call. Polls, not seconds: each lets the loop take in what core has received.
_QUIET_POLLS: Final = 25
#: and after so many seconds at the latest.
_SECOND_STEP: Final = 1.0
#: Seconds between two polls.
_POLL: Final = 0.01


class Flight:
    """Knows the calls that run."""

    def __init__(self) -> None:
        self.cut_off = 0  # calls that did not come to their own end
        self._running: dict[Call, asyncio.Task[Any]] = {}
        self._gate: asyncio.Event | None = None
        self._ends_wait = False
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

    async def hold_end(self) -> None:
        """Wait until a call that is about to end may do so: at once, but for the second step of the hold."""
        if self._ends_wait and self._gate is not None:
            await self._gate.wait()

    async def hold(self) -> None:
        """Hold calls back; returns when callers are quiet, or when the steps of the hold have timed out."""
        self._gate = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._latest = loop.time()
        end = self._latest + _FIRST_STEP
        # Polling is cheaper than signalling for every call.
        while (now := loop.time()) < end and (len(self._running) > self._held or now < self._latest + _QUIET):  # noqa: ASYNC110
            await asyncio.sleep(_POLL)
        self._ends_wait = True
        end, quiet = loop.time() + _SECOND_STEP, 0
        while loop.time() < end and quiet < _QUIET_POLLS:
            latest = self._latest
            await asyncio.sleep(_POLL)
            quiet = quiet + 1 if self._latest == latest else 0

    def release(self) -> None:
        """Let all calls go on."""
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
