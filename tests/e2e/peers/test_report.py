"""docs/dialects.md says what was seen in this run. Runs after the others, by its name."""

import pytest

from tests.e2e.peers.report import PATH, Seen, text
from tests.e2e.peers.rows import ROWS


def test_report(request: pytest.FixtureRequest, seen: Seen) -> None:
    """`--write-report` writes it."""
    if len(seen) < len(ROWS):
        pytest.skip("not all rows have run")
    report = text(seen)
    if request.config.getoption("--write-report"):
        PATH.parent.mkdir(exist_ok=True)
        PATH.write_text(report)
    assert PATH.is_file(), "it is written by: make peers-report"
    assert PATH.read_text() == report, "it is not what was seen; it is written by: make peers-report"
