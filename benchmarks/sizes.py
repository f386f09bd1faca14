"""Tables of the capacity of a process: many open streams, the model, sizes by shape, mixed traffic."""

import statistics
from typing import Final

from benchmarks import model
from benchmarks.dialects import MIXED
from benchmarks.figures import medians
from benchmarks.tables import Result, Table, number

_LIFETIME: Final = 30.0  # lifetime of a stream in the sizing tables, in seconds
_RATES: Final = (5.0, 20.0, 50.0, 100.0)  # chunks per second
_MOST: Final = 2048  # the bridge's default `max_calls`


def streams(result: Result) -> Table:
    """The same total rate of chunks on growing numbers of streams."""
    rows = []
    for count in sorted({point["number"] for point in result["streams"]}):
        points = {stack: _points(result, stack, count) for stack in ("bare", "bridge")}
        bridge = points["bridge"]
        rows.append(
            (
                str(count),
                number(bridge["chunks_per_second"]),
                *(number(points[stack]["us"]) if points[stack] else "" for stack in ("bare", "bridge")),
                number(bridge["worst_wait"]) if bridge["worst_wait"] else "",
                number(bridge["open_us"]),
                number(bridge["memory"] / 1e6),
            )
        )
    head = ("open streams", "chunks a second", "bare, µs a chunk", "bridge, µs a chunk", "longest wait ÷ median")
    return Table((*head, "µs to open one", "memory MB"), rows)


def _points(result: Result, stack: str, count: int) -> dict[str, float]:
    points = [point for point in result["streams"] if point["stack"] == stack and point["number"] == count]
    return medians(points) if points else {}


def costs(result: Result) -> Table:
    """The constants of the capacity model."""
    found = model.Costs.fitted(result)
    rows = [
        ("`chunk`", f"{number(found.chunk * 1e6)} µs", "for each chunk"),
        ("`held`", f"{number(found.held * 1e6)} µs a second", "for each open stream"),
        ("`opened`", f"{number(found.opened * 1e6)} µs", "for each stream, its upstream connection included"),
        ("`base`", f"{number(found.base / 1e6)} MB", "of memory per process"),
        ("`stream`", f"{number(found.stream / 1e3)} kB", "of memory per open stream"),
    ]
    return Table(("constant", "measured", ""), rows)


def checked(result: Result) -> Table:
    """The model compared with measurements."""
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
    """The number of streams that one process can serve, by shape."""
    rows = []
    for name, found in model.by_shape(result).items():
        fits = (min(_MOST, found.streams(rate, _LIFETIME)) for rate in _RATES)
        rows.append((name, number(found.chunk * 1e6), *(f"{count:,}" for count in fits)))
    head = ("shape", "µs a chunk", *(f"{rate:g} chunks a second" for rate in _RATES))
    return Table(head, rows)


def fleet(result: Result) -> Table:
    """The resources for a million streams of the mix."""
    found = model.by_shape(result)[MIXED]
    rows = []
    for rate in _RATES:
        fleet = model.Fleet.of(found, rate, _LIFETIME, _MOST)
        rows.append(
            (
                f"{rate:g}",
                f"{fleet.streams:,}",
                f"{found.memory(fleet.streams) / 1e6:.0f} MB",
                f"{fleet.processes:,}",
                f"{fleet.memory / 1e9:.0f} GB",
                str(fleet.addresses),
            )
        )
    head = ("chunks a second and stream", "streams a process", "its memory", "processes for a million", "their memory")
    return Table((*head, "addresses to the gateway"), rows)


def traffic(result: Result) -> Table:
    """The long run of mixed traffic."""
    found = result["traffic"]
    if found is None:
        return Table(("mixed traffic", "not run yet"), [])
    samples = found["samples"]
    settled = samples[len(samples) // 5 :]
    busy = statistics.median(sample["busy"] for sample in settled)
    loads = [sample["load"] for sample in samples]
    kinds = ", ".join(f"{count} {kind}" for kind, count in found["calls"].items())
    unexpected = ", ".join(f"{count} {what}" for what, count in found["unexpected"].items())
    rows = [
        ("length", f"{found['length_seconds']} s, {found['date'][:10]}, revision {found['revision']}"),
        ("load average of the machine", f"{min(loads)} to {max(loads)}"),
        ("calls", kinds),
        ("ended with an unexpected status", unexpected or "none"),
        ("not started, because the CPU was busy", str(found["skipped"])),
        ("busy", f"{busy:.2f} of a core (wanted: {found['target']:g})"),
        ("open calls", number(statistics.median(sample["open"] for sample in settled))),
        ("time to the first chunk, p50 and p99", _two(found["first_ms"])),
        ("added to the gap between two chunks, p50 and p99", _two(found["gap_ms"])),
        ("from the upstream's write to the caller, p50 and p99", _two(found["delay_ms"])),
        ("memory, second fifth to the last", f"{found['memory_grown']:+.1%}, {samples[-1]['memory'] / 1e6:.0f} MB"),
        ("open files, second fifth to the last", f"{found['files_grown']:+.1%}"),
    ]
    return Table(("mixed traffic", "measured"), rows)


def _two(times: dict[str, float]) -> str:
    return f"{number(times['p50'])} and {number(times['p99'])} ms"
