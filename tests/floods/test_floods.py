"""Nobody holds the bridge up: each attack, for a second or so. `make attack` runs them at full length."""

import asyncio

import pytest

from tests.conftest import Start
from tests.floods.attack import Attack, attacks
from tests.floods.target import target
from tests.http2 import Connection


@pytest.mark.alone
@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)
async def test_attack(attack: Attack) -> None:
    """The bridge takes bounded memory, and the calls of another caller succeed in bounded time."""
    async with target(attack) as victim:
        figures = await victim.measure(attack)
    assert not figures.problems(attack)


async def test_streams_of_a_connection_are_bounded(start: Start) -> None:
    """A connection is told how many calls it may have open."""
    async with start(max_concurrent_streams=7) as bridge:
        connection = await asyncio.to_thread(Connection, bridge.address)
        await asyncio.to_thread(connection.read, 0.05)
        assert connection.max_streams == 7
        connection.close()
