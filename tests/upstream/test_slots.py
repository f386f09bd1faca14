"""Slots: each is taken once, waiting tasks get them in order, and none is lost to a cancellation."""

import asyncio
from collections.abc import Sequence

import pytest

from bridge.upstream.slots import Slots


def taken(slots: Slots) -> int:
    """How many slots are free; they are taken."""
    count = 0
    while slots.take():
        count += 1
    return count


async def waiting(slots: Slots, names: str, got: list[str]) -> Sequence[asyncio.Task[None]]:
    """Tasks that wait for a slot, one after the other, and then note their name."""

    async def wait(name: str) -> None:
        await slots.wait()
        got.append(name)

    tasks = [asyncio.create_task(wait(name)) for name in names]
    await asyncio.sleep(0)
    return tasks


async def test_each_slot_is_taken_once() -> None:
    slots = Slots(2)
    assert taken(slots) == 2
    slots.leave()
    assert taken(slots) == 1


async def test_the_first_that_waits_is_the_first_that_gets_one() -> None:
    slots, got = Slots(1), list[str]()
    assert slots.take()
    tasks = await waiting(slots, "abc", got)
    slots.leave()
    assert not slots.take()  # it is a's already
    await tasks[0]
    slots.leave()
    slots.leave()
    await asyncio.gather(*tasks)
    assert got == ["a", "b", "c"]
    slots.leave()
    assert taken(slots) == 1


@pytest.mark.parametrize("leaves_first", [True, False])
async def test_a_cancelled_task_takes_no_slot(leaves_first: bool) -> None:  # noqa: FBT001 # a parameter of the test
    """Neither a task that is cancelled while it waits, nor one that is cancelled just as it gets a slot."""
    slots, got = Slots(1), list[str]()
    assert slots.take()
    cancelled, other = await waiting(slots, "ab", got)
    if leaves_first:
        slots.leave()
        cancelled.cancel()
    else:
        cancelled.cancel()
        slots.leave()
    await asyncio.wait([cancelled, other])
    assert cancelled.cancelled()
    assert got == ["b"]
    slots.leave()
    assert taken(slots) == 1
