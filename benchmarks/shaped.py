"""Tables by shape of stream, for the window, and for the bridge in Go."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.dialects import MIXED, SHAPES
from benchmarks.figures import BARS, medians
from benchmarks.model import UTILISATION
from benchmarks.tables import VERDICTS, Result, Table, number

_WORK: Final = {"unary": "unary chat", "embeddings": "embeddings 16x1536"}
_COMPARED: Final = (
    *_WORK,
    *(f"paced/{name}" for name in ("plain", "openai", "tools", MIXED)),
    *(f"burst/{name}" for name in ("plain", "openai", "tools", MIXED)),
    *(f"coalesced/{name}" for name in ("plain", "openai", "tools", MIXED)),
)


def shapes(result: Result) -> Table:
    """Paced, in a burst, and coalesced streams against the bare server, by shape."""
    kinds = ("paced", "burst", "coalesced")
    rows = []
    for name in (*SHAPES, MIXED):
        found = {kind: row_of(result, f"{kind}/{name}") for kind in kinds}
        sender, what = (SHAPES[name].sender, SHAPES[name].what) if name in SHAPES else ("", "16 streams of all shapes")
        rows.append((f"{name}: {what}", sender, *(_reached(found[kind]) for kind in kinds)))
    heads = (f"{kind}, bar {BARS[f'{kind}/plain'].bar:g}, stretch {BARS[f'{kind}/plain'].stretch:g}" for kind in kinds)
    return Table(("shape", "sent by", *heads), rows)


def row_of(result: Result, key: str) -> Mapping[str, Any] | None:
    """The row of this name."""
    return next((row for row in result["rows"] if row["key"] == key), None)


def _reached(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    low, high = row["spread"]
    verdict = {"over": "OVER"}.get(row["verdict"], VERDICTS[row["verdict"]])
    return f"{row['median']:.2f} ({low:.2f} to {high:.2f}) {verdict}"


def microseconds(result: Result) -> Table:
    """CPU per chunk, paced and in a burst: the bare server, the bridge, and the bridge in Go."""
    stacks = ("bare", "bridge", "go") if any("go" in row["rounds"][0] for row in result["rows"]) else ("bare", "bridge")
    rows = []
    for name in (*SHAPES, MIXED):
        found = [medians(row["rounds"]) for kind in ("paced", "burst") if (row := row_of(result, f"{kind}/{name}"))]
        rows.append((name, *(number(measured[stack]) for measured in found for stack in stacks)))
    heads = (f"{kind}, {stack}" for kind in ("paced", "burst") for stack in stacks)
    return Table(("µs of CPU a chunk", *heads), rows)


def reference(result: Result) -> Table:
    """The bridge against the bridge in Go, in the same rounds."""
    rows = []
    for row in filter(None, (row_of(result, key) for key in _COMPARED)):
        if "go" in row["rounds"][0]:
            ratios = [measured["bridge"] / measured["go"] for measured in row["rounds"]]
            found = medians(row["rounds"])
            kind, _, shape = row["key"].partition("/")
            what = _WORK.get(kind) or f"{'burst, coalesced' if kind == 'coalesced' else kind}, {shape}"
            spread = f"{number(min(ratios))} to {number(max(ratios))}"
            cells = (number(found["bridge"]), number(found["go"]), number(statistics.median(ratios)), spread)
            rows.append((what, *cells))
    return Table(("µs of CPU", "this bridge", "the one in Go", "this ÷ Go", "spread"), rows)


def window(result: Result) -> Table:
    """The window of 50 ms by the rate of chunks: CPU, streams per core, and added delay."""
    rows = []
    for rate in dict.fromkeys(point["rate"] for point in result["window"]):
        points = [point for point in result["window"] if point["rate"] == rate]
        without, merged = (_median([point[name] for point in points]) for name in ("without", "with"))
        ratio = statistics.median(point["with"]["us"] / point["without"]["us"] for point in points)
        rows.append(
            (
                f"{rate}",
                number(without["us"]),
                number(merged["us"]),
                number(ratio),
                *(f"{UTILISATION * 1e6 / rate / found['us']:.0f}" for found in (without, merged)),
                *(f"{number(found['p50'])} and {number(found['p99'])}" for found in (without, merged)),
                number(merged["words"] / merged["messages"]),
            )
        )
    head = ("chunks a second and stream", "µs a token, without", "with 50 ms", "ratio", "streams a process, without")
    return Table((*head, "with", "ms to the caller, p50 and p99, without", "with", "tokens a message"), rows)


def _median(points: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {**medians(points), **medians([point["delay_ms"] for point in points])}
