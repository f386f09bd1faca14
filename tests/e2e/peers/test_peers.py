"""Each peer in all checks and scenarios: the observations match its tables."""

import pytest

from tests.e2e.peers.checks import CHECKS
from tests.e2e.peers.report import Seen
from tests.e2e.peers.rows import PEERS, ROWS, Row, Servers


def test_each_deviation_is_one() -> None:
    """Each deviation is of a known check, and differs from the promise."""
    promised = {check.name: check.promised for check in CHECKS}
    for peer in PEERS:
        for name, deviation in peer.deviations.items():
            assert deviation.sees != promised[name], f"{peer.name}: {name}"


def test_no_cut_response_is_ok() -> None:
    """No declared deviation makes a cut response OK."""
    cuts = [scenario.sees for peer in PEERS for scenario in peer.scenarios if scenario.cuts]
    assert cuts
    assert not [sees for sees in cuts if "OK" in sees]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.peer.name}: {row.name}")
async def test_peer(row: Row, servers: Servers, seen: Seen) -> None:
    """A new deviation fails this test, and so does one that is gone."""
    with servers.of(row) as case:
        observed = seen[row.peer.name, row.name] = await row.observe(case)
    assert observed == row.expected
