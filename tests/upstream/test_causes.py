"""The cause of an unreachable upstream, by real failures: in the status, and in a log line for each change."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from aiohappyeyeballs import start_connection
from structlog.testing import capture_logs

from aibridge.v1 import models_pb2
from bridge.upstream.causes import Cause, Reachability, cause_of
from tests.support import gateway as fake
from tests.support.bridge import Bridge, start_bridge
from tests.support.details import failed
from tests.support.forward import Fault, ForwardProxy, forwarding
from tests.support.gateway import Gateway, respond_json
from tests.upstream.wire import deaf, refusing

CA = trustme.CA()
OTHER = trustme.CA()
LIST = respond_json({"object": "list", "data": []})
Settings = dict[str, Any]
Situation = Callable[[], AbstractAsyncContextManager[Settings]]


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    CA.cert_pem.write_to_path(str(path))
    return path


def url(address: str) -> Situation:
    @asynccontextmanager
    async def situation() -> AsyncIterator[Settings]:
        yield {"upstream_url": address}

    return situation


@asynccontextmanager
async def nobody_listens() -> AsyncIterator[Settings]:
    with refusing() as (host, port):
        yield {"upstream_url": f"http://{host}:{port}"}


@asynccontextmanager
async def nobody_answers() -> AsyncIterator[Settings]:
    with deaf() as (host, port):
        yield {"upstream_url": f"http://{host}:{port}", "connect_timeout": 0.1}


def certificate(authority: trustme.CA = CA, host: str = "127.0.0.1", **dates: datetime) -> Situation:
    @asynccontextmanager
    async def situation() -> AsyncIterator[Settings]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(host, **dates).configure_cert(context)
        async with fake.running([LIST], ssl=context) as gateway:
            yield {"upstream_url": gateway.url}

    return situation


@asynccontextmanager
async def no_tls() -> AsyncIterator[Settings]:
    """The server speaks plain HTTP at once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    async with listening(serve) as port:
        yield {"upstream_url": f"https://127.0.0.1:{port}"}


@asynccontextmanager
async def hangs_up() -> AsyncIterator[Settings]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with listening(serve) as port:
        yield {"upstream_url": f"https://127.0.0.1:{port}"}


@asynccontextmanager
async def listening(serve: Any) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def proxied(fault: Fault = "", credential: str = "", upstream: str = "https://127.0.0.1:1") -> Situation:
    @asynccontextmanager
    async def situation() -> AsyncIterator[Settings]:
        async with forwarding(ForwardProxy(fault=fault, credential=credential)) as proxy:
            yield {"upstream_url": upstream, "upstream_proxy": f"http://127.0.0.1:{proxy.port}"}

    return situation


NOW = datetime.now(UTC)
DAY = timedelta(days=1)
SITUATIONS: list[tuple[str, Situation, str]] = [
    ("name_not_found", url("http://-no-such-name"), "UPSTREAM_UNREACHABLE"),
    ("connection_refused", nobody_listens, "UPSTREAM_UNREACHABLE"),
    ("network_unreachable", url("http://224.0.0.1"), "UPSTREAM_UNREACHABLE"),  # TCP cannot connect to multicast
    ("connect_timeout", nobody_answers, "UPSTREAM_UNREACHABLE"),
    ("socket_not_found", url("unix:/no/such/socket"), "UPSTREAM_UNREACHABLE"),
    ("connection_closed", hangs_up, "UPSTREAM_UNREACHABLE"),
    ("certificate_expired", certificate(not_before=NOW - 9 * DAY, not_after=NOW - DAY), "UPSTREAM_TLS_ERROR"),
    ("certificate_not_yet_valid", certificate(not_before=NOW + DAY, not_after=NOW + 9 * DAY), "UPSTREAM_TLS_ERROR"),
    ("certificate_unknown_authority", certificate(OTHER), "UPSTREAM_TLS_ERROR"),
    ("certificate_wrong_host", certificate(host="other.test"), "UPSTREAM_TLS_ERROR"),
    ("tls_failed", no_tls, "UPSTREAM_TLS_ERROR"),
    ("proxy_authentication_required", proxied(credential="user:password"), "UPSTREAM_PROXY_REJECTED"),
    (
        "proxy_authentication_required",
        proxied(credential="user:password", upstream="http://127.0.0.1:1"),
        "UPSTREAM_PROXY_REJECTED",
    ),
    ("proxy_refused", proxied("502"), "UPSTREAM_UNREACHABLE"),
    ("proxy_refused", proxied("no http"), "UPSTREAM_UNREACHABLE"),
    ("proxy_closed", proxied("hangs up"), "UPSTREAM_UNREACHABLE"),
]


def ask(bridge: Bridge) -> Any:
    return bridge.models.ListModels(models_pb2.ListModelsRequest())


def warnings(logs: Any) -> list[str]:
    return [
        line["cause"] for line in logs if line["event"].startswith("upstream can") and line["log_level"] == "warning"
    ]


