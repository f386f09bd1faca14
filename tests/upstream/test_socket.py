"""An upstream on a unix socket: calls, streams, failures, and the settings."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from aibridge.v1 import chat_pb2
from bridge import settings
from bridge.settings import SettingsError
from bridge.upstream.probe import Probe
from bridge.upstream.proxy import unused_variables, upstream_proxy
from tests.support.bridge import Bridge, start_bridge
from tests.support.details import failed, failed_stream
from tests.support.gateway import Exchange, Gateway, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST


@asynccontextmanager
async def serving(gateway: Gateway, path: Path) -> AsyncIterator[None]:
    server = await asyncio.start_unix_server(gateway.serve, path)
    try:
        yield
    finally:
        server.close()
        await gateway.close()
        await server.wait_closed()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vllm.sock"


@pytest.fixture
async def vllm(path: Path) -> AsyncIterator[Gateway]:
    gateway = Gateway()
    async with serving(gateway, path):
        yield gateway


def hello() -> chat_pb2.CreateChatCompletionRequest:
    return chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


async def ask(bridge: Bridge) -> str:
    return (await bridge.chat.CreateChatCompletion(hello())).choices[0].message.content


@pytest.mark.parametrize(
    ("suffix", "request_path"),
    [
        ("", "/v1/chat/completions"),
        (":/v1", "/v1/chat/completions"),
        (":/openai/v2/", "/openai/v2/chat/completions"),
        (":/", "/chat/completions"),
    ],
)
async def test_calls(suffix: str, request_path: str, vllm: Gateway, path: Path) -> None:
    """The version path is /v1 by default, and the connection is reused by the next call."""
    vllm.script(respond_json(COMPLETION))
    async with start_bridge(vllm, upstream_url=f"unix:{path}{suffix}", upstream_api_key="sk-test") as bridge:
        assert await ask(bridge) == "hello"
        assert await ask(bridge) == "hello"
        assert bridge.app._upstream.connections() == (0, 1)
    assert [request.path for request in vllm.requests] == [request_path] * 2
    assert vllm.last.headers["host"] == "localhost"
    assert vllm.last.headers["authorization"] == "Bearer sk-test"


async def test_a_stream(vllm: Gateway, path: Path) -> None:
    """A stream works over a unix socket."""
    vllm.script(sse(CHUNK, LAST))
    async with start_bridge(vllm, upstream_url=f"unix:{path}") as bridge:
        chunks = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello())]
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["one", "two"]


async def test_a_stream_that_is_cut(vllm: Gateway, path: Path) -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        exchange.reset()

    vllm.script(cut)
    async with start_bridge(vllm, upstream_url=f"unix:{path}") as bridge:
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello()))
    assert received == ["one"]
    assert failure.reason == "UPSTREAM_STREAM_INTERRUPTED"


async def test_a_cancelled_call_closes_the_connection(vllm: Gateway, path: Path) -> None:
    closed = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await exchange.wait_closed()
        closed.set()

    vllm.script(endless)
    async with start_bridge(vllm, upstream_url=f"unix:{path}") as bridge:
        call = bridge.chat.CreateChatCompletionStream(hello())
        await call.read()
        call.cancel()
        await asyncio.wait_for(closed.wait(), 5)


async def test_a_socket_that_nobody_listens_on(path: Path, gateway: Gateway) -> None:
    """A socket file without a server is an unreachable upstream, and works once a server listens again."""
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
    async with start_bridge(gateway, upstream_url=f"unix:{path}") as bridge:
        failure = await failed(bridge.chat.CreateChatCompletion(hello()))
        assert (failure.reason, failure.metadata["cause"]) == ("UPSTREAM_UNREACHABLE", "connection_refused")
        await asyncio.to_thread(path.unlink)
        vllm = Gateway()
        vllm.script(respond_json(COMPLETION))
        async with serving(vllm, path):
            assert await ask(bridge) == "hello"


async def test_a_queue_that_is_full(path: Path, gateway: Gateway) -> None:
    """If the queue is full, the kernel refuses at once; the bridge retries until connect_timeout, as TCP does."""
    gateway.script(respond_json(COMPLETION))
    with socket.socket(socket.AF_UNIX) as bound, socket.socket(socket.AF_UNIX) as filler:
        bound.bind(str(path))
        bound.listen(0)
        filler.connect(str(path))
        async with start_bridge(gateway, upstream_url=f"unix:{path}", connect_timeout=0.3) as bridge:
            failure = await failed(bridge.chat.CreateChatCompletion(hello()))
            assert (failure.reason, failure.metadata["cause"]) == ("UPSTREAM_UNREACHABLE", "connect_timeout")
            call = asyncio.ensure_future(ask(bridge))
            await asyncio.sleep(0.02)
            accepted, _ = bound.accept()
            accepted.close()
            async with await asyncio.start_unix_server(gateway.serve, sock=bound.dup()):
                assert await call == "hello"


async def test_the_probe(vllm: Gateway, path: Path) -> None:
    """The probe works over a unix socket, and names a socket that is missing."""
    vllm.script(respond_json({"object": "list", "data": []}))
    for more in ({}, {"upstream_api_key": "sk-test"}):
        assert await Probe(settings.load(upstream_url=f"unix:{path}", **more)).problem() == ""
    assert [request.path for request in vllm.requests] == ["/v1/models"]
    gone = Probe(settings.load(upstream_url="unix:/no/such.sock"))
    assert await gone.problem() == "/no/such.sock: No such file or directory"


def test_no_proxy_and_no_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests stay on this machine: they use no proxy, and no warning about plain HTTP is needed."""
    chosen = settings.load(
        upstream_url="unix:/run/vllm.sock", upstream_proxy="http://proxy.test:3128", upstream_api_key="sk-test"
    )
    assert upstream_proxy(chosen) is None
    assert not chosen.sends_secrets_in_the_clear
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    assert unused_variables(settings.load(upstream_url="unix:/run/vllm.sock")) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("unix:vllm.sock", "upstream_url: must be unix:/PATH or unix:/PATH:/VERSION"),
        ("unix:", "upstream_url: must be unix:/PATH or unix:/PATH:/VERSION"),
        ("unix:/run/", "upstream_url: must be unix:/PATH or unix:/PATH:/VERSION"),
        ("unix:/run/vllm.sock?x=1", "upstream_url: must be unix:/PATH or unix:/PATH:/VERSION"),
        ("unix:/run/vllm.sock:v1", "upstream_url: must be unix:/PATH or unix:/PATH:/VERSION"),
        ("unix:/run/vllm.sock:/v1?x=1", "upstream_url: must be unix:/PATH or unix:/PATH:/VERSION"),
        ("unix:/" + "x" * 107, "upstream_url: must name a unix socket by a path of at most 107 bytes"),
    ],
)
def test_wrong_settings_are_named(value: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(upstream_url=value)
    assert words in str(caught.value)
