"""The target for a server's bytes: a connection of the bridge, with the input in pieces in place of a socket."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, cast

import httpx

from bridge.upstream.connection import Connection
from bridge.upstream.heads import Fields
from bridge.upstream.phases import OVER
from tests.fuzz.claims import must

_LOOP: Final = asyncio.new_event_loop()
_REQUEST: Final = b"GET /v1/models HTTP/1.1\r\nhost: test\r\n\r\n"
#: A response that nothing before it may change.
_OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
#: Limits of a line: one that inputs reach, and one that they do not.
_SHORT: Final = 64
_LONG: Final = 1 << 20
#: Bytes of a body that may wait for their reader, in some inputs.
_WAITING: Final = 16


class Seen(NamedTuple):
    """The caller's view of a response. `error` is the exception's class."""

    status: int
    fields: Fields
    body: bytes
    error: type[Exception] | None


#: Ends of a connection without any data.
_SILENT: Final = socket.socketpair()


class _Transport:
    """A replacement for asyncio's transport, which records what is done to it."""

    def __init__(self) -> None:
        self.aborted = False
        self.paused = False

    def write(self, _data: bytes) -> None:
        must(not self.aborted, "nothing is sent over a connection that was closed")

    def is_closing(self) -> bool:
        return self.aborted

    def get_extra_info(self, _name: str) -> socket.socket:
        return _SILENT[0]

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        must(not self.paused, "what is paused is not paused again")
        self.paused = True

    def resume_reading(self) -> None:
        must(self.paused, "what goes on was paused")
        self.paused = False


def wire(data: bytes) -> None:
    """Any bytes, in any pieces, give the same response or failure, and the next request gets its own response."""
    head, stream = data[:2].ljust(2, b"\0"), data[2:]
    longest, broken = (_LONG, _SHORT)[head[1] % 2], bool(head[1] & 2)
    whole = _LOOP.run_until_complete(_seen([stream], longest, broken=broken, waiting=1 << 16))
    cut = list(_cut(stream, head[0]))
    pieces = _LOOP.run_until_complete(_seen(cut, longest, broken=broken, waiting=_WAITING))
    if longest == _LONG:  # the accepted part of a line that is too long depends on the pieces
        must(whole == pieces, "a response is the same however it is cut")


def _cut(stream: bytes, step: int) -> Iterator[bytes]:
    """Pieces of one length, or of growing and shrinking lengths."""
    at = 0
    while at < len(stream):
        size = 1 + step % 16 if step < 128 else 1 + (at * step + at // 3) % 23
        yield stream[at : at + size]
        at += size


async def _seen(pieces: list[bytes], longest: int, *, broken: bool, waiting: int) -> Seen:
    ended: list[Connection] = []
    connection, transport = Connection(longest, ended.append), _Transport()
    connection.connection_made(cast("asyncio.Transport", transport))
    asking = _LOOP.create_task(_read(connection, waiting))
    await asyncio.sleep(0)
    for piece in pieces:
        await _fed(connection, transport, piece, waiting)
    cut = not transport.aborted and connection.phase not in OVER
    if cut:
        connection.connection_lost(ConnectionResetError() if broken else None)
    seen = await asking
    framed = {name for name, _ in seen.fields} & {"content-length", "transfer-encoding"}
    must(not cut or seen.error or not (broken or framed), "what is cut does not end well")
    fit = connection.release()
    await asyncio.sleep(0)
    must(fit != (transport.aborted or cut), "a connection is of use, or closed")
    if fit:
        again = _LOOP.create_task(_read(connection, waiting))
        await asyncio.sleep(0)
        for at in range(len(_OK)):
            await _fed(connection, transport, _OK[at : at + 1], waiting)
        must((await again)[2:] == (b"ok", None), "the next response is the next caller's")
        connection.eof_received()
    connection.connection_lost(None)
    must(connection in ended, "who keeps connections hears of their end")
    return seen


async def _fed(connection: Connection, transport: _Transport, piece: bytes, waiting: int) -> None:
    """Feed bytes as an event loop does: not after a close, and not while reading is paused."""
    while transport.paused and not transport.aborted:  # noqa: ASYNC110 # it is a turn or two
        await asyncio.sleep(0)
    if not transport.aborted:
        connection.data_received(piece)
        must(connection.unread_bytes <= waiting + len(piece) or connection.phase in OVER, "what waits is bounded")
        must(connection._unparsed_bytes <= connection._max_header_bytes + len(piece), "a line is bounded")
        await asyncio.sleep(0)  # pending closes are done


async def _read(connection: Connection, waiting: int) -> Seen:
    status, fields, body = 0, cast("Fields", []), b""
    error: Any = None
    try:
        status, fields = await connection.ask(_REQUEST, b"")
        must(len(fields) <= 128, "lines are counted")
        connection.expect(waiting)
        while data := await connection.read():
            body += data
    except (httpx.ReadError, httpx.RemoteProtocolError) as failure:
        error = type(failure)
    return Seen(status, list(fields), body, error)
