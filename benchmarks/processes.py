"""Child processes, and the CPU time and memory of processes."""

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
    """A server under load: its processes, and its port on 127.0.0.1."""

    pids: list[int]
    port: int


class StartError(Exception):
    """A process did not start. The message has the end of its output."""


@contextmanager
def sink() -> Iterator[IO[bytes]]:
    """A pipe for standard error into another process, as in a container."""
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
    """Start `python -m NAME` as a child, and return its first line.

    Raises:
        StartError: it ended without printing a line.
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
    """Stop a child and wait for its end."""
    child.terminate()
    try:
        child.wait(_STOP)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _clean() -> dict[str, str]:
    """The environment without settings of the bridge, which is measured with its defaults."""
    return {key: value for key, value in os.environ.items() if not key.startswith("AIBRIDGE_")}


def children(pid: int) -> list[int]:
    """The child processes of a process, and their children."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *children(child)]
    return found


def workers(pid: int) -> list[int]:
    """The worker processes of a bridge, without the standard library's helper process."""
    return [child for child in children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def cpu(pids: Iterable[int]) -> list[int]:
    """The CPU time of each process in nanoseconds, user and system, including ended threads.

    This is the clock of `clock_getcpuclockid`. `/proc/PID/task/*/schedstat` does not include ended threads, and grpc's
    pool ends threads.
    """
    return [time.clock_gettime_ns((~pid << 3) | 2) for pid in pids]


def memory(pids: Iterable[int]) -> int:
    """The total proportional set size in bytes, without socket buffers, which belong to the kernel."""
    return sum(_pss(Path(f"/proc/{pid}/smaps_rollup").read_text()) for pid in pids)


def files(pids: Iterable[int]) -> int:
    """The total number of open file descriptors."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def _pss(rollup: str) -> int:
    return next(int(line.split()[1]) << 10 for line in rollup.splitlines() if line.startswith("Pss:"))


def allow_files() -> None:
    """Raise the limit of open files to the maximum, because each stream has an upstream connection."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
