"""The plots, as SVG: cost by stack, latency, time to the first chunk, many open streams, memory."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks import model
from benchmarks.figures import medians
from benchmarks.tables import Result

_COLOURS: Final = {
    "bare": "#8a8f98",
    "bridge": "#2f6fde",
    "coalesced": "#7fb0ff",
    "aiohttp": "#3aa675",
    "openai": "#d98c2b",
}
_LITELLM: Final = "#b5483c"


def draw(result: Result, peers: Result | None, folder: Path) -> str:
    """Draw all of them into this folder; what was done, or what is missing for it."""
    if find_spec("matplotlib") is None:
        return "no plots: matplotlib is not installed (make bench installs it; or pip install --group bench)"
    import matplotlib as mpl  # noqa: PLC0415 # of the group `bench`, not always there
    from matplotlib.figure import Figure  # noqa: PLC0415 # same

    # The same results give the same file.
    mpl.rcParams.update({"svg.hashsalt": "aibridge", "axes.spines.top": False, "axes.spines.right": False})
    for name, plot in _PLOTS.items():
        figure = Figure(figsize=(8, 4), layout="constrained")
        plot(figure, result, peers)
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    return f"drawn: {', '.join(f'{folder.name}/{name}.svg' for name in _PLOTS)}"


def _row(result: Result, key: str) -> dict[str, float]:
    return medians(next(row["rounds"] for row in result["rows"] if row["key"] == key))


def _cost(figure: Any, result: Result, peers: Result | None) -> None:
    """CPU of the server for one call or chunk."""
    calls, chunks = figure.subplots(1, 2)
    unary, embeddings = _row(result, "unary"), _row(result, "embeddings")
    bars = {"bare\nunary": unary["bare"], "bridge\nunary": unary["bridge"]}
    bars |= {"bare\nembeddings": embeddings["bare"], "bridge\nembeddings": embeddings["bridge"]}
    if peers:
        bars["LiteLLM\nunary"] = _row(peers, "litellm")["litellm"]
        calls.set_yscale("log")
    _bars(calls, bars, "µs of CPU a call")
    paced, at_once = _row(result, "paced"), _row(result, "at_once")
    bars = {"bare\npaced": paced["bare"], "bridge\npaced": paced["bridge"]}
    bars |= {"bare\nat once": at_once["bare"], "bridge\nat once": at_once["bridge"]}
    bars["bridge\ncoalesced"] = _row(result, "coalesced")["bridge"]
    _bars(chunks, bars, "µs of CPU a chunk")


def _bars(axes: Any, values: Mapping[str, float], label: str) -> None:
    colours = [_COLOURS.get(name.partition("\n")[0], _LITELLM) for name in values]
    axes.bar_label(axes.bar(list(values), list(values.values()), color=colours), fmt="%.0f")
    axes.set_ylabel(label)
    axes.tick_params(axis="x", labelsize=8)


def _latency(figure: Any, result: Result, peers: Result | None) -> None:
    """Distribution with one caller, and percentiles by the rate of calls."""
    del peers
    alone, loaded = figure.subplots(1, 2)
    for name, found in result["one_caller"].items():
        points = {int(point[1:]): value for point, value in found["latency_ms"].items() if point != "max"}
        alone.plot(list(points), list(points.values()), marker="o", label=name, color=_COLOURS[name])
    alone.set(xlabel="percentile", ylabel="ms, unary, one caller", ylim=(0, None))
    alone.legend(frameon=False)
    for stack in ("aiohttp", "bridge"):
        rates = sorted({point["per_second"] for point in result["rates"]})
        for percentile, style in (("p50", "-"), ("p99", ":")):
            values = [
                medians([p["latency_ms"] for p in result["rates"] if (p["stack"], p["per_second"]) == (stack, rate)])
                for rate in rates
            ]
            line = [value[percentile] for value in values]
            loaded.plot(rates, line, style, marker="o", label=f"{stack}, {percentile}", color=_COLOURS[stack])
    loaded.set(xlabel="unary calls a second", ylabel="ms", yscale="log")
    loaded.legend(frameon=False)


def _first(figure: Any, result: Result, peers: Result | None) -> None:
    """Time to the first chunk by the number of streams: opened one after the other, and in the same moment."""
    del peers
    axes = figure.subplots()
    for stack in ("bare", "bridge"):
        points = [point for point in result["stampede"] if point["stack"] == stack]
        for percentile, style in (("p50", "-"), ("p99", ":")):
            values = [point["first_ms"][percentile] for point in points]
            numbers = [point["number"] for point in points]
            axes.plot(
                numbers, values, style, marker="o", color=_COLOURS[stack], label=f"{stack}, same moment, {percentile}"
            )
    numbers = sorted({point["number"] for point in result["streams"]})
    for percentile, style in (("p50", "-"), ("p99", ":")):
        values = [
            medians([p["first_ms"] for p in model.of_bridge(result) if p["number"] == n])[percentile] for n in numbers
        ]
        axes.plot(numbers, values, style, marker="s", color=_COLOURS["aiohttp"], label=f"bridge, ramp, {percentile}")
    axes.set(xlabel="streams", ylabel="ms to the first chunk", xscale="log", yscale="log")
    axes.legend(frameon=False, fontsize=8)


def _streams(figure: Any, result: Result, peers: Result | None) -> None:
    """CPU for a chunk by the number of open streams, at the same number of chunks a second."""
    del peers
    axes = figure.subplots()
    for stack in ("bare", "bridge"):
        points = [point for point in result["streams"] if point["stack"] == stack]
        numbers = sorted({point["number"] for point in points})
        if not numbers:
            continue
        values = [medians([point for point in points if point["number"] == number])["us"] for number in numbers]
        axes.plot(numbers, values, marker="o", label=stack, color=_COLOURS[stack])
        axes.scatter([p["number"] for p in points], [p["us"] for p in points], s=8, alpha=0.4, color=_COLOURS[stack])
    axes.set(xlabel="open streams", ylabel="µs of CPU a chunk", xscale="log", ylim=(0, None))
    axes.legend(frameon=False)


def _memory(figure: Any, result: Result, peers: Result | None) -> None:
    """Memory by the number of open, silent streams, and what the model says."""
    del peers
    axes = figure.subplots()
    for name in ("bare", "bridge"):
        for measured in result["idle"]:
            held = {int(number): value / 1e6 for number, value in measured[name]["held"].items()}
            axes.scatter(list(held), list(held.values()), s=14, color=_COLOURS[name])
    costs = model.Costs.fitted(result)
    numbers = [0, *sorted(int(number) for number in result["idle"][0]["bridge"]["held"])]
    line = [costs.memory(number) / 1e6 for number in numbers]
    label = f"model: {costs.base / 1e6:.0f} MB + {costs.stream / 1e3:.0f} kB a stream"
    axes.plot(numbers, line, "--", color=_COLOURS["bare"], label=label)
    axes.set(xlabel="open, silent streams", ylabel="MB, proportional set size", ylim=(0, None))
    axes.legend(frameon=False)


_PLOTS: Final[Mapping[str, Callable[[Any, Result, Result | None], None]]] = {
    "cost": _cost,
    "latency": _latency,
    "first": _first,
    "streams": _streams,
    "memory": _memory,
}
