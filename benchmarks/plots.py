"""Draws the plots as SVG. The title of a plot is its message."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks import model
from benchmarks.dialects import MIXED, SHAPES
from benchmarks.figures import BARS, medians
from benchmarks.shaped import row_of
from benchmarks.tables import Result

_COLOURS: Final = {
    "bare": "#8a8f98",
    "bridge": "#2f6fde",
    "with": "#7fb0ff",
    "aiohttp": "#3aa675",
    "aiohttp, p99": "#9ad4bb",
    "bridge, p99": "#8fb4f5",
    "openai": "#d98c2b",
    "least": "#b7bcc4",
    "go": "#3aa675",
    "litellm": "#b5483c",
}
_NAMES: Final = {
    "bare": "bare grpc.aio",
    "bridge": "bridge",
    "least": "least bridge in Python",
    "go": "bridge in Go, by hand",
    "litellm": "LiteLLM proxy",
    "aiohttp": "aiohttp, no bridge",
    "openai": "openai-python, no bridge",
}
_GREY: Final = "#5f6570"


def draw(result: Result, folder: Path) -> str:
    """Draw all plots into a folder. Returns a message."""
    if find_spec("matplotlib") is None:
        return "no plots: matplotlib is not installed (make bench installs it; or pip install --group bench)"
    import matplotlib as mpl  # noqa: PLC0415 # of the group `bench`, not always installed
    from matplotlib.figure import Figure  # noqa: PLC0415 # same

    # Equal results give equal files.
    style = {"svg.hashsalt": "aibridge", "axes.spines.top": False, "axes.spines.right": False}
    mpl.rcParams.update({**style, "axes.titlelocation": "left", "axes.titlesize": 11, "font.size": 9})
    drawn = []
    for name, plot in PLOTS.items():
        figure = Figure(figsize=(8, 4), layout="constrained")
        if plot(figure.subplots(), result):
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            drawn.append(f"{folder.name}/{name}.svg")
    return f"drawn: {', '.join(drawn)}"


def _labelled(axes: Any, lines: Sequence[tuple[Sequence[float], Sequence[float], str, str]], gap: float = 0.05) -> None:
    """Lines with labels at their right ends, moved apart if they would overlap."""
    for places, values, _, colour in lines:
        axes.plot(places, values, marker="o", markersize=4, color=colour)
    low, high = axes.get_ylim()
    is_log = axes.get_yscale() == "log"
    to_share = axes.transAxes.inverted().transform
    ends = sorted(
        (to_share(axes.transData.transform((0 if not is_log else 1, values[-1])))[1], label, colour)
        for _, values, label, colour in lines
    )
    axes.set_ylim(low, high)
    least = -1.0
    for height, label, colour in ends:
        place = max(height, least + gap)
        least = place
        axes.annotate(label, (1.01, place), xycoords="axes fraction", color=colour, va="center", annotation_clip=False)


def _calls(axes: Any, result: Result) -> bool:
    found = medians(row["rounds"]) if (row := row_of(result, "unary")) else {}
    if result["peers"]:
        peers = medians(result["peers"]["rows"][0]["rounds"])
        found["litellm"] = peers["litellm"] / peers["bridge"] * found["bridge"]
    ordered = sorted(found, key=found.__getitem__, reverse=True)
    bars = axes.barh([_NAMES[name] for name in ordered], [found[name] for name in ordered], height=0.6)
    for bar, name in zip(bars, ordered, strict=True):
        bar.set_color(_COLOURS[name])
    axes.bar_label(bars, [f"{found[name]:,.0f} µs" for name in ordered], padding=4)
    axes.set(title="A unary chat call: CPU of the server", xlabel="µs of CPU per call, logarithmic", xscale="log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0.15)
    return True


def _shapes(kinds: Sequence[tuple[str, str]], title: str) -> Callable[[Any, Result], bool]:
    """Plot ratios to the bare server by shape: the median, and the spread of the rounds."""

    def plot(axes: Any, result: Result) -> bool:
        names = [MIXED, *reversed(list(SHAPES))]
        for kind, colour in kinds:
            rows = [(place, row) for place, name in enumerate(names) if (row := row_of(result, f"{kind}/{name}"))]
            bar = BARS[f"{kind}/plain"]
            middle = [row["median"] for _, row in rows]
            errors = [
                [row["median"] - row["spread"][0] for _, row in rows],
                [row["spread"][1] - row["median"] for _, row in rows],
            ]
            axes.errorbar(middle, [place for place, _ in rows], xerr=errors, fmt="o", color=colour, capsize=2)
            for limit, style, what, side in ((bar.bar, "-", "bar", "left"), (bar.stretch, ":", "stretch", "right")):
                axes.axvline(limit, color=_GREY, linestyle=style, linewidth=1)
                axes.annotate(f" {what} {limit:g} ", (limit, len(names) - 0.45), ha=side, color=_GREY, fontsize=8)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel="bridge ÷ bare grpc.aio, CPU; the lines through the points are the spread of the rounds")
        axes.set_xlim(left=0)
        axes.set_ylim(-0.6, len(names) + 0.1)
        axes.set_title(title, pad=10)
        return True

    return plot


def _window(axes: Any, result: Result) -> bool:
    rates = list(dict.fromkeys(point["rate"] for point in result["window"]))
    if not rates:
        return False
    lines = []
    for name, label in (("without", "each event a message"), ("with", "window of 50 ms")):
        values = [statistics.median(p[name]["us"] for p in result["window"] if p["rate"] == rate) for rate in rates]
        lines.append((rates, values, label, _COLOURS["bridge" if name == "without" else "with"]))
    axes.set(title="CPU per token, with and without a window, by rate", xlabel="tokens a second and stream")
    axes.set(ylabel="µs of CPU per token", ylim=(0, 1.1 * max(max(values) for _, values, *_ in lines)))
    _labelled(axes, lines)
    return True


def _latency(axes: Any, result: Result) -> bool:
    lines = []
    for name, found in result["one_caller"].items():
        points = {int(point[1:]): value for point, value in found["latency_ms"].items() if point != "max"}
        lines.append((list(points), list(points.values()), _NAMES[name], _COLOURS[name]))
    axes.set(title="Latency of a unary call with one caller", xlabel="percentile", ylabel="ms")
    axes.set_ylim(0, 1.1 * max(max(values) for _, values, *_ in lines))
    _labelled(axes, lines)
    return True


def _rates(axes: Any, result: Result) -> bool:
    lines = []
    for stack, label in (("aiohttp", "no bridge"), ("bridge", "bridge")):
        points = [point for point in result["rates"] if point["stack"] == stack]
        rates = sorted({point["per_second"] for point in points})
        for share in ("p50", "p99"):
            values = [statistics.median(p["latency_ms"][share] for p in points if p["per_second"] == r) for r in rates]
            lines.append((rates, values, f"{label}, {share}", _COLOURS[stack if share == "p50" else f"{stack}, p99"]))
    axes.set(title="Latency of unary calls that come at a fixed rate", xlabel="calls a second", ylabel="ms")
    axes.set_ylim(0, 1.1 * max(max(values) for _, values, *_ in lines))
    _labelled(axes, lines)
    return True


def _first(axes: Any, result: Result) -> bool:
    lines = []
    for stack in ("bare", "bridge"):
        points = [point for point in result["stampede"] if point["stack"] == stack]
        numbers = sorted({point["number"] for point in points})
        values = [statistics.median(p["first_ms"]["p99"] for p in points if p["number"] == n) for n in numbers]
        lines.append((numbers, values, _NAMES[stack], _COLOURS[stack]))
    axes.set(title="Streams opened in the same moment: the first chunk, p99", xlabel="streams", ylabel="ms")
    axes.set_ylim(0, 1.1 * max(max(values) for _, values, *_ in lines))
    _labelled(axes, lines)
    return True


def _streams(axes: Any, result: Result) -> bool:
    lines = []
    for stack in ("bare", "bridge"):
        points = [point for point in result["streams"] if point["stack"] == stack]
        numbers = sorted({point["number"] for point in points})
        values = [statistics.median(point["us"] for point in points if point["number"] == number) for number in numbers]
        if numbers:
            lines.append((numbers, values, _NAMES[stack], _COLOURS[stack]))
        axes.scatter([p["number"] for p in points], [p["us"] for p in points], s=8, alpha=0.4, color=_COLOURS[stack])
    axes.set(title="CPU per chunk by the number of open streams", xlabel="open streams", xscale="log")
    axes.set(ylabel="µs of CPU per chunk", ylim=(0, 1.1 * max(point["us"] for point in result["streams"])))
    axes.set_xticks(lines[0][0], [str(number) for number in lines[0][0]])
    axes.minorticks_off()
    _labelled(axes, lines)
    return True


def _memory(axes: Any, result: Result) -> bool:
    lines = []
    for name in ("bare", "bridge"):
        held = [measured[name]["held"] for measured in result["idle"]]
        numbers = [0, *sorted(map(int, held[0]))]
        bases = statistics.median(measured[name]["base"] for measured in result["idle"])
        values = [bases, *(statistics.median(one[str(number)] for one in held) for number in numbers[1:])]
        label = f"{_NAMES[name]}: {(values[-1] - values[0]) / numbers[-1] / 1e3:.0f} kB a stream"
        lines.append((numbers, [value / 1e6 for value in values], label, _COLOURS[name]))
    axes.set(title="Memory of open, silent streams", xlabel="open streams", ylabel="MB (proportional set size)")
    axes.set_ylim(0, 1.1 * max(max(values) for _, values, *_ in lines))
    _labelled(axes, lines)
    return True


def _sizing(axes: Any, result: Result) -> bool:
    costs = model.by_shape(result)
    names = [name for name in (MIXED, *reversed(list(SHAPES))) if name in costs]
    streams = [costs[name].streams(20, 30) for name in names]
    bars = axes.barh(
        names, streams, height=0.6, color=[_COLOURS["with" if name == MIXED else "bridge"] for name in names]
    )
    axes.bar_label(bars, [f"{count:,}" for count in streams], padding=4)
    axes.set(title="Streams of 20 chunks a second that one process carries at 60 % of a core", xlabel="open streams")
    axes.margins(x=0.1)
    return True


def _traffic(axes: Any, result: Result) -> bool:
    if result["traffic"] is None:
        return False
    samples = result["traffic"]["samples"]
    times = [sample["at"] / 60 for sample in samples]
    memory = [sample["memory"] / 1e6 for sample in samples]
    axes.set(title=f"Memory of the bridge in {times[-1]:.1f} minutes of mixed traffic", xlabel="minutes", ylabel="MB")
    axes.set_ylim(0, 1.2 * max(memory))
    axes.plot(times, memory, color=_COLOURS["bridge"])
    return True


PLOTS: Final[Mapping[str, Callable[[Any, Result], bool]]] = {
    "calls": _calls,
    "paced": _shapes([("paced", _COLOURS["bridge"])], "Streams whose events come one by one, by shape"),
    "burst": _shapes([("burst", _COLOURS["bridge"])], "Streams whose events come all at once, by shape"),
    "coalesced": _shapes([("coalesced", _COLOURS["bridge"])], "Bursts with `coalesce`, by shape: the cost of a token"),
    "window": _window,
    "latency": _latency,
    "rates": _rates,
    "first": _first,
    "streams": _streams,
    "memory": _memory,
    "sizing": _sizing,
    "traffic": _traffic,
}
