"""Slow callers: silent connections, and responses that nobody reads."""

import socket
import time
from typing import Final

from aibridge.v1 import chat_pb2
from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support import gateway
from tests.support.http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    SETTINGS,
    Connection,
    frame,
    head,
    message,
)
from tests.support.payloads import COMPLETION

_MIB: Final = 1 << 20
#: A completion of 1 MiB.
_LARGE: Final = {**COMPLETION, "choices": [{**COMPLETION["choices"][0], "message": {"content": "x" * _MIB}}]}


def connect(address: str, count: int, first: bytes, seconds: float) -> int:
    """Open connections, send these bytes on each, and wait. Returns the number that the bridge closed."""
    host, _, port = address.rpartition(":")
    connections = []
    for _ in range(count):
        connection = socket.create_connection((host, int(port)))
        connection.sendall(first)
        connections.append(connection)
    time.sleep(seconds)
    closed = sum(_is_closed(connection) for connection in connections)
    for connection in connections:
        connection.close()
    return closed


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        while connection.recv(1 << 16):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def unread(address: str, count: int, more: tuple[tuple[str, str], ...], seconds: float) -> list[str]:
    """Calls that never read their response, with a closed window. Returns their statuses."""
    connection = Connection(address, first_window=0)
    connection.read(0.1)
    request = chat_pb2.CreateChatCompletionRequest(model="large", messages=[{"role": "user", "content": "hi"}])
    data = message(request.SerializeToString())
    streams = [connection.stream() for _ in range(count)]
    block = head("/aibridge.v1.ChatService/CreateChatCompletion", *more)
    for stream in streams:
        connection.send(frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, data))
    connection.read_until(streams, seconds)
    ended = list(connection.ended.values())
    connection.close()
    return ended


async def silent_connections(target: Target) -> None:
    """Connections that send nothing."""
    await target.child(connect, target.address, 3000 if target.long else 1000, b"", 2.0 if target.long else 0.5)


async def idle_connections(target: Target) -> None:
    """More connections than the bridge accepts."""
    count = 3000 if target.long else 800
    closed = await target.child(connect, target.address, count, PREFACE + frame(SETTINGS, 0, 0), 0.5)
    assert closed >= count - 500


async def unread_responses(target: Target) -> None:
    """Responses of 1 MiB that nobody reads. The calls keep their slots, so further calls of this caller are refused."""
    count = 900 if target.long else 300
    ended = await target.child(unread, target.address, count, target.metadata, 5.0)
    assert len(ended) >= count - 50
    assert set(ended) == {"8"}


ATTACKS = (
    Attack("connections that say nothing", silent_connections),
    Attack("more connections than are accepted", idle_connections, options=("--max-connections", "500")),
    Attack(
        "responses of 1 MiB that nobody reads",
        unread_responses,
        options=("--max-calls-per-caller", "50", "--queue-timeout", "1"),
        script=gateway.respond_json(_LARGE),
    ),
)
