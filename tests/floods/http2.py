"""Floods of HTTP/2 frames: streams that are opened and reset, and calls whose responses are not read."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.http2 import DATA, END_HEADERS, END_STREAM, HEADERS, Connection, cancel, frame, head, message

_BATCH = 500


def reset(address: str, seconds: float) -> int:
    """Open streams and reset them at once. Returns their number."""
    return _flood(address, seconds, cancel)


def call(address: str, seconds: float) -> int:
    """Make complete calls without a credential and without reading responses. Returns their number."""
    return _flood(address, seconds, lambda stream: frame(DATA, END_STREAM, stream, message()))


def _flood(address: str, seconds: float, rest: Callable[[int], bytes]) -> int:
    connection, headers, count = Connection(address), head(), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end and not connection.closed:
        streams = [connection.stream() for _ in range(_BATCH)]
        connection.send(frame(HEADERS, END_HEADERS, stream, headers) + rest(stream) for stream in streams)
        connection.read(0)
        count += _BATCH
    connection.close()
    return count


async def rapid_reset(target: Target) -> None:
    """One connection opens streams and resets them."""
    assert await target.child(reset, target.address, 4.0 if target.long else 1.0)


async def calls(target: Target) -> None:
    """One connection calls without a credential and without waiting."""
    assert await target.child(call, target.address, 4.0 if target.long else 1.0)


def on_connections(work: Callable[[str, float], int], count: int) -> Callable[[Target], Awaitable[None]]:
    """A flood on several connections, each from its own process."""

    async def run(target: Target) -> None:
        seconds = 4.0 if target.long else 1.0
        assert all(await asyncio.gather(*(target.child(work, target.address, seconds) for _ in range(count))))

    return run


ATTACKS = (
    Attack("rapid reset", rapid_reset),
    Attack("calls without a credential", calls),
    Attack("rapid reset, four connections", on_connections(reset, 4), max_wait=1.0, scales=True),
    Attack("calls without a credential, four connections", on_connections(call, 4), scales=True),
)
