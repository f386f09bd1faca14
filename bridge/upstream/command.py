"""Runs the command that prints a short-lived token, in the background and before the token expires.

The command prints the token, or a JSON object with the token and its expiry, as `az account get-access-token`, `gcloud
auth print-access-token` and kubectl's exec plugins do. While the command fails, the last good token is used.
"""

import asyncio
import os
import shlex
import signal
import subprocess
import threading
import time
from contextlib import suppress
from datetime import datetime
from math import isfinite
from typing import Any, Final, NamedTuple

import structlog

from bridge.jsontext import MalformedJSONError, loads

_log = structlog.get_logger("aibridge.upstream")

_MAX_BYTES: Final = 1 << 16  # of the command's output
_TOKENS: Final = ("token", "access_token", "accessToken", "id_token")
#: Members with the expiry: in seconds from now; in seconds since 1970 or as an ISO 8601 date. az's `expiresOn`, which
#: is in local time, is last.
_LIFETIMES: Final = ("expires_in",)
_MOMENTS: Final = ("expires_on", "expirationTimestamp", "expires_at", "expiration", "expiry", "expiresOn")
#: A token is renewed after 90 % of its lifetime, or this long before it expires if that is earlier, but not before half
#: of its lifetime.
_MARGIN_SECONDS: Final = 60.0
_MIN_LIFETIME_SECONDS: Final = 1.0
#: A larger number is in milliseconds. In seconds since 1970 it would be in the year 5138.
_MAX_SECONDS: Final = 1e11
#: The delay after a failure doubles up to the maximum. Calls start a run at most once per interval.
_FIRST_RETRY_SECONDS: Final = 2.0
_MAX_RETRY_SECONDS: Final = 60.0
_MIN_INTERVAL_SECONDS: Final = 10.0


class TokenCommandError(Exception):
    """The command gave no token. The message says why, without quoting the output."""


class PrintedToken(NamedTuple):
    """A token and its lifetime in seconds, 0 if unknown."""

    value: str
    lifetime: float


class TokenCommand:
    """Runs a command to get a token, at most one run at a time.

    `timeout` is the maximum time of a run, `refresh` the time after which a token without an expiry is renewed, in
    seconds.
    """

    def __init__(self, command: str, *, timeout: float, refresh: float) -> None:
        self._words = shlex.split(command)
        self._timeout = timeout
        self._refresh = refresh
        self._token = ""
        self._latest = -_MIN_INTERVAL_SECONDS  # start of the latest run, by the monotonic clock
        self._running: asyncio.Task[float] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def value(self) -> str:
        """The last good token; empty if there is none yet."""
        return self._token

    async def start(self) -> None:
        """Get the first token, and keep it renewed.

        Raises:
            TokenCommandError: the command gave none.
        """
        due = await self._run()
        self._keeper = asyncio.create_task(self._keep(due))

    async def renew(self) -> None:
        """Run the command because a token was rejected. A run that is in progress or has just ended is enough."""
        if self._running is None and time.monotonic() - self._latest < _MIN_INTERVAL_SECONDS:
            return
        with suppress(TokenCommandError):
            await self._run()

    async def close(self) -> None:
        """Stop renewing, and end a run in progress."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        if self._running is not None:
            if self._process is not None:
                _kill(self._process)
            await asyncio.wait({self._running})

    async def _keep(self, due: float) -> None:
        retry = _FIRST_RETRY_SECONDS
        while True:
            await asyncio.sleep(due)
            try:
                due, retry = await self._run(), _FIRST_RETRY_SECONDS
            except TokenCommandError as error:
                _log.error("upstream_token_command failed", problem=str(error), retry_seconds=retry)
                due, retry = retry, min(2 * retry, _MAX_RETRY_SECONDS)

    async def _run(self) -> float:
        """Run the command, or wait for the run in progress. Returns the seconds until the next renewal."""
        if self._running is None:
            self._running = asyncio.create_task(self._fetch())
            self._running.add_done_callback(self._ended)
        return await asyncio.shield(self._running)

    def _ended(self, task: asyncio.Task[float]) -> None:
        self._running = None
        if not task.cancelled():
            task.exception()  # retrieved, because nobody may be waiting

    async def _fetch(self) -> float:
        self._latest = time.monotonic()
        token = parse(await asyncio.to_thread(self._output))
        self._token = token.value
        if not token.lifetime:
            return self._refresh
        lifetime = token.lifetime
        return max(min(lifetime - _MARGIN_SECONDS, 0.9 * lifetime), 0.5 * lifetime, _MIN_LIFETIME_SECONDS)

    def _output(self) -> bytes:
        """The command's output. Blocks, so it has to run in a thread.

        uvloop runs Python code between fork and exec, which crashes at random when gRPC is running (grpc/grpc#43055).
        `subprocess` does not.
        """
        try:
            process = subprocess.Popen(  # noqa: S603 # the operator's command
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise TokenCommandError(f"{self._words[0]}: {error.strerror}") from None
        self._process = process
        late = threading.Event()
        ends = threading.Timer(self._timeout, _end, (process, late))
        ends.start()
        with process:
            assert process.stdout is not None  # noqa: S101 # for mypy
            output = process.stdout.read(_MAX_BYTES + 1)
            if len(output) > _MAX_BYTES:
                _kill(process)
            process.wait()
            ends.cancel()
        if late.is_set():
            raise TokenCommandError(f"printed no token within {self._timeout:g} s")
        if process.returncode and len(output) <= _MAX_BYTES:
            raise TokenCommandError(f"exited with code {process.returncode}")
        return output


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()  # first: the process may end, and be waited for, before `_kill` returns
    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def parse(output: bytes) -> PrintedToken:
    """The token in the output of a command.

    Raises:
        TokenCommandError: there is none, or it cannot be sent in a header.
    """
    text = output.decode("utf-8-sig", "replace").strip()  # PowerShell writes a byte order mark
    lifetime = 0.0
    if text.startswith("{"):
        members = _members(text)
        token = next((members[name] for name in _TOKENS if members.get(name)), "")
        text = token.strip() if isinstance(token, str) else ""
        lifetime = _lifetime(members)
    if not text:
        raise TokenCommandError("printed no token")
    if len(output) > _MAX_BYTES or not text.isascii() or not text.isprintable() or " " in text:
        raise TokenCommandError("printed something that is not a token")
    return PrintedToken(text, lifetime)


def _members(text: str) -> dict[str, Any]:
    try:
        value = loads(text.encode())
    except MalformedJSONError:
        raise TokenCommandError("printed invalid JSON") from None
    status = value.get("status") if isinstance(value, dict) else None
    members = status if isinstance(status, dict) else value  # kubectl's ExecCredential
    return members if isinstance(members, dict) else {}


def _lifetime(members: dict[str, Any]) -> float:
    """The lifetime of a token in seconds; 0 if there is none that can be read."""
    for name in (*_LIFETIMES, *_MOMENTS):
        value = members.get(name)
        if value is not None:
            with suppress(ValueError, TypeError, OverflowError):
                seconds = _seconds(value)
                if not isfinite(seconds):
                    continue
                if seconds > _MAX_SECONDS:
                    seconds /= 1000
                return max(_MIN_LIFETIME_SECONDS, seconds if name in _LIFETIMES else seconds - time.time())
    return 0.0


def _seconds(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        return datetime.fromisoformat(str(value)).timestamp()  # without a time zone it is local time, as from az
