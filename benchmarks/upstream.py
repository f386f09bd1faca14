"""A gateway at minimal cost: canned bytes from an asyncio protocol, with one event per write in paced streams.

`python -m benchmarks.upstream` prints its port. `StreamRequest` says how a request selects a stream.
"""

import asyncio
from functools import cache
from typing import Final, cast

import uvloop

from benchmarks.dialects import event, stream
from benchmarks.payloads import COMPLETION, EMBEDDINGS, StreamRequest, place, stamp
from benchmarks.shapes import STAMP

_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
#: Piece size in bytes of a stream whose events come at once, as from a buffering proxy.
_PIECE: Final = 1 << 14


def _whole(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def _error(code: int, kind: str) -> bytes:
    return b'{"error":{"message":"as asked for","type":"%b","code":%d}}' % (kind.encode(), code)


def _piece(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


_REFUSED = _whole(_error(429, "rate_limit_error")).replace(b"200 OK", b"429 Too Many Requests")
_FAILED = _piece(event(_error(500, "server_error"))) + b"0\r\n\r\n"
_COMPLETION = _whole(COMPLETION)
_EMBEDDINGS = _whole(EMBEDDINGS)


@cache
def _pieces(shape: str, stamped: bool) -> list[bytes]:  # noqa: FBT001 # a cache's key
    """Each event as a piece. The last piece includes `[DONE]` and the end of the body."""
    *pieces, last, done = map(_piece, stream(shape, stamped=stamped))
    return [*pieces, last + done + b"0\r\n\r\n"]


@cache
def _at_once(shape: str) -> bytes:
    body = b"".join(stream(shape))
    pieces = [_piece(body[start : start + _PIECE]) for start in range(0, len(body), _PIECE)]
    return b"".join([_STREAM_HEAD, *pieces, b"0\r\n\r\n"])


class Gateway(asyncio.Protocol):
    """Responds by path and `stream`, and reads as little of a request as possible."""

    def __init__(self) -> None:
        self._buffer = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
        if len(body) < int(length or 0):
            return
        self._buffer = b""
        if b"/embeddings" in head:
            self._transport.write(_EMBEDDINGS)
        elif b'"stream":true' not in body:
            self._transport.write(_COMPLETION)
        elif (asked := StreamRequest.of(body.decode())).fault == "refused":
            self._transport.write(_REFUSED)
        elif asked.interval:
            self._transport.write(_STREAM_HEAD)
            self._next(asked, _pieces(asked.shape, asked.stamped), 0)
        else:
            self._transport.write(_at_once(asked.shape))

    def _next(self, asked: StreamRequest, pieces: list[bytes], index: int) -> None:
        if self._transport.is_closing():
            return
        if index == asked.events - 1:
            self._transport.write(pieces[-1])
            return
        if asked.fault and index == asked.events // 2:
            if asked.fault == "cut":
                self._transport.abort()
            else:
                self._transport.write(_FAILED)
            return
        piece = pieces[place(index)]
        self._transport.write(piece.replace(STAMP, stamp()) if asked.stamped else piece)
        self._loop.call_later(asked.interval, self._next, asked, pieces, index + 1)


async def serve() -> asyncio.Server:
    """Listen on a free port of 127.0.0.1."""
    return await asyncio.get_running_loop().create_server(Gateway, "127.0.0.1", 0, backlog=4096)


async def main() -> None:
    server = await serve()
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
