"""Fixtures: llama.cpp with a real model, once for all tests, and a bridge before it for each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bridge.cli.local import LocalUnavailable, running
from tests.conftest import Bridge, start_bridge
from tests.gateway import Gateway


@pytest.fixture(scope="session")
def llama() -> Iterator[str]:
    """The base URL of a llama.cpp server. Without its packages the tests fail: skipped, they would prove nothing."""
    try:
        with running() as url:
            yield url
    except LocalUnavailable as error:
        pytest.fail(f"{error}\n  or leave these tests out: -m 'not real'", pytrace=False)


@pytest.fixture
async def real(llama: str) -> AsyncIterator[Bridge]:
    upstream = Gateway()
    upstream.url = llama
    async with start_bridge(upstream) as bridge:
        yield bridge
