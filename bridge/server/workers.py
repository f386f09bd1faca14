"""Several processes on one port, spawned before any gRPC object exists and restarted when they die.

The kernel distributes connections and not calls over the processes (SO_REUSEPORT), so one connection is served by one
process. The parent binds the port to reserve it, and never listens on it. Each worker has a pipe to the parent, over
which orders come. When the parent dies, the worker drains by itself. A worker that does not end in time is killed.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

import structlog
import uvloop

from bridge.server import listening, orders, process
from bridge.server.turns import ASK, END, Turns, tell
from bridge.settings import Settings, SettingsError
from bridge.telemetry import exporter, logs

_log = structlog.get_logger("aibridge.workers")
_SPAWN: Final = get_context("spawn")  # never fork: grpcio does not support it
#: Delay before a dead worker is replaced. It doubles up to the maximum while workers die young.
_FIRST_RESTART_SECONDS: Final = 0.25
_MAX_RESTART_SECONDS: Final = 30.0
#: A worker that has lived this long did not die young.
_HEALTHY_SECONDS: Final = 30.0
#: Time for a worker to end beyond the drain's delay and grace: for two holds with their turns, and for the last spans.
_DRAIN_MARGIN_SECONDS: Final = 9.0
#: Time for a worker to end after the order to stop at once.
_STOP_MARGIN_SECONDS: Final = 5.0


def run(settings: Settings, ready: Callable[[str], None]) -> int:
    """Serve with `settings.workers` processes until a signal comes. `ready` is called when all accept calls.

    Returns the exit code: 0 if every worker drained and ended by itself, 1 if one was killed or died in the drain.

    Raises:
        SettingsError: the address cannot be bound.
    """
    with ExitStack() as reserved:
        found = {
            name: ",".join(_reserve(name, address, reserved) for address in addresses)
            for name, addresses in (
                ("listen", settings.addresses),
                ("health_listen", [settings.health_listen] if settings.health_listen else []),
            )
            if addresses
        }
        return asyncio.run(_Supervisor(settings.model_copy(update=found), ready).run())


def _reserve(name: str, listen: str, stack: ExitStack) -> str:
    """The address with the port that is reserved for the workers."""
    host, _, port = listen.rpartition(":")
    family, kind, _, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
    reserved = stack.enter_context(socket.socket(family, kind))
    try:
        probe = socket.socket(family, kind)
        with probe:  # without SO_REUSEPORT, so that another server on the port is an error
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(address)
    except OSError as error:
        raise listening.cannot_bind(name, listen, error) from error
    return f"{host}:{reserved.getsockname()[1]}"


def _work(settings: Settings, pipe: Connection, scrapes: Connection) -> None:
    """The main function of a worker process."""
    logs.configure(settings)
    try:
        with logs.libraries():
            uvloop.run(process.run(settings, pipe.send, parent=pipe, scrapes=scrapes))
    except SettingsError as error:
        _log.error("cannot serve", problem=str(error))
        sys.exit(2)


class _Worker(NamedTuple):
    """A running worker process: its place, the parent's end of its pipe, and whether it accepts calls."""

    place: int
    pid: int
    pipe: Connection
    up: asyncio.Event


