"""Keeps what was seen, for the report, and the server that runs."""

from collections.abc import Iterator

import pytest

from tests.e2e.peers.report import Seen
from tests.e2e.peers.rows import Servers

_SEEN: pytest.StashKey[Seen] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-report`: write docs/dialects.md from this run, instead of comparing it."""
    parser.addoption("--write-report", action="store_true", help="write docs/dialects.md from this run")


def pytest_configure(config: pytest.Config) -> None:
    """Begin with nothing seen."""
    config.stash[_SEEN] = {}


@pytest.fixture
def seen(request: pytest.FixtureRequest) -> Seen:
    """What has been seen in this run: by peer, and name of check or scenario."""
    return request.config.stash[_SEEN]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The peers, each started when its turn comes and stopped after it."""
    running = Servers()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AI_GATEWAY_API_KEY", "OPENAI_API_KEY", "VERCEL_OIDC_TOKEN", "AIBRIDGE_UPSTREAM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
