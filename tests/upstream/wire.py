"""The other end of a transport's connections, which a test plays byte by byte."""

import asyncio
import gc
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final

import httpx

from bridge.upstream.transport import Transport
from tests.support.authority import certificates

OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
#: Far more than the buffers of two sockets hold.
MUCH: Final = b"x" * (32 << 20)
LONGEST: Final = 4096


class Peer:
    """The server's side of a connection."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.reader = reader
        self.writer = writer
        self.over = asyncio.Event()

    async def hear(self) -> bytes:
        """Read the next request, without its body."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def say(self, *pieces: bytes) -> None:
        """Send pieces, each separately."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def gone(self) -> bytes:
        """Read until the transport closes the connection."""
        data = bytearray()
        with suppress(ConnectionError):
            while piece := await self.reader.read(1 << 16):
                data += piece
        return bytes(data)

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """Break the connection; without this option it would end in order."""
        made = self.writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def shut(self) -> None:
        """Close the connection below TLS, without an alert."""
        with socket.fromfd(self.writer.get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_STREAM) as made:
            made.shutdown(socket.SHUT_RDWR)


Play = Callable[[Peer], Awaitable[None]]


def says(*pieces: bytes, close: bool = False) -> Play:
    """A server that responds to each request with these bytes."""

    async def play(peer: Peer) -> None:
        while True:
            await peer.hear()
            await peer.say(*pieces)
            if close:
                return

    return play


async def silent(peer: Peer) -> None:
    await peer.gone()


class Wire:
    """A server: `play` handles each connection."""

    def __init__(self) -> None:
        self.play: Play = says(OK)
        self.peers: list[Peer] = []
        self.url = ""
        self.port = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._come = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        peer = Peer(len(self.peers), reader, writer)
        async with self._come:
            self.peers.append(peer)
            self._come.notify_all()
        try:
            await self.play(peer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            peer.over.set()
            self._tasks.discard(task)

    async def peer(self, number: int = 0) -> Peer:
        """Wait for the connection with this number."""
        async with self._come:
            await self._come.wait_for(lambda: len(self.peers) > number)
        return self.peers[number]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks)


@asynccontextmanager
async def wired(host: str = "127.0.0.1", *, tls: bool = False) -> AsyncIterator[Wire]:
    """A server for a test. Afterwards no task and no unretrieved exception remains."""
    problems: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(str(context)))
    wire = Wire()
    server = await asyncio.start_server(
        wire.serve, host, 0, limit=1 << 26, ssl=certificates(trusted=True)[0] if tls else None
    )
    wire.port = server.sockets[0].getsockname()[1]
    wire.url = f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{wire.port}"
    try:
        yield wire
    finally:
        server.close()
        await wire.close()
        await server.wait_closed()
    for _ in range(20):  # turns of the loop, in which connections are closed
        await asyncio.sleep(0)
    gc.collect(1)  # young objects; a full collection takes long
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert problems == []


def trusting() -> ssl.SSLContext:
    return certificates(trusted=True)[1]


@asynccontextmanager
async def transport(wire: Wire, url: str = "", seconds: float = 5.0) -> AsyncIterator[Transport]:
    """A transport to a server. When it closes, everything has ended, and nothing is left."""
    async with Transport(
        httpx.URL(url or wire.url), trusting, connect_timeout=seconds, max_header_bytes=LONGEST
    ) as made:
        yield made
    assert made.connections() == (0, 0)
    assert made._reaper is None


async def ask(made: Transport, body: bytes = b"") -> httpx.Response:
    """Send a request, and wait for the head of its response."""
    headers = {"host": "test", "content-length": str(len(body))} if body else {"host": "test"}
    request = httpx.Request("POST" if body else "GET", "http://test/v1/models", headers=headers, content=body)
    return await made.handle_async_request(request)


async def whole(made: Transport) -> bytes:
    """The whole response to a request."""
    response = await ask(made)
    try:
        return b"".join([piece async for piece in response.stream])  # type: ignore[union-attr]
    finally:
        await response.aclose()


async def so_far(made: Transport) -> tuple[bytes, Exception | None]:
    """The part of the body that could be read, and the exception after it."""
    data = b""
    try:
        response = await ask(made)
        try:
            async for piece in response.stream:  # type: ignore[union-attr]
                data += piece
        finally:
            await response.aclose()
    except httpx.TransportError as error:
        return data, error
    return data, None


@contextmanager
def deaf() -> Iterator[tuple[str, int]]:
    """An address that does not respond: its queue of connections is full."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(listening.getsockname())
        yield listening.getsockname()


@contextmanager
def refusing() -> Iterator[tuple[str, int]]:
    """An address where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()
