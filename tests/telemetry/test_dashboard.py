"""Dashboard, alerts and docs name only what a running bridge exports, and the docs name all of it."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from tests.support import gateway as fake
from tests.support import scrape
from tests.support.processes import address_of, channel_to, serving
from tests.support.scrape import Scrape
from tests.telemetry.calls import COUNT, every_kind
from tests.telemetry.promql import parse

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy/grafana/aibridge.json"
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
DOCS = ROOT / "docs/observability.md"
#: Suffixes that Prometheus adds.
SCRAPED = {"job", "instance"}


@pytest_asyncio.fixture(loop_scope="module", scope="module", name="seen")
async def _seen() -> AsyncIterator[Scrape]:
    """A scrape of a bridge with two workers that has served every kind of call."""
    async with (
        fake.running() as gateway,
        serving(gateway, "--workers", "2", "--metrics-listen", "127.0.0.1:0") as process,
    ):
        for _ in range(3):
            async with channel_to(process.address) as channel:
                await every_kind(gateway, channel)
        await process.logged("call", 3 * COUNT)
        yield await scrape.get(await address_of(process))


def _expressions(value: Any) -> Iterator[str]:
    """All values of `expr` in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        for member in value.values():
            yield from _expressions(member)
    elif isinstance(value, list):
        for member in value:
            yield from _expressions(member)


EXPRESSIONS = [
    *_expressions(json.loads(DASHBOARD.read_text())),
    *_expressions(yaml.safe_load(ALERTS.read_text())),
]


async def test_there_are_expressions() -> None:
    assert len(EXPRESSIONS) > 50


@pytest.mark.parametrize("expression", EXPRESSIONS)
async def test_an_expression_asks_for_what_there_is(seen: Scrape, expression: str) -> None:
    labels = seen.labels()
    query = parse(expression)
    assert query.selectors
    everywhere = set()
    for name, matchers in query.selectors:
        if name == "up":  # of Prometheus itself
            continue
        assert name in labels, f"{name} is not exported"
        everywhere |= labels[name]
        for label, operator, value in matchers:
            if label in SCRAPED:
                continue
            assert label in labels[name], f"{name} has no label {label}"
            wanted = value.split("|") if operator in {"=~", "!~"} else [value]
            assert set(wanted) <= seen.values(name, label), f"{name} never has {label} {value}"
    assert query.groups <= everywhere | SCRAPED


@pytest.mark.parametrize(
    ("expression", "selectors", "groups"),
    [
        ("up", ["up"], set()),
        ('sum by (a, b) (rate(m_total{c=~"x|y",d!=""}[5m])) > 0.05', ["m_total"], {"a", "b"}),
        ("histogram_quantile(0.99, sum by (le) (rate(h_bucket[$__rate_interval])))", ["h_bucket"], {"le"}),
        ("a / b > 1e3 and c", ["a", "b", "c"], set()),
    ],
)
async def test_expressions_are_taken_apart(expression: str, selectors: list[str], groups: set[str]) -> None:
    """The parser finds metrics and labels; otherwise the test above would pass without checking anything."""
    query = parse(expression)
    assert [name for name, _ in query.selectors] == selectors
    assert query.groups == groups


async def test_alerts_are_complete() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    for rule in rules:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}
    assert len({rule["alert"] for rule in rules}) == len(rules)


async def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    identifiers = []
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
        identifiers.append(panel["id"])
    assert len(set(identifiers)) == len(identifiers)


async def test_docs_have_every_metric_with_its_labels(seen: Scrape) -> None:
    """docs/observability.md lists exactly the scraped metrics."""
    rows = re.findall(r"^\| `(\w+)` \| (counter|gauge|histogram) \|([^|]*)\|", DOCS.read_text(), re.MULTILINE)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    exported = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            {label for sample in family.samples for label in sample.labels} - {"le", "worker"},
        )
        for family in seen.families.values()
    }
    own = {"aibridge_worker_up", "aibridge_worker_restarts_total"}
    exported |= {name: (exported[name][0], {"worker"}) for name in own}
    assert documented == exported
