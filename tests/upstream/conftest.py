"""The event loops of these tests: both, because ends of connections depend on the loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from tests.upstream.wire import Wire, wired


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"uvloop": uvloop.new_event_loop}
    if item.path.stem in {"test_connecting", "test_connection", "test_transport", "test_truncation"}:
        loops["asyncio"] = asyncio.SelectorEventLoop
    return loops


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired() as running:
        yield running


@pytest.fixture
async def tls() -> AsyncIterator[Wire]:
    """The same with TLS."""
    async with wired(tls=True) as running:
        yield running


@pytest.fixture(params=[False, True], ids=["TCP", "TLS"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    """Without and with TLS."""
    async with wired(tls=request.param) as running:
        yield running
