"""The gateway's normal responses, and its faults.

Each script responds to any RPC: it starts from the normal response (`good`) and breaks it. All heads have the same
request id and rate-limit header, so that every outcome can be compared with them.
"""

import asyncio
import base64
import gzip
import json
import os
import socket
import struct
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import Any, Final, NamedTuple

from tests.support.forward import RUNNING
from tests.support.gateway import Exchange, Request, Script

EVENTS: Final = "text/event-stream"
JSON: Final = "application/json"
WORDS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
#: Number of words, and so of chunks, of a normal stream.
SAID: Final = 3
VECTOR: Final = (1.0, 2.0, 3.0)
HEADERS: Final = {"x-request-id": "up-1", "x-ratelimit-remaining-requests": "7"}
DONE: Final = b"data: [DONE]\n\n"
#: Turns of the event loop in which the bridge reads what was sent. Both share one loop, so no clock is needed.
_TURNS: Final = 5

#: How the end of a body is marked.
LENGTH: Final = "length"
CHUNKED: Final = "chunked"
CLOSE: Final = "close"


class Good(NamedTuple):
    """The normal response. The parts of a stream are its events, those of any other body its two halves."""

    content_type: str
    parts: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


def good(request: Request) -> Good:
    """The normal response to a request."""
    if request.path.endswith("/models"):
        return _plain({"object": "list", "data": [{"id": "m", "object": "model"}]})
    if request.path.endswith("/embeddings"):
        vector = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()
        return _plain({"object": "list", "data": [{"index": 0, "embedding": vector}], "usage": usage(SAID)})
    if request.json.get("stream"):
        return Good(EVENTS, (*(chunk(number, ends=number == SAID) for number in range(1, SAID + 1)), DONE))
    return _plain(completion(usage=usage(SAID)))


