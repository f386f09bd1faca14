"""The services for unknown callers, or for people: health and reflection."""

import asyncio
from typing import Final

from grpc_health.v1.health_pb2 import HealthCheckRequest

from tests.floods.attack import Attack
from tests.floods.bodies import unfinished
from tests.floods.target import Target
from tests.support.http2 import DATA, END_HEADERS, END_STREAM, HEADERS, Connection, frame, head, message

_CHECK: Final = "/grpc.health.v1.Health/Check"
_WATCH: Final = "/grpc.health.v1.Health/Watch"
_REFLECTION: Final = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
_MIB: Final = 1 << 20


def whole(address: str, path: str, count: int, size: int, more: tuple[tuple[str, str], ...] = ()) -> list[str]:
    """Complete calls on one connection with a name of `size` bytes. Returns their statuses."""
    connection = Connection(address)
    connection.read(0.1)
    data = message(HealthCheckRequest(service="x" * size).SerializeToString())
    streams = [connection.stream() for _ in range(count)]
    block = head(path, *more)
    if len(data) < 10_000:
        connection.send(
            frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, data) for stream in streams
        )
    else:
        connection.send(frame(HEADERS, END_HEADERS, stream, block) for stream in streams)
        connection.bodies(data, streams, 30)
    connection.read_until(streams, 3)
    ended = list(connection.ended.values())
    connection.close()
    return ended


async def large_watches(target: Target) -> None:
    """Watches with names of 60 MiB."""
    ended = await target.child(whole, target.address, _WATCH, 20 if target.long else 5, 60 * _MIB)
    assert set(ended) <= {"3", "4"}


async def large_checks_on_many_connections(target: Target) -> None:
    """Checks with names of 60 MiB, each on a separate connection."""
    count = 8 if target.long else 4
    await asyncio.gather(*(target.child(whole, target.address, _CHECK, 1, 60 * _MIB) for _ in range(count)))


async def unfinished_checks(target: Target) -> None:
    """Checks with names of 60 MiB that never end."""
    ended = await target.child(unfinished, target.address, 20 if target.long else 5, 60, (), _CHECK)
    assert set(ended) <= {"4"}


async def many_watches(target: Target) -> None:
    """More watches than one connection may have."""
    ended = await target.child(whole, target.address, _WATCH, 900, 10)
    assert set(ended) == {"8"}


async def large_questions(target: Target) -> None:
    """Reflection requests of 60 MiB by a known caller."""
    count = 20 if target.long else 5
    ended = await target.child(whole, target.address, _REFLECTION, count, 60 * _MIB, target.metadata)
    assert set(ended) <= {"3", "4", "8"}


ATTACKS = (
    Attack("watches of 60 MiB", large_watches),
    Attack("checks of 60 MiB on many connections", large_checks_on_many_connections),
    Attack("checks of 60 MiB without end", unfinished_checks),
    Attack("900 watches of one connection", many_watches),
    Attack("reflection of 60 MiB", large_questions),
)
