"""A response's body is read in slices, so that a large read does not block the event loop."""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from bridge import settings
from bridge.call import CallContext, CallRecord
from bridge.upstream.clock import Clock
from bridge.upstream.exchange import Exchange, Sent

SLICE = 1 << 14
SETTINGS = settings.load(upstream_url="http://127.0.0.1:1/v1")


class Body:
    """A body whose reads are known."""

    def __init__(self, reads: list[bytes]) -> None:
        self._reads = iter(reads)

    async def read(self) -> bytes:
        return next(self._reads, b"")


async def slices(*reads: bytes) -> list[bytes]:
    """What an exchange reads of a body."""
    call = CallContext(CallRecord("/s/m", (), "r"), "/s/m", (), math.inf)
    body: Any = Body(list(reads))
    body.status, body.fields = 200, []
    exchange = Exchange(body, call, Sent(b"", False, ()), Clock(math.inf), SETTINGS, on_close=list)
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
