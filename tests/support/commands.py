"""The command line, in this process for its output, and as a process for its behaviour."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli.app import app

_TIMEOUT_SECONDS = 30.0


@dataclass
class Result:
    code: int
    out: str
    err: str


Run = Callable[..., Awaitable[Result]]


async def invoke(*arguments: str, stdin: str | None = None, **variables: str) -> Result:
    """Run a command in a thread, since this event loop runs the gateway and the bridge meanwhile."""
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, input=stdin, env=variables)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Result(result.exit_code, result.stdout, result.stderr)


class Child:
    """`python -m bridge` with these arguments."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line of standard output."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), _TIMEOUT_SECONDS)).decode()

    async def address(self) -> str:
        """The address in the ready line of `serve`."""
        line = await self.line()
        if not line:
            result = await self.end()
            pytest.fail(f"serve ended with {result.code}: {result.err}")
        assert "listening on" in line
        return line.split()[-1]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self, stdin: str | None = None) -> Result:
        """The exit code and the remaining output, once the process has ended."""
        data = stdin.encode() if stdin is not None else None
        out, err = await asyncio.wait_for(self.process.communicate(data), _TIMEOUT_SECONDS)
        assert self.process.returncode is not None
        return Result(self.process.returncode, (out or b"").decode(), (err or b"").decode())


@asynccontextmanager
async def spawn(*arguments: str, stdout: Any = asyncio.subprocess.PIPE, **variables: str) -> AsyncIterator[Child]:
    """Start a process of the command line, and end it with the context."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", *arguments, stdin=pipe, stdout=stdout, stderr=pipe, env=os.environ | variables
    )
    try:
        yield Child(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
