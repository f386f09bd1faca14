"""HTTP/2 by hand: frames that no gRPC client would send, in any order, as fast as they can be written."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Final

import grpc
import hpack

CHAT: Final = "/aibridge.v1.ChatService/CreateChatCompletion"
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4
_CANCEL: Final = b"\0\0\0\x08"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def message(data: bytes = b"", *, compressed: bool = False) -> bytes:
    """A gRPC message with its prefix."""
    return bytes((compressed,)) + len(data).to_bytes(4, "big") + data


def head(method: str = CHAT, *more: tuple[str, str]) -> bytes:
    """The headers of a call. They add nothing to the connection's table, so that they fit any stream."""
    known = {":method": "POST", ":scheme": "http", ":path": method, ":authority": "bridge.test", "te": "trailers"}
    pairs = [*known.items(), ("content-type", "application/grpc"), *more]
    encoder = hpack.Encoder()
    encoder.header_table_size = 0
    return encoder.encode(pairs, huffman=True)


class Connection:
    """A connection to the bridge. It reads what arrives, and can obey flow control and the limit of streams."""

    def __init__(self, address: str, *, first_window: int = 65535, preface: bytes = PREFACE) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)))
        window = b"\0\4" + first_window.to_bytes(4, "big")  # of each of the bridge's streams
        self.socket.sendall(preface and preface + frame(SETTINGS, 0, 0, window))
        self.window = 65535
        self.windows: dict[int, int] = {}
        self.first_window = 65535
        self.max_streams: int | None = None
        self.ended: dict[int, str] = {}  # stream and its gRPC status, or another end
        self.closed = False
        self._buffer = bytearray()
        self._decoder = hpack.Decoder()
        self._next = 1

    def stream(self) -> int:
        """The number of a new stream."""
        number, self._next = self._next, self._next + 2
        self.windows[number] = self.first_window
        return number

    def send(self, data: bytes | Iterable[bytes]) -> None:
        """Write frames, and drop those that the bridge does not read."""
        try:
            self.socket.sendall(data if isinstance(data, bytes) else b"".join(data))
        except OSError:
            self.closed = True

    def body(self, stream: int, data: bytes, timeout: float, *, end: bool = True) -> int:
        """Send a body within the flow control of an open stream, and return the number of bytes."""
        sent, until = 0, time.monotonic() + timeout
        while sent < len(data) and stream not in self.ended and not self.closed and time.monotonic() < until:
            size = min(16384, len(data) - sent, self.window, self.windows.get(stream, 0))
            if size <= 0:
                self.read(0.02)
                continue
            flags = END_STREAM if end and sent + size == len(data) else 0
            self.send(frame(DATA, flags, stream, data[sent : sent + size]))
            sent += size
            self.window -= size
            self.windows[stream] -= size
            self.read(0)
        return sent

    def bodies(self, data: bytes, streams: list[int], timeout: float, *, end: bool = True) -> None:
        """Send one body on many open streams in turn, within their flow control."""
        sent, until = dict.fromkeys(streams, 0), time.monotonic() + timeout
        while sent and not self.closed and time.monotonic() < until:
            moved = False
            for stream in list(sent):
                if stream in self.ended or sent[stream] == len(data):
                    del sent[stream]
                    continue
                size = min(16384, len(data) - sent[stream], self.window, self.windows.get(stream, 0))
                if size > 0:
                    last = end and sent[stream] + size == len(data)
                    self.send(frame(DATA, END_STREAM if last else 0, stream, data[sent[stream] : sent[stream] + size]))
                    sent[stream] += size
                    self.window -= size
                    self.windows[stream] -= size
                    moved = True
            self.read(0 if moved else 0.02)

    def read(self, timeout: float) -> None:
        """Read for some seconds: windows, ends of streams, settings and pings, which are acknowledged."""
        self.socket.settimeout(max(timeout, 1e-6))
        try:
            while data := self.socket.recv(1 << 18):
                self._buffer += data
                for kind, flags, stream, payload in self._frames():
                    self._take(kind, flags, stream, payload)
                self.socket.settimeout(1e-6)
            self.closed = True
        except TimeoutError:
            pass
        except OSError:
            self.closed = True
        finally:
            self.socket.settimeout(None)

    def read_until(self, streams: Iterable[int], timeout: float) -> None:
        """Read until these streams have ended or the time is over."""
        until = time.monotonic() + timeout
        wanted = list(streams)
        while not self.closed and time.monotonic() < until and not all(stream in self.ended for stream in wanted):
            self.read(0.05)

    def close(self) -> None:
        """Break the connection."""
        self.socket.close()

    def _frames(self) -> Iterator[tuple[int, int, int, bytes]]:
        while len(self._buffer) >= 9:
            size = int.from_bytes(self._buffer[:3], "big")
            if len(self._buffer) < 9 + size:
                return
            kind, flags = self._buffer[3], self._buffer[4]
            stream = int.from_bytes(self._buffer[5:9], "big") & 0x7FFFFFFF
            payload = bytes(self._buffer[9 : 9 + size])
            del self._buffer[: 9 + size]
            yield kind, flags, stream, payload

    def _set(self, settings: bytes) -> None:
        for at in range(0, len(settings), 6):
            name, value = int.from_bytes(settings[at : at + 2], "big"), int.from_bytes(settings[at + 2 : at + 6], "big")
            if name == MAX_CONCURRENT_STREAMS:
                self.max_streams = value
            elif name == INITIAL_WINDOW_SIZE:
                self.windows = {key: window + value - self.first_window for key, window in self.windows.items()}
                self.first_window = value
        self.send(frame(SETTINGS, ACK, 0))

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == SETTINGS and not flags & ACK:
            self._set(payload)
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))
        elif kind == WINDOW_UPDATE:
            size = int.from_bytes(payload, "big")
            if stream:
                self.windows[stream] = self.windows.get(stream, 0) + size
            else:
                self.window += size
        elif kind == HEADERS:
            found = dict(self._decoder.decode(payload))
            if "grpc-status" in found:
                self.ended[stream] = str(found["grpc-status"])
        elif kind == RST_STREAM:
            self.ended.setdefault(stream, f"reset {int.from_bytes(payload, 'big')}")


