"""Each status, code and reason that the bridge knows has a test: whoever adds one is told what is missing."""

import re
from pathlib import Path

import pytest

from bridge.errors import Reason
from bridge.upstream.reasons import REFINEMENTS, STATUSES
from tests.upstream.rows import REFINEMENT_ROWS, STATUS_ROWS

TESTS = Path(__file__).parents[1]
#: Where more than the status decides: these rows are calls with the bridge's own credential, which name a model.
SPECIAL = {401: "BRIDGE_CREDENTIALS_REJECTED", 404: "MODEL_NOT_FOUND"}
ROWS = "tests/upstream/rows.py"
SOURCES = "\n".join(
    path.read_text("utf-8")
    for path in sorted(TESTS.rglob("*.py"))
    if "contract" not in path.parts and "e2e" not in path.parts
)


@pytest.mark.parametrize("http", STATUSES)
def test_each_status_has_a_row(http: int) -> None:
    """A status of `bridge/upstream/reasons.py` is played as a response, instead of a stream and within one."""
    expected = SPECIAL.get(http, STATUSES[http].name)
    found = [param.values[0].reason for param in STATUS_ROWS if param.values[0].http == http]
    assert found == [expected], f'row({http}, CODE, "{expected}", ...) has to be in STATUS_ROWS of {ROWS}, once'


@pytest.mark.parametrize("name", REFINEMENTS)
def test_each_code_has_a_row(name: str) -> None:
    """So is each error code and type that decides over the status."""
    assert name in {row.name for row in REFINEMENT_ROWS}, (
        f"add RefinementRow({name!r}, ...) to REFINEMENT_ROWS in {ROWS}"
    )


def test_no_row_is_left_over() -> None:
    """A code that was taken out of the bridge's table has no row."""
    assert [row.name for row in REFINEMENT_ROWS if row.name not in REFINEMENTS] == []


@pytest.mark.parametrize("reason", Reason.__members__)
def test_each_reason_is_expected_by_a_test(reason: str) -> None:
    """Some test outside of this folder expects the reason by its name."""
    assert re.search(rf"\b{reason}\b", SOURCES), f"no test expects {reason}: add one, see CONTRIBUTING.md"
