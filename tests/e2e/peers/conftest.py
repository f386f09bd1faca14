"""Keeps the observations for the report, and the running server."""

from collections.abc import Iterator

import pytest

from tests.e2e.peers.report import Seen
from tests.e2e.peers.rows import Servers

_SEEN: pytest.StashKey[Seen] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--write-report`, which writes docs/dialects.md from this run instead of comparing it."""
    parser.addoption("--write-report", action="store_true", help="write docs/dialects.md from this run")


def pytest_configure(config: pytest.Config) -> None:
    """Start without observations."""
    config.stash[_SEEN] = {}


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Seen:
    """The observations of this run, by peer and by name of check or scenario."""
    return request.config.stash[_SEEN]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The peers, each started when its tests run and stopped after them."""
    running = Servers()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AI_GATEWAY_API_KEY", "OPENAI_API_KEY", "VERCEL_OIDC_TOKEN", "AIBRIDGE_UPSTREAM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
