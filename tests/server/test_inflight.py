"""The calls in flight: what the hold before a stop waits for, and what comes after the stop."""

import asyncio
import math
from contextlib import suppress

import pytest

from bridge.errors import BridgeError, Reason
from bridge.server.inflight import InFlightCalls


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_call_that_begins_after_the_stop() -> None:
    """It is refused, as those that ran at the stop are ended."""
    calls = InFlightCalls()
    calls.enter().check()
    calls.stop()
    late = calls.enter()
    with pytest.raises(BridgeError) as refused:
        late.check()
    assert refused.value.reason is Reason.BRIDGE_SHUTTING_DOWN
    assert late.is_stopped
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)  # the stop has cancelled the task of the first call, which is this one


async def test_a_call_that_is_stopped_in_a_write() -> None:
    """It counts as writing and as stopped until the write ends, which fails; its task is not cancelled."""
    calls = InFlightCalls()
    call = calls.enter()
    call.begin_write()
    assert (call.is_writing, call.is_stopped) == (True, False)
    call.stop()
    assert (call.is_writing, call.is_stopped, call.undo_cancel()) == (True, True, False)
    with pytest.raises(BridgeError) as ended:
        call.end_write()
    assert ended.value.reason is Reason.BRIDGE_SHUTTING_DOWN
    assert (call.is_writing, call.is_stopped) == (False, True)
    assert call.task.cancelling() == 0
    calls.leave(call)
    assert calls.stopped_calls == 1


async def test_a_stopped_call_may_write_what_it_held() -> None:
    """Its cancellation carries the error, and later writes go through. The call stays stopped."""
    calls = InFlightCalls()
    call = calls.enter()
    call.stop()
    with pytest.raises(asyncio.CancelledError) as stop:
        await asyncio.sleep(0)
    assert [cause.reason for cause in stop.value.args] == [Reason.BRIDGE_SHUTTING_DOWN]
    for _ in range(2):
        call.begin_write()
        assert (call.is_writing, call.is_stopped, call.undo_cancel()) == (True, True, False)
        call.end_write()
        assert (call.is_writing, call.is_stopped) == (False, True)
    call.stop()
    assert call.undo_cancel()
    assert call.task.cancelling() == 0


async def test_it_has_settled_when_all_calls_are_held() -> None:
    """A call that runs is waited for; one that is held is not, until it has been cancelled and another one runs."""
    calls = InFlightCalls()
    hold = asyncio.create_task(calls.hold())
    await turns()

    async def held() -> None:
        call = calls.enter()
        try:
            await calls.hold_back()
        finally:
            calls.leave(call)

    assert calls._has_settled(math.inf)
    waiting = [asyncio.create_task(held()) for _ in range(2)]
    await turns()
    assert calls._has_settled(math.inf)
    running = calls.enter()
    assert not calls._has_settled(math.inf)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not calls._has_settled(math.inf)
    calls.leave(running)
    assert calls._has_settled(math.inf)
    assert not calls._has_settled(calls._changed_at)
    hold.cancel()
    with suppress(asyncio.CancelledError):
        await hold
