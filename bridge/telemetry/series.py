"""Counters and histograms that calls change and scrapes read.

prometheus-client's counters take a lock per change, which was most of the cost of a call's metrics. Here only the event
loop writes, so a change is an addition. The thread of a scrape only reads. It may see half of a call's changes, but it
never sees a number decrease.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

#: Bucket bounds of the GenAI conventions for numbers of tokens.
TOKENS: Final = tuple(float(4**power) for power in range(14))

Labels = tuple[str, ...]


class Histogram:
    """Observations by bucket; the last bucket has no bound."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def merge(self, counts: Sequence[int], total: float) -> None:
        """Count observations that were already sorted into the same buckets."""
        for index, count in enumerate(counts):
            if count:
                self.counts[index] += count
        self.total += total


class Histograms(dict[Labels, Histogram]):
    """Histograms by label values. Each is created when it is first used."""

    def __init__(self, bounds: Sequence[float]) -> None:
        super().__init__()
        self._bounds = bounds

    def __missing__(self, labels: Labels) -> Histogram:
        made = self[labels] = Histogram(self._bounds)
        return made


def counter(name: str, text: str, labels: Sequence[str], values: Mapping[Labels, float]) -> Metric:
    """A counter as a scrape shows it. Its name ends with `_total`."""
    family = CounterMetricFamily(name.removesuffix("_total"), text, labels=labels)
    for key, value in list(values.items()):
        family.add_metric(key, value)
    return family


def gauge(name: str, text: str, labels: Sequence[str], values: Mapping[Labels, float]) -> Metric:
    """A gauge as a scrape shows it."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def histogram(name: str, text: str, labels: Sequence[str], values: Mapping[Labels, Histogram]) -> Metric:
    """A histogram as a scrape shows it."""
    family = HistogramMetricFamily(name, text, labels=labels)
    for key, value in list(values.items()):
        counts = list(value.counts)  # an atomic copy, because the event loop goes on
        family.add_metric(key, list(_cumulative(value.bounds, counts)), value.total)
    return family


def _cumulative(bounds: Sequence[float], counts: Sequence[int]) -> Iterator[tuple[str, float]]:
    sum_so_far = 0
    for bound, count in zip((*bounds, float("inf")), counts, strict=True):
        sum_so_far += count
        yield str(floatToGoString(bound)), sum_so_far  # type: ignore[no-untyped-call]


#: Returns the current values at a scrape.
Reading = Callable[[], Mapping[Labels, float]]