@pytest.mark.parametrize(
    ("cause", "situation", "reason"), SITUATIONS, ids=[f"{at} {row[0]}" for at, row in enumerate(SITUATIONS)]
)
async def test_each_cause(cause: str, situation: Situation, reason: str, ca_file: Path, gateway: Gateway) -> None:
    """The caller gets the cause in the status, and the operator one warning, however many calls fail."""
    async with AsyncExitStack() as stack:
        options = {"upstream_ca_file": ca_file, **await stack.enter_async_context(situation())}
        with capture_logs() as logs:
            async with start_bridge(gateway, **options) as bridge:
                failures = [await failed(ask(bridge)) for _ in range(2)]
    assert [failure.reason for failure in failures] == [reason] * 2
    assert [failure.metadata.get("cause") for failure in failures] == [cause] * 2
    assert warnings(logs) == [cause]
    assert [line.get("cause") for line in logs if line["event"] == "call"] == [cause] * 2
    (line,) = [line for line in logs if line.get("cause") == cause and line["log_level"] == "warning"]
    assert line["upstream"] == options["upstream_url"]
    assert line["problem"]
    assert line["advice"]
    assert ("proxy" in line) == ("upstream_proxy" in options)


async def test_changes_are_told_once_each(gateway: Gateway) -> None:
    """The first failure, another cause and the end of the outage are logged once each."""
    gateway.script(LIST)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with capture_logs() as logs:
            async with start_bridge(gateway, upstream_url=f"http://127.0.0.1:{port}", connect_timeout=0.2) as bridge:
                for _ in range(2):
                    await failed(ask(bridge))
                bound.listen(0)
                with socket.socket() as first, socket.socket() as second:
                    for filler in (first, second):
                        filler.setblocking(False)
                        filler.connect_ex(("127.0.0.1", port))
                    for _ in range(2):
                        await failed(ask(bridge))
                accepted, _ = await asyncio.to_thread(bound.accept)
                accepted.close()
                server = await asyncio.start_server(gateway.serve, sock=bound.dup())
                for _ in range(2):
                    await ask(bridge)
                server.close()
    assert warnings(logs) == ["connection_refused", "connect_timeout", "connect_timeout"]
    assert [line["event"] for line in logs if "upstream can" in line["event"]] == [
        "upstream cannot be reached",
        "upstream cannot be reached",
        "upstream can be reached again",
    ]


async def test_an_upstream_that_is_reached_is_not_mentioned(bridge: Bridge, gateway: Gateway) -> None:
    gateway.script(LIST)
    with capture_logs() as logs:
        await ask(bridge)
    assert warnings(logs) == []


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "x"), Cause.NAME_LOOKUP_FAILED),
        (UnicodeError("label too long"), Cause.NAME_NOT_FOUND),
        (PermissionError(13, "x"), Cause.PERMISSION_DENIED),
        (OSError("Multiple exceptions: [Errno 101] unreachable, [Errno 111] refused"), Cause.REFUSED),
        (OSError("Multiple exceptions: [Errno 101] unreachable, [Errno 113] no route"), Cause.UNREACHABLE),
        (ConnectionAbortedError("x"), Cause.CLOSED),
        (OSError(5, "input/output error"), Cause.OTHER),
        (certificate_error(18), Cause.CERTIFICATE_UNKNOWN_AUTHORITY),
        (certificate_error(23), Cause.CERTIFICATE_INVALID),  # revoked
        (certificate_error(64), Cause.CERTIFICATE_WRONG_HOST),
        (httpx.ConnectError("the transport was closed"), Cause.CLOSED),
    ],
    ids=repr,
)
def test_what_cannot_be_caused_here(error: Exception, cause: Cause) -> None:
    assert cause_of(error) is cause


async def test_a_host_with_two_addresses_that_fail_in_two_ways() -> None:
    """Causes are recognised in the joined texts that aiohappyeyeballs makes of several failures."""
    with refusing() as address:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
        with pytest.raises(OSError, match="Multiple exceptions") as caught:
            await start_connection([(*kind, ("224.0.0.1", 1)), (*kind, address)], happy_eyeballs_delay=0.01)
    assert cause_of(caught.value) is Cause.REFUSED


def test_servers_that_take_turns_to_fail_do_not_flood_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that fail in turn write ten lines a minute at most. After the minute the last change is logged."""
    now = 100.0
    monkeypatch.setattr("bridge.upstream.causes.time.monotonic", lambda: now)
    reachability = Reachability(upstream="http://127.0.0.1/v1")
    with capture_logs() as logs:
        for _ in range(1000):
            reachability.failed(Cause.REFUSED)
            reachability.reached()
        assert len(logs) == 10
        reachability.failed(Cause.TIMEOUT)
        assert len(logs) == 10
        now += 60.0
        for _ in range(2):
            reachability.failed(Cause.TIMEOUT)
    assert [line["cause"] for line in logs[9:]] == ["connection_refused", "connect_timeout"]
