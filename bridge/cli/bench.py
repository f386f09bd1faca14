"""`aibridge bench`: how long calls to a bridge take, by many callers at once, and what they fail of.

It measures what a caller sees: the bridge, the gateway and the model behind it together.
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aibridge.client import CallFailed, aio, connect
from aibridge.v1.chat_pb2 import CreateChatCompletionRequest
from bridge.cli import console

_PERCENTILES: Final = (50, 90, 99)
_BINS: Final = 12
_BAR_WIDTH: Final = 40


class Bridge:
    """The bridge that is measured: a client for what comes before, and a way to connect in an event loop."""

    def __init__(self, target: str, **options: Any) -> None:
        self.client = connect(target, **options)
        self.connect = partial(aio.connect, target, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()


@dataclass
class Measured:
    """The calls of one kind. Times are in seconds."""

    name: str
    elapsed: float = 0.0
    latencies: list[float] = field(default_factory=list)
    first_chunks: list[float] = field(default_factory=list)
    chunks: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    first_failure: CallFailed | None = None

    def add(self, started: float, first: float | None, chunks: int) -> None:
        """A call that has succeeded."""
        self.latencies.append(time.perf_counter() - started)
        self.chunks += chunks
        if first is not None:
            self.first_chunks.append(first - started)

    def fail(self, error: CallFailed) -> None:
        """A call that has failed."""
        self.failures[f"{error.code.name} {error.reason}".strip()] += 1
        self.first_failure = self.first_failure or error

    @property
    def per_second(self) -> float:
        """Calls that succeeded, by the second."""
        return len(self.latencies) / self.elapsed if self.elapsed else 0.0

    def as_json(self) -> dict[str, Any]:
        """For `--json`; times in milliseconds."""
        members: dict[str, Any] = {
            "calls": len(self.latencies),
            "failed": dict(self.failures),
            "seconds": round(self.elapsed, 3),
            "calls_per_second": round(self.per_second, 2),
            "latency_ms": _summary(self.latencies),
        }
        if self.name == "stream":
            members |= {"first_chunk_ms": _summary(self.first_chunks), "chunks": self.chunks}
        return members


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which this percentage lies, interpolated as `statistics.quantiles` does."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def _summary(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    found = {f"p{percent}": percentile(values, percent) for percent in _PERCENTILES} | {"max": max(values)}
    return {name: round(value * 1000, 2) for name, value in found.items()}


_Call = Callable[[aio.Client, CreateChatCompletionRequest, Measured], Awaitable[None]]


async def _unary(client: aio.Client, request: CreateChatCompletionRequest, measured: Measured) -> None:
    started = time.perf_counter()
    await client.chat.CreateChatCompletion(request)
    measured.add(started, None, 0)


async def _stream(client: aio.Client, request: CreateChatCompletionRequest, measured: Measured) -> None:
    started, first, chunks = time.perf_counter(), None, 0
    async for _ in client.chat.CreateChatCompletionStream(request):
        first = first or time.perf_counter()
        chunks += 1
    measured.add(started, first, chunks)


#: What is measured, in this order.
KINDS: Final[dict[str, _Call]] = {"unary": _unary, "stream": _stream}


class Load(NamedTuple):
    """What to measure: this number of calls per kind (unary, stream), by this number of concurrent callers."""

    request: CreateChatCompletionRequest
    calls: int
    callers: int
    kinds: Sequence[str]


def run(bridge: Bridge, load: Load) -> list[Measured]:
    """Measure one kind of calls after the other.

    Ctrl-C ends it early; what was measured until then is the result.

    Raises:
        CallFailed: the one call before, which makes the connection and is not counted, has failed.
    """
    bridge.client.chat.CreateChatCompletion(load.request)
    found = [Measured(kind) for kind in load.kinds]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    notes = console.notes()
    bars = Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal)
    with bars as progress, suppress(KeyboardInterrupt):
        tasks = [progress.add_task(measured.name, total=load.calls, start=False) for measured in found]

        async def measure() -> None:
            for measured, task in zip(found, tasks, strict=True):
                progress.start_task(task)
                await _measure(bridge, load, measured, partial(progress.advance, task))

        asyncio.run(measure())
    return found


async def _measure(bridge: Bridge, load: Load, measured: Measured, advance: Callable[[], None]) -> None:
    call = KINDS[measured.name]
    left = iter(range(load.calls))

    async def caller(client: aio.Client) -> None:
        for _ in left:
            try:
                await call(client, load.request, measured)
            except CallFailed as error:
                measured.fail(error)
            advance()

    async with bridge.connect() as client:
        started = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(load.callers, load.calls)):
                    group.create_task(caller(client))
        finally:
            measured.elapsed = time.perf_counter() - started


def show(found: Sequence[Measured]) -> None:
    """The results as tables and plots."""
    rows = [
        (name, *(f"{summary[key]:.1f}" for key in ("p50", "p90", "p99", "max")), rate)
        for measured in found
        for name, summary, rate in _rows(measured)
        if summary
    ]
    console.rows(("", "p50 ms", "p90 ms", "p99 ms", "max ms", "a second"), rows)
    for measured in found:
        if console.screen().is_terminal and len(measured.latencies) > 1:
            console.write(f"\n{measured.name}, ms\n" + "".join(f"{line}\n" for line in plot(measured.latencies)))
        for words, count in measured.failures.most_common():
            console.note(f"{measured.name}: {count} failed: {words}", style="bold red")
        if measured.first_failure is not None:
            console.failure(measured.first_failure)


def _rows(measured: Measured) -> Iterator[tuple[str, dict[str, float], str]]:
    yield measured.name, _summary(measured.latencies), f"{measured.per_second:.1f} calls"
    if measured.name == "stream":
        rate = measured.chunks / measured.elapsed if measured.elapsed else 0.0
        yield "  first chunk", _summary(measured.first_chunks), f"{rate:.0f} chunks"


def plot(latencies: Sequence[float]) -> Iterator[str]:
    """A histogram: a line for each bin up to the 99th percentile, and one for what is above."""
    low, high = min(latencies), percentile(latencies, 99)
    width = (high - low) / _BINS or 1e-6
    counts = Counter(min(int((latency - low) / width), _BINS) for latency in latencies)
    most = max(counts.values())
    for at in range(_BINS + 1):
        if at < _BINS or counts[at]:
            edge = f"{(low + at * width) * 1000:9.1f}" if at < _BINS else f">{high * 1000:8.1f}"
            yield f"{edge} {'█' * round(counts[at] / most * _BAR_WIDTH):<{_BAR_WIDTH}} {counts[at]}".rstrip()
