"""A response's body is read in slices, and large events in turn, so that neither blocks the event loop for long."""

import asyncio
import math
from collections.abc import Iterator
from typing import Any

import pytest

from bridge import settings
from bridge.call import CallContext, CallRecord
from bridge.upstream.clock import Clock
from bridge.upstream.exchange import Exchange, Sent
from bridge.upstream.fairness import Turns

SLICE = 1 << 14
SETTINGS = settings.load(upstream_url="http://127.0.0.1:1/v1")


class Body:
    """A body whose reads are known."""

    def __init__(self, reads: list[bytes]) -> None:
        self._reads = iter(reads)

    async def read(self) -> bytes:
        return next(self._reads, b"")


def of_body(*reads: bytes, turns: Turns | None = None) -> Exchange:
    """An exchange whose response has a body with these reads."""
    call = CallContext(CallRecord("/s/m", (), "r"), "/s/m", (), math.inf)
    body: Any = Body(list(reads))
    body.status, body.fields = 200, []
    clock = Clock(math.inf, asyncio.get_running_loop())
    return Exchange(body, call, Sent(b"", False, ()), clock, SETTINGS, turns or Turns(), on_close=list)


async def slices(*reads: bytes) -> list[bytes]:
    """What an exchange reads of a body."""
    exchange = of_body(*reads)
    found = []
    while data := await exchange.read():
        found.append(data)
    return found


def events(size: int) -> Iterator[bytes]:
    """Events of this size."""
    while True:
        yield b"data: %b\n\n" % (b"x" * (size - 8))


@pytest.mark.parametrize("size", [100, 5000, SLICE])
async def test_a_slice_has_whole_events(size: int) -> None:
    """As many as fit. An event that was cut would have to be decoded line by line."""
    some = events(size)
    body = b"".join(next(some) for _ in range(SLICE * 4 // size))
    found = await slices(body + b"data: the start of")
    assert b"".join(found) == body + b"data: the start of"
    assert all(len(data) % size == 0 and len(data) > SLICE - size for data in found[:-1])
    assert len(found) >= 4


async def test_a_slice_without_the_end_of_an_event() -> None:
    """It is as long as it may be, even if the end of an event follows or comes first."""
    long = b"x" * (3 * SLICE)
    assert [len(data) for data in await slices(long + b"\n\n")] == [SLICE, SLICE, SLICE, 2]
    assert [len(data) for data in await slices(b"\n\n" + long)] == [2, SLICE, SLICE, SLICE]


async def test_a_small_read_is_one_slice() -> None:
    """Whatever it ends with."""
    assert await slices(b"a\n\nb", b"c") == [b"a\n\nb", b"c"]


@pytest.mark.parametrize("reads", [[b"x" * (2 * SLICE)], [b"x" * SLICE, b"x" * SLICE]], ids=["slices", "reads"])
@pytest.mark.parametrize(("kept", "iterations"), [(SLICE, 8), (SLICE - 1, 1)], ids=["large", "small"])
async def test_large_events_come_in_turn(reads: list[bytes], kept: int, iterations: int) -> None:
    """In one iteration of the event loop, one stream gets what may complete a large event."""
    turns, loop = Turns(), asyncio.get_running_loop()
    now, seen = 0, []

    def count() -> None:
        nonlocal now
        now += 1
        if len(seen) < 8:
            loop.call_soon(count)

    async def read(exchange: Exchange) -> None:
        assert await exchange.read() == b"x" * SLICE
        exchange.keep(kept)
        assert await exchange.read() == b"x" * SLICE
        seen.append(now)

    loop.call_soon(count)
    async with asyncio.timeout(5):
        await asyncio.gather(*[read(of_body(*reads, turns=turns)) for _ in range(8)])
    assert len(set(seen)) == iterations


async def test_a_cancelled_turn_loses_nothing() -> None:
    """What arrived for it is still read, and the others go on. The window of `coalesce` cancels reads."""
    turns = Turns()
    exchanges = [of_body(b"a", b"b", b"c", turns=turns) for _ in range(3)]
    for exchange in exchanges:
        assert await exchange.read() == b"a"
        exchange.keep(SLICE)
    reads = [asyncio.create_task(exchange.read()) for exchange in exchanges]
    await asyncio.sleep(0)
    reads[1].cancel()
    async with asyncio.timeout(5):
        assert [await reads[0], await reads[2]] == [b"b", b"b"]
        assert reads[1].cancelled()
        assert [await exchanges[1].read(), await exchanges[1].read()] == [b"b", b"c"]
