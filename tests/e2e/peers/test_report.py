"""docs/dialects.md matches the observations of this run. By its name this runs last."""

import pytest

from tests.e2e.peers.report import PATH, Seen, text
from tests.e2e.peers.rows import ROWS


def test_report(request: pytest.FixtureRequest, seen: Seen) -> None:
    """The page is up to date (`--write-report`)."""
    if len(seen) < len(ROWS):
        pytest.skip("not all rows have run")
    report = text(seen)
    if request.config.getoption("--write-report"):
        PATH.parent.mkdir(exist_ok=True)
        PATH.write_text(report)
    assert PATH.is_file(), "it is written by: make peers-report"
    assert PATH.read_text() == report, "it is not what was seen; it is written by: make peers-report"
