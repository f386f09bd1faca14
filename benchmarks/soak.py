"""Looks for leaks: many streams, a third of them cancelled by callers, a tenth cut upstream.

    python -m benchmarks.soak [--streams 20000] [--callers 32] [--only cancelled] [--plot soak.png]

It reads resident memory, open file descriptors and threads of a bridge in a child process from `/proc/PID`. The peaks
in the first 2,000 streams, in which all pools fill, are compared with those in the last 2,000. Over 10 % more is a
leak. A second bridge in this process serves a tenth as many streams, to check that no asyncio tasks are left. Memory is
plotted as text, and as a picture with matplotlib.

A known leak is grpc/grpc#43360: a batch of operations that is cancelled, as when a caller abandons a stream.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import grpc
import uvloop

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from benchmarks.dialects import SHAPES
from bridge import settings
from bridge.server.app import App
from bridge.telemetry import logs

_EVENTS: Final = 12
_WARM: Final = 2_000
_LOOKS: Final = 100
_TOLERANCE: Final = 0.10
_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_PIECES: Final = [b"data: " + data + b"\n\n" for data in SHAPES["plain"].events[: _EVENTS - 1]]
_END: Final = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
_OK, _CANCELLED, _CUT = "complete", "cancelled", "cut"
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MB: Final = 1 << 20


class Sample(NamedTuple):
    """The resources of a process after a number of streams."""

    streams: int
    memory: int
    files: int
    threads: int

    @classmethod
    def of(cls, pid: int, streams: int) -> "Sample":
        proc = Path(f"/proc/{pid}")
        memory = int((proc / "statm").read_text().split()[1]) * _PAGE
        return cls(streams, memory, len(list((proc / "fd").iterdir())), len(list((proc / "task").iterdir())))


# --- the upstream -----------------------------------------------------------------------------------------------------


async def _upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve a stream for each request on the connection. The model `cut` makes it break half-way."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
            body = await reader.readexactly(length)
            writer.write(_HEAD)
            for index, piece in enumerate(_PIECES):
                if index == _EVENTS // 2 and b'"cut"' in body:
                    writer.transport.abort()
                    return
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await writer.drain()
                await asyncio.sleep(0)
            writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(_END), _END))
            await writer.drain()
    writer.close()


# --- the callers ------------------------------------------------------------------------------------------------------


async def _one(stub: Any, kind: str, cancel_at: int) -> str:
    """Make a call, and return the outcome."""
    request = chat_pb2.CreateChatCompletionRequest(model=kind, messages=[{"role": "user", "content": "hi"}])
    call = stub.CreateChatCompletionStream(request, timeout=60)
    read = 0
    try:
        while read < cancel_at or kind != _CANCELLED:
            if await call.read() is grpc.aio.EOF:
                break
            read += 1
        call.cancel()  # no effect on a call that has ended
    except grpc.aio.AioRpcError:
        pass
    code = await call.code()
    if code is grpc.StatusCode.OK:
        return _OK
    return {grpc.StatusCode.CANCELLED: _CANCELLED, grpc.StatusCode.UNAVAILABLE: _CUT}.get(code, str(code.name))


def _kinds(streams: int, only: str | None) -> list[tuple[str, int]]:
    """The planned outcome of each stream, and the number of messages after which it is cancelled."""
    dice = random.Random(4711)  # noqa: S311 # the same in every run
    kinds = [_CANCELLED if index % 30 < 10 else _CUT if index % 30 < 13 else _OK for index in range(streams)]
    dice.shuffle(kinds)
    return [(only or kind, dice.choice((0, 1, 3, 8))) for kind in kinds]


async def _load(
    address: str, streams: int, callers: int, *, pid: int | None = None, only: str | None = None
) -> tuple[Counter[str], list[Sample]]:
    """Run all streams. Returns their outcomes, and samples of the process taken while no call runs."""
    outcomes: Counter[str] = Counter()
    samples: list[Sample] = []
    kinds = _kinds(streams, only)
    step = max(callers, streams // _LOOKS)
    async with grpc.aio.insecure_channel(address) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        for begin in range(0, streams, step):
            left = iter(kinds[begin : begin + step])

            async def caller(left: Any = left) -> None:
                for kind, cancel_at in left:
                    outcomes[f"{kind} → {await _one(stub, kind, cancel_at)}"] += 1

            await asyncio.gather(*(caller() for _ in range(callers)))
            await asyncio.sleep(0.05)  # for the clean-up of the last calls
            if pid is not None:
                samples.append(Sample.of(pid, min(begin + step, streams)))
            progress = f"\r{min(begin + step, streams)} of {streams} streams"
            print(progress, end="", file=sys.stderr, flush=True)
    print("\r" + " " * 40, end="\r", file=sys.stderr)
    return outcomes, samples


# --- the bridges ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _child(url: str, complaints: Counter[str]) -> AsyncIterator[tuple[int, str]]:
    """A bridge in a child process: its id and address. Counts its log lines from the level warning on."""
    command = ("-m", "bridge", "serve", "--listen", "127.0.0.1:0", "--upstream-url", url, "--log-level", "warning")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=pipe, stderr=pipe)
    reading = asyncio.create_task(_count(process.stderr, complaints))
    try:
        assert process.stdout is not None
        yield process.pid, (await process.stdout.readline()).decode().split()[-1]
    finally:
        process.terminate()
        await process.wait()
        await reading


async def _count(log: Any, complaints: Counter[str]) -> None:
    while line := await log.readline():
        with suppress(ValueError):
            fields = json.loads(line)
            complaints[" ".join(fields[key] for key in ("level", "event", "exception") if key in fields)] += 1


async def _tasks(url: str, streams: int, callers: int) -> tuple[int, int]:
    """The numbers of asyncio tasks of a bridge in this process, before and after the streams."""
    chosen = settings.load(listen="127.0.0.1:0", upstream_url=url, log_level="warning")
    logs.configure(chosen)
    app = App(chosen)
    address = await app.start()
    await _load(address, callers, callers)
    await asyncio.sleep(0.2)
    before = _count_tasks()
    await _load(address, streams, callers)
    await asyncio.sleep(0.2)
    gc.collect()
    after = _count_tasks()
    await app.stop()
    return before, after


def _count_tasks() -> int:
    """The tasks other than the upstream's, which has one per kept connection."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return len(names) - names.count(_upstream.__qualname__)


