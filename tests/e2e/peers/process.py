"""Runs a peer as a child process on a free port of 127.0.0.1 during a context."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from tests.e2e.peers.install import ROOT, PeerError

_STEP: Final = 0.03  # seconds between two checks of a starting server
_GRACE: Final = 0.5  # seconds between SIGTERM and SIGKILL
_TAIL: Final = 3000
#: Environment variables of a peer: no keys, proxies or settings of this machine.
_PASSED: Final = ("HOME", "LANG", "PATH", "TMPDIR")


def free_port() -> int:
    """A port that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    port: int,
    *,
    ready: str,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The server's address, `http://127.0.0.1:PORT`, once it answers a GET of the path `ready`, whatever it says.

    All that it prints goes to a file of this name in `.installed/logs`. The end of it is part of the error.

    Raises:
        PeerError: it ended, or did not answer within `timeout` seconds.
    """
    log = ROOT / "logs" / (re.sub(r"\W+", "-", name) + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    inherited = {key: os.environ[key] for key in _PASSED if key in os.environ}
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 # our own arguments, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**inherited, **(environment or {})},
            cwd=log.parent,
            start_new_session=True,
        ) as child,
    ):
        try:
            _await_ready(name, child, port, ready, timeout, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(child)


def _await_ready(name: str, child: subprocess.Popen[bytes], port: int, path: str, timeout: float, log: Path) -> None:
    deadline = time.monotonic() + timeout
    while not _answers(port, path):
        if child.poll() is not None:
            failure = f"ended with status {child.returncode} before it was ready"
        elif time.monotonic() > deadline:
            failure = f"was not ready within {timeout:g} s"
        else:
            time.sleep(_STEP)
            continue
        raise PeerError(f"{name} {failure}:\n{log.read_text(errors='replace')[-_TAIL:]}")


def _answers(port: int, path: str) -> bool:
    """By http.client, because urllib obeys proxy settings."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
    return True


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the child and its children. Returns when it is reaped."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    try:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
