"""No attack blocks the bridge. Each runs for about a second here, and at full length in `make attack`."""

import pytest

from tests.floods.attack import Attack, attacks
from tests.floods.target import target


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)
async def test_attack(attack: Attack) -> None:
    """The bridge takes bounded memory, and the calls of another caller succeed in bounded time."""
    async with target(attack) as victim:
        figures = await victim.measure(attack)
    assert not figures.problems(attack)
