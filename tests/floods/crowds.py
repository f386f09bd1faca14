"""Many connections that do little each, and calls whose message is odd: cut short, mislabelled, a byte at a time."""

import time
from typing import Final

from aibridge.v1 import chat_pb2
from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.http2 import (
    CHAT,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    Connection,
    cancel,
    frame,
    head,
    message,
)

More = tuple[tuple[str, str], ...]
_HELLO: Final = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
_MESSAGE: Final = message(_HELLO.SerializeToString())
_WATCH: Final = "/grpc.health.v1.Health/Watch"
_REFLECTION: Final = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
_LIST: Final = message(b"\x3a\x00")  # reflection: list the services


def crowd(address: str, count: int, streams: int, path: str, data: bytes, more: More, seconds: float) -> dict[str, int]:
    """Connections, each of which makes so many calls, and makes another for each that ends. How calls ended."""
    connections = [Connection(address) for _ in range(count)]
    block = head(path, *more)
    ended: dict[str, int] = {}
    open_streams: dict[Connection, int] = dict.fromkeys(connections, 0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for connection in connections:
            new = [connection.stream() for _ in range(streams - open_streams[connection])]
            open_streams[connection] = streams
            connection.send(
                frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, data) for stream in new
            )
            connection.read(0)
            for status in connection.ended.values():
                ended[status] = ended.get(status, 0) + 1
            open_streams[connection] -= len(connection.ended)
            connection.ended.clear()
    for connection in connections:
        connection.close()
    return ended


def cancelled(address: str, count: int, more: More, seconds: float) -> int:
    """Whole calls that are cancelled at once, on some connections. How many there were."""
    connections, block, calls = [Connection(address) for _ in range(count)], head(CHAT, *more), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for connection in connections:
            new = [connection.stream() for _ in range(100)]
            connection.send(
                frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, _MESSAGE) for stream in new
            )
            connection.read(0)
            connection.send(map(cancel, new))
            calls += len(new)
    for connection in connections:
        connection.close()
    return calls


def trickle(address: str, count: int, more: More, seconds: float) -> dict[str, int]:
    """Calls whose message comes a byte at a time. How they ended."""
    connection, block = Connection(address), head(CHAT, *more)
    connection.read(0.1)
    streams = [connection.stream() for _ in range(count)]
    connection.send(frame(HEADERS, END_HEADERS, stream, block) for stream in streams)
    end, at = time.monotonic() + seconds, 0
    while time.monotonic() < end and not connection.closed and at < len(_MESSAGE) - 1:
        connection.send(
            frame(DATA, 0, stream, _MESSAGE[at : at + 1]) for stream in streams if stream not in connection.ended
        )
        at += 1
        connection.read(0.05)
    connection.read_until(streams, max(0.0, end - time.monotonic()))
    codes = list(connection.ended.values())
    connection.close()
    return {code: codes.count(code) for code in codes}


#: Messages that are none, or no others, with their headers, and the status with which each call ends.
ODD: Final[dict[str, tuple[bytes, More, str]]] = {
    "cut": (_MESSAGE[:-3], (), "3"),
    "cut in the prefix": (_MESSAGE[:3], (), "3"),
    "prefix of 4 GiB": (b"\0\xff\xff\xff\xff" + _MESSAGE, (), "8"),
    "prefix of 63 MiB": (b"\0\x03\xf0\0\0" + _MESSAGE, (), "3"),
    "compressed without a name": (b"\1" + _MESSAGE[1:], (), "13"),
    "flag 255": (b"\xff" + _MESSAGE[1:], (), "3"),
    "unknown encoding": (b"\1" + _MESSAGE[1:], (("grpc-encoding", "x" * 4000),), "13"),
    "encodings": (b"\1" + _MESSAGE[1:], (("grpc-encoding", "gzip,deflate," * 300),), "13"),
    "none": (b"", (), "3"),
    "two": (_MESSAGE * 2, (), "0"),
    "four hundred": (_MESSAGE * 400, (), "0"),
    "no proto": (message(b"\xff" * 5000), (), "3"),
    "timeout": (_MESSAGE, (("grpc-timeout", "9" * 4000 + "n"),), "0"),
    "accept": (_MESSAGE, (("grpc-accept-encoding", "gzip," * 800),), "0"),
    "bin": (_MESSAGE, (("x-bin", "A" * 8001),), "13"),
    "content type": (_MESSAGE, (("content-type", "application/grpc+" + "x" * 3000),), "0"),
}


