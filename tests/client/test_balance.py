"""Which bridge gets the calls when the target has several addresses and one bridge is not SERVING."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aibridge.client import aio, connect
from aibridge.v1 import models_pb2
from tests.support import gateway as fake
from tests.support.bridge import start_bridge
from tests.support.gateway import respond_json

MODELS = {"object": "list", "data": [{"id": "m", "object": "model"}]}
FRESH = [("grpc.use_local_subchannel_pool", 1)]


@pytest.fixture
async def pair() -> AsyncIterator[list[Any]]:
    """Two bridges, each with its own counting gateway. The first one is about to stop."""
    async with fake.running() as one, fake.running() as two, start_bridge(one) as first, start_bridge(two) as second:
        for gateway in (one, two):
            gateway.script(respond_json(MODELS))
        await first.app._health.turn_clients_away()
        yield [first, second]


async def served(pair: list[Any], **arguments: Any) -> list[int]:
    """The number of calls that each bridge served, of ten, once both are connected."""
    target = "ipv4:" + ",".join(bridge.address for bridge in pair)
    async with aio.connect(target, timeout=10, options=FRESH, **arguments) as client:
        for _ in range(20):
            await client.models.ListModels(models_pb2.ListModelsRequest())
    return [len(bridge.gateway.requests) for bridge in pair]


async def test_headless_leaves_a_bridge_that_is_not_serving(pair: list[Any]) -> None:
    assert await served(pair, balance="headless") == [0, 20]


async def test_by_default_health_does_not_count(pair: list[Any]) -> None:
    """By default health is not checked, because behind one address that would drop the only connection."""
    counts = await served(pair)
    assert sum(counts) == 20
    assert counts[0] > 5


def test_an_unknown_balance_is_refused() -> None:
    wrong: Any = "pod"
    with pytest.raises(ValueError, match="balance: 'pod' is not one of service, headless"):
        connect("127.0.0.1:1", balance=wrong)
