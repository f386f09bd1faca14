"""The clock of a request: which limit passes, and what remains of the cancellation by which it ends the request."""

import asyncio
import math
from contextlib import suppress

import pytest

from bridge.errors import BridgeError, Reason
from bridge.upstream.clock import Clock

_LONG = 60.0


def this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


def soon() -> float:
    return asyncio.get_running_loop().time() + 0.01


async def request(deadline: float, limit: float, reason: Reason) -> None:
    """A request whose phase has this limit, and that gets no response."""
    with Clock(deadline, asyncio.get_running_loop()) as clock:
        clock.phase(limit, reason, "too long")
        await asyncio.sleep(_LONG)


async def test_the_deadline() -> None:
    """The task can go on: nothing of the cancellation remains."""
    with pytest.raises(BridgeError, match="deadline") as failed:
        await request(soon(), _LONG, Reason.UPSTREAM_STREAM_STALLED)
    assert failed.value.reason is Reason.UPSTREAM_TIMEOUT
    assert this_task().cancelling() == 0
    await asyncio.sleep(0)


@pytest.mark.parametrize(("reason", "delay"), [(Reason.UPSTREAM_STREAM_STALLED, None), (Reason.BRIDGE_OVERLOADED, 1.0)])
async def test_the_limit_of_a_phase(reason: Reason, delay: float | None) -> None:
    """An overloaded bridge asks for a delay."""
    with pytest.raises(BridgeError, match="too long") as failed:
        await request(soon() + _LONG, 0.01, reason)
    assert (failed.value.reason, failed.value.delay) == (reason, delay)
    assert this_task().cancelling() == 0


async def test_progress_and_pauses() -> None:
    """Neither what goes on nor what is paused times out."""
    with Clock(math.inf, asyncio.get_running_loop()) as clock:
        clock.phase(0.2, Reason.UPSTREAM_STREAM_STALLED, "stalled")
        for _ in range(6):
            await asyncio.sleep(0.05)
            clock.resume()
        clock.pause()
        for _ in range(6):
            await asyncio.sleep(0.05)


async def test_a_cancellation_by_others_at_the_same_time() -> None:
    """It is not taken for the clock's."""

    async def wait() -> None:
        with Clock(math.inf, asyncio.get_running_loop()) as clock:
            clock.phase(0.01, Reason.UPSTREAM_TIMEOUT, "x")
            asyncio.get_running_loop().call_at(clock._due, this_task().cancel)
            await asyncio.sleep(_LONG)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(wait())


async def test_a_cancellation_that_was_survived_before() -> None:
    """A task that goes on after it was cancelled still gets the clock's error."""

    async def go_on() -> None:
        task = this_task()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        with pytest.raises(BridgeError, match="deadline"), Clock(soon(), asyncio.get_running_loop()):
            await asyncio.sleep(_LONG)
        assert task.cancelling() == 1

    await asyncio.create_task(go_on())


async def test_an_error_in_place_of_the_cancellation() -> None:
    """What the request raises when it is cancelled is raised, and the task can go on."""

    async def odd_request() -> None:
        try:
            await asyncio.sleep(_LONG)
        except asyncio.CancelledError:
            raise ValueError("in its place") from None

    with pytest.raises(ValueError, match="in its place"), Clock(soon(), asyncio.get_running_loop()):
        await odd_request()
    assert this_task().cancelling() == 0
    await asyncio.sleep(0)
