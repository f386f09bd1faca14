"""The results as tables: their heads and rows as text, for a terminal and for a page."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from benchmarks import model
from benchmarks.figures import medians

Result = Mapping[str, Any]
_LIFETIME: Final = 30.0  # seconds that a stream of the sizing tables is open
_RATES: Final = (5.0, 10.0, 20.0, 50.0)  # chunks a second
_MOST: Final = 2048  # the bridge's `max_calls` by default


class Table(NamedTuple):
    """The first column is text, all others are figures."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def bars(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Each bar with the figure reached. A row's own reference is the first of what was measured."""
    head = ("work", "measured", "reached", "spread", "bar", "stretch", "")
    return Table(head, [_bar(row) for row in rows])


def _bar(row: Mapping[str, Any]) -> tuple[str, ...]:
    unit = f" {row['of']}" if row["of"] else ""
    sign = "≥" if row["least"] else "≤"
    measured = ", ".join(f"{name} {number(value)}" for name, value in medians(row["rounds"]).items())
    low, high = (number(value) for value in row["spread"])
    verdict = {"stretch": "held, and the stretch", "held": "held", "over": "OVER", "under": "UNDER"}[row["verdict"]]
    reached = f"{number(row['median'])}{unit}"
    bar, stretch = (f"{sign} {row[name]:g}{unit}" for name in ("bar", "stretch"))
    return f"{row['name']}, {row['unit']}", measured, reached, f"{low} to {high}", bar, stretch, verdict