def cancel(stream: int) -> bytes:
    """RST_STREAM with CANCEL."""
    return frame(RST_STREAM, 0, stream, _CANCEL)


def chat(rpc: str) -> str:
    """The path of an RPC of the chat service."""
    return f"/aibridge.v1.ChatService/{rpc}"


_CODES: Final = {code.value[0]: code.name for code in grpc.StatusCode}


class Caller:
    """A connection for tests that run in an event loop."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def call(self, path: str, *data: bytes, end: bool = False, headers: tuple[tuple[str, str], ...] = ()) -> int:
        """Begin a call with some frames of data, the last of which may end it. Returns the number of its stream."""
        stream = self.connection.stream()
        flags = [0] * len(data)
        if end and data:
            flags[-1] = END_STREAM
        frames = [frame(DATA, flag, stream, item) for flag, item in zip(flags, data, strict=True)]
        first = END_HEADERS | (END_STREAM if end and not data else 0)
        await self.send(frame(HEADERS, first, stream, head(path, *headers)), *frames)
        return stream

    async def send(self, *frames: bytes) -> None:
        """Write frames."""
        await asyncio.to_thread(self.connection.send, frames)

    async def code(self, stream: int) -> str:
        """The gRPC code or other end of a call; `open` if it has not ended."""
        await asyncio.to_thread(self.connection.read_until, [stream], 5)
        ended = self.connection.ended.get(stream, "open")
        return _CODES[int(ended)] if ended.isdecimal() else ended


@asynccontextmanager
async def calling(address: str, *, first_window: int = 65535) -> AsyncIterator[Caller]:
    """A caller with its own connection, which at first accepts only this many bytes of each response."""
    connection = await asyncio.to_thread(Connection, address, first_window=first_window)
    try:
        yield Caller(connection)
    finally:
        connection.close()
