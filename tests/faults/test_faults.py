"""Every row of the table, for each RPC: what the caller sees, through real sockets."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.page import promised, render
from tests.faults.play import RPCS, Scenario, play
from tests.faults.scenarios import SCENARIOS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
CASES = [(scenario, rpc) for scenario in SCENARIOS for rpc in RPCS if scenario.sees(rpc) is not None]


@pytest.fixture(scope="module", autouse=True)
def _quick_collections() -> Iterator[None]:
    """Each case ends with a garbage collection, which should scan only the objects of the case."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(("scenario", "rpc"), CASES, ids=[f"{scenario}, {rpc}" for scenario, rpc in CASES])
async def test_scenario(scenario: Scenario, rpc: str) -> None:
    assert await play(scenario, rpc) == scenario.sees(rpc)


def test_names() -> None:
    """Each row has its own name."""
    names = [scenario.name for scenario in SCENARIOS]
    assert len(names) == len(set(names))


def test_page() -> None:
    """The page matches the table, which `test_scenario` checks."""
    is_fresh = PAGE.read_text("utf-8") == render(promised())
    assert is_fresh, "run: make docs"
