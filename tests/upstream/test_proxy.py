"""The upstream through a forward proxy: tunnels, whole URLs, TLS to the proxy, and how each fails."""

import asyncio
import base64
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2
from bridge import settings
from bridge.settings import SettingsError
from bridge.settings.sources import effective
from bridge.upstream.probe import Probe
from bridge.upstream.proxy import Proxy, Tunnel, is_exempt, proxy_of, unused_variables
from tests.support import gateway as fake
from tests.support.bridge import Bridge, Start, start_bridge
from tests.support.details import failed, failed_stream
from tests.support.forward import Fault, ForwardProxy, forwarding
from tests.support.gateway import Exchange, Gateway, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST

CA = trustme.CA()
LOGIN = "user:p@ss/word"
_AT_ONCE = 0.1  # seconds


def of_server() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    CA.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
async def secured() -> AsyncIterator[Gateway]:
    async with fake.running([respond_json(COMPLETION)], ssl=of_server()) as running:
        yield running


@pytest.fixture
async def proxy() -> AsyncIterator[ForwardProxy]:
    async with forwarding(ForwardProxy()) as running:
        yield running


def request() -> chat_pb2.CreateChatCompletionRequest:
    return chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


def ask(bridge: Bridge) -> Any:
    return bridge.chat.CreateChatCompletion(request())


def through(proxy: ForwardProxy, **more: Any) -> dict[str, Any]:
    return {"upstream_proxy": f"http://127.0.0.1:{proxy.port}", **more}


async def test_https_goes_through_a_tunnel(secured: Gateway, proxy: ForwardProxy, ca_file: Path) -> None:
    """The proxy sees host and port, and the connection is reused by the next call."""
    async with start_bridge(secured, **through(proxy, upstream_ca_file=ca_file)) as bridge:
        for _ in range(2):
            assert (await ask(bridge)).choices[0].message.content == "hello"
    assert proxy.lines == [f"CONNECT {secured.url.removeprefix('https://').removesuffix('/v1')} HTTP/1.1"]


async def test_http_goes_to_the_proxy_with_the_whole_url(gateway: Gateway, proxy: ForwardProxy, start: Start) -> None:
    gateway.script(respond_json(COMPLETION))
    async with start(**through(proxy)) as bridge:
        assert (await ask(bridge)).choices[0].message.content == "hello"
    assert proxy.lines == [f"POST {gateway.url}/chat/completions HTTP/1.1"]
    assert "proxy-authorization" not in gateway.last.headers


@pytest.mark.parametrize("upstream", ["http", "https"])
async def test_tls_to_the_proxy(upstream: str, secured: Gateway, gateway: Gateway, ca_file: Path) -> None:
    gateway.script(respond_json(COMPLETION))
    behind = secured if upstream == "https" else gateway
    async with forwarding(ForwardProxy(), of_server()) as proxy:
        url = f"https://127.0.0.1:{proxy.port}"
        async with start_bridge(behind, upstream_proxy=url, upstream_ca_file=ca_file) as bridge:
            assert (await ask(bridge)).choices[0].message.content == "hello"
        assert len(proxy.lines) == 1


@pytest.mark.parametrize("upstream", ["http", "https"])
@pytest.mark.parametrize("place", ["url", "file"])
async def test_the_proxys_credential(
    upstream: str, place: str, secured: Gateway, gateway: Gateway, ca_file: Path, tmp_path: Path
) -> None:
    """The proxy gets its credential, from the URL or from the file, and the upstream does not."""
    gateway.script(respond_json(COMPLETION))
    secret = tmp_path / "secret"
    secret.write_text(LOGIN)
    async with forwarding(ForwardProxy(credential=LOGIN)) as proxy:
        options = (
            {"upstream_proxy": f"http://user:p%40ss%2Fword@127.0.0.1:{proxy.port}"}
            if place == "url"
            else through(proxy, upstream_proxy_credentials_file=secret)
        )
        behind = secured if upstream == "https" else gateway
        async with start_bridge(behind, upstream_ca_file=ca_file, **options) as bridge:
            assert (await ask(bridge)).choices[0].message.content == "hello"


