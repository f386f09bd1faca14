"""Bridges that serve a whole module: most of these tests are one call each, and a start costs more than that."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests import gateway as fake
from tests.conftest import Bridge, start_bridge


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def warm() -> AsyncIterator[Bridge]:
    """A bridge with a key of its own."""
    async with fake.running() as gateway, start_bridge(gateway, upstream_api_key="sk-bridge-test-key") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bare() -> AsyncIterator[Bridge]:
    """A bridge without a credential of its own."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AI_GATEWAY_API_KEY", "OPENAI_API_KEY", "VERCEL_OIDC_TOKEN", "AIBRIDGE_UPSTREAM_API_KEY"):
            environment.delenv(name, raising=False)
        async with fake.running() as gateway, start_bridge(gateway) as running:
            yield running