def machine(result: Result) -> Table:
    hardware, versions = result["hardware"], result["versions"]
    rows = [
        ("date", f"{result['date'][:10]}, revision {result['revision']}, in {result['seconds']} s"),
        ("hardware", f"{hardware['processor']}, {hardware['processors']} processors, {hardware['memory_gb']} GB"),
        ("system", f"{hardware['system']}, load average before the run {result['load_before']}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
        ("upstreams", ", ".join(f"{name}: {what}" for name, what in result["upstreams"].items())),
    ]
    return Table(("", "this run"), rows)


def latencies(result: Result) -> Table:
    """One caller, unary: the bridge between, and without it."""
    names = {
        "aiohttp": "aiohttp, straight to the gateway",
        "openai": "openai-python, straight to the gateway",
        "bare": "grpc.aio to the bare server",
        "bridge": "grpc.aio through the bridge",
    }
    found = result["one_caller"]
    rows = [
        (
            text,
            *(number(found[name]["latency_ms"][point]) for point in ("p50", "p90", "p99")),
            number(found[name]["caller_us"]),
        )
        for name, text in names.items()
        if name in found
    ]
    return Table(("one caller, unary", "p50 ms", "p90 ms", "p99 ms", "caller's CPU, µs"), rows)


def firsts(result: Result) -> Table:
    """Time to the first chunk: streams that come one after the other, and all opened in the same moment."""
    rows = []
    for name in ("bare", "bridge"):
        first = result["costs"]["paced"][name]["first_ms"]
        rows.append(
            (f"{name}, 16 callers, one stream after the other", number(first["p50"]), number(first["p99"]), "0")
        )
    for point in result["stampede"]:
        what = f"{point['stack']}, {point['number']} streams opened in the same moment"
        rows.append((what, number(point["first_ms"]["p50"]), number(point["first_ms"]["p99"]), str(point["refused"])))
    for count in sorted({point["number"] for point in result["streams"]}):
        points = [point["first_ms"] for point in model.of_bridge(result) if point["number"] == count]
        found = medians(points)
        refused = max(point["refused"] for point in model.of_bridge(result) if point["number"] == count)
        what = f"bridge, {count} streams, 400 opened a second"
        rows.append((what, number(found["p50"]), number(found["p99"]), str(refused)))
    return Table(("time to the first chunk", "p50 ms", "p99 ms", "refused"), rows)


def rates(result: Result) -> Table:
    """Unary calls that come at a fixed rate."""
    rows = []
    for stack in ("aiohttp", "bridge"):
        for rate in sorted({point["per_second"] for point in result["rates"]}):
            points = [p["latency_ms"] for p in result["rates"] if p["stack"] == stack and p["per_second"] == rate]
            found = medians(points)
            what = "through the bridge" if stack == "bridge" else "aiohttp, straight to the gateway"
            rows.append((what, f"{rate:g}", *(number(found[point]) for point in ("p50", "p90", "p99", "max"))))
    return Table(("unary calls", "calls a second", "p50 ms", "p90 ms", "p99 ms", "max ms"), rows)


def streams(result: Result) -> Table:
    """The same chunks a second on ever more streams."""
    rows = []
    for count in sorted({point["number"] for point in result["streams"]}):
        points = {stack: _points(result, stack, count) for stack in ("bare", "bridge")}
        bridge = points["bridge"]
        rows.append(
            (
                str(count),
                number(bridge["chunks_per_second"]),
                *(number(points[stack]["us"]) if points[stack] else "" for stack in ("bare", "bridge")),
                number(bridge["worst_wait"]),
                number(bridge["open_us"]),
                number(bridge["memory"] / 1e6),
            )
        )
    head = ("open streams", "chunks a second", "bare, µs a chunk", "bridge, µs a chunk", "longest wait ÷ median")
    return Table((*head, "µs to open one", "memory MB"), rows)


def _points(result: Result, stack: str, count: int) -> dict[str, float]:
    points = [point for point in result["streams"] if point["stack"] == stack and point["number"] == count]
    return medians(points) if points else {}


def workers(result: Result) -> Table:
    """The share of the busier of two workers: 50 % is even."""
    rows = []
    for way in dict.fromkeys(point["way"] for point in result["workers"]):
        points = [point for point in result["workers"] if point["way"] == way]
        busier = sorted(max(point["shares"]) for point in points)
        calls = statistics.median(point["per_second"] for point in points)
        rows.append((way, f"{statistics.median(busier):.0%}", f"{busier[-1]:.0%}", number(calls)))
    return Table(("two workers, one caller", "busier worker, median", "worst", "calls a second"), rows)


def costs(result: Result) -> Table:
    """The constants of the capacity model."""
    found = model.Costs.fitted(result)
    rows = [
        ("`chunk`", f"{number(found.chunk * 1e6)} µs", "for each chunk"),
        ("`held`", f"{number(found.held * 1e6)} µs a second", "for each open stream"),
        ("`opened`", f"{number(found.opened * 1e6)} µs", "for each stream, its upstream connection included"),
        ("`base`", f"{number(found.base / 1e6)} MB", "of memory, for a process"),
        ("`stream`", f"{number(found.stream / 1e3)} kB", "of memory, for each open stream"),
    ]
    return Table(("constant", "measured", ""), rows)


def checked(result: Result) -> Table:
    """The model against the measurement."""
    rows = []
    for check in model.checks(result):
        busy = _beside(*check.busy, ".3f")
        held = _beside(check.memory[0] / 1e6, check.memory[1] / 1e6, ".0f") if check.memory else ("", "", "")
        rows.append((str(check.number), "fitted" if check.used else "predicted", *busy, *held))
    head = ("open streams", "", "cores, model", "measured", "error", "memory MB, model", "measured", "error")
    return Table(head, rows)


def _beside(says: float, seen: float, form: str) -> tuple[str, str, str]:
    return f"{says:{form}}", f"{seen:{form}}", f"{says / seen - 1:+.0%}"


def sizing(result: Result) -> Table:
    """What one process can have open, and what a million streams need."""
    found = model.Costs.fitted(result)
    rows = []
    for rate in _RATES:
        fleet = model.Fleet.of(found, rate, _LIFETIME, _MOST)
        memory = found.memory(fleet.streams)
        rows.append(
            (
                f"{rate:g}",
                f"{fleet.streams:,}",
                f"{memory / 1e6:.0f} MB",
                f"{fleet.processes:,}",
                f"{fleet.memory / 1e9:.0f} GB",
                str(fleet.addresses),
            )
        )
    head = ("chunks a second and stream", "streams a process", "its memory", "processes for a million", "their memory")
    return Table((*head, "addresses to the gateway"), rows)
