"""No connection to the upstream, or one that ends before the response."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest
import trustme
from structlog.testing import capture_logs

from tests.support import gateway as fake
from tests.support.bridge import Start, start_bridge
from tests.support.details import RPCS, failed, failed_either, verdict
from tests.support.gateway import Exchange, Script, respond_json
from tests.support.payloads import COMPLETION
from tests.support.responses import Hello, close, reset

Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(
    server: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """The port of a server that does not have to speak HTTP."""
    listener = await asyncio.start_server(server, "127.0.0.1", 0, limit=1024)
    async with listener:
        yield listener.sockets[0].getsockname()[1]


@contextmanager
def _full_listener() -> Iterator[int]:
    """The port of a socket whose queue of connections is full, so that the next one stays unanswered."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for taken in (first, second):
            taken.setblocking(False)
            with suppress(BlockingIOError):
                taken.connect(listener.getsockname())
        yield listener.getsockname()[1]


@RPCS
async def test_refused(rpc: str, start: Start, hello: Hello) -> None:
    """A refused connection is UPSTREAM_UNREACHABLE and may be retried, as nothing was sent."""
    async with start(upstream_url="http://127.0.0.1:9/v1") as bridge:
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_UNREACHABLE", None)
    assert "httpStatus" not in failure.metadata
    assert "127.0.0.1" not in failure.shown


@RPCS
async def test_unknown_host(rpc: str, start: Start, hello: Hello) -> None:
    """A host unknown to DNS is UPSTREAM_UNREACHABLE too."""
    async with start(upstream_url="http://nonexistent.invalid/v1") as bridge:
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_UNREACHABLE", None)
    assert "nonexistent" not in failure.shown


async def test_connect_timeout(start: Start, hello: Hello) -> None:
    """A connection that takes too long is UPSTREAM_UNREACHABLE too, for example to a listener with a full queue."""
    with _full_listener() as port:
        async with start(upstream_url=f"http://127.0.0.1:{port}/v1", connect_timeout=0.05) as bridge:
            failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_UNREACHABLE", None)


@RPCS
async def test_tls(rpc: str, hello: Hello) -> None:
    """A certificate that fails verification is UPSTREAM_TLS_ERROR: no retry, and an error in the operator's log."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with fake.running(ssl=context) as gateway, start_bridge(gateway) as bridge:
        with capture_logs() as logs:
            failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_TLS_ERROR", "-1")
    assert "certificate" in failure.message
    assert [line["log_level"] for line in logs if line.get("reason") == "UPSTREAM_TLS_ERROR"] == ["error"]


async def test_plain_http_instead_of_tls(start: Start, hello: Hello) -> None:
    """A server that does not speak TLS is UPSTREAM_TLS_ERROR too."""

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with listening(server) as port, start(upstream_url=f"https://127.0.0.1:{port}/v1") as bridge:
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_TLS_ERROR", "-1")


@RPCS
@pytest.mark.parametrize("end", [close, reset])
async def test_lost_before_the_response(rpc: str, end: Script, start: Start, hello: Hello) -> None:
    """A connection that ends before any byte of the response is UPSTREAM_CONNECTION_LOST.

    The upstream may have begun, so neither the bridge nor gRPC repeats the call. The caller may.
    """
    async with start(max_retries=2) as bridge:
        bridge.gateway.script(end)
        failure = await failed_either(bridge, rpc, hello)
        assert len(bridge.gateway.requests) == 1
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_CONNECTION_LOST", "-1")
    assert failure.delay_ms == 1000


async def test_lost_while_kept_alive(start: Start, hello: Hello) -> None:
    """A kept connection that the upstream closed meanwhile is replaced by a new one without a failure."""
    async with start() as bridge:
        bridge.gateway.script(respond_json(COMPLETION))
        await bridge.chat.CreateChatCompletion(hello)
        exchange = await bridge.gateway.exchange()
        exchange.writer.close()
        await exchange.writer.wait_closed()
        await asyncio.sleep(0.02)
        response = await bridge.chat.CreateChatCompletion(hello)
    assert response.choices[0].message.content == "hello"


@pytest.mark.parametrize("end", [close, reset])
async def test_lost_while_the_request_is_sent(end: Script, start: Start) -> None:
    """After a connection that ends while the request is sent, nobody knows what the upstream has done."""

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if end is reset:
            writer.transport.abort()
        writer.close()

    long = Hello(model="m", messages=[{"role": "user", "content": "x" * 20_000_000}])
    async with listening(server) as port, start(upstream_url=f"http://127.0.0.1:{port}/v1") as bridge:
        failure = await failed(bridge.chat.CreateChatCompletion(long))
    assert failure.code == "UNAVAILABLE"
    assert failure.reason in {"UPSTREAM_WRITE_FAILED", "UPSTREAM_CONNECTION_LOST"}
    assert (failure.pushback, failure.delay_ms) == ("-1", 1000)  # the caller decides, not gRPC


@RPCS
async def test_no_free_connection(rpc: str, start: Start, hello: Hello) -> None:
    """Without a free connection in time a call fails with BRIDGE_OVERLOADED and a delay; the running call continues."""
    async with start(upstream_connections=1, queue_timeout=0.05) as bridge:
        release = asyncio.Event()

        async def script(exchange: Exchange) -> None:
            await release.wait()
            await respond_json(COMPLETION)(exchange)

        bridge.gateway.script(script)
        first = asyncio.ensure_future(bridge.chat.CreateChatCompletion(hello))
        await bridge.gateway.exchange()
        failure = await failed_either(bridge, rpc, hello)
        release.set()
        assert (await first).choices[0].message.content == "hello"
        assert len(bridge.gateway.requests) == 1
        assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"
    assert verdict(failure) == ("RESOURCE_EXHAUSTED", "BRIDGE_OVERLOADED", "1000")
    assert failure.delay_ms == 1000
