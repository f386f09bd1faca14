"""Fixtures: a scripted gateway, a real bridge before it, and a real channel to that."""

import signal
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import certifi
import grpc
import pytest
import trustme

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2_grpc, models_pb2_grpc, raw_pb2_grpc
from bridge import settings
from bridge.server.app import App
from tests import gateway as fake
from tests import leaks
from tests.leaks import KEY, PROMPT
from tests.turns import turn

_E2E: Final = Path(__file__).parent / "e2e"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """End-to-end suites bring toolchains of their own: they run when named, each by a target of the Makefile."""
    return (collection_path == _E2E and not any("e2e" in argument for argument in config.args)) or None


@dataclass
class Bridge:
    """A running bridge, its upstream and the stubs of a caller."""

    address: str
    gateway: fake.Gateway
    channel: grpc.aio.Channel
    app: App

    def __post_init__(self) -> None:
        self.chat = chat_pb2_grpc.ChatServiceStub(self.channel)
        self.models = models_pb2_grpc.ModelsServiceStub(self.channel)
        self.embeddings = embeddings_pb2_grpc.EmbeddingsServiceStub(self.channel)
        self.raw = raw_pb2_grpc.RawServiceStub(self.channel)


Start = Callable[..., AbstractAsyncContextManager[Bridge]]


@asynccontextmanager
async def start_bridge(gateway: fake.Gateway, **options: Any) -> AsyncIterator[Bridge]:
    """A bridge before a gateway; it does not retry unless asked to, so that a test sees each request once."""
    app = App(settings.load(**{"listen": "127.0.0.1:0", "upstream_url": gateway.url, "max_retries": 0, **options}))
    address = await app.start()
    size = 64 << 20
    limits = [("grpc.max_receive_message_length", size), ("grpc.max_send_message_length", size)]
    channel = grpc.aio.insecure_channel(address, options=limits)
    try:
        yield Bridge(address, gateway, channel, app)
    finally:
        await channel.close()
        await app.stop()


def pytest_configure() -> None:
    leaks.watch()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So it is in a shell's background job, and the processes that the tests start would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    if item.get_closest_marker("waits") is not None:
        return (yield)
    with turn(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(autouse=True, scope="session")
def _no_public_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One that nobody has takes their place: to read all of them takes four times as long as the rest of a start."""
    file = str(tmp_path_factory.mktemp("authorities") / "ca.pem")
    trustme.CA().cert_pem.write_to_path(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: file)
        patch.setenv("SSL_CERT_FILE", file)
        yield


@pytest.fixture(autouse=True)
def _no_log_line_leaks() -> Iterator[None]:
    """Whatever a test does: neither its prompt nor the bridge's key is logged."""
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
    """A bridge with default settings and a key of its own."""
    async with start_bridge(gateway, upstream_api_key=KEY) as running:
        yield running


@pytest.fixture
def start(gateway: fake.Gateway) -> Start:
    """Starts a bridge with settings of the test's choice before the fixture's gateway."""
    return lambda **options: start_bridge(gateway, **options)


@pytest.fixture
def hello() -> chat_pb2.CreateChatCompletionRequest:
    return chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": PROMPT}])