class _Supervisor:
    """Keeps the workers running, and stops them."""

    def __init__(self, settings: Settings, ready: Callable[[str], None]) -> None:
        self._settings = settings
        self._ready = ready
        self._metrics = exporter.Workers(settings.workers)
        self._stopping = asyncio.Event()
        self._code = 0
        self._running: set[_Worker] = set()
        self._turns = Turns()

    async def run(self) -> int:
        port = exporter.listen(self._settings, [self._metrics])
        orders.listen(self._drain, self._stop, orders.SIGNALS)
        started = [asyncio.Event() for _ in range(self._settings.workers)]
        announce = asyncio.create_task(self._announce(started))
        await asyncio.gather(*(self._keep(index, event) for index, event in enumerate(started)))
        announce.cancel()
        await asyncio.gather(announce, return_exceptions=True)
        if port is not None:
            await asyncio.to_thread(port.close)
        return self._code

    async def _announce(self, started: list[asyncio.Event]) -> None:
        for event in started:
            await event.wait()
        self._ready(self._settings.listen)

    def _drain(self, cause: str) -> None:
        """Tell the workers to drain, and kill those that do not end."""
        self._stopping.set()
        due = self._settings.drain_delay + self._settings.drain_grace
        self._tell(orders.DRAIN, cause, due + _DRAIN_MARGIN_SECONDS)

    def _stop(self, cause: str) -> None:
        """Tell the workers to stop at once, and kill those that do not end."""
        self._tell(orders.STOP, cause, _STOP_MARGIN_SECONDS)

    def _tell(self, order: str, cause: str, seconds: float) -> None:
        for worker in self._running:
            tell(worker.pipe, order, cause)
            if not worker.up.is_set():
                os.kill(worker.pid, signal.SIGTERM)  # also ends it during its imports; later it means the same
        asyncio.get_running_loop().call_later(seconds, self._kill, seconds)

    def _kill(self, seconds: float) -> None:
        for worker in self._running:
            _log.error("worker killed: it did not end in time", worker=worker.place, seconds=seconds)
            os.kill(worker.pid, signal.SIGKILL)  # it leaves the set only after it has been waited for

    async def _keep(self, index: int, started: asyncio.Event) -> None:
        """Run one worker after another in one place."""
        loop = asyncio.get_running_loop()
        delay = _FIRST_RESTART_SECONDS
        while not self._stopping.is_set():
            born = loop.time()
            code = await self._one(index, started)
            if self._stopping.is_set():
                self._code = self._code or (1 if code else 0)
            elif not started.is_set():  # it never accepted calls: its settings are the cause
                _log.error("worker did not start", worker=index, exit_code=code)
                self._code = 1
                self._drain("worker did not start")
            else:
                delay = (
                    _FIRST_RESTART_SECONDS
                    if loop.time() - born > _HEALTHY_SECONDS
                    else min(delay * 2, _MAX_RESTART_SECONDS)
                )
                _log.error("worker died", worker=index, exit_code=code, restart_in=delay)
                with suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await self._stopping.wait()

    async def _one(self, index: int, started: asyncio.Event) -> int | None:
        """Start a worker and wait for its end. Returns its exit code, negative for the signal that killed it."""
        loop = asyncio.get_running_loop()
        ours, theirs = _SPAWN.Pipe()
        asks, scrapes = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_work, args=(self._settings, theirs, scrapes), name="aibridge-worker")
        process.start()
        theirs.close()
        scrapes.close()
        self._metrics.started(index, asks)
        ended, up = asyncio.Event(), asyncio.Event()
        worker = _Worker(index, process.pid or 0, ours, up)
        self._running.add(worker)
        loop.add_reader(process.sentinel, ended.set)
        loop.add_reader(ours.fileno(), self._hear, worker, started)
        await ended.wait()
        loop.remove_reader(process.sentinel)
        loop.remove_reader(ours.fileno())
        self._running.discard(worker)
        self._turns.end(ours)
        process.join()
        ours.close()
        code = process.exitcode
        process.close()
        return 0 if code == -signal.SIGTERM and not up.is_set() else code  # told to stop before it could serve a call

    def _hear(self, worker: _Worker, started: asyncio.Event) -> None:
        """Take a message of a worker: first its address, later about its turn."""
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):  # it died; its sentinel reports that
            asyncio.get_running_loop().remove_reader(worker.pipe.fileno())
            return
        if message == (ASK, ""):
            self._turns.ask(worker.pipe)
        elif message == (END, ""):
            self._turns.end(worker.pipe)
        else:
            started.set()
            worker.up.set()
