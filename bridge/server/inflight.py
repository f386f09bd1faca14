"""The calls in flight: their number, the hold before a stop, and the end of all of them.

When the server stops, gRPC's core ends each call that it has received and Python has not yet asked for, with CANCELLED,
which clients do not retry. So a hold precedes the stop. In its first step new calls wait, and running calls may end. In
its second step ending calls wait too, so that their callers cannot call again yet. When no call has arrived for a
while, core's queue is empty. Then the connections get GOAWAY, and all calls go on. A caller that calls again after its
call has ended knows by then that it has to reconnect. A caller that does not wait for the end of a call can still hit
the moment of the stop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any, Final

from bridge.errors import stopping_error

#: The first step ends when all calls are held and none has begun or ended for this time.
_SETTLED_SECONDS: Final = 0.05
#: It ends after this time at the latest.
_FIRST_STEP_SECONDS: Final = 0.5
#: The second step ends when this many polls in a row have seen no new call. A client on a busy machine may take a while
#: between two calls. Polls and not seconds, because each poll lets the loop take in what core has received.
_QUIET_POLLS: Final = 40
#: It ends after this time at the latest.
_SECOND_STEP_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.01


class State(Enum):
    """The state of a call's writes, which matters when the bridge stops.

    | state            | `begin_write` | `end_write`  | `stop`                         |
    |------------------|---------------|--------------|--------------------------------|
    | RUNNING          | WRITING       |              | STOPPED, its task is cancelled |
    | WRITING          |               | RUNNING      | STOPPED_IN_WRITE               |
    | STOPPED          | FLUSHING      |              |                                |
    | FLUSHING         |               | STOPPED      |                                |
    | STOPPED_IN_WRITE |               | OVER, raises |                                |
    | OVER             | raises        |              |                                |

    A call that waited for the upstream when it was stopped may write the text that it held. The caller of one that was
    writing may read slowly, and block the stop.
    """

    RUNNING = auto()
    WRITING = auto()
    STOPPED = auto()
    STOPPED_IN_WRITE = auto()
    FLUSHING = auto()
    OVER = auto()


class InFlightCall:
    """One call, served by `task`."""

    __slots__ = ("_leave", "_state", "task")

    def __init__(self, task: asyncio.Task[Any], state: State = State.RUNNING) -> None:
        self.task = task
        self._state = state
        self._leave: Callable[[], None] | None = None

    def take_place(self, leave: Callable[[], None]) -> None:
        """The limits have admitted the call. It gives its place back with `leave`, at the end of its task.

        grpcio has sent the response by then, so a caller that does not read it keeps the place.
        """
        self._leave = leave
        self.task.add_done_callback(self.leave_place)

    def leave_place(self, _task: object = None) -> None:
        """Give the place back, if the call has one."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    def check(self) -> None:
        """Check that the call may go on.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN if it was stopped, or came after the stop.
        """
        if self._state is State.STOPPED or self._state is State.OVER:
            raise stopping_error()

    def begin_write(self) -> None:
        """A write to the caller begins.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN if the call was stopped in an earlier write.
        """
        if self._state is State.RUNNING:
            self._state = State.WRITING
        elif self._state is State.OVER:
            raise stopping_error()
        else:
            self._state = State.FLUSHING

    def end_write(self) -> None:
        """The write is over: flow control has admitted the message.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN if the call was stopped meanwhile.
        """
        if self._state is State.WRITING:
            self._state = State.RUNNING
        elif self._state is State.FLUSHING:
            self._state = State.STOPPED
        else:
            self._state = State.OVER
            raise stopping_error()

    def stop(self) -> None:
        """End the call with BRIDGE_SHUTTING_DOWN, which the cancellation carries.

        A call that is writing is not cancelled; it ends after the write. gRPC notes only after the first write that it
        has sent the initial metadata. If that write were cancelled, gRPC would send them again with the status, and
        fail.
        """
        if self._state is State.RUNNING:
            self._state = State.STOPPED
            self.task.cancel(stopping_error())
        elif self._state is State.WRITING:
            self._state = State.STOPPED_IN_WRITE

    @property
    def is_writing(self) -> bool:
        """Whether a write is under way, or was when the call ended."""
        return self._state in {State.WRITING, State.STOPPED_IN_WRITE, State.FLUSHING}

    @property
    def is_stopped(self) -> bool:
        """Whether the bridge has ended the call, or is about to."""
        return self._state is not State.RUNNING and self._state is not State.WRITING

    def undo_cancel(self) -> bool:
        """Undo the cancellation of the task if it came from `stop`. Returns whether it did."""
        if self._state is not State.STOPPED:
            return False
        self.task.uncancel()
        return True


class InFlightCalls:
    """All running calls of an event loop, in which this is created."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.stopped_calls = 0  # calls that the bridge has ended
        self.begun_calls = 0
        self._running: set[InFlightCall] = set()
        self._gate: asyncio.Event | None = None
        self._ends_wait = False
        self._held = 0
        self._changed_at = 0.0  # when a call has begun or ended
        self._over = False

    def enter(self) -> InFlightCall:
        """A call begins in the current task. Each must `leave`."""
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101 # for mypy
        call = InFlightCall(task, State.OVER if self._over else State.RUNNING)
        self._running.add(call)
        self.begun_calls += 1
        return call

    def leave(self, call: InFlightCall) -> None:
        """A call has ended."""
        self._running.discard(call)
        self.stopped_calls += call.is_stopped
        if self._gate is not None:
            self._changed_at = self._loop.time()

    async def hold_back(self) -> None:
        """Wait until a new call may go on. It waits only during the hold before a stop."""
        if self._gate is not None:
            self._changed_at = self._loop.time()
            self._held += 1
            try:
                await self._gate.wait()
            finally:
                self._held -= 1

    async def hold_end(self) -> None:
        """Wait until a call may end. It waits only during the second step of the hold."""
        if self._ends_wait and self._gate is not None:
            await self._gate.wait()

    async def hold(self, turn: Callable[[], Awaitable[None]] | None = None) -> None:
        """Hold calls until callers are quiet or the hold times out. `turn` is awaited between the two steps."""
        self._gate, self._ends_wait = asyncio.Event(), False
        self._changed_at = self._loop.time()
        end = self._changed_at + _FIRST_STEP_SECONDS
        # Polling is cheaper than signalling for every call.
        while (now := self._loop.time()) < end and not self._has_settled(now):  # noqa: ASYNC110
            await asyncio.sleep(_POLL_SECONDS)
        if turn is not None:
            await turn()
        self._ends_wait = True
        end, quiet_polls = self._loop.time() + _SECOND_STEP_SECONDS, 0
        while self._loop.time() < end and quiet_polls < _QUIET_POLLS:
            changed_at = self._changed_at
            await asyncio.sleep(_POLL_SECONDS)
            quiet_polls = quiet_polls + 1 if self._changed_at == changed_at else 0

    def release(self) -> None:
        """End the hold."""
        if self._gate is not None:
            self._gate.set()

    def stop(self) -> None:
        """End all calls, and all later ones, with BRIDGE_SHUTTING_DOWN."""
        self._over = True
        for call in self._running:
            call.stop()

    def _has_settled(self, now: float) -> bool:
        return len(self._running) <= self._held and now >= self._changed_at + _SETTLED_SECONDS