@pytest.mark.parametrize("upstream", ["http", "https"])
async def test_a_credential_that_is_wrong_has_a_reason_of_its_own(
    upstream: str, secured: Gateway, gateway: Gateway, ca_file: Path
) -> None:
    async with forwarding(ForwardProxy(credential=LOGIN)) as proxy:
        behind = secured if upstream == "https" else gateway
        url = f"http://other:secret-of-the-proxy@127.0.0.1:{proxy.port}"
        async with start_bridge(behind, upstream_proxy=url, upstream_ca_file=ca_file) as bridge:
            with capture_logs() as logs:
                failure = await failed(ask(bridge))
    assert (failure.code, failure.reason, failure.pushback) == ("UNAVAILABLE", "UPSTREAM_PROXY_REJECTED", "-1")
    assert "secret-of-the-proxy" not in f"{failure.shown}{logs}"
    assert not behind.requests


async def test_401_to_connect_is_the_proxys(secured: Gateway, proxy: ForwardProxy, ca_file: Path) -> None:
    """Tinyproxy sends 401 for a wrong credential, which must not be taken for the upstream's."""
    proxy.fault = "401"
    async with start_bridge(secured, **through(proxy, upstream_ca_file=ca_file)) as bridge:
        assert (await failed(ask(bridge))).reason == "UPSTREAM_PROXY_REJECTED"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("hangs up", "the proxy closed the connection"),
        ("no http", "the proxy does not speak HTTP"),
        ("502", "the proxy responds with HTTP 502 to CONNECT"),
        ("silent", "no connection to the upstream"),
    ],
)
async def test_a_tunnel_that_is_not_opened(
    fault: Fault, words: str, secured: Gateway, proxy: ForwardProxy, ca_file: Path
) -> None:
    proxy.fault = fault
    options = through(proxy, upstream_ca_file=ca_file, connect_timeout=0.3)
    async with start_bridge(secured, **options) as bridge:
        failure = await failed(ask(bridge))
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_UNREACHABLE")
    assert words in failure.message
    assert not secured.requests


@pytest.mark.parametrize(("number", "status"), [(1, 200), (128, 200), (3000, 0)])
@pytest.mark.parametrize("at_once", [True, False])
async def test_informational_responses_before_the_tunnel(number: int, status: int, at_once: bool) -> None:  # noqa: FBT001
    """As many as an upstream may send. They do not nest."""
    tunnel, pieces = Tunnel(), [b"HTTP/1.1 100 Continue\r\n\r\n"] * number + [b"HTTP/1.1 200 OK\r\n\r\n"]
    for piece in [b"".join(pieces)] if at_once else pieces:
        tunnel.data_received(piece)
    found = await tunnel._status
    assert found == status or (not at_once and status == 0 and found == 100)


@pytest.mark.parametrize(("line", "status"), [(b"200 OK", 0), (b"502 Bad Gateway", 502)])
async def test_a_head_without_end_opens_no_tunnel(line: bytes, status: int) -> None:
    """A refusal is reported even if its head is too long."""
    tunnel = Tunnel()
    tunnel.data_received(b"HTTP/1.1 %b\r\nx: %b" % (line, b"x" * (1 << 17)))
    assert await tunnel._status == status


async def test_no_proxy_there(secured: Gateway, ca_file: Path) -> None:
    """A proxy that cannot be reached is named as the cause."""
    async with start_bridge(secured, upstream_proxy="http://127.0.0.1:1", upstream_ca_file=ca_file) as bridge:
        assert (await failed(ask(bridge))).reason == "UPSTREAM_UNREACHABLE"


async def test_the_upstreams_certificate_is_verified_in_the_tunnel(secured: Gateway, proxy: ForwardProxy) -> None:
    async with start_bridge(secured, **through(proxy)) as bridge:
        assert (await failed(ask(bridge))).reason == "UPSTREAM_TLS_ERROR"
    assert not secured.requests


