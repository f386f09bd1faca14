"""Fixtures: a scripted gateway, a real bridge in front of it, and a channel to the bridge."""

import os
import signal
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any, Final

import certifi
import pytest
import pytest_asyncio
import trustme
from hypothesis import HealthCheck, settings

from aibridge.v1 import chat_pb2
from tests.support import gateway as fake
from tests.support import leaks
from tests.support.bridge import Bridge, Start, start_bridge
from tests.support.leaks import KEY, PROMPT
from tests.support.turns import turn

_E2E: Final = Path(__file__).parent / "e2e"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """End-to-end suites need their own toolchains, so they run only when named, by targets of the Makefile."""
    return (collection_path == _E2E and not any("e2e" in argument for argument in config.args)) or None


def pytest_configure() -> None:
    leaks.watch()
    # Hypothesis without deadlines, and deterministic by default. HYPOTHESIS_PROFILE=long searches further.
    no_clock = {"deadline": None, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("aibridge", max_examples=100, derandomize=True, **no_clock)
    settings.register_profile("long", max_examples=3000, **no_clock)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "aibridge"))
    # Background jobs ignore SIGINT, and nohup ignores SIGHUP. The processes that the tests start would inherit that.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    if item.get_closest_marker("waits") is not None:
        return (yield)
    with turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(autouse=True, scope="session")
def _no_public_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A private CA replaces the public ones: loading those takes four times as long as the rest of a start."""
    file = str(tmp_path_factory.mktemp("authorities") / "ca.pem")
    trustme.CA().cert_pem.write_to_path(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: file)
        patch.setenv("SSL_CERT_FILE", file)
        yield


@pytest.fixture(autouse=True)
def _no_log_line_leaks() -> Iterator[None]:
    """No test may log its prompt or the bridge's key."""
    before = len(leaks.found)
    yield
    assert leaks.found[before:] == []


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AI_GATEWAY_API_KEY", "OPENAI_API_KEY", "VERCEL_OIDC_TOKEN", "AIBRIDGE_UPSTREAM_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def gateway() -> AsyncIterator[fake.Gateway]:
    async with fake.running() as running:
        yield running


@pytest.fixture
async def bridge(gateway: fake.Gateway) -> AsyncIterator[Bridge]:
    """A bridge with default settings and its own key."""
    async with start_bridge(gateway, upstream_api_key=KEY) as running:
        yield running


@pytest.fixture
def start(gateway: fake.Gateway) -> Start:
    """Starts a bridge with the given settings in front of the fixture's gateway."""
    return lambda **options: start_bridge(gateway, **options)


@pytest.fixture
def hello() -> chat_pb2.CreateChatCompletionRequest:
    return chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": PROMPT}])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def warm() -> AsyncIterator[Bridge]:
    """A bridge with its own key."""
    async with fake.running() as gateway, start_bridge(gateway, upstream_api_key="sk-bridge-test-key") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bare() -> AsyncIterator[Bridge]:
    """A bridge without a credential."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AI_GATEWAY_API_KEY", "OPENAI_API_KEY", "VERCEL_OIDC_TOKEN", "AIBRIDGE_UPSTREAM_API_KEY"):
            environment.delenv(name, raising=False)
        async with fake.running() as gateway, start_bridge(gateway) as running:
            yield running
