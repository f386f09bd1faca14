"""Held pieces of a body do not wake its reader. They are never lost, and their time is limited."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
import pytest

from bridge.call import ChunkTimes
from bridge.upstream.events import EventReader
from bridge.upstream.transport import Transport
from tests.support.streams import SETTINGS, Exchange
from tests.support.wait import until
from tests.upstream.wire import Peer, Wire, ask, transport

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def piece(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.fixture
async def made(wire: Wire) -> AsyncIterator[Transport]:
    async with transport(wire) as running:
        yield running


class Held:
    """A response that holds pieces that begin with `w`; `asked` are those about which the connection has asked."""

    def __init__(self, made: Transport, wire: Wire, *, then: bytes = b"") -> None:
        self._made = made
        self._wire = wire
        self._then = then
        self.asked: list[bytes] = []

    async def __aenter__(self) -> Self:
        async def play(peer: Peer) -> None:
            await peer.hear()
            await peer.say(HEAD)
            await peer.gone()

        self._wire.play = play
        self.response = await ask(self._made)
        self.body: Any = self.response.stream
        self.body.hold(self._may_wait)
        self.reading = asyncio.create_task(self.body.read())
        await asyncio.sleep(0)  # held
        self._peer = await self._wire.peer()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.reading.cancel()
        await self.response.aclose()

    def _may_wait(self, data: bytes) -> bool:
        self.asked.append(data)
        return data.startswith(b"w")

    async def arrive(self, data: bytes) -> None:
        """A piece arrives, and the reader has had time to wake."""
        count = len(self.asked)
        await self._peer.say(piece(data))
        await until(lambda: len(self.asked) > count)
        await asyncio.sleep(0)

    async def say(self, data: bytes) -> None:
        await self._peer.say(data)

    def reset(self) -> None:
        self._peer.reset()


async def test_pieces_that_may_wait_are_handed_out_together(made: Transport, wire: Wire) -> None:
    """Held pieces are returned together to a read that is in progress, and to a later one."""
    async with Held(made, wire) as held:
        assert not held.body.hold(held._may_wait)
        await held.arrive(b"w1")
        await held.arrive(b"w2")
        assert not held.reading.done()
        assert held.body.hold(None)
        assert await held.reading == b"w1w2"
        held.body.hold(held._may_wait)
        await held.arrive(b"w3")
        assert await held.body.read() == b"w3"


async def test_a_piece_that_may_not_wait_brings_those_before_it(made: Transport, wire: Wire) -> None:
    async with Held(made, wire) as held:
        await held.arrive(b"w1")
        await held.arrive(b"stop")
        assert held.reading.done()
        assert await held.reading == b"w1stop"


@pytest.mark.parametrize("end", ["complete", "malformed", "cut"])
async def test_the_end_does_not_wait(end: str, made: Transport, wire: Wire) -> None:
    """The end is not held: the held pieces come first, and then the end."""
    async with Held(made, wire) as held:
        await held.arrive(b"w1")
        if end == "cut":
            held.reset()
        else:
            await held.say(b"0\r\n\r\n" if end == "complete" else b"nonsense\r\n")
        assert await held.reading == b"w1"
        if end == "complete":
            assert await held.body.read() == b""
        else:
            with pytest.raises(httpx.ReadError if end == "cut" else httpx.RemoteProtocolError):
                await held.body.read()


async def test_what_waits_has_a_bound(made: Transport, wire: Wire) -> None:
    """Held data has the bound of unread data: then the reader wakes, and the socket is not read."""
    async with Held(made, wire) as held:
        data = b"w" * 30_000
        await held.arrive(data)
        await held.arrive(data)
        assert not held.reading.done()
        await held.say(piece(data))
        assert (await held.reading).startswith(data * 2)


async def test_the_next_response_does_not_wait(made: Transport, wire: Wire) -> None:
    """Nothing is held for the next response on the same connection, unless its reader asks for it."""

    async def play(peer: Peer) -> None:
        for _ in range(2):
            await peer.hear()
            await peer.say(HEAD, piece(b"w"), b"0\r\n\r\n")
        await peer.gone()

    wire.play = play
    for holds in (True, False):
        response = await ask(made)
        body: Any = response.stream
        if holds:
            body.hold(lambda _: True)
        data = b""
        while more := await body.read():
            data += more
        assert data == b"w"
        await response.aclose()
    assert len(wire.peers) == 1


async def test_each_event_that_waits_has_a_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each held event keeps its time of arrival, which telemetry uses instead of the time of the read."""
    events = [b'data: {"n":%d}\n\n' % number for number in range(4)]
    exchange: Any = Exchange([b"".join(events[:3]), events[3]])
    holds: list[Any] = []
    exchange.hold = holds.append
    reader = EventReader(exchange, SETTINGS)
    reader.decoder.feed(b"")
    reader.decoder.feed(b": begins\n")
    reader.hold(lambda text: text != b'{"n":3}')
    now = 100.0
    monkeypatch.setattr("bridge.call.time.monotonic", lambda: now)
    reading = reader.read()
    with pytest.raises(StopIteration) as read:
        reading.send(None)
    for data in events[:3]:
        assert holds[-1](data)
        now += 0.03
    assert not holds[-1](events[3])
    assert not holds[-1](b"data: {")
    reader.count(len(read.value.value))
    times: ChunkTimes = exchange.call.record.chunks
    assert (times.first_at, times.last_at) == (100.0, pytest.approx(100.06))
    assert times.gaps is not None
    assert (sum(times.gaps), times.gaps[0]) == (2, 0)
