"""The attacked bridge: a process in front of a scripted gateway, with a well-behaved second caller."""

import asyncio
import multiprocessing
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge.access import tokens
from tests.floods.attack import Attack, Figures
from tests.support import gateway
from tests.support.payloads import COMPLETION

#: The model of the well-behaved caller. Other requests get the attack's script.
GOOD_MODEL: Final = "good"
#: Megabytes beyond the start at which the bridge is killed, to protect the machine.
KILL_MB: Final = 3000
_PERIOD: Final = 0.02
_START_TIMEOUT: Final = 60.0
#: A call of the well-behaved caller that takes longer has failed. It is far above each bound, so that the figure is
#: shown.
_CALL_TIMEOUT: Final = 30.0
_WARM_UP_CALLS: Final = 20
_MEASURED_CALLS: Final = 30
_WELL: Final = gateway.respond_json(COMPLETION)


class Target:
    """A running bridge with two callers, `good` and `attacker`, each with a token."""

    def __init__(self, process: asyncio.subprocess.Process, address: str, keys: dict[str, str], *, long: bool) -> None:
        self.address = address
        self.keys = keys
        #: Whether to run the full attack of `make attack`, or a short one for a test.
        self.long = long
        self._process = process
        self._pool = ProcessPoolExecutor(8, multiprocessing.get_context("spawn"), initializer=os.nice, initargs=(10,))
        self._pollers: list[int] = []
        self._waits: list[float] = []
        self._failed = 0

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The metadata of the attacker's credential. Leave it out for calls without a credential."""
        return (("authorization", f"Bearer {self.keys['attacker']}"),)

    async def child(self, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """The result of a module's function, called in another process.

        That process has a lower priority than the bridge, because a real attack comes from another machine.
        """
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *arguments, **options))

    def memory_mb(self, kind: str = "VmRSS") -> int:
        """The bridge's memory in megabytes; with `VmHWM`, its peak since `measure` started."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        found = re.search(rf"{kind}:\s+(\d+)", status)
        return int(found[1]) // 1024 if found else 0

    async def _cost(self, stub: Any) -> float:
        """Seconds of the processor that the bridge's event loop takes for a call of the well-behaved caller."""
        began = _run_seconds(self._process.pid)
        for _ in range(_MEASURED_CALLS):
            await self._call(stub)
        return (_run_seconds(self._process.pid) - began) / _MEASURED_CALLS

    def _find_pollers(self) -> None:
        threads = [int(folder.name) for folder in Path(f"/proc/{self._process.pid}/task").iterdir()]
        self._pollers = [thread for thread in threads if os.sched_getscheduler(thread) == os.SCHED_BATCH]

    def _forget_peak(self) -> None:
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5", "ascii")

    async def measure(self, attack: Attack) -> Figures:
        """Attack, and measure the bridge's memory and the other caller's calls."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            for _ in range(_WARM_UP_CALLS):
                await self._call(stub)
            call_seconds = await self._cost(stub)
            self._find_pollers()
            self._waits.clear()
            before = self.memory_mb()
            self._forget_peak()
            others = asyncio.create_task(self._call_again_and_again(stub))
            watch = asyncio.create_task(self._kill_at(before + KILL_MB))
            try:
                await attack.run(self)
            finally:
                for task in (others, watch):
                    task.cancel()
                await asyncio.gather(others, watch, return_exceptions=True)
            await self._call(stub)  # the remains of the attack must not delay it
        memory = self.memory_mb("VmHWM") if self._process.returncode is None else before + KILL_MB
        return Figures(memory - before, max(self._waits), len(self._waits), self._failed, call_seconds)

    async def _call_again_and_again(self, stub: Any) -> None:
        while True:
            call = asyncio.create_task(self._call(stub))
            try:
                await asyncio.shield(call)
            except asyncio.CancelledError:
                await call  # counts to its end
                raise
            await asyncio.sleep(_PERIOD)

    async def _call(self, stub: Any) -> None:
        request = chat_pb2.CreateChatCompletionRequest(model=GOOD_MODEL, messages=[{"role": "user", "content": "hi"}])
        began = self._clocks()
        try:
            response = await stub.CreateChatCompletion(
                request, timeout=_CALL_TIMEOUT, metadata=(("authorization", f"Bearer {self.keys['good']}"),)
            )
            self._failed += response.choices[0].message.content != "hello"
        except grpc.aio.AioRpcError:
            self._failed += 1
        wall, *waited = (now - then for now, then in zip(self._clocks(), began, strict=True))
        self._waits.append(wall - max(waited))

    def _clocks(self) -> list[float]:
        """The time, and the seconds in which this process and two threads of the bridge waited for a processor.

        They are the event loop's thread and gRPC's polling thread, which hands calls over to it. The attack's processes
        take turns with them on a machine with few processors.
        """
        times = [time.monotonic()]
        for thread in ("self", self._process.pid, *self._pollers):
            try:
                times.append(int(_text_of(Path(f"/proc/{thread}/schedstat")).split()[1]) / 1e9)
            except OSError:  # the bridge has ended
                times.append(0.0)
        return times

    async def _kill_at(self, memory_mb: int) -> None:
        while self.memory_mb() < memory_mb:  # noqa: ASYNC110 # nothing reports it
            await asyncio.sleep(_PERIOD)
        self._process.kill()
        await self._process.wait()

    async def close(self) -> None:
        """End the bridge and the processes of the attack."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def target(attack: Attack, *, long: bool = False) -> AsyncIterator[Target]:
    """A bridge for the attack, in front of a gateway that responds normally to the good caller."""

    async def script(exchange: gateway.Exchange) -> None:
        well = exchange.request.body and exchange.request.json.get("model") == GOOD_MODEL
        await (_WELL if well or attack.script is None else attack.script)(exchange)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = _write_tokens(folder / "tokens")
        async with gateway.running([script]) as upstream:
            flags = ("--listen", "127.0.0.1:0", "--upstream-url", upstream.url, "--metrics-listen", "off")
            files: tuple[str, ...] = ("--caller-tokens-file", str(folder / "tokens"))
            if attack.rules:
                files = (*files, "--callers-file", str(_written(folder / "callers.toml", attack.rules)))
            command = ("-m", "bridge", "serve", *flags, *files, *attack.options)
            with _opened(folder / "log") as log:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=log
                )
            assert process.stdout is not None
            line = await asyncio.wait_for(process.stdout.readline(), _START_TIMEOUT)
            assert b"listening on" in line, _text_of(folder / "log")
            running = Target(process, line.decode().split()[-1], keys, long=long)
            try:
                yield running
            finally:
                await running.close()


def _run_seconds(thread: int) -> float:
    """The time for which a thread had a processor."""
    return int(_text_of(Path(f"/proc/{thread}/schedstat")).split()[0]) / 1e9


def _write_tokens(file: Path) -> dict[str, str]:
    made = {name: tokens.new(name) for name in ("good", "attacker")}
    file.write_text("".join(f"{token.line}\n" for token in made.values()), "ascii")
    return {name: token.token for name, token in made.items()}


def _written(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8")
    return file


def _opened(file: Path) -> IO[bytes]:
    return file.open("wb")


def _text_of(file: Path) -> str:
    return file.read_text("utf-8", "replace")
