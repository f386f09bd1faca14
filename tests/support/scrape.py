"""The metrics as Prometheus reads them."""

import asyncio
import urllib.request
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector


class Scrape:
    """One scrape, by the names of its samples."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families: dict[str, Metric] = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def sum(self, name: str, **labels: str) -> float:
        """The sum of all samples of this name that have these labels."""
        return sum(
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        )

    def values(self, name: str, label: str) -> set[str]:
        """The values of a label."""
        return {sample.labels.get(label, "") for sample in self.samples if sample.name == name}

    def labels(self) -> dict[str, set[str]]:
        """The labels of each name."""
        found: dict[str, set[str]] = {}
        for sample in self.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
        return found


def of(collectors: Iterable[Collector]) -> Scrape:
    """A scrape of these collectors."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return Scrape(generate_latest(registry).decode())


async def get(address: str, accept: str = "text/plain") -> Scrape:
    """A scrape over HTTP."""

    def fetch() -> str:
        request = urllib.request.Request(f"http://{address}/metrics", headers={"Accept": accept})  # http
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 # http
            return str(response.read().decode())

    return Scrape(await asyncio.to_thread(fetch))
