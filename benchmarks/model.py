"""What many streams cost, computed from what few were measured to cost.

A process that has `n` streams open, with `r` chunks a second each, is busy for

    n · (r · chunk + held + opened / lifetime)

seconds of processor time a second: `chunk` for each chunk, `held` for each second that a stream is open (timers,
caches that hold less of each stream), `opened` for its begin and end. Its memory is `base + n · stream`. The constants
come from a run's results; `checks` holds the model against counts that were not used to find them.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from benchmarks.figures import medians

#: How busy a process may be on average: the rest is for peaks, and for calls not to wait for one another.
UTILISATION: Final = 0.6
#: Connections that one address can have open to one port of one gateway: Linux's range of ephemeral ports.
PORTS: Final = 28_232
MILLION: Final = 1_000_000


@dataclass(frozen=True)
class Costs:
    """Processor time in seconds, memory in bytes."""

    chunk: float
    held: float
    opened: float
    base: float
    stream: float

    @classmethod
    def fitted(cls, result: Mapping[str, Any], *, up_to: int = 1000) -> Self:
        """From the counts of streams up to this one, by least squares: cost per chunk = chunk + held · n / rate."""
        points = [point for point in of_bridge(result) if point["number"] <= up_to]
        loads = [point["number"] / point["chunks_per_second"] for point in points]
        costs = [point["us"] for point in points]
        slope, intercept = statistics.linear_regression(loads, costs)
        if slope < 0:  # a chunk costs less where several are read at a time: to count on that would be hope
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
        """Share of a core that these streams take, of which none begins or ends."""
        return chunks_per_second * self.chunk + streams * self.held

    def memory(self, streams: float) -> float:
        return self.base + streams * self.stream

    def streams(self, rate: float, lifetime: float, utilisation: float = UTILISATION) -> int:
        """How many streams with `rate` chunks a second and so many seconds of life one process can have open."""
        return math.floor(utilisation / (rate * self.chunk + self.held + self.opened / lifetime))


def by_shape(result: Mapping[str, Any]) -> dict[str, Costs]:
    """The constants for each shape: the crowd was of plain chunks, and paced rows say how much others cost."""
    plain = Costs.fitted(result)
    paced = {
        key: medians(row["rounds"])["bridge"] for row in result["rows"] if (key := row["key"]).startswith("paced/")
    }
    return {
        key.partition("/")[2]: replace(plain, chunk=plain.chunk * cost / paced["paced/plain"])
        for key, cost in paced.items()
    }


def bytes_of_stream(found: Mapping[str, Any]) -> float:
    """Memory of each of the first thousand silent streams."""
    held: float = found["held"]["1000"]
    return (held - found["base"]) / 1000


def of_bridge(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [point for point in result["streams"] if point["stack"] == "bridge"]


@dataclass(frozen=True)
class Check:
    """The model beside the measurement, for one count of open streams."""

    number: int
    used: bool  # to find the constants
    busy: tuple[float, float]
    memory: tuple[float, float] | None  # of silent streams


def checks(result: Mapping[str, Any], *, up_to: int = 1000) -> list[Check]:
    """For each count of streams: what the model says, and the median of what was measured."""
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
    return statistics.median(point[name] for point in points)


@dataclass(frozen=True)
class Fleet:
    """What a million open streams need."""

    rate: float
    streams: int
    processes: int
    memory: float
    addresses: int

    @classmethod
    def of(cls, costs: Costs, rate: float, lifetime: float, most: int) -> Self:
        """For streams with this rate; a process takes `most` at the most, whatever its processor could do."""
        streams = min(most, costs.streams(rate, lifetime))
        processes = math.ceil(MILLION / streams)
        memory = processes * costs.base + MILLION * costs.stream
        return cls(rate, streams, processes, memory, math.ceil(MILLION / PORTS))
