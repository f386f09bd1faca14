"""Frames that cost the sender almost nothing: settings, pings, continuations, empty data."""

import time
from collections.abc import Callable
from typing import Final

from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    HEADERS,
    PING,
    PRIORITY,
    SETTINGS,
    WINDOW_UPDATE,
    Connection,
    frame,
    head,
)

_BATCH: Final = 1000
_HEALTH: Final = "/grpc.health.v1.Health/Watch"


def flood(address: str, kind: str, seconds: float, *, deaf: bool) -> int:
    """Send frames of a kind for some time, perhaps without reading. Returns their number."""
    connection, stream, count = Connection(address), 0, 0
    connection.read(0.1)
    first, more = _KINDS[kind]
    stream = connection.stream()
    connection.send(first(stream))
    connection.socket.settimeout(0.2)
    batch = more(stream) * _BATCH
    end = time.monotonic() + seconds
    while time.monotonic() < end and not connection.closed:
        connection.send(batch)
        count += _BATCH
        if not deaf:
            connection.read(0)
            connection.socket.settimeout(0.2)
    connection.close()
    return count


def _opened(stream: int) -> bytes:
    return frame(HEADERS, END_HEADERS, stream, head(_HEALTH))


#: The start of a connection, and the repeated frames.
_KINDS: Final[dict[str, tuple[Callable[[int], bytes], Callable[[int], bytes]]]] = {
    "settings": (lambda _: b"", lambda _: frame(SETTINGS, 0, 0)),
    "windows": (lambda _: b"", lambda _: frame(SETTINGS, 0, 0, b"\0\4\0\0\xff\xff")),
    "pings": (lambda _: b"", lambda _: frame(PING, 0, 0, bytes(8))),
    "empty continuations": (
        lambda stream: frame(HEADERS, 0, stream, head(_HEALTH)),
        lambda stream: frame(CONTINUATION, 0, stream),
    ),
    "continuations": (
        lambda stream: frame(HEADERS, 0, stream, head(_HEALTH)),
        lambda stream: frame(CONTINUATION, 0, stream, head(_HEALTH, ("x-more", "m" * 100))),
    ),
    "empty data": (_opened, lambda stream: frame(DATA, 0, stream)),
    "padding": (_opened, lambda stream: frame(DATA, 8, stream, b"\x01\0")),
    "window updates": (_opened, lambda stream: frame(WINDOW_UPDATE, 0, stream, b"\0\0\0\1")),
    "priorities": (_opened, lambda stream: frame(PRIORITY, 0, stream, b"\0\0\0\0\x10")),
    "unknown frames": (_opened, lambda stream: frame(0x42, 0, stream, bytes(20))),
}


def attack(kind: str, *, deaf: bool) -> Attack:
    """The flood of a kind."""

    async def run(target: Target) -> None:
        assert await target.child(flood, target.address, kind, 4.0 if target.long else 1.0, deaf=deaf)

    return Attack(f"flood of {kind}{', nothing read' if deaf else ''}", run)


ATTACKS = (*(attack(kind, deaf=False) for kind in _KINDS), *(attack(kind, deaf=True) for kind in ("settings", "pings")))
