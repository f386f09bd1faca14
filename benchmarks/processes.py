"""Child processes, and what the system says of a process: processor time, memory."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

_STOP = 5.0  # seconds between SIGTERM and SIGKILL


class Server(NamedTuple):
    """A server under load: the processes whose cost is its own, and its port on 127.0.0.1."""

    pids: list[int]
    port: int


class StartError(Exception):
    """A process did not come up; the message has the end of what it wrote."""


@contextmanager
def sink() -> Iterator[IO[bytes]]:
    """The reading end of standard error, as a container has one: a pipe into another process, which keeps the text."""
    with (
        tempfile.TemporaryFile() as kept,
        subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=kept) as reader,
    ):
        assert reader.stdin is not None
        yield reader.stdin


@contextmanager
def module(
    name: str, *arguments: str, environment: Mapping[str, str] | None = None, errors: IO[bytes] | None = None
) -> Iterator[tuple[int, str]]:
    """`python -m NAME` as a child: its id, and the first line that it prints.

    Raises:
        StartError: it ended without one.
    """
    command = [sys.executable, "-m", name, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**_clean(), **(environment or {})}
    ) as child:
        try:
            assert child.stdout is not None
            line = child.stdout.readline().strip()
            if not line:
                raise StartError(f"{' '.join(command[1:])} ended before it was ready")
            yield child.pid, line
        finally:
            stop(child)


def stop(child: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a child, and wait for it."""
    child.terminate()
    try:
        child.wait(_STOP)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _clean() -> dict[str, str]:
    """Our environment without settings of the bridge: it is measured with its defaults."""
    return {key: value for key, value in os.environ.items() if not key.startswith("AIBRIDGE_")}


def children(pid: int) -> list[int]:
    """The processes that this one has started, and theirs."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *children(child)]
    return found


def workers(pid: int) -> list[int]:
    """The worker processes of a bridge, which the standard library spawns beside a helper of its own."""
    return [child for child in children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def cpu(pids: Iterable[int]) -> list[int]:
    """Nanoseconds of processor time of each process, user and system, threads that have ended included.

    This is the clock that `clock_getcpuclockid` names. `/proc/PID/task/*/schedstat` has the same count
    without the threads that are gone, and grpc's pool lets threads go.
    """
    return [time.clock_gettime_ns((~pid << 3) | 2) for pid in pids]


def memory(pids: Iterable[int]) -> int:
    """Bytes: the proportional set size of all of them. Socket buffers are the kernel's, and not in it."""
    return sum(_pss(Path(f"/proc/{pid}/smaps_rollup").read_text()) for pid in pids)


def files(pids: Iterable[int]) -> int:
    """Open file descriptors of all of them."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def _pss(rollup: str) -> int:
    return next(int(line.split()[1]) << 10 for line in rollup.splitlines() if line.startswith("Pss:"))


def allow_files() -> None:
    """As many open files as the system lets us have, for us and our children: each stream is a connection upstream."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
