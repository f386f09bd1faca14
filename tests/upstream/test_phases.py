"""The phases of a connection: which can follow which."""

import pytest

from bridge.upstream.phases import NEXT, OVER, RECEIVING, Phase, Step


def followers(phase: Phase) -> set[Phase]:
    """The phases that can follow a phase, directly or later."""
    found: set[Phase] = set()
    todo = [phase]
    while todo:
        at = todo.pop()
        new = {after for (before, _), after in NEXT.items() if before is at} - found
        found |= new
        todo += new
    return found


@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.name)
def test_a_connection_can_end_in_each_phase(phase: Phase) -> None:
    """At the end of a connection a complete response stays complete; any other fails."""
    expected = Phase.SPENT if phase in OVER else Phase.FAILED
    assert NEXT[phase, Step.ENDED] is expected


def test_each_phase_can_be_reached() -> None:
    assert followers(Phase.CONNECTING) == set(Phase) - {Phase.CONNECTING}


@pytest.mark.parametrize("phase", [Phase.SPENT, Phase.FAILED], ids=lambda phase: phase.name)
def test_the_last_phases_lead_nowhere(phase: Phase) -> None:
    """A connection that has ended serves no further request."""
    assert followers(phase) == {phase}


def test_a_request_follows_only_a_complete_exchange() -> None:
    """A connection becomes idle after connecting, and after a complete response to a whole request."""
    assert {before for (before, _), after in NEXT.items() if after is Phase.IDLE} == {Phase.CONNECTING, Phase.COMPLETE}
    assert {before for (before, _), after in NEXT.items() if after is Phase.COMPLETE} == {Phase.RECEIVING}
    assert Phase.COMPLETE not in followers(Phase.RECEIVING_EARLY)


def test_a_response_is_over_only_after_its_head() -> None:
    """A response cannot end before its head has arrived."""
    assert {before for (before, _), after in NEXT.items() if after in OVER} <= RECEIVING | OVER
