"""One bridge for each module of this folder, so that hundreds of calls, many of which fail, must not damage it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support import gateway as fake
from tests.support.bridge import Bridge, start_bridge


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[fake.Gateway]:
    async with fake.running() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bridge(gateway: fake.Gateway) -> AsyncIterator[Bridge]:
    async with start_bridge(gateway, upstream_api_key="sk-bridge-test-key") as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_sent_yet(gateway: fake.Gateway) -> None:
    gateway.requests.clear()
    gateway.exchanges.clear()
    gateway.script(fake.respond("no script", 500))
