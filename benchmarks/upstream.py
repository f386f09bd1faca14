"""A gateway that costs as little as can be: canned bytes from an asyncio protocol, one event per write where paced.

`python -m benchmarks.upstream` prints its port. `Pace` says how a stream is asked for.
"""

import asyncio
from typing import cast

import uvloop

from benchmarks.payloads import CHUNKS, COMPLETION, EMBEDDINGS, EVENTS, Pace

_STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _whole(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def _piece(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


_COMPLETION = _whole(COMPLETION)
_EMBEDDINGS = _whole(EMBEDDINGS)
_PIECES = [_piece(event) for event in EVENTS]
_LAST = b"".join(_PIECES[-2:]) + b"0\r\n\r\n"  # the chunk that finishes, [DONE], and the end of the body
_AT_ONCE = _STREAM_HEAD + b"".join(_PIECES[:-2]) + _LAST


class Gateway(asyncio.Protocol):
    """Answers by path and `stream`; reads no more of a request than it has to."""

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
        elif pace := Pace.asked(body.decode()):
            self._transport.write(_STREAM_HEAD)
            self._next(pace, 0)
        else:
            self._transport.write(_AT_ONCE)

    def _next(self, pace: Pace, index: int) -> None:
        if self._transport.is_closing():
            return
        if index == pace.events - 1:
            self._transport.write(_LAST)
            return
        self._transport.write(_PIECES[index % (CHUNKS - 1)])
        self._loop.call_later(pace.interval, self._next, pace, index + 1)


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Gateway, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