def odd(address: str, more: More, seconds: float) -> dict[str, set[str]]:
    """Calls with odd messages, again and again. How they ended."""
    found: dict[str, set[str]] = {name: set() for name in ODD}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, (data, headers, _) in ODD.items():
            connection = Connection(address)
            connection.read(0.05)
            streams = [connection.stream() for _ in range(20)]
            block = head(CHAT, *headers, *more)
            connection.send(
                frame(HEADERS, END_HEADERS, stream, block)
                + b"".join(frame(DATA, 0, stream, data[at : at + 16384]) for at in range(0, len(data), 16384))
                + frame(DATA, END_STREAM, stream)
                for stream in streams
            )
            connection.read_until(streams, 5)
            found[name] |= set(connection.ended.values())
            connection.close()
    return found


def _crowd(
    name: str, size: tuple[int, int], call: tuple[str, bytes], *ended: str, known: bool = False, max_wait: float = 0.5
) -> Attack:
    count, streams = size

    async def run(target: Target) -> None:
        connections, seconds = (count, 5.0) if target.long else (max(1, count // 4), 1.5)
        more = target.metadata if known else ()
        found = await target.child(crowd, target.address, connections, streams, *call, more, seconds)
        assert set(found) <= set(ended), found

    return Attack(name, run, max_wait=max_wait)


def _cancels(name: str, count: int, max_wait: float, *, scales: bool = False) -> Attack:
    async def run(target: Target) -> None:
        seconds = 5.0 if target.long else 1.5
        assert await target.child(cancelled, target.address, count, target.metadata, seconds)

    return Attack(name, run, max_wait=max_wait, scales=scales)


async def trickling_messages(target: Target) -> None:
    """Messages that come a byte at a time take the places of their caller until `request_timeout`."""
    count = 900 if target.long else 300
    assert set(await target.child(trickle, target.address, count, target.metadata, 5.0)) == {"4"}


async def odd_messages(target: Target) -> None:
    """Each kind ends with its own status."""
    found = await target.child(odd, target.address, target.metadata, 5.0 if target.long else 1.5)
    assert found == {name: {status} for name, (_, _, status) in ODD.items()}


async def odd_messages_of_strangers(target: Target) -> None:
    """They are refused before anybody looks at the message; what gRPC itself refuses, it refuses first."""
    found = await target.child(odd, target.address, (), 5.0 if target.long else 1.5)
    assert set().union(*found.values()) <= {"13", "16"}


_CALL: Final = (CHAT, _MESSAGE)

#: A flood of calls may take all of the processor. Then others wait for a second at most.
ATTACKS = (
    _crowd("400 connections without a credential", (400, 4), _CALL, "16"),
    _crowd("8,000 calls of 40 connections without a credential", (40, 200), _CALL, "16", max_wait=1.0),
    _crowd("100 connections of a caller", (100, 2), _CALL, "0", known=True),
    _crowd("200 connections with watches", (200, 30), (_WATCH, message(b"\x0a\x03abc")), "8"),
    _crowd("4,000 calls of an unknown method", (40, 100), ("/no.Such/Method", _MESSAGE), "12", max_wait=1.0),
    _crowd("40 connections with reflection", (40, 30), (_REFLECTION, _LIST), "0", "8", known=True, max_wait=1.0),
    _cancels("cancelled calls", 1, 0.5),
    _cancels("cancelled calls, four connections", 4, 1.0, scales=True),
    Attack("messages a byte at a time", trickling_messages, options=("--request-timeout", "2")),
    Attack("odd messages", odd_messages),
    Attack("odd messages without a credential", odd_messages_of_strangers),
)
