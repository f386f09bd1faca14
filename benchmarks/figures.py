"""A row of the results: measurements of each round, the figure computed from them, and whether it meets its limit."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.dialects import MIXED, SHAPES

_POINTS: Final = (10, 25, 50, 75, 90, 99)
#: The resolution in seconds, and the ratio of two classes of times.
_LEAST: Final = 1e-6
_CLASS: Final = 1.01
#: The measurements of one round, by stack.
Round = Mapping[str, float]


@dataclass(frozen=True)
class Bar:
    """A limit and what it applies to. `figure` computes a round's figure from its measurements in `unit`."""

    name: str
    unit: str
    bar: float
    stretch: float
    figure: Callable[[Round], float]
    #: The limit is a minimum, not a maximum.
    least: bool = False
    #: The figure's unit; empty for a ratio.
    of: str = ""

    def holds(self, value: float, *, bar: float) -> bool:
        """Whether a figure meets a limit."""
        return value >= bar if self.least else value <= bar


def _to(one: str, other: str) -> Callable[[Round], float]:
    return lambda measured: measured[one] / measured[other]


def _ratio(name: str, unit: str, bar: float, stretch: float) -> Bar:
    return Bar(name, unit, bar, stretch, _to("bridge", "bare"))


def _of_streams() -> dict[str, Bar]:
    """Three limits for each shape of a stream."""
    bars = {}
    for name in (*SHAPES, MIXED):
        bars[f"paced/{name}"] = _ratio(f"paced, {name}", "µs of CPU per chunk", 1.6, 1.35)
        bars[f"burst/{name}"] = _ratio(f"burst, {name}", "µs of CPU per chunk", 1.6, 1.3)
        bars[f"coalesced/{name}"] = _ratio(f"burst, coalesced, {name}", "µs of CPU per token", 0.30, 0.20)
    return bars


BARS: Final[Mapping[str, Bar]] = {
    "unary": _ratio("unary chat, 16 callers", "µs of CPU per call", 2.3, 1.8),
    "embeddings": _ratio("embeddings 16x1536", "µs of CPU per call", 2.5, 2.0),
    **_of_streams(),
    "window/100": Bar(
        "paced, 100 chunks a second, window of 50 ms", "µs of CPU per token", 0.35, 0.25, _to("with", "without")
    ),
    "latency": Bar(
        "added latency, one caller",
        "ms, p50 of unary calls",
        1.0,
        0.7,
        lambda measured: measured["bridge"] - measured["aiohttp"],
        of="ms",
    ),
    "stampede": _ratio("1000 streams opened in the same moment", "ms to the first chunk, p99", 1.6, 1.3),
    "memory": Bar("memory per open idle stream", "kB", 45, 40, lambda measured: measured["bridge"], of="kB"),
    "crowd": Bar("1000 open streams against 10", "µs of CPU per chunk", 1.25, 1.1, _to("1000 open", "10 open")),
    "fairness": Bar(
        "longest wait for a chunk, 2000 open",
        "by the stream's median",
        10,
        3,
        lambda measured: measured["bridge"],
        of="times",
    ),
    "litellm": Bar("LiteLLM proxy ÷ bridge, unary", "µs of CPU per call", 20, 30, _to("litellm", "bridge"), least=True),
}


@dataclass
class Row:
    """The result for one limit."""

    key: str
    rounds: list[dict[str, float]] = field(default_factory=list)

    @property
    def bar(self) -> Bar:
        return BARS[self.key]

    @property
    def figures(self) -> list[float]:
        """The figures of the rounds."""
        return [self.bar.figure(measured) for measured in self.rounds]

    @property
    def median(self) -> float:
        return statistics.median(self.figures)

    @property
    def verdict(self) -> str:
        """`stretch`, `held` or `over`, by the median."""
        if self.bar.holds(self.median, bar=self.bar.stretch):
            return "stretch"
        if self.bar.holds(self.median, bar=self.bar.bar):
            return "held"
        return "under" if self.bar.least else "over"

    def measured(self) -> dict[str, float]:
        """The median of each measurement over the rounds."""
        return medians(self.rounds)

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.bar.name,
            "unit": self.bar.unit,
            "median": round(self.median, 3),
            "spread": [round(min(self.figures), 3), round(max(self.figures), 3)],
            "bar": self.bar.bar,
            "stretch": self.bar.stretch,
            "of": self.bar.of,
            "least": self.bar.least,
            "verdict": self.verdict,
            "rounds": self.rounds,
        }


def medians(rounds: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The median of each number over the rounds."""
    names = [name for name, value in rounds[0].items() if isinstance(value, int | float)]
    return {name: statistics.median(measured[name] for measured in rounds) for name in names}


class Spread:
    """Counts of times in classes 1 % apart. Times below 1 µs are one class."""

    def __init__(self, seconds: Iterable[float] = ()) -> None:
        self._counts: Counter[int] = Counter()
        self.add(seconds)

    def add(self, seconds: Iterable[float]) -> None:
        """Add times."""
        self._counts.update(round(math.log(value / _LEAST, _CLASS)) if value > _LEAST else 0 for value in seconds)

    def milliseconds(self) -> dict[str, float]:
        """As `percentiles`."""
        points, seen, total = {}, 0, self._counts.total()
        wanted = iter([*_POINTS, 100])
        share = next(wanted, None)
        for place, count in sorted(self._counts.items()):
            seen += count
            while share is not None and seen >= math.ceil(total * share / 100):
                points[f"p{share}" if share < 100 else "max"] = round(_LEAST * _CLASS**place * 1e3, 3)
                share = next(wanted, None)
        return points


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles of times, in milliseconds; empty without times."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    last = len(ordered) - 1
    points = {f"p{share}": ordered[round(last * share / 100)] for share in _POINTS}
    return {name: round(value * 1e3, 3) for name, value in {**points, "max": ordered[last]}.items()}
