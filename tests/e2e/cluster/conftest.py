"""Fixtures: the cluster with both images on its nodes, a release of the chart, and the report."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster import images
from tests.e2e.cluster.cluster import Cluster, impossible
from tests.e2e.cluster.release import Release
from tests.e2e.cluster.report import Report

#: Run all disruptions and ages, and write the report. Without it, run the part for CI.
FULL = "QUICK" not in os.environ
#: Ages of the clients in seconds at the time of a disruption.
AGES = tuple(int(age) for age in os.environ.get("CLUSTER_AGES", "5,60,600" if FULL else "5,20").split(","))
#: From this age on, one load continues through all disruptions, because a new one for each would take hours.
OLD = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These tests take minutes, mostly waiting: the others do not wait for their turn meanwhile."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("waits")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if reason := impossible():
        if "REQUIRE_CLUSTER" in os.environ:
            pytest.fail(f"no cluster: {reason}")
        pytest.skip(f"no cluster: {reason}")
    running = Cluster()
    running.up()
    try:
        images.prepare(running)
        yield running
    finally:
        if "KEEP_CLUSTER" not in os.environ:
            running.down()


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """What is measured: shown at the end, and written into docs/kubernetes.md if it is all of it."""
    made = Report()
    yield made
    if made.failed:
        request.config.get_terminal_writer().write(f"\n{made.table(AGES)}\n")
    if FULL:
        made.write(AGES)


@pytest.fixture(scope="session")
def release(cluster: Cluster) -> Iterator[Release]:
    made = Release(cluster, "bridge")
    try:
        made.prepare()
        made.install({})
        yield made
    finally:
        made.remove()
