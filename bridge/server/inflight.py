"""The calls in flight: how many they are, how they are held for a moment before a stop, and how all are ended.

When the server is told to stop, gRPC's core ends each call that it has received and Python has not yet asked for, with
CANCELLED, which no client retries. So a hold precedes the stop. In its first step calls that begin wait, and calls
that run may end. In its second step calls that end wait too, so that their callers cannot call again yet. When no call
has come for a while, core's queue is empty. The connections are then told to go away, and behind that every call goes
on: a caller that calls when its call has ended knows by then that it has to connect elsewhere. A caller that does not
wait for the end of a call can still meet the very moment of the stop.
"""

import asyncio
from enum import Enum, auto
from typing import Any, Final

from bridge.call import stopped

#: The first step ends when all calls are held and none has come or gone for so many seconds,
_QUIET_SECONDS: Final = 0.05
#: and after so many at the latest.
_FIRST_STEP_SECONDS: Final = 0.5
#: The second step ends when so many polls in a row have seen no call. A client on a busy machine takes its time between
#: the end of a call and the next call. Polls, not seconds: each lets the loop take in what core has received.
_QUIET_POLLS: Final = 25
#: and after so many seconds at the latest.
_SECOND_STEP_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.01


class State(Enum):
    """Where a call stands between its caller, which may read slowly, and the stop of the bridge.

    | state            | `begin_write` | `end_write` | `stop`                        |
    |------------------|---------------|-------------|-------------------------------|
    | RUNNING          | WRITING       |             | STOPPED, its task is cancelled |
    | WRITING          |               | RUNNING     | STOPPED_IN_WRITE              |
    | STOPPED_IN_WRITE |               | STOPPED     |                               |
    """

    RUNNING = auto()
    WRITING = auto()
    STOPPED = auto()
    STOPPED_IN_WRITE = auto()


class InFlightCall:
    """One call, served by `task`."""

    __slots__ = ("_state", "task")

    def __init__(self, task: asyncio.Task[Any], state: State = State.RUNNING) -> None:
        self.task = task
        self._state = state

    def check(self) -> None:
        """See that the call may begin.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN if it comes behind the stop.
        """
        if self._state is State.STOPPED:
            raise stopped()

    def begin_write(self) -> None:
        """A message goes to the caller."""
        self._state = State.WRITING

    def end_write(self) -> None:
        """The caller's flow control has taken it.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN if the call was stopped meanwhile.
        """
        if self._state is State.WRITING:
            self._state = State.RUNNING
        else:
            self._state = State.STOPPED
            raise stopped()

    def stop(self) -> None:
        """End the call with BRIDGE_SHUTTING_DOWN.

        A call that is writing is not cancelled, it ends behind the write: gRPC notes that it has sent the initial
        metadata when the first write is over. It would send them again with the status, and fail.
        """
        if self._state is State.RUNNING:
            self._state = State.STOPPED
            self.task.cancel()
        elif self._state is State.WRITING:
            self._state = State.STOPPED_IN_WRITE

    @property
    def is_writing(self) -> bool:
        """Whether a message is on its way, or was when the call ended."""
        return self._state in {State.WRITING, State.STOPPED_IN_WRITE}

    @property
    def is_stopped(self) -> bool:
        """Whether the bridge has ended the call, or is about to."""
        return self._state in {State.STOPPED, State.STOPPED_IN_WRITE}

    def takes_back_cancel(self) -> bool:
        """Whether the cancellation that has reached the task is that of `stop`. Then it is undone."""
        if self._state is not State.STOPPED:
            return False
        self.task.uncancel()
        return True


class InFlightCalls:
    """Knows the calls that run."""

    def __init__(self) -> None:
        self.stopped_calls = 0  # that did not come to their own end
        self._running: set[InFlightCall] = set()
        self._gate: asyncio.Event | None = None
        self._ends_wait = False
        self._held = 0
        self._changed_at = 0.0  # when a call has come or gone
        self._over = False

    def enter(self) -> InFlightCall:
        """A call begins, in the current task; each must `leave`."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 # for mypy
        call = InFlightCall(task, State.STOPPED if self._over else State.RUNNING)
        self._running.add(call)
        return call

    def leave(self, call: InFlightCall) -> None:
        """A call has ended, in whatever way."""
        self._running.discard(call)
        self.stopped_calls += call.is_stopped
        if self._gate is not None:
            self._changed_at = asyncio.get_running_loop().time()

    async def hold_back(self) -> None:
        """Wait until a call that has just begun may go on: at once, but for a moment of the stop."""
        if self._gate is not None:
            self._changed_at = asyncio.get_running_loop().time()
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
        """Hold calls back, until callers are quiet or the steps of the hold have timed out."""
        self._gate = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._changed_at = loop.time()
        end = self._changed_at + _FIRST_STEP_SECONDS
        # Polling is cheaper than signalling for every call.
        while (now := loop.time()) < end and not self._is_quiet(now):  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        self._ends_wait = True
        end, quiet_polls = loop.time() + _SECOND_STEP_SECONDS, 0
        while loop.time() < end and quiet_polls < _QUIET_POLLS:
            changed_at = self._changed_at
            await asyncio.sleep(_POLL_SECONDS)
            quiet_polls = quiet_polls + 1 if self._changed_at == changed_at else 0

    def release(self) -> None:
        """Let all calls go on."""
        if self._gate is not None:
            self._gate.set()

    def stop(self) -> None:
        """End all calls, and all that begin later, with BRIDGE_SHUTTING_DOWN."""
        self._over = True
        for call in self._running:
            call.stop()

    def _is_quiet(self, now: float) -> bool:
        return len(self._running) <= self._held and now >= self._changed_at + _QUIET_SECONDS