# --- what is shown ----------------------------------------------------------------------------------------------------


def _text_plot(samples: list[Sample], height: int = 8) -> str:
    low, high = (function(sample.memory for sample in samples) for function in (min, max))
    span = max(high - low, 1)
    levels = [round((sample.memory - low) / span * (height - 1)) for sample in samples]
    rows = []
    for row in range(height - 1, -1, -1):
        label = f"{(low + span * row / (height - 1)) / _MB:7.1f} MB "
        rows.append(label + "".join("•" if level == row else " " for level in levels))
    return "\n".join(rows)


def _picture(samples: list[Sample], path: Path) -> None:
    if find_spec("matplotlib") is None:
        print(f"{path}: not drawn, matplotlib is not installed (pip install --group bench)")
        return
    from matplotlib.figure import Figure  # noqa: PLC0415 # only where it is installed

    figure = Figure(figsize=(8, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([sample.streams for sample in samples], [sample.memory / _MB for sample in samples])
    axes.set(
        xlabel="streams", ylabel="resident memory, MB", title="One bridge; a third cancelled, a tenth cut upstream"
    )
    axes.set_ylim(bottom=0)
    figure.savefig(path)
    print(f"drawn: {path}")


def _peak(samples: list[Sample]) -> Sample:
    """The peak of each value, because idle upstream connections come and go."""
    return Sample(*(max(values) for values in zip(*samples, strict=True)))


def _row(name: str, before: float, after: float, unit: str = "") -> bool:
    """Print a figure. Returns False if it has grown by more than the tolerance."""
    grown = (after - before) / before
    good = grown <= _TOLERANCE
    print(f"{name:18} {before:9.1f} {after:9.1f} {unit:3} {grown:+7.1%}   {'' if good else 'OVER 10 %'}")
    return good


async def _run(streams: int, callers: int, only: str | None, plot: Path | None) -> bool:
    server = await asyncio.start_server(_upstream, "127.0.0.1", 0, backlog=1024)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    began = time.monotonic()
    complaints: Counter[str] = Counter()
    async with _child(url, complaints) as (pid, address):
        start = Sample.of(pid, 0)
        outcomes, samples = await _load(address, streams, callers, pid=pid, only=only)
    seconds = time.monotonic() - began
    tasks = await _tasks(url, max(callers, streams // 10), callers)
    server.close()

    for outcome, number in sorted(outcomes.items()):
        print(f"{outcome:24} {number:7}")
    print(f"\n{streams} streams in {seconds:.0f} s, {callers} at once; grpcio {version('grpcio')}\n")
    window = min(_WARM, streams // 2)
    warm = _peak([sample for sample in samples if sample.streams <= window] or samples[:1])
    last = _peak([sample for sample in samples if sample.streams > streams - window])
    print(f"{'':18} {warm.streams:9} {last.streams:9}     streams")
    good = [
        _row("memory", warm.memory / _MB, last.memory / _MB, "MB"),
        _row("file descriptors", warm.files, last.files),
        _row("threads", warm.threads, last.threads),
        _row("asyncio tasks", *tasks),
    ]
    behind = last.streams - warm.streams
    growth = (last.memory - warm.memory) / max(behind, 1)
    print(f"\n{growth:+.0f} bytes a stream; {start.memory / _MB:.1f} MB before the first")
    for line, number in complaints.most_common():
        print(f"logged {number} times: {line}")
    print()
    print(_text_plot(samples))
    if plot:
        _picture(samples, plot)
    return all(good)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=20_000)
    parser.add_argument("--callers", type=int, default=32, help="streams at once")
    parser.add_argument("--only", choices=(_OK, _CANCELLED, _CUT), help="streams of this kind only")
    parser.add_argument("--plot", type=Path, help="plot the memory into this file; needs matplotlib")
    chosen = parser.parse_args()
    sys.exit(0 if uvloop.run(_run(chosen.streams, chosen.callers, chosen.only, chosen.plot)) else 1)


if __name__ == "__main__":
    main()
