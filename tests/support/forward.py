"""A forward proxy on a real socket: tunnels and requests with a whole URL, a credential, and ways to fail."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Fault = Literal["", "refuses", "silent", "hangs up", "no http", "401", "403", "407", "502"]
#: Running proxies, for scripts that break them.
RUNNING: Final[set["ForwardProxy"]] = set()


@dataclass(eq=False)
class ForwardProxy:
    """A proxy, the requests that it got, and its fault. `credential` is the USER:PASSWORD that it requires."""

    credential: str = ""
    fault: Fault = ""
    port: int = 0
    lines: list[str] = field(default_factory=list)
    tunnels: set[asyncio.StreamWriter] = field(default_factory=set)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    mended: asyncio.Event = field(default_factory=asyncio.Event)

    def mend(self) -> None:
        """End the fault."""
        self.fault = ""
        self.mended.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            line = head.partition(b"\r\n")[0].decode()
            self.lines.append(line)
            wanted = b"proxy-authorization: Basic " + base64.b64encode(self.credential.encode()) + b"\r\n"
            if self.fault == "hangs up":
                writer.close()
            elif self.fault == "silent":
                await reader.read()
            elif self.fault == "no http":
                writer.write(b"SSH-2.0-nothing\r\n\r\n")
            elif self.fault.isdecimal():
                writer.write(b"HTTP/1.1 %b No\r\ncontent-length: 2\r\n\r\nno" % self.fault.encode())
            elif self.credential and wanted not in head:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 2\r\n\r\nno")
            elif line.startswith("CONNECT "):
                await self._tunnel(line.split()[1], reader, writer)
            else:
                await self._forward(line, head, reader, writer)
        writer.close()

    async def _tunnel(self, authority: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = authority.rpartition(":")
        there, here = await asyncio.open_connection(host.strip("[]"), int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await self._both(reader, writer, there, here)

    async def _forward(
        self, line: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, url, _ = line.split()
        authority, _, path = url.removeprefix("http://").partition("/")
        host, _, port = authority.rpartition(":")
        there, here = await asyncio.open_connection(host, int(port))
        fields = [entry for entry in head.split(b"\r\n")[1:] if not entry.lower().startswith(b"proxy-")]
        here.write(f"{method} /{path} HTTP/1.1\r\n".encode() + b"\r\n".join(fields))
        await self._both(reader, writer, there, here)

    async def _both(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        here: asyncio.StreamWriter,
    ) -> None:
        self.tunnels.add(writer)
        copies = {asyncio.create_task(_copy(reader, here)), asyncio.create_task(_copy(there, writer))}
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        self.closed.set()
        here.transport.abort()
        writer.close()
        await asyncio.gather(*copies, return_exceptions=True)

    def die(self) -> None:
        """Break all tunnels."""
        for writer in self.tunnels:
            writer.transport.abort()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()


@asynccontextmanager
async def forwarding(proxy: ForwardProxy, tls: ssl.SSLContext | None = None) -> AsyncIterator[ForwardProxy]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        proxy.port = bound.getsockname()[1]

        async def accept() -> None:
            if proxy.fault == "refuses":
                await proxy.mended.wait()
            async with await asyncio.start_server(proxy.serve, sock=bound.dup(), ssl=tls) as server:
                accepting.set()
                await server.serve_forever()

        accepting = asyncio.Event()
        server = asyncio.create_task(accept())
        if proxy.fault != "refuses":
            await accepting.wait()
        RUNNING.add(proxy)
        try:
            yield proxy
        finally:
            RUNNING.discard(proxy)
            server.cancel()
            proxy.die()
            await asyncio.gather(server, *proxy.tasks, return_exceptions=True)
