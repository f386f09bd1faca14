"""A response's body is read in slices, and large events in turn, so that neither blocks the event loop for long."""

import asyncio
import math
from collections.abc import Iterator
from typing import Any

import pytest

from bridge import settings
from bridge.call import CallContext, CallRecord
from bridge.errors import BridgeError, Reason
from bridge.upstream.clock import Clock
from bridge.upstream.exchange import Exchange, Sent
from bridge.upstream.fairness import FairQueue

SLICE = 1 << 14
SETTINGS = settings.load(upstream_url="http://127.0.0.1:1/v1")


class Body:
    """A body whose reads are known."""

    def __init__(self, reads: list[bytes]) -> None:
        self._reads = iter(reads)

    async def read(self) -> bytes:
        return next(self._reads, b"")


def of_body(*reads: bytes, queue: FairQueue | None = None) -> Exchange:
    """An exchange whose response has a body with these reads."""
    call = CallContext(CallRecord("/s/m", (), "r"), "/s/m", (), math.inf)
    body: Any = Body(list(reads))
    body.status, body.fields = 200, []
    clock = Clock(math.inf, asyncio.get_running_loop())
    return Exchange(body, call, Sent(b"", False, ()), clock, SETTINGS, queue or FairQueue(), on_close=list)


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


@pytest.mark.parametrize(
    ("read", "kept", "iterations"),
    [(SLICE, SLICE, 8), (SLICE, 0, 8), (SLICE // 4, 0, 2), (100, SLICE, 8), (100, 0, 1)],
    ids=["end of a large event", "slice", "quarter of a slice", "end of a slice", "small read"],
)
async def test_large_reads_come_in_turn(read: int, kept: int, iterations: int) -> None:
    """In one iteration of the event loop, streams get a slice, or what completes a large event."""
    queue, loop = FairQueue(), asyncio.get_running_loop()
    now, seen = 0, []

    def count() -> None:
        nonlocal now
        now += 1
        if len(seen) < 8:
            loop.call_soon(count)

    async def one(exchange: Exchange) -> None:
        assert len(await exchange.read(kept)) == read
        seen.append(now)

    loop.call_soon(count)
    async with asyncio.timeout(5):
        body = b"x" * (read - 1) + b"\n"
        await asyncio.gather(*[one(of_body(body, queue=queue)) for _ in range(8)])
    assert len(set(seen)) == iterations
    assert len(seen) == 8


async def test_small_reads_do_not_wait_for_large_ones() -> None:
    """A stream of words goes on while others have to wait."""
    queue = FairQueue()
    large = [asyncio.create_task(of_body(b"x" * SLICE, queue=queue).read()) for _ in range(8)]
    await asyncio.sleep(0)
    small = asyncio.create_task(of_body(b"x", queue=queue).read())
    await asyncio.sleep(0)
    assert small.done()
    assert not large[-1].done()
    await asyncio.gather(*large)


async def test_the_middle_of_a_large_event_costs_little() -> None:
    """An image of many megabytes is not read one slice at a time: only what ends a line may complete the event."""
    queue = FairQueue()
    taken: list[int] = []
    exchange = of_body(b"x" * SLICE, b"x" * SLICE + b"\n", queue=queue)
    exchange.take_turn = taken.append
    assert await exchange.read(SLICE * 100) == b"x" * SLICE
    assert [len(await exchange.read(SLICE * 101)), len(await exchange.read(SLICE * 102))] == [SLICE, 1]
    assert taken == [SLICE, SLICE, SLICE * 102 + 1]


async def test_a_cancelled_turn_loses_nothing() -> None:
    """What arrived for it is still read, and the others go on. The window of `coalesce` cancels reads."""
    queue = FairQueue()
    exchanges = [of_body(letter * SLICE, b"end", queue=queue) for letter in (b"a", b"b", b"c")]
    reads = [asyncio.create_task(exchange.read()) for exchange in exchanges]
    await asyncio.sleep(0)
    reads[1].cancel()
    async with asyncio.timeout(5):
        assert [await reads[0], await reads[2]] == [b"a" * SLICE, b"c" * SLICE]
        assert reads[1].cancelled()
        assert [await exchanges[1].read(), await exchanges[1].read()] == [b"b" * SLICE, b"end"]


async def test_the_wait_for_a_turn_is_no_stall() -> None:
    """The upstream has sent its bytes. After the turn the timeout goes on."""
    loop = asyncio.get_running_loop()
    exchange, turn = of_body(b"x" * SLICE), loop.create_future()
    exchange.take_turn = lambda _: turn
    found: list[int] = []

    async def read_and_wait() -> None:
        with exchange.clock as clock:
            clock.phase(0.02, Reason.UPSTREAM_STREAM_STALLED, "stalled")
            loop.call_later(0.04, turn.set_result, None)
            found.append(len(await exchange.read()))
            await loop.create_future()

    with pytest.raises(BridgeError, match="stalled"):
        await read_and_wait()
    assert found == [SLICE]


async def test_a_clock_that_was_stopped_stays_stopped() -> None:
    """An error's body is read without the timeout of a phase."""
    exchange = of_body(b"x" * SLICE)
    with exchange.clock as clock:
        clock.phase(0.01, Reason.UPSTREAM_STREAM_STALLED, "stalled")
        clock.pause()
        clock.resume(clock.suspend())
        await asyncio.sleep(0.02)
