"""Each status, code and reason of the bridge has a test; a new one without a test is reported."""

import re
from pathlib import Path

import pytest

from bridge.errors import Reason
from bridge.upstream.reasons import REFINEMENTS, STATUSES
from tests.upstream.rows import REFINEMENT_ROWS, STATUS_ROWS

TESTS = Path(__file__).parents[1]
#: Statuses that do not decide alone. These rows use the bridge's own credential and name a model.
SPECIAL = {401: "BRIDGE_CREDENTIALS_REJECTED", 404: "MODEL_NOT_FOUND"}
ROWS = "tests/upstream/rows.py"
SOURCES = "\n".join(
    path.read_text("utf-8")
    for path in sorted(TESTS.rglob("*.py"))
    if "contract" not in path.parts and "e2e" not in path.parts
)


@pytest.mark.parametrize("http", STATUSES)
def test_each_status_has_a_row(http: int) -> None:
    """Each status in `bridge/upstream/reasons.py` has a row, played as a response both before and within a stream."""
    expected = SPECIAL.get(http, STATUSES[http].name)
    found = [param.values[0].reason for param in STATUS_ROWS if param.values[0].http == http]
    assert found == [expected], f'row({http}, CODE, "{expected}", ...) has to be in STATUS_ROWS of {ROWS}, once'


@pytest.mark.parametrize("name", REFINEMENTS)
def test_each_code_has_a_row(name: str) -> None:
    """Each error code and type that overrides the status has a row."""
    assert name in {row.name for row in REFINEMENT_ROWS}, (
        f"add RefinementRow({name!r}, ...) to REFINEMENT_ROWS in {ROWS}"
    )


def test_no_row_is_left_over() -> None:
    """Each row is about a code in the bridge's table."""
    assert [row.name for row in REFINEMENT_ROWS if row.name not in REFINEMENTS] == []


@pytest.mark.parametrize("reason", Reason.__members__)
def test_each_reason_is_expected_by_a_test(reason: str) -> None:
    """A test outside this folder expects each reason by name."""
    assert re.search(rf"\b{reason}\b", SOURCES), f"no test expects {reason}: add one, see CONTRIBUTING.md"
