"""The time until a new pod gets its share of the calls, which depends on the renewal of connections."""

import time
from collections.abc import Iterator

import pytest

from tests.e2e.cluster.callers import failures
from tests.e2e.cluster.clients import plan
from tests.e2e.cluster.cluster import Cluster, until
from tests.e2e.cluster.conftest import FULL
from tests.e2e.cluster.release import Release
from tests.e2e.cluster.report import Report

AGE = 30
OPEN = """
import urllib.request
text = urllib.request.urlopen("http://127.0.0.1:9464/metrics").read().decode()
print(sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("aibridge_calls_open{")))
"""

pytestmark = pytest.mark.skipif(not FULL, reason="QUICK")


@pytest.fixture
def scaling(cluster: Cluster) -> Iterator[Release]:
    release = Release(cluster, "scaling")
    try:
        release.prepare()
        release.install({"settings": {"max_connection_age": AGE}})
        yield release
    finally:
        release.remove()


def open_calls(release: Release) -> dict[str, float]:
    """The calls in flight of each pod, from its metrics."""
    names = [pod["metadata"]["name"] for pod in release.pods()]
    return {name: float(release.kubectl("exec", name, "--", "python3", "-c", OPEN)) for name in names}


def test_a_new_pod_gets_its_share(scaling: Release, report: Report) -> None:
    """A new pod gets at least half of an even share within two connection lifetimes, and no call fails."""
    load = scaling.load(plan(scaling.name, scaling.token.token, (5,)))
    load.aged()
    old = {pod["metadata"]["name"] for pod in scaling.pods()}
    scaling.kubectl("scale", "deployment/aibridge", "--replicas=3")
    scaling.settle(3)
    began = time.monotonic()

    def shared() -> bool:
        counts = open_calls(scaling)
        new = sum(count for name, count in counts.items() if name not in old)
        return new >= sum(counts.values()) / 3 / 2

    until(shared, "a share", seconds=3 * AGE, pause=1)
    report.times[f"third pod, `max_connection_age` {AGE}: until it has half of an even share"] = (
        f"{time.monotonic() - began:.0f}"
    )
    assert failures(load.stop()) == {}