@pytest.mark.parametrize("upstream", ["http", "https"])
@pytest.mark.parametrize("end", ["proxy", "upstream"])
async def test_a_cut_stream_stays_a_cut_stream(
    upstream: str, end: str, secured: Gateway, gateway: Gateway, proxy: ForwardProxy, ca_file: Path
) -> None:
    """If either side dies within a stream, what has arrived is delivered, and the status says that it was cut."""

    async def cut(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await asyncio.sleep(0.02)
        if end == "proxy":
            proxy.die()
        else:
            exchange.reset()

    behind = secured if upstream == "https" else gateway
    behind.script(cut)
    async with start_bridge(behind, **through(proxy, upstream_ca_file=ca_file)) as bridge:
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(request()))
    assert received == ["one"]
    assert failure.reason == "UPSTREAM_STREAM_INTERRUPTED"


@pytest.mark.alone
@pytest.mark.parametrize("upstream", ["http", "https"])
async def test_a_cancelled_call_closes_the_connection_at_once(
    upstream: str, secured: Gateway, gateway: Gateway, proxy: ForwardProxy, ca_file: Path
) -> None:
    closed = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await exchange.wait_closed()
        closed.set()

    behind = secured if upstream == "https" else gateway
    behind.script(endless)
    async with start_bridge(behind, **through(proxy, upstream_ca_file=ca_file)) as bridge:
        call = bridge.chat.CreateChatCompletionStream(request())
        await call.read()
        call.cancel()
        began = time.monotonic()
        await asyncio.wait_for(closed.wait(), 5)
        assert time.monotonic() - began < _AT_ONCE


async def test_a_stream_through_a_tunnel(secured: Gateway, proxy: ForwardProxy, ca_file: Path) -> None:
    secured.script(sse(CHUNK, LAST))
    async with start_bridge(secured, **through(proxy, upstream_ca_file=ca_file)) as bridge:
        texts = [chunk.choices[0].delta.content async for chunk in bridge.chat.CreateChatCompletionStream(request())]
    assert texts == ["one", "two"]


async def test_the_probe_goes_through_the_proxy(secured: Gateway, proxy: ForwardProxy, ca_file: Path) -> None:
    secured.script(respond_json({"object": "list", "data": []}))
    chosen = settings.load(upstream_url=secured.url, **through(proxy, upstream_ca_file=ca_file))
    assert await Probe(chosen).problem() == ""
    proxy.credential = LOGIN
    assert "407" in await Probe(chosen).problem()


async def test_hosts_without_a_proxy(gateway: Gateway, proxy: ForwardProxy, start: Start) -> None:
    gateway.script(respond_json(COMPLETION))
    async with start(**through(proxy, upstream_no_proxy=["127.0.0.0/8"])) as bridge:
        await ask(bridge)
    assert proxy.lines == []


@pytest.mark.parametrize(
    ("host", "entry", "exempt"),
    [
        ("api.example.org", "example.org", True),
        ("api.example.org", ".example.org", True),
        ("api.example.org", "*.example.org", True),
        ("API.example.org.", "Example.ORG", True),
        ("badexample.org", "example.org", False),
        ("example.org", "example.org:443", True),
        ("example.org", "example.org:8443", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("::1", "[::1]:443", True),
        ("fd00::1", "fd00::/8", True),
        ("anything", "*", True),
        ("anything", "", False),
        ("10.example", "10", False),
    ],
)
def test_what_an_entry_of_no_proxy_covers(host: str, entry: str, exempt: bool) -> None:  # noqa: FBT001
    assert is_exempt(host, 443, [entry]) is exempt


def test_the_environment_counts_only_if_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "internal.test, 10.0.0.0/8")
    url = "https://api.test/v1"
    plain = settings.load(upstream_url=url)
    assert proxy_of(plain, url) is None
    assert unused_variables(plain) == ["HTTPS_PROXY"]
    asked = settings.load(upstream_url=url, upstream_proxy_from_environment=True)
    found = proxy_of(asked, url)
    assert isinstance(found, Proxy)
    assert found.url == "http://proxy.test:3128"
    for direct in ("https://api.internal.test", "https://10.1.1.1", "http://api.test", "https://localhost"):
        assert proxy_of(asked, direct) is None
    assert unused_variables(asked) == []


