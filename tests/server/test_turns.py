"""The turns of workers: one at a time tells its connections to go away."""

import asyncio
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from bridge.server import inflight, process, servers, turns, workers
from bridge.server.turns import ASK, END, GRANT, Turn, Turns


def pipes(count: int) -> tuple[list[Connection], list[Connection]]:
    """Pipes to workers: the parent's ends, and the workers' ends."""
    ours, theirs = zip(*[Pipe() for _ in range(count)], strict=True)
    return list(ours), list(theirs)


def granted(theirs: list[Connection]) -> list[int]:
    """Which workers were granted their turn since the last look."""
    return [index for index, pipe in enumerate(theirs) if pipe.poll() and pipe.recv() == (GRANT, "")]


async def test_one_after_another_in_the_order_of_asking() -> None:
    """The next worker gets its turn when the one before has ended it."""
    ours, theirs = pipes(3)
    parent = Turns()
    parent.ask(ours[2])
    parent.ask(ours[0])
    assert granted(theirs) == [2]
    parent.ask(ours[1])
    assert granted(theirs) == []
    parent.end(ours[2])
    assert granted(theirs) == [0]
    parent.end(ours[0])
    assert granted(theirs) == [1]
    parent.end(ours[1])
    parent.ask(ours[0])  # in a later round
    assert granted(theirs) == [0]


async def test_a_worker_that_dies() -> None:
    """In its turn it lets the next one go on; while it waits, it is passed over."""
    ours, theirs = pipes(3)
    parent = Turns()
    for worker in ours:
        parent.ask(worker)
    assert granted(theirs) == [0]
    parent.end(ours[1])
    parent.end(ours[0])
    assert granted(theirs) == [2]


async def test_a_worker_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that wait get their turn at once, and the next round is as usual."""
    monkeypatch.setattr(turns, "_MAX_SECONDS", 0.02)
    ours, theirs = pipes(3)
    parent = Turns()
    for worker in ours:
        parent.ask(worker)
    assert granted(theirs) == [0]
    await asyncio.sleep(0.04)
    assert granted(theirs) == [1, 2]
    for worker in ours:
        parent.end(worker)
    parent.ask(ours[1])
    parent.ask(ours[0])
    assert granted(theirs) == [1]
    parent.end(ours[1])
    assert granted(theirs) == [0]


async def test_a_worker_asks_and_waits() -> None:
    """It asks over its pipe, waits for the grant of this round, and tells when its turn has ended."""
    ours, theirs = Pipe()
    turn = Turn(theirs)
    for _ in range(2):
        waiting = asyncio.create_task(turn.take())
        await asyncio.sleep(0)
        assert ours.recv() == (ASK, "")
        assert not waiting.done()
        turn.grant()
        await waiting
        turn.end()
        assert ours.recv() == (END, "")


async def test_without_a_parent() -> None:
    """A process without a parent does not wait, nor does one whose parent ends meanwhile or has ended."""
    await Turn().take()
    ours, theirs = Pipe()
    turn = Turn(theirs)
    waiting = asyncio.create_task(turn.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    ours.close()
    turn.orphan()
    await waiting
    await turn.take()
    turn.end()


async def test_a_parent_that_does_not_respond(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker goes on after a while."""
    monkeypatch.setattr(turns, "_MAX_WAIT_SECONDS", 0.02)
    _ours, theirs = Pipe()
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await Turn(theirs).take()
            return
    pytest.fail("it still waits")


def test_a_worker_that_takes_all_its_time_is_not_killed() -> None:
    """The hold before the second server may end after the delay. The hold before the end, and the spans, come after."""
    hold = inflight._FIRST_STEP_SECONDS + turns._MAX_SECONDS + inflight._SECOND_STEP_SECONDS
    after = hold - servers.REPLACEMENT_SECONDS + hold + servers.STATUS_SECONDS + process._SPANS_SECONDS
    assert after < workers._DRAIN_MARGIN_SECONDS
    assert process._STOP_NOW_SECONDS <= workers._STOP_MARGIN_SECONDS
