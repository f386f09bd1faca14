"""Runs an action while new clients call, and reports their calls."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from tests.e2e.cluster.clients import plan
from tests.e2e.cluster.conftest import AGES, OLD
from tests.e2e.cluster.release import Release
from tests.e2e.cluster.report import Report

#: Seconds that the load continues after a disruption, because effects may show late.
AFTER: Final = 5
_YOUNG: Final = tuple(age for age in AGES if age < OLD)


def under_load(
    release: Release, report: Report, name: str, action: Callable[[Release], Any], ca: str = ""
) -> dict[str, Any]:
    """The reports of all new clients about their calls while `action` ran."""
    load = release.load(plan(release.name, release.token.token, _YOUNG, ca))
    load.aged()
    began = time.time()
    action(release)
    time.sleep(AFTER)
    report.windows[name] = began, time.time()
    said = load.stop()
    report.failed[name] = {client: len(found["failures"]) for client, found in checked(said).items()}
    report.calls += sum(found["ok"] + len(found["failures"]) for found in said.values())
    return said


def checked(said: dict[str, Any]) -> dict[str, Any]:
    """The reports, after a check that every client ran and called."""
    assert not [client for client, found in said.items() if "crashed" in found], said
    assert min(found["ok"] for found in said.values()) > 20, "no load"
    return said


def failures(said: dict[str, Any]) -> dict[str, Any]:
    """The failed calls with their counts, by client."""
    return {
        client: dict(Counter(f"{kind}: {problem}" for kind, _, problem in found["failures"]))
        for client, found in said.items()
        if found["failures"]
    }