async def test_variables_that_are_not_used_are_said_at_the_start(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    with capture_logs() as logs:
        async with start():
            pass
    assert [line["variables"] for line in logs if "proxy variables" in line["event"]] == ["HTTPS_PROXY"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"upstream_proxy": "proxy:3128"}, "upstream_proxy: must be http://HOST:PORT"),
        ({"upstream_proxy": "socks5://proxy:1080"}, "upstream_proxy: must be http://HOST:PORT"),
        ({"upstream_proxy": "http://"}, "upstream_proxy: must have a host"),
        ({"upstream_proxy": "http://proxy/path"}, "upstream_proxy: must have a host"),
        ({"upstream_proxy": "http://proxy:99999"}, "upstream_proxy: must have a host"),
        ({"upstream_no_proxy": ["x"]}, "upstream_no_proxy: needs upstream_proxy"),
        ({"upstream_proxy_credentials_file": __file__}, "upstream_proxy_credentials_file: needs upstream_proxy"),
        (
            {"upstream_proxy": "http://u:p@proxy", "upstream_proxy_credentials_file": __file__},
            "upstream_proxy_credentials_file: cannot be set together with a user in upstream_proxy",
        ),
    ],
)
def test_wrong_settings_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(**given)
    assert words in str(caught.value)


def told(*texts: str) -> Any:
    """An error of the gateway, or of a proxy in its place, that repeats the request."""
    return respond_json({"error": {"message": " ".join(texts), "code": texts[-1]}}, 500, x_request_id=texts[0])


PASSWORD = "secret-of-the-proxy-0815"  # noqa: S105 # from the bridge's own proxy
ENCODED = base64.b64encode(f"user:{PASSWORD}".encode()).decode()


@pytest.mark.parametrize("text", [PASSWORD, ENCODED, f"Basic {ENCODED}", f"user:{PASSWORD}", PASSWORD[:14]])
async def test_an_error_does_not_tell_of_the_proxys_password(
    text: str, gateway: Gateway, proxy: ForwardProxy, start: Start
) -> None:
    gateway.script(told(text, f"credential {text} is odd", text))
    with capture_logs() as logs:
        async with start(upstream_proxy=f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}") as bridge:
            failure = await failed(ask(bridge))
    assert failure.reason == "UPSTREAM_INTERNAL_ERROR"
    assert "is odd" in failure.message
    for secret in (PASSWORD[:14], ENCODED[:20]):
        assert secret not in f"{failure.shown}{failure.trailers}{logs}"


def test_config_masks_the_proxys_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIBRIDGE_UPSTREAM_PROXY", f"http://user:{PASSWORD}@proxy.test:3128")
    shown = f"{settings.load()!r}{effective()}"
    assert PASSWORD not in shown
    assert "upstream_proxy" in shown


@pytest.mark.parametrize("place", ["flag", "file"])
def test_a_wrong_proxy_is_named_without_its_password(place: str, tmp_path: Path) -> None:
    """The error of the start names the setting, the problem and what is allowed."""
    wrong = f"user:{PASSWORD}@proxy.test:3128"
    config = tmp_path / "bridge.toml"
    config.write_text(f'upstream_proxy = "{wrong}"\n' if place == "file" else "")
    with pytest.raises(SettingsError, match="upstream_proxy: must be http://HOST:PORT or https://HOST:PORT") as caught:
        settings.load(config, **({"upstream_proxy": wrong} if place == "flag" else {}))
    assert PASSWORD not in str(caught.value)
