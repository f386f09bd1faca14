"""Bodies that expand when decompressed, or that never end."""

import zlib
from typing import Final

from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.http2 import END_HEADERS, HEADERS, Connection, frame, head, message

_MIB: Final = 1 << 20
_STREAMS: Final = 1000  # of one connection


def bombs(address: str, count: int, size: int, more: tuple[tuple[str, str], ...]) -> list[str]:
    """Calls whose message of a few kilobytes decompresses to `size` MiB each. Returns their statuses."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join([*(compressor.compress(bytes(_MIB)) for _ in range(size)), compressor.flush()])
    headers = head("/aibridge.v1.ChatService/CreateChatCompletion", ("grpc-encoding", "gzip"), *more)
    return _send(address, headers, message(data, compressed=True), count, 30)


def unfinished(address: str, count: int, size: int, more: tuple[tuple[str, str], ...], path: str) -> list[str]:
    """Calls that announce a message of `size` MiB, send all but the end, and wait. Returns their statuses."""
    data = message(bytes(size * _MIB))[:-1024] if size else b""
    return _send(address, head(path, *more), data, count, 30, end=False)


def _send(address: str, headers: bytes, data: bytes, count: int, timeout: float, *, end: bool = True) -> list[str]:
    connections = [Connection(address) for _ in range(-(-count // _STREAMS))]
    for connection in connections:
        connection.read(0.1)
        streams = [connection.stream() for _ in range(min(count, _STREAMS))]
        count -= len(streams)
        connection.send(frame(HEADERS, END_HEADERS, stream, headers) for stream in streams)
        connection.bodies(data, streams, timeout, end=end)
        connection.read_until(streams, 3)
    ended = [status for connection in connections for status in connection.ended.values()]
    for connection in connections:
        connection.close()
    return ended


async def gzip_of_strangers(target: Target) -> None:
    """Calls without a credential that would decompress to 63 MiB each."""
    ended = await target.child(bombs, target.address, 40 if target.long else 10, 63, ())
    assert set(ended) <= {"12", "16"}


async def gzip_of_a_caller(target: Target) -> None:
    """The same with a credential. Nothing is decompressed."""
    ended = await target.child(bombs, target.address, 40 if target.long else 10, 63, target.metadata)
    assert set(ended) == {"12"}


async def unfinished_of_strangers(target: Target) -> None:
    """Calls without a credential whose body of 60 MiB never ends."""
    count = 20 if target.long else 5
    ended = await target.child(unfinished, target.address, count, 60, (), _CHAT)
    assert set(ended) == {"16"}


async def empty_of_strangers(target: Target) -> None:
    """Calls without a credential and without a body."""
    ended = await target.child(unfinished, target.address, 5000 if target.long else 1500, 0, (), _CHAT)
    assert set(ended) == {"16"}


async def unknown_methods(target: Target) -> None:
    """Calls of an unknown method whose body of 60 MiB never ends."""
    ended = await target.child(unfinished, target.address, 20 if target.long else 5, 60, (), "/no.Such/Method")
    assert set(ended) == {"12"}


async def empty_of_a_caller(target: Target) -> None:
    """Calls with a credential and without a body, which take their caller's slots for `request_timeout`."""
    count = 5000 if target.long else 1500
    ended = await target.child(unfinished, target.address, count, 0, target.metadata, _CHAT)
    assert set(ended) == {"4", "8"}


_CHAT: Final = "/aibridge.v1.ChatService/CreateChatCompletion"

ATTACKS = (
    Attack("gzip of 63 MiB, without a credential", gzip_of_strangers),
    Attack("gzip of 63 MiB", gzip_of_a_caller),
    Attack("bodies of 60 MiB without end, without a credential", unfinished_of_strangers),
    Attack("bodies of 60 MiB without end, unknown method", unknown_methods),
    Attack("calls without a body, without a credential", empty_of_strangers),
    Attack(
        "calls without a body",
        empty_of_a_caller,
        options=("--request-timeout", "2", "--max-calls-per-caller", "200", "--queue-timeout", "1"),
    ),
)
