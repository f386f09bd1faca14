"""Callers that never pause lose no call, whatever happens to the pods; kill -9 loses what ran in that process."""

import time
from collections import Counter
from typing import Any

import pytest

from tests.e2e.cluster.clients import CLIENTS, plan
from tests.e2e.cluster.conftest import AGES, FULL
from tests.e2e.cluster.disruptions import DISRUPTIONS
from tests.e2e.cluster.release import Release
from tests.e2e.cluster.report import Report

#: Seconds that the load goes on behind a disruption: what it has brought about may show late.
AFTER = 5
QUICK = ("rollout restart", "both pods evicted back to back")
KILLED = "kill -9 of one bridge"
#: Calls that each client of the load makes at once: streams and unary ones.
STREAMS, UNARY = 2, 2


def under_load(release: Release, report: Report, name: str, action: Any, ca: str = "") -> tuple[dict[str, Any], float]:
    """What every client said about its calls while `action` ran, and when that began."""
    load = release.load(plan(release.name, release.token.token, AGES, ca))
    load.aged()
    began = time.time()
    action(release)
    time.sleep(AFTER)
    said = load.stop()
    assert not [client for client, found in said.items() if "crashed" in found], said
    assert min(found["ok"] for found in said.values()) > 20, "no load"
    report.failed[name] = {client: len(found["failures"]) for client, found in said.items()}
    report.calls += sum(found["ok"] + len(found["failures"]) for found in said.values())
    return said, began


def failures(said: dict[str, Any]) -> dict[str, Any]:
    """What failed, with how often, by client."""
    return {
        client: dict(Counter(f"{kind}: {problem}" for kind, _, problem in found["failures"]))
        for client, found in said.items()
        if found["failures"]
    }


@pytest.mark.parametrize("name", [name for name in DISRUPTIONS if (FULL or name in QUICK) and name != KILLED])
def test_no_call_fails(release: Release, report: Report, name: str) -> None:
    said, _ = under_load(release, report, name, DISRUPTIONS[name])
    assert failures(said) == {}


@pytest.mark.skipif(not FULL, reason="QUICK")
def test_what_is_killed_is_lost_and_nothing_else(release: Release, report: Report) -> None:
    """Headless clients lose the calls that ran in it; behind a Service also those until they are connected again."""
    said, began = under_load(release, report, KILLED, DISRUPTIONS[KILLED])
    headless = {client.name for client in CLIENTS if client.balance == "headless"}
    assert any(found["failures"] for found in said.values()), "nothing ran in it"
    for client, found in said.items():
        times = [when - began for _, when, _ in found["failures"]]
        assert not times or max(times) - min(times) < 5, found["failures"]
        assert not [problem for _, _, problem in found["failures"] if problem.startswith("OK")]
        if client.rpartition(",")[0] in headless:
            assert len(found["failures"]) <= STREAMS + UNARY, found["failures"]
