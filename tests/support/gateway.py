"""A fake gateway on a real socket, scripted by the test that uses it.

A script is a coroutine that gets the `Exchange` of one request: it sees the request as it came and writes any bytes,
well-formed HTTP or not. `respond`, `respond_json` and `sse` make the usual scripts.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    head: bytes = b""  # the request line and the headers, as they came

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Exchange:
    request: Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, data: bytes | str) -> None:
        self.writer.write(data.encode() if isinstance(data, str) else data)
        await self.writer.drain()

    async def head(self, status: int = 200, content_type: str = "application/json", **headers: str) -> None:
        """The head of a response that ends with the connection, unless a header says otherwise."""
        lines = [f"HTTP/1.1 {status} Any", f"content-type: {content_type}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join(lines) + "\r\n\r\n")

    async def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
        await self.send(f"data: {text}\n\n")

    async def wait_closed(self) -> None:
        """Wait until the bridge has closed the connection."""
        await self.closed.wait()

    def reset(self) -> None:
        """Break the connection with a reset instead of an orderly end."""
        self.writer.transport.abort()


Script = Callable[[Exchange], Awaitable[None]]


def respond(
    body: bytes | str = b"", status: int = 200, content_type: str = "application/json", **headers: str
) -> Script:
    """A whole response; the connection is kept alive."""
    data = body.encode() if isinstance(body, str) else body

    async def script(exchange: Exchange) -> None:
        await exchange.head(status, content_type, content_length=str(len(data)), **headers)
        await exchange.send(data)

    return script


def respond_json(value: Any, status: int = 200, **headers: str) -> Script:
    return respond(json.dumps(value), status, **headers)


def after(event: asyncio.Event, script: Script) -> Script:
    """The same once the event is set."""

    async def waiting(exchange: Exchange) -> None:
        await event.wait()
        await script(exchange)

    return waiting


def sse(*events: Any, done: bool = True, **headers: str) -> Script:
    """A stream of events, each a JSON value or the text of one, that ends with the connection.

    At an `asyncio.Event` among them it waits until that is set.
    """

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream", **headers)
        for event in events:
            if isinstance(event, asyncio.Event):
                await event.wait()
            else:
                await exchange.event(event)
        if done:
            await exchange.event("[DONE]")
        exchange.writer.close()

    return script


def raw_sse(text: bytes | str) -> Script:
    """A stream of exactly these bytes, and the end of the connection."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.send(text)
        exchange.writer.close()

    return script


class Gateway:
    """A gateway that runs the next script for each request, and the last one for all that follow."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.exchanges: list[Exchange] = []
        self.arrived = asyncio.Condition()
        self._scripts: list[Script] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    def script(self, *scripts: Script) -> None:
        self._scripts = list(scripts)

    @property
    def last(self) -> Request:
        return self.requests[-1]

    async def exchange(self, number: int = 0) -> Exchange:
        """Wait for the exchange of the request with this number."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.exchanges) > number)
        return self.exchanges[number]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while (request := await _read(reader)) is not None:
                exchange = Exchange(request, reader, writer)
                async with self.arrived:
                    self.requests.append(request)
                    self.exchanges.append(exchange)
                    self.arrived.notify_all()
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                watch = asyncio.create_task(_watch(exchange))
                try:
                    await script(exchange)
                except ConnectionError:
                    exchange.closed.set()  # the script may notice first
                    raise
                finally:
                    await _stop(watch)
                if writer.is_closing():
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _stop(watch: asyncio.Task[None]) -> None:
    if not watch.done():
        watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


async def _watch(exchange: Exchange) -> None:
    """Notice that the bridge has closed: it sends nothing during a response."""
    try:
        while await exchange.reader.read(1):
            pass
    except ConnectionError:
        pass
    exchange.closed.set()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body, head)


@asynccontextmanager
async def running(scripts: Iterable[Script] = (), ssl: Any = None) -> AsyncIterator[Gateway]:
    gateway = Gateway()
    gateway.script(*scripts)
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0, ssl=ssl)
    port = server.sockets[0].getsockname()[1]
    gateway.url = f"{'https' if ssl else 'http'}://127.0.0.1:{port}/v1"
    try:
        yield gateway
    finally:
        server.close()
        await gateway.close()
        await server.wait_closed()
