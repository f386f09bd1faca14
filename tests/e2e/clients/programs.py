"""Child processes: the bridge, the builds and the examples."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.clients.stacks import Stack

EXAMPLES: Final = Path(__file__).resolve().parents[3] / "examples"
BUILDS: Final = EXAMPLES / ".build"
#: The caller's credential, which the bridge forwards to the gateway.
TOKEN: Final = "example-token"  # noqa: S105 # not a real secret
_BUILD_TIMEOUT: Final = 900.0
_RUN_TIMEOUT: Final = 60.0
_READY_TIMEOUT: Final = 30.0
_STEP: Final = 0.02
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+")


class ProgramError(Exception):
    """A build failed, or the bridge did not start. The message has the end of the output."""


@dataclass(frozen=True)
class Result:
    """The result of a program: exit status (None if it was killed), standard output and error."""

    code: int | None
    output: str
    errors: str

    @property
    def tail(self) -> str:
        """The end of the output, for a person."""
        return (self.output + self.errors)[-3000:]


@asynccontextmanager
async def bridge(upstream_url: str, listen: str = "127.0.0.1:0", log: str = "bridge") -> AsyncIterator[str]:
    """A bridge before this gateway, as a process; its address. It does not retry by itself, so that callers do.

    Its log is `log`.log in `BUILDS`.
    """
    BUILDS.mkdir(exist_ok=True)
    variables = {
        "AIBRIDGE_LISTEN": listen,
        "AIBRIDGE_UPSTREAM_URL": upstream_url,
        "AIBRIDGE_UPSTREAM_CREDENTIALS": "caller",
        "AIBRIDGE_MAX_RETRIES": "0",
        "AIBRIDGE_LOG_FORMAT": "json",
    }
    file = BUILDS / f"{log}.log"
    with file.open("wb") as errors:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bridge", "serve"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=environment(variables),
        )
        try:
            yield await _address(child, file)
        finally:
            await end(child)


async def build(stack: Stack) -> None:
    """Make the example ready to run.

    Raises:
        ProgramError: it cannot be built.
    """
    folder = BUILDS / stack.name
    folder.mkdir(parents=True, exist_ok=True)
    result = await _run(stack, stack.build, {}, _BUILD_TIMEOUT)
    if result.code != 0:
        raise ProgramError(f"{stack.build}\n{result.tail}")


async def run(stack: Stack, target: str) -> Result:
    """Run the example against the bridge at `target`."""
    return await _run(stack, stack.run, {"AIBRIDGE_TARGET": target, "AIBRIDGE_TOKEN": TOKEN}, _RUN_TIMEOUT)


async def versions(stack: Stack) -> tuple[str, str]:
    """The versions of the language and of the library; a question mark if a command prints none."""
    results = [await _run(stack, line, {}, _RUN_TIMEOUT) for line in (stack.language_version, stack.library_version)]
    language, library = (_VERSION.search(result.output + result.errors) for result in results)
    return language.group() if language else "?", library.group() if library else "?"


async def _run(stack: Stack, line: str, variables: Mapping[str, str], timeout: float) -> Result:  # noqa: ASYNC109 # as above
    places = {"BUILD": str(BUILDS / stack.name), "PYTHON": sys.executable}
    return await execute(("sh", "-c", line), EXAMPLES / stack.folder, {**places, **variables}, timeout)


async def execute(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    timeout: float,  # noqa: ASYNC109 # a child's
) -> Result:
    """Run a command to its end. It and its children are killed after `timeout` seconds."""
    child = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(variables),
        start_new_session=True,
    )
    reading = asyncio.create_task(child.communicate())
    try:
        await asyncio.wait_for(asyncio.shield(reading), timeout)
        code = child.returncode
    except TimeoutError:
        code = None
    finally:
        _kill(child)
        output, errors = await reading
    return Result(code, output.decode(errors="replace"), errors.decode(errors="replace"))


@asynccontextmanager
async def serving(command: Sequence[str], folder: Path, address: str) -> AsyncIterator[None]:
    """A server that listens on this address (HOST:PORT), once it does.

    Raises:
        ProgramError: it did not start.
    """
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        child = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment({}),
        )
        try:
            if not await _accepts(child, address):
                raise ProgramError(f"{command[0]} did not start; see {log}")
            yield
        finally:
            await end(child)


def free_port() -> int:
    """A port that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _accepts(child: asyncio.subprocess.Process, address: str) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _READY_TIMEOUT
    host, _, port = address.rpartition(":")
    while child.returncode is None and loop.time() < deadline:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            await writer.wait_closed()
            return True
        await asyncio.sleep(_STEP)
    return False


async def end(child: asyncio.subprocess.Process) -> None:
    """Stop a server, with SIGTERM first."""
    with suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _READY_TIMEOUT)
    except TimeoutError:
        child.kill()
        await child.wait()


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings of the bridge or of a client."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AIBRIDGE_")}
    return {**mine, **variables}


def _kill(child: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


async def _address(child: asyncio.subprocess.Process, log: Path) -> str:
    """The address in the ready line."""
    assert child.stdout is not None
    line = (await asyncio.wait_for(child.stdout.readline(), _READY_TIMEOUT)).decode()
    if "listening on" not in line:
        raise ProgramError(f"the bridge did not start; see {log}")
    return line.split()[-1]
