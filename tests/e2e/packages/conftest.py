"""Fixtures: dist/ from `make dist`, and empty environments."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.e2e.packages.installed import Environment
from tools import dist

Make = Callable[..., Awaitable[Environment]]


@pytest.fixture(autouse=True, scope="session")
def _built() -> None:
    if not (dist.DIST / "SHA256SUMS").is_file():
        pytest.fail("there is nothing in dist/: run make dist", pytrace=False)


@pytest.fixture
def environment(tmp_path: Path) -> Make:
    """Makes an environment with these packages in it."""

    async def make(*wanted: str | Path) -> Environment:
        made = Environment(tmp_path / "environment")
        await made.create()
        await made.install(*wanted)
        return made

    return make
