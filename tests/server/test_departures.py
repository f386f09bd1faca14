"""The cause of a cancelled call in the log and the metrics: its caller, the end of its connection, or no message."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge.server import departures
from bridge.server.departures import CALLER, CONNECTION_LOST, NO_MESSAGE, Departures
from tests.support import scrape
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Gateway
from tests.support.relay import relay

Hello = chat_pb2.CreateChatCompletionRequest


async def hangs(exchange: Exchange) -> None:
    await exchange.wait_closed()


@pytest.fixture(autouse=True)
def _an_upstream_that_never_answers(gateway: Gateway) -> None:
    gateway.script(hangs)


@contextlib.asynccontextmanager
async def channel_to(address: str, **options: Any) -> AsyncIterator[grpc.aio.Channel]:
    chosen = {"grpc.use_local_subchannel_pool": 1, "grpc.enable_retries": 0, **options}
    async with grpc.aio.insecure_channel(address, options=list(chosen.items())) as channel:
        yield channel


async def ended(logs: list[Any], calls: int = 1) -> list[str | None]:
    """The causes in the log lines of cancelled calls, once there are this many."""
    async with asyncio.timeout(5):
        while sum(line["event"] == "call" for line in logs) < calls:  # noqa: ASYNC110 # written by the bridge's tasks
            await asyncio.sleep(0.01)
    lines = [line for line in logs if line["event"] == "call"]
    assert {line["code"] for line in lines} == {"CANCELLED"}
    return [line.get("cancel_cause") for line in lines]


def counted(bridge: Bridge) -> dict[str, float]:
    seen = scrape.of([bridge.app.metrics])
    return {
        cause: seen.sum("aibridge_calls_cancelled_total", cause=cause)
        for cause in (CALLER, CONNECTION_LOST, NO_MESSAGE)
    }


RPCS = pytest.mark.parametrize("rpc", ["CreateChatCompletion", "CreateChatCompletionStream"])


def called(channel: grpc.aio.Channel, rpc: str, hello: Hello) -> tuple[Any, "asyncio.Future[Any]"]:
    """A call, and a task that waits for its end."""
    call = getattr(chat_pb2_grpc.ChatServiceStub(channel), rpc)(hello)
    return call, asyncio.ensure_future(call.code())


@RPCS
async def test_the_caller_cancels(start: Start, gateway: Gateway, hello: Hello, rpc: str) -> None:
    with capture_logs() as logs:
        async with start() as bridge, channel_to(bridge.address) as channel:
            call, code = called(channel, rpc, hello)
            await gateway.exchange()
            call.cancel()
            assert await ended(logs) == [None]
            assert counted(bridge) == {CALLER: 1, CONNECTION_LOST: 0, NO_MESSAGE: 0}
            assert await code is grpc.StatusCode.CANCELLED


@RPCS
async def test_the_connection_breaks(start: Start, gateway: Gateway, hello: Hello, rpc: str) -> None:
    with capture_logs() as logs:
        async with start() as bridge, relay(bridge.address) as (address, cut), channel_to(address) as channel:
            _, code = called(channel, rpc, hello)
            await gateway.exchange()
            cut()
            assert await ended(logs) == [CONNECTION_LOST]
            assert counted(bridge) == {CALLER: 0, CONNECTION_LOST: 1, NO_MESSAGE: 0}
            assert await code is grpc.StatusCode.UNAVAILABLE


@pytest.mark.slow
async def test_the_bridge_ends_the_connection(start: Start, gateway: Gateway, hello: Hello) -> None:
    """A client that pings too often gets GOAWAY, which is not counted as its own cancellation."""
    eager = {"grpc.keepalive_time_ms": 10, "grpc.http2.max_pings_without_data": 0}
    with capture_logs() as logs:
        async with start() as bridge, channel_to(bridge.address, **eager) as channel:
            _, code = called(channel, "CreateChatCompletionStream", hello)
            await gateway.exchange()
            assert await asyncio.wait_for(code, 10) is grpc.StatusCode.UNAVAILABLE
            assert await ended(logs) == [CONNECTION_LOST]


async def test_one_connection_of_several(start: Start, gateway: Gateway, hello: Hello) -> None:
    """Calls of a broken connection are told apart from calls that were cancelled at the same time on another one."""
    with capture_logs() as logs:
        async with (
            start() as bridge,
            relay(bridge.address) as (address, cut),
            channel_to(address) as broken,
            channel_to(bridge.address) as sound,
        ):
            lost = [called(broken, "CreateChatCompletion", hello) for _ in range(3)]
            kept = [called(sound, "CreateChatCompletion", hello) for _ in range(2)]
            await gateway.exchange(4)
            cut()
            for call, _ in kept:
                call.cancel()
            causes = await ended(logs, 5)
            assert sorted(causes, key=str) == [None, None, *[CONNECTION_LOST] * 3]
            assert counted(bridge) == {CALLER: 2, CONNECTION_LOST: 3, NO_MESSAGE: 0}
            await asyncio.gather(*(code for _, code in [*lost, *kept]))


@pytest.mark.parametrize("listen", ["[::1]:0", "[::]:0"])
async def test_by_ipv6(start: Start, gateway: Gateway, hello: Hello, listen: str) -> None:
    """An IPv4 connection to a socket for both versions is found too."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    with capture_logs() as logs:
        async with start(listen=listen) as bridge:
            port = bridge.address.rpartition(":")[2]
            for host in ("[::1]", "127.0.0.1") if listen.startswith("[::]") else ("[::1]",):
                async with channel_to(f"{host}:{port}") as channel:
                    before = len(gateway.exchanges)
                    call, code = called(channel, "CreateChatCompletion", hello)
                    await gateway.exchange(before)
                    call.cancel()
                    await code
                    assert set(await ended(logs)) == {None}
            assert counted(bridge)[CONNECTION_LOST] == 0


