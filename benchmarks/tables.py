"""The results as tables with headings and rows of text, for a terminal and for a page."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from benchmarks import model
from benchmarks.figures import medians

Result = Mapping[str, Any]


VERDICTS: Final = {"stretch": "held, and the stretch", "held": "held", "over": "OVER", "under": "UNDER"}


class Table(NamedTuple):
    """A table whose first column is text, and the others figures."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def number(value: float) -> str:
    """A number with three significant digits."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def bars(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Each limit with the measured figure. A row's reference is its first measurement."""
    head = ("work", "measured", "reached", "spread", "bar", "stretch", "")
    return Table(head, [_bar(row) for row in rows])


def others(result: Result) -> Table:
    """The limits that are not measured by shape."""
    rows = [*result["rows"], *(result["peers"]["rows"] if result.get("peers") else ())]
    return bars([row for row in rows if row["key"].partition("/")[0] not in {"paced", "burst", "coalesced"}])


def _bar(row: Mapping[str, Any]) -> tuple[str, ...]:
    unit = f" {row['of']}" if row["of"] else ""
    sign = "≥" if row["least"] else "≤"
    measured = ", ".join(f"{name} {number(value)}" for name, value in medians(row["rounds"]).items())
    low, high = (number(value) for value in row["spread"])
    verdict = VERDICTS[row["verdict"]]
    reached = f"{number(row['median'])}{unit}"
    bar, stretch = (f"{sign} {row[name]:g}{unit}" for name in ("bar", "stretch"))
    return f"{row['name']}, {row['unit']}", measured, reached, f"{low} to {high}", bar, stretch, verdict


def machine(result: Result) -> Table:
    hardware, versions = result["hardware"], result["versions"]
    rows = [
        ("date", f"{result['date'][:10]}, revision {result['revision']}, in {result['seconds']} s"),
        ("hardware", f"{hardware['processor']}, {hardware['processors']} processors, {hardware['memory_gb']} GB"),
        ("system", f"{hardware['system']}, load average {_loads(result)}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
        ("upstreams", ", ".join(f"{name}: {what}" for name, what in result["upstreams"].items())),
        ("bridge in Go", result["reference"] or "not measured: Go is not installed"),
    ]
    return Table(("", "this run"), rows)


def _loads(result: Result) -> str:
    """The load averages of the machine."""
    return f"{result['load_before']} before the run, {result['load_after']} after it"


def latencies(result: Result) -> Table:
    """Unary calls of one caller, with and without the bridge."""
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
    """Time to the first chunk: of streams one after the other, and of streams opened at once."""
    rows = []
    for name in ("bare", "bridge"):
        first = result["costs"]["paced/plain"][name]["first_ms"]
        rows.append(
            (f"{name}, 16 callers, one stream after the other", number(first["p50"]), number(first["p99"]), "0")
        )
    for stack, count in dict.fromkeys((point["stack"], point["number"]) for point in result["stampede"]):
        points = [point for point in result["stampede"] if (point["stack"], point["number"]) == (stack, count)]
        found, refused = medians([point["first_ms"] for point in points]), max(point["refused"] for point in points)
        what = f"{stack}, {count} streams opened in the same moment"
        rows.append((what, number(found["p50"]), number(found["p99"]), str(refused)))
    for count in sorted({point["number"] for point in result["streams"]}):
        points = [point["first_ms"] for point in model.of_bridge(result) if point["number"] == count]
        found = medians(points)
        refused = max(point["refused"] for point in model.of_bridge(result) if point["number"] == count)
        what = f"bridge, {count} streams, 800 opened a second"
        rows.append((what, number(found["p50"]), number(found["p99"]), str(refused)))
    return Table(("time to the first chunk", "p50 ms", "p99 ms", "refused"), rows)


def rates(result: Result) -> Table:
    """Unary calls at a fixed rate."""
    rows = []
    for stack in ("aiohttp", "bridge"):
        for rate in sorted({point["per_second"] for point in result["rates"]}):
            points = [p["latency_ms"] for p in result["rates"] if p["stack"] == stack and p["per_second"] == rate]
            found = medians(points)
            what = "through the bridge" if stack == "bridge" else "aiohttp, straight to the gateway"
            rows.append((what, f"{rate:g}", *(number(found[point]) for point in ("p50", "p90", "p99", "max"))))
    return Table(("unary calls", "calls a second", "p50 ms", "p90 ms", "p99 ms", "max ms"), rows)


def workers(result: Result) -> Table:
    """The share of the busier of two workers. 50 % is even."""
    rows = []
    for way in dict.fromkeys(point["way"] for point in result["workers"]):
        points = [point for point in result["workers"] if point["way"] == way]
        busier = sorted(max(point["shares"]) for point in points)
        calls = statistics.median(point["per_second"] for point in points)
        cost = statistics.median(point["us"] for point in points)
        rows.append((way, f"{statistics.median(busier):.0%}", f"{busier[-1]:.0%}", number(calls), number(cost)))
    return Table(
        ("two workers, one caller", "busier worker, median", "worst", "calls a second", "µs of CPU a call"), rows
    )
