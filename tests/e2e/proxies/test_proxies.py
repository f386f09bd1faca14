"""The claims of tests/upstream/test_proxy.py, with squid and tinyproxy in place of a scripted proxy."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from aibridge.v1 import chat_pb2
from tests.e2e.proxies.servers import NAMES, PASSWORD, USER, forward_proxy
from tests.support import gateway as fake
from tests.support.bridge import Bridge, start_bridge
from tests.support.details import failed, failed_stream
from tests.support.gateway import Exchange, Gateway, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST

CA = trustme.CA()
_AT_ONCE = 0.1  # seconds

every_proxy = pytest.mark.parametrize("name", NAMES)
both_schemes = pytest.mark.parametrize("scheme", ["http", "https"])


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
async def upstream(scheme: str) -> AsyncIterator[Gateway]:
    context = None
    if scheme == "https":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        CA.issue_cert("127.0.0.1").configure_cert(context)
    async with fake.running([respond_json(COMPLETION)], ssl=context) as running:
        yield running


def request() -> chat_pb2.CreateChatCompletionRequest:
    return chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


def stream(bridge: Bridge) -> Any:
    return bridge.chat.CreateChatCompletionStream(request())


@every_proxy
@both_schemes
@pytest.mark.parametrize("login", [False, True])
async def test_calls_and_streams(name: str, login: bool, upstream: Gateway, ca_file: Path, tmp_path: Path) -> None:  # noqa: FBT001
    """Responses and chunks pass, with and without the proxy's credential."""
    async with forward_proxy(name, tmp_path, login=login) as port:
        user = f"{USER}:{PASSWORD}@" if login else ""
        options = {"upstream_proxy": f"http://{user}127.0.0.1:{port}", "upstream_ca_file": ca_file}
        async with start_bridge(upstream, **options) as bridge:
            response = await bridge.chat.CreateChatCompletion(request())
            assert response.choices[0].message.content == "hello"
            upstream.script(sse(CHUNK, LAST))
            assert [chunk.choices[0].delta.content async for chunk in stream(bridge)] == ["one", "two"]
    assert "proxy-authorization" not in upstream.last.headers


@every_proxy
@both_schemes
async def test_a_wrong_credential(name: str, scheme: str, upstream: Gateway, ca_file: Path, tmp_path: Path) -> None:
    async with forward_proxy(name, tmp_path, login=True) as port:
        options = {"upstream_proxy": f"http://{USER}:wrong@127.0.0.1:{port}", "upstream_ca_file": ca_file}
        async with start_bridge(upstream, **options) as bridge:
            failure = await failed(bridge.chat.CreateChatCompletion(request()))
    if (name, scheme) == ("tinyproxy", "http"):  # it responds with 401, like an upstream
        assert failure.reason == "CALLER_CREDENTIALS_REJECTED"
    else:
        assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_PROXY_REJECTED")
    assert not upstream.requests


@every_proxy
@both_schemes
async def test_a_cut_stream(name: str, upstream: Gateway, ca_file: Path, tmp_path: Path) -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await asyncio.sleep(0.05)
        exchange.reset()

    upstream.script(cut)
    async with forward_proxy(name, tmp_path) as port:
        options = {"upstream_proxy": f"http://127.0.0.1:{port}", "upstream_ca_file": ca_file}
        async with start_bridge(upstream, **options) as bridge:
            received, failure = await failed_stream(stream(bridge))
    assert (received, failure.reason) == (["one"], "UPSTREAM_STREAM_INTERRUPTED")


@every_proxy
@both_schemes
async def test_a_cancelled_call(name: str, upstream: Gateway, ca_file: Path, tmp_path: Path) -> None:
    """The upstream's connection is closed within 100 ms."""
    closed = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await exchange.wait_closed()
        closed.set()

    upstream.script(endless)
    async with forward_proxy(name, tmp_path) as port:
        options = {"upstream_proxy": f"http://127.0.0.1:{port}", "upstream_ca_file": ca_file}
        async with start_bridge(upstream, **options) as bridge:
            call = stream(bridge)
            await call.read()
            call.cancel()
            began = time.monotonic()
            await asyncio.wait_for(closed.wait(), 10)
            assert time.monotonic() - began < _AT_ONCE


@both_schemes
async def test_a_host_that_squid_denies(scheme: str, tmp_path: Path) -> None:
    """A refusal by the proxy is reported as such, and nothing was sent to the upstream."""
    async with forward_proxy("squid", tmp_path) as port, fake.running() as gateway:
        options = {"upstream_url": f"{scheme}://127.0.0.1:1/v1", "upstream_proxy": f"http://127.0.0.1:{port}"}
        async with start_bridge(gateway, **options) as bridge:
            failure = await failed(bridge.chat.CreateChatCompletion(request()))
    expected = "UPSTREAM_UNREACHABLE" if scheme == "https" else "ACCESS_DENIED"
    assert failure.reason == expected