def _plain(value: Any) -> Good:
    body = json.dumps(value).encode()
    return Good(JSON, (body[: len(body) // 2], body[len(body) // 2 :]))


def completion(finish_reason: str = "stop", **members: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": " ".join(WORDS[:SAID])}
    return {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}], **members}


def usage(words: int) -> dict[str, int]:
    return {"prompt_tokens": 5, "completion_tokens": words, "total_tokens": 5 + words}


def chunk(number: int, *, ends: bool | str = False, word: str | None = None) -> bytes:
    """The event with the word of this number, and the usage so far."""
    reason = (ends if isinstance(ends, str) else "stop") if ends else None
    delta = {"content": WORDS[number - 1] if word is None else word}
    value = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": usage(number)}
    return event(value)


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def head(status: int = 200, content_type: str = "", *lines: str) -> bytes:
    """The head of a response, with the headers that all have."""
    first = [f"HTTP/1.1 {status} Any", *(f"{name}: {value}" for name, value in HEADERS.items())]
    if content_type:
        first.append(f"content-type: {content_type}")
    return "\r\n".join([*first, *lines, "", ""]).encode("latin-1")


def framing(frame: str, size: int) -> str:
    """The header that frames the body."""
    return {LENGTH: f"content-length: {size}", CHUNKED: "transfer-encoding: chunked", CLOSE: "connection: close"}[frame]


def pack(frame: str, parts: Iterable[bytes]) -> bytes:
    """Parts of a body, each in an HTTP chunk if the body is chunked."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) if frame == CHUNKED else part for part in parts if part)


async def turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


async def send(exchange: Exchange, *pieces: bytes) -> None:
    """Send each piece so that the bridge reads it separately. After the last one it may send its next request."""
    for piece in filter(None, pieces):
        await turns()
        await exchange.send(piece)


# Whole responses.


async def well(exchange: Exchange) -> None:
    """The normal response on a kept connection: a stream in chunks, any other body with its length."""
    right = good(exchange.request)
    frame = CHUNKED if right.content_type == EVENTS else LENGTH
    parts = [pack(frame, [part]) for part in right.parts]
    end = b"0\r\n\r\n" if frame == CHUNKED else b""
    await send(exchange, head(200, right.content_type, framing(frame, len(right.body))), *parts, end)


def whole(
    body: bytes | str | Callable[[Good], bytes], status: int = 200, content_type: str | None = None, *lines: str
) -> Script:
    """A response of the right length with other content, by default with the right content type."""

    async def script(exchange: Exchange) -> None:
        right = good(exchange.request)
        data = body(right) if callable(body) else body.encode() if isinstance(body, str) else body
        kind = right.content_type if content_type is None else content_type
        await send(exchange, head(status, kind, *lines, f"content-length: {len(data)}") + data)

    return script


def refusal(status: int, *lines: str, code: str | None = None, **members: Any) -> Script:
    """OpenAI's error object with an HTTP status."""
    error = {"message": "the gateway's words", "type": None, "code": code, **members}
    return whole(json.dumps({"error": error}), status, JSON, *lines)


def streamed(*events: bytes) -> Script:
    """A whole stream of other events. The last one comes with the end of the body."""
    *first, last = (pack(CHUNKED, [each]) for each in events)
    return made(head(200, EVENTS, framing(CHUNKED, 0)), *first, last + b"0\r\n\r\n")


Piece = bytes | Callable[[Good], bytes]


def made(*pieces: Piece, end: Script | None = None) -> Script:
    """A response of these pieces, which the bridge reads separately. Without an `end` the connection is kept."""

    async def script(exchange: Exchange) -> None:
        right = good(exchange.request)
        await send(exchange, *(piece(right) if callable(piece) else piece for piece in pieces))
        if end is not None:
            await end(exchange)

    return script


def raw(*pieces: bytes) -> Script:
    """These bytes in place of a response, then the end of the connection."""
    return made(*pieces, end=close)


def http(*lines: str, first: str = "HTTP/1.1 200 OK") -> Callable[[Good], bytes]:
    """A head with these lines for the right body. SIZE stands for its length."""

    def make(right: Good) -> bytes:
        common = [f"content-type: {right.content_type}", *(f"{name}: {value}" for name, value in HEADERS.items())]
        told = [line.replace("SIZE", str(len(right.body))) for line in lines]
        return "\r\n".join([first, *common, *told, "", ""]).encode("latin-1")

    return make


def body(right: Good) -> bytes:
    return right.body


def chunks(right: Good) -> bytes:
    """The right body in chunks, without the last, empty one."""
    return pack(CHUNKED, right.parts)


# Responses that end too early.


async def close(exchange: Exchange) -> None:
    await turns()
    exchange.writer.close()


async def hang(exchange: Exchange) -> None:
    await exchange.wait_closed()


async def proxy_dies(exchange: Exchange) -> None:
    """The forward proxy breaks its connections after it has passed on the data."""
    for _ in range(20):
        await asyncio.sleep(0.001)
    for proxy in RUNNING:
        proxy.die()
    await exchange.wait_closed()


async def reset(exchange: Exchange) -> None:
    """Break the connection with a TCP reset. `abort` alone closes it properly if everything was read."""
    await turns()
    with socket.socket(fileno=os.dup(exchange.writer.get_extra_info("socket").fileno())) as real:
        real.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.reset()


def nothing(_: Good) -> bytes:
    return b""


def half(right: Good) -> bytes:
    """Half of a body; of a stream two events and the start of the third."""
    if right.content_type == EVENTS:
        return right.parts[0] + right.parts[1] + right.parts[2][:20]
    return right.parts[0]


def noted(note: bytes) -> Callable[[Good], bytes]:
    """The right body, with a member whose text has these bytes in each JSON object."""

    def make(right: Good) -> bytes:
        member = b'{"note": "' + note + b'", '
        if right.content_type == EVENTS:
            return right.body.replace(b"data: {", b"data: " + member)
        return right.body.replace(b"{", member, 1)

    return make


def two(right: Good) -> bytes:
    """Half of a body; of a stream two events."""
    return b"".join(right.parts[:2]) if right.content_type == EVENTS else right.parts[0]


def cut(end: Script, share: Callable[[Good], bytes] = half, frame: str = CHUNKED) -> Script:
    """The head, a share of the right body, and an end."""

    async def script(exchange: Exchange) -> None:
        right = good(exchange.request)
        await send(exchange, head(200, right.content_type, framing(frame, len(right.body))))
        await send(exchange, pack(frame, [share(right)]))
        await end(exchange)

    return script


def then(*pieces: bytes) -> Script:
    """These bytes in place of an end, then silence."""

    async def script(exchange: Exchange) -> None:
        await send(exchange, *pieces)
        await exchange.wait_closed()

    return script


def drip(piece: bytes) -> Script:
    """The same few bytes again and again, until the bridge closes the connection."""

    async def script(exchange: Exchange) -> None:
        with suppress(ConnectionError):
            while not exchange.closed.is_set():
                await exchange.send(piece)
                await asyncio.sleep(0.005)

    return script


# Slow responses.


async def by_byte(exchange: Exchange) -> None:
    """The normal response, byte by byte, including the head."""
    right = good(exchange.request)
    data = http("transfer-encoding: chunked")(right) + chunks(right) + b"0\r\n\r\n"
    await send(exchange, *(data[at : at + 1] for at in range(len(data))))


async def late(exchange: Exchange) -> None:
    await asyncio.sleep(0.05)
    await well(exchange)


# Sizes.


@cache
def bomb() -> bytes:
    """64 MiB of white space in 64 KiB of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([packer.compress(b" " * (1 << 20)) for _ in range(64)] + [packer.flush()])


def bombed(status: int, content_type: str) -> Script:
    """A response with the bomb in it, which then stays open."""
    lines = "content-encoding: gzip", framing(CHUNKED, 0)
    return made(head(status, content_type, *lines), lambda _: pack(CHUNKED, [bomb()]), end=hang)


async def compressed(exchange: Exchange) -> None:
    """The normal response in gzip, which was not requested."""
    await whole(lambda right: gzip.compress(right.body), 200, None, "content-encoding: gzip")(exchange)


async def compressed_and_cut(exchange: Exchange) -> None:
    """Three quarters of it, stored without compression, so that their content is known."""
    lines = "content-encoding: gzip", framing(CLOSE, 0)
    await made(http(*lines), lambda right: _most(gzip.compress(right.body, 0)), end=close)(exchange)


def _most(data: bytes) -> bytes:
    return data[: len(data) * 3 // 4]


def flood(piece: bytes) -> Script:
    """The same bytes as fast as possible, until the bridge closes the connection."""

    async def script(exchange: Exchange) -> None:
        with suppress(ConnectionError):
            while not exchange.closed.is_set():
                await exchange.send(piece)

    return script


async def comments_first(exchange: Exchange) -> None:
    """500 kB of comments, of which the bridge reads 250 kB per second, and then the right body."""
    await exchange.send(http("connection: close")(good(exchange.request)))
    piece = (b": " + b"x" * 996 + b"\n\n") * 100
    for _ in range(5):
        await exchange.send(piece)
    await made(body, end=close)(exchange)


# Faults of a pooled connection. Each gets the exchange that left it in the pool.


async def stay(exchange: Exchange) -> None:
    """Nothing yet."""
    del exchange


def idly(data: bytes = b"", end: Script | None = None) -> Script:
    """Unsolicited bytes, or an end. The bridge gets time to notice."""

    async def script(exchange: Exchange) -> None:
        await send(exchange, data)
        if end is not None:
            await end(exchange)
        await turns()

    return script


# Faults of connections before HTTP. An act has the streams of a new connection, and an event for the end of the fault.


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event) -> None:
    """Closes when anything was received."""
    del writer, over
    await reader.read(1)


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event) -> None:
    """Neither reads, writes nor closes."""
    del reader, writer
    await over.wait()


async def speaks_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event) -> None:
    """Responds to a TLS hello with HTTP."""
    del over
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def resets_while_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event) -> None:
    """Resets the connection while the request's body is being sent, so that unread data is lost."""
    del over
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


async def refuses_while_reading(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, over: asyncio.Event
) -> None:
    """Responds with 413 while the request's body is still being sent, and reads until the bridge stops."""
    del over
    await reader.readuntil(b"\r\n\r\n")
    body = b'{"error": {"message": "too much"}}'
    writer.write(head(413, JSON, f"content-length: {len(body)}") + body)
    while await reader.read(1 << 16):
        pass