async def test_a_unix_socket_has_no_table(start: Start, gateway: Gateway, hello: Hello, tmp_path: Path) -> None:
    """On a unix socket the cause is unknown, and the caller counts as the cause."""
    with capture_logs() as logs:
        async with start(listen=f"unix:{tmp_path}/b") as bridge, channel_to(bridge.address) as channel:
            call, code = called(channel, "CreateChatCompletion", hello)
            await gateway.exchange()
            call.cancel()
            assert await ended(logs) == [None]
            await code


@RPCS
@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip], ids=["too large", "compressed"])
async def test_a_message_that_core_refuses(start: Start, rpc: str, compression: grpc.Compression | None) -> None:
    """The caller gets core's status. The bridge only sees that the call ends, and does not say that the caller left."""
    with capture_logs() as logs:
        async with start(max_message_bytes=2048) as bridge, channel_to(bridge.address) as channel:
            call = channel.unary_unary(f"/aibridge.v1.ChatService/{rpc}")(bytes(3000), compression=compression)
            expected = grpc.StatusCode.UNIMPLEMENTED if compression else grpc.StatusCode.RESOURCE_EXHAUSTED
            assert await call.code() is expected
            assert await ended(logs) == [NO_MESSAGE]
            assert counted(bridge) == {CALLER: 0, CONNECTION_LOST: 0, NO_MESSAGE: 1}


async def test_a_connection_that_ends_before_the_message(start: Start) -> None:
    with capture_logs() as logs:
        async with start() as bridge, relay(bridge.address) as (address, cut), channel_to(address) as channel:
            call = channel.stream_unary("/aibridge.v1.ChatService/CreateChatCompletion")()
            async with asyncio.timeout(5):
                while not scrape.of([bridge.app.metrics]).sum("grpc_server_started_total"):  # noqa: ASYNC110 # as above
                    await asyncio.sleep(0.01)
            cut()
            assert await call.code() is grpc.StatusCode.UNAVAILABLE
            assert await ended(logs) == [CONNECTION_LOST]


async def test_what_is_left_is_written_at_the_stop(
    start: Start, gateway: Gateway, hello: Hello, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(departures, "_SETTLE_SECONDS", 600.0)
    with capture_logs() as logs:
        async with start() as bridge, channel_to(bridge.address) as channel:
            call, code = called(channel, "CreateChatCompletion", hello)
            exchange = await gateway.exchange()
            call.cancel()
            await asyncio.wait_for(exchange.wait_closed(), 5)
            await code
            assert not [line for line in logs if line["event"] == "call"]
            await asyncio.wait_for(bridge.app.stop(), 5)
            assert len([line for line in logs if line["event"] == "call"]) == 1


async def test_the_table_is_read_once_for_all_and_not_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One check serves all calls that end together, and the next check waits longer the more expensive it is."""
    looks: list[float] = []
    loop = asyncio.get_running_loop()

    def slow() -> set[str]:
        looks.append(loop.time())
        time.sleep(0.01)
        return set()

    monkeypatch.setattr(departures, "_established", slow)
    this = Departures()
    for calls in (1000, 1):
        told: list[str] = []
        done = asyncio.Event()
        for _ in range(calls):
            this.note("ipv4:127.0.0.1:1", told.append)
        this.note("ipv4:127.0.0.1:1", lambda _: done.set())  # noqa: B023 # reported in this round
        await asyncio.wait_for(done.wait(), 5)
        assert told == [CONNECTION_LOST] * calls
    assert len(looks) == 2
    assert looks[1] - looks[0] > 0.01 * 20
    await this.close()


@pytest.mark.parametrize("text", ["", "ipv4:", "unix:", "unix:/a/b:1", "inproc", "vsock:3:4", "unknown"])
def test_peers_that_no_table_has(text: str) -> None:
    assert not departures._is_lost(text, set())
