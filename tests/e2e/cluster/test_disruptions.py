"""Continuous callers lose no call in any disruption of pods. kill -9 loses only the calls in that process."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.e2e.cluster.callers import AFTER, checked, failures, under_load
from tests.e2e.cluster.clients import CLIENTS, plain_plan, plan
from tests.e2e.cluster.conftest import AGES, FULL, OLD
from tests.e2e.cluster.disruptions import DISRUPTIONS, KILLS, WITHOUT_ROOM
from tests.e2e.cluster.release import Load, Release
from tests.e2e.cluster.report import Report

QUICK = ("rollout restart", "both pods evicted back to back")
OUTAGE = "the gateway away for some seconds"
#: Concurrent calls of each client of the load: streams and unary ones.
STREAMS, UNARY = 2, 2


@pytest.fixture(scope="module")
def elders(release: Release) -> Iterator[Load | None]:
    """The old clients and the plain ones, if enabled: they call from before the first disruption to after the last."""
    ages = tuple(age for age in AGES if age >= OLD)
    if not ages:
        yield None
        return
    address = release.get("service", "aibridge")["spec"]["clusterIP"]
    plain = plain_plan(release.name, release.token.token, address)
    load = release.load([*plan(release.name, release.token.token, ages), *plain])
    try:
        load.aged()
        yield load
    finally:
        load.kill()


def refused(disruption: str, client: str, problem: str) -> bool:
    """Whether two connections that were closing have refused a call of grpc-js, which repeats it only once.

    No server has seen such a call. It happens where connections close all the time.
    """
    return disruption == WITHOUT_ROOM and "grpc-js" in client and "Stream refused by server" in problem


@pytest.mark.usefixtures("elders")
@pytest.mark.parametrize("name", [name for name in DISRUPTIONS if FULL or name in QUICK])
def test_no_call_fails(release: Release, report: Report, name: str) -> None:
    said = under_load(release, report, name, DISRUPTIONS[name])
    for client, found in said.items():
        found["failures"] = [failure for failure in found["failures"] if not refused(name, client, failure[2])]
    assert failures(said) == {}


@pytest.mark.usefixtures("elders")
@pytest.mark.skipif(not FULL, reason="QUICK")
@pytest.mark.parametrize("name", KILLS)
def test_what_is_killed_is_lost_and_nothing_else(release: Release, report: Report, name: str) -> None:
    """Headless clients lose only the calls in the killed process; behind a Service, also those until they reconnect."""
    said = under_load(release, report, name, KILLS[name])
    began, _ = report.windows[name]
    headless = {client.name for client in CLIENTS if client.balance == "headless"}
    assert any(found["failures"] for found in said.values()), "nothing ran in it"
    for client, found in said.items():
        times = [when - began for _, when, _ in found["failures"]]
        assert not times or max(times) - min(times) < 5, found["failures"]
        assert not [problem for _, _, problem in found["failures"] if problem.startswith("OK")]
        if client.rpartition(",")[0] in headless:
            assert len(found["failures"]) <= STREAMS + UNARY, found["failures"]


@pytest.mark.usefixtures("elders")
@pytest.mark.skipif(not FULL, reason="QUICK")
def test_an_outage_of_the_upstream_ends_with_it(release: Release, report: Report) -> None:
    """While the gateway is down, calls fail for that reason. Two seconds after it is back, none does."""
    back = 0.0

    def outage(release: Release) -> None:
        nonlocal back
        release.kubectl("scale", "deployment/gateway", "--replicas=0")
        time.sleep(AFTER)
        release.kubectl("scale", "deployment/gateway", "--replicas=1")
        release.kubectl("rollout", "status", "deployment/gateway", "--timeout=120s")
        back = time.time()

    said = under_load(release, report, OUTAGE, outage)
    lost = [failure for found in said.values() for failure in found["failures"]]
    assert lost, "no outage"
    assert [failure for failure in lost if failure[1] > back + 2] == []
    assert [problem for _, _, problem in lost if "unavailable" not in problem.casefold()] == []


def test_old_clients_lose_no_call_either(report: Report, elders: Load | None) -> None:
    """Calls of old clients failed only when a process was killed or the upstream was down."""
    if elders is None:
        pytest.skip(f"no age of {OLD} s or more is in CLUSTER_AGES")
    said = checked(elders.stop())
    report.calls += sum(found["ok"] + len(found["failures"]) for found in said.values())
    for client, found in said.items():
        lost = Counter(report.during(when) for _, when, _ in found["failures"])
        for name in report.windows:
            report.failed[name][client] = lost[name]
    for client, found in said.items():
        found["failures"] = [
            (f"{report.during(when)}: {kind}", when, problem)
            for kind, when, problem in found["failures"]
            if report.during(when) not in {*KILLS, OUTAGE} and not refused(report.during(when), client, problem)
        ]
    assert failures(said) == {}
