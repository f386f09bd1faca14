"""The capacity model: predicts the cost of many streams from measurements of few.

A process with `n` open streams of `r` chunks per second each uses

    n · (r · chunk + held + opened / lifetime)

seconds of CPU time per second: `chunk` per chunk, `held` per second that a stream is open (timers, colder caches), and
`opened` for its start and end. Its memory is `base + n · stream`. The constants come from a run's results. `checks`
compares the model with measurements that were not used to fit it.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from benchmarks.figures import medians

#: Maximum average utilisation of a process. The rest is for peaks, and so that calls do not wait for each other.
UTILISATION: Final = 0.6
#: Maximum number of connections from one address to one port of a gateway: Linux's range of ephemeral ports.
PORTS: Final = 28_232
MILLION: Final = 1_000_000


@dataclass(frozen=True)
class Costs:
    """The constants of the model: CPU time in seconds, memory in bytes."""

    chunk: float
    held: float
    opened: float
    base: float
    stream: float

    @classmethod
    def fitted(cls, result: Mapping[str, Any], *, up_to: int = 1000) -> Self:
        """Fit the model to up to this number of streams, by least squares: cost per chunk = chunk + held · n / rate."""
        points = [point for point in of_bridge(result) if point["number"] <= up_to]
        loads = [point["number"] / point["chunks_per_second"] for point in points]
        costs = [point["us"] for point in points]
        slope, intercept = statistics.linear_regression(loads, costs)
        if slope < 0:  # reads with several chunks are cheaper, which the model must not rely on
            slope, intercept = 0.0, statistics.mean(costs)
        idle = [measured["bridge"] for measured in result["idle"]]
        many = [point["open_us"] for point in points if point["number"] == up_to]
        return cls(
            chunk=intercept / 1e6,
            held=slope / 1e6,
            opened=statistics.median(many) / 1e6,
            base=statistics.median(found["base"] for found in idle),
            stream=statistics.median(bytes_of_stream(found) for found in idle),
        )

    def busy(self, streams: float, chunks_per_second: float) -> float:
        """The share of a core for these streams, without their start and end."""
        return chunks_per_second * self.chunk + streams * self.held

    def memory(self, streams: float) -> float:
        return self.base + streams * self.stream

    def streams(self, rate: float, lifetime: float, utilisation: float = UTILISATION) -> int:
        """The number of streams with this rate (chunks per second) and lifetime (seconds) that a process can serve."""
        return math.floor(utilisation / (rate * self.chunk + self.held + self.opened / lifetime))


def by_shape(result: Mapping[str, Any]) -> dict[str, Costs]:
    """The constants for each shape: the crowd measures plain chunks, the paced rows give the ratio of other shapes."""
    plain = Costs.fitted(result)
    paced = {
        key: medians(row["rounds"])["bridge"] for row in result["rows"] if (key := row["key"]).startswith("paced/")
    }
    return {
        key.partition("/")[2]: replace(plain, chunk=plain.chunk * cost / paced["paced/plain"])
        for key, cost in paced.items()
    }


def bytes_of_stream(found: Mapping[str, Any]) -> float:
    """Memory per stream of the first thousand silent streams."""
    return float(found["held"]["1000"] - found["base"]) / 1000


def of_bridge(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [point for point in result["streams"] if point["stack"] == "bridge"]


@dataclass(frozen=True)
class Check:
    """The model and the measurement for one number of open streams."""

    number: int
    used: bool  # to fit the constants
    busy: tuple[float, float]
    memory: tuple[float, float] | None  # of silent streams


def checks(result: Mapping[str, Any], *, up_to: int = 1000) -> list[Check]:
    """The prediction and the median measurement for each number of streams."""
    costs = Costs.fitted(result, up_to=up_to)
    found = []
    for number in sorted({point["number"] for point in of_bridge(result)}):
        points = [point for point in of_bridge(result) if point["number"] == number]
        busy, rate = (_median(points, name) for name in ("busy", "chunks_per_second"))
        idle = [measured["bridge"]["held"].get(str(number)) for measured in result["idle"]]
        memory = None if None in idle else (costs.memory(number), statistics.median(idle))
        found.append(Check(number, number <= up_to, (costs.busy(number, rate), busy), memory))
    return found


def _median(points: Sequence[Mapping[str, Any]], name: str) -> float:
    return statistics.median(float(point[name]) for point in points)


@dataclass(frozen=True)
class Fleet:
    """The resources for a million open streams."""

    rate: float
    streams: int
    processes: int
    memory: float
    addresses: int

    @classmethod
    def of(cls, costs: Costs, rate: float, lifetime: float, most: int) -> Self:
        """For streams with this rate. A process has at most `most` streams, even if its CPU could serve more."""
        streams = min(most, costs.streams(rate, lifetime))
        processes = math.ceil(MILLION / streams)
        memory = processes * costs.base + MILLION * costs.stream
        return cls(rate, streams, processes, memory, math.ceil(MILLION / PORTS))
