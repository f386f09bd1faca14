"""The bridge as a separate process, whose log is read as it is written: a full pipe would block it."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import grpc

from tests.support import leaks
from tests.support.gateway import Gateway

_TIMEOUT_SECONDS = 30.0
_LIMIT = 1 << 20


class Process:
    """`python -m bridge serve`, and the log lines so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.address = ""
        self.log: list[dict[str, Any]] = []
        self.noise: list[str] = []  # lines on standard error that are not log lines
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self.process.pid

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def logged(self, event: str, times: int = 1) -> None:
        """Wait until there are this many lines of this event."""
        async with asyncio.timeout(_TIMEOUT_SECONDS), self._news:
            await self._news.wait_for(lambda: sum(line["event"] == event for line in self.log) >= times)

    async def ended(self) -> int:
        """The exit code, once the process has ended and its log is complete."""
        code = await asyncio.wait_for(self.process.wait(), _TIMEOUT_SECONDS)
        await self._reading
        return code

    def codes(self) -> set[str]:
        """The codes in the access log."""
        return {line["code"] for line in self.log if line["event"] == "call"}

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            async with self._news:
                self._take(line.decode().strip())
                self._news.notify_all()

    def _take(self, text: str) -> None:
        """Take one line, which may hold two events if workers wrote at the same time."""
        leaks.look(text)
        while text:
            try:
                value, end = json.JSONDecoder().raw_decode(text)
            except ValueError:
                self.noise.append(text)
                return
            self.log.append(value)
            text = text[end:].lstrip()


@asynccontextmanager
async def serving(
    gateway: Gateway, *arguments: str, listen: str = "127.0.0.1:0", **variables: str
) -> AsyncIterator[Process]:
    """A bridge that is ready, and ends with the context."""
    pipe = asyncio.subprocess.PIPE
    command = ("-m", "bridge", "serve", "--listen", listen, "--upstream-url", gateway.url, "--log-format", "json")
    child = await asyncio.create_subprocess_exec(
        sys.executable, *command, *arguments, stdout=pipe, stderr=pipe, limit=_LIMIT, env=os.environ | variables
    )
    process = Process(child)
    try:
        assert child.stdout is not None
        line = await asyncio.wait_for(child.stdout.readline(), _TIMEOUT_SECONDS)
        assert b"listening on" in line, process.noise
        process.address = line.decode().split()[-1]
        yield process
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await process.ended()


def channel_to(target: str, *options: tuple[str, Any]) -> grpc.aio.Channel:
    """A channel with its own connection, without retries unless an option asks for them."""
    return grpc.aio.insecure_channel(
        target, options=[("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0), *options]
    )


def free_port() -> int:
    """A port to which nothing is bound, outside the range that the kernel uses for connections."""
    while True:
        port = random.randint(20_000, 30_000)  # noqa: S311 # not for cryptography
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def address_of(process: Process) -> str:
    await process.logged("metrics")
    return next(line["address"] for line in process.log if line["event"] == "metrics")
