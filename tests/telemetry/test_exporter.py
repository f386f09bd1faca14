"""The port of the metrics, of one process and of several, also when one dies."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge import settings
from bridge.settings import SettingsError
from bridge.telemetry import exporter
from bridge.telemetry import port as port_module
from bridge.telemetry.series import gauge
from tests.support import scrape
from tests.support.gateway import Gateway, respond_json
from tests.support.payloads import COMPLETION
from tests.support.processes import Process, address_of, channel_to, children, serving
from tests.support.scrape import Scrape
from tests.support.wait import until

Hello = chat_pb2.CreateChatCompletionRequest
METRICS = ("--metrics-listen", "127.0.0.1:0")
COUNT = "grpc_server_handled_total"


async def say_hello(process: Process, hello: Hello, times: int) -> None:
    """Make this many calls, each on its own connection, so that all workers get some."""
    for _ in range(times):
        async with channel_to(process.address) as channel:
            await chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(hello)


async def scraped(address: str, condition: Callable[[Scrape], bool]) -> Scrape:
    """Wait for a scrape with this property."""
    async with asyncio.timeout(20):
        while not condition(seen := await scrape.get(address)):  # noqa: ASYNC110 # of other processes
            await asyncio.sleep(0.02)
    return seen


async def test_one_process(gateway: Gateway, hello: Hello) -> None:
    """A single process serves its own metrics and those of the process, in both of Prometheus's formats."""
    gateway.script(respond_json(COMPLETION))
    async with serving(gateway, *METRICS) as process:
        address = await address_of(process)
        await say_hello(process, hello, 3)
        seen = await scrape.get(address)
        assert seen.sum(COUNT) == 3
        assert seen.sum("process_resident_memory_bytes") > 10 << 20
        assert seen.sum("aibridge_log_lines_dropped_total") == 0
        assert not seen.values(COUNT, "worker") - {""}
        openmetrics = await scrape.get(address, "application/openmetrics-text; version=1.0.0")
        assert openmetrics.text.endswith("# EOF\n")
        process.terminate()
        assert await process.ended() == 0


@pytest.mark.slow
async def test_two_workers_one_of_which_is_killed(gateway: Gateway, hello: Hello) -> None:
    """Each worker has its own series. A worker that is killed starts at zero; the other continues."""
    gateway.script(respond_json(COMPLETION))
    async with serving(gateway, "--workers", "2", *METRICS) as process:
        address = await address_of(process)
        await say_hello(process, hello, 24)
        seen = await scrape.get(address)
        assert seen.sum(COUNT) == 24
        assert seen.values(COUNT, "worker") == {"0", "1"}
        assert [seen.sum("aibridge_worker_up", worker=name) for name in "01"] == [1, 1]
        counts = [seen.sum(COUNT, worker=name) for name in "01"]
        pids = {name: seen.sum("process_start_time_seconds", worker=name) for name in "01"}
        assert set(pids) == {"0", "1"}

        os.kill(children(process.pid)[0], signal.SIGKILL)
        seen = await scraped(address, lambda now: now.sum("aibridge_worker_restarts_total") == 1 and _up(now) == 2)
        restarted = [name for name in "01" if seen.sum("aibridge_worker_restarts_total", worker=name)]
        assert len(restarted) == 1
        other = "1" if restarted == ["0"] else "0"
        assert seen.sum(COUNT, worker=restarted[0]) == 0
        assert seen.sum(COUNT, worker=other) == counts[int(other)]
        await say_hello(process, hello, 5)
        assert (await scrape.get(address)).sum(COUNT) == counts[int(other)] + 5
        process.terminate()
        assert await process.ended() == 0


def _up(seen: Scrape) -> float:
    return seen.sum("aibridge_worker_up")


@pytest.mark.slow
async def test_a_worker_that_does_not_respond(gateway: Gateway, hello: Hello) -> None:
    """A scrape omits a worker that does not respond, and a late response does not count for a later scrape."""
    gateway.script(respond_json(COMPLETION))
    async with serving(gateway, "--workers", "2", *METRICS) as process:
        address = await address_of(process)
        await say_hello(process, hello, 12)
        before = await scrape.get(address)
        stopped = children(process.pid)[0]
        os.kill(stopped, signal.SIGSTOP)
        try:
            seen = await scrape.get(address)
            assert _up(seen) == 1
            assert seen.sum(COUNT) < 12
        finally:
            os.kill(stopped, signal.SIGCONT)
        seen = await scraped(address, lambda now: _up(now) == 2)
        assert seen.sum(COUNT) == before.sum(COUNT) == 12


async def test_the_port_is_taken() -> None:
    """If an explicit address is taken, the bridge does not start. Without the default one, it starts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        chosen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=r"metrics_listen: cannot bind"):
            exporter.listen(settings.load(metrics_listen=chosen), [])
    default = settings.load()
    try:
        held = socket.create_server(("127.0.0.1", 9464))
    except OSError:  # taken by the test or by another program
        held = socket.socket()
    with held:
        assert exporter.listen(default, []) is None


async def test_a_connection_that_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without a request does not occupy a thread for ever."""
    monkeypatch.setattr(port_module._Handler, "timeout", 0.05)
    port = exporter.listen(settings.load(metrics_listen="127.0.0.1:0"), [])
    assert port is not None
    reader, writer = await asyncio.open_connection(*port.address.split(":"))
    writer.write(b"GET /metrics HTTP/1.1\r\n")
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    await scrape.get(port.address)
    await asyncio.to_thread(port.close)


class Slow:
    """Scrapers that send a byte at a time, or do not read the response."""

    def __init__(self, address: str, count: int) -> None:
        host, _, number = address.rpartition(":")
        self.connections = [socket.create_connection((host, int(number)), timeout=5) for _ in range(count)]

    def say(self, data: bytes) -> None:
        for connection in self.connections:
            with suppress(OSError):
                connection.sendall(data)

    def ended(self) -> int:
        """The number of connections that the other side has closed."""
        count = 0
        for connection in self.connections:
            connection.setblocking(False)
            with suppress(BlockingIOError):
                try:
                    count += connection.recv(1 << 20) == b""
                except ConnectionError:
                    count += 1
        return count

    def close(self) -> None:
        for connection in self.connections:
            connection.close()


def serving_threads() -> int:
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


@pytest.mark.slow
async def test_slow_scrapers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow scrapers get a bounded number of threads and seconds. Then the next scrape is served."""
    monkeypatch.setattr(port_module, "_MAX_SECONDS", 2.0)
    port = exporter.listen(settings.load(metrics_listen="127.0.0.1:0"), exporter.process())
    assert port is not None
    slow = await asyncio.to_thread(Slow, port.address, 60)
    slow.say(b"GET /metrics HT")
    most = 0

    def over() -> bool:
        nonlocal most
        most = max(most, serving_threads())
        slow.say(b"T")  # a byte at a time, each within the time limit
        return slow.ended() == 60 and serving_threads() == 0

    await until(over)
    assert 0 < most <= 16
    await scrape.get(port.address)
    slow.close()
    await asyncio.to_thread(port.close)


async def test_scrapers_that_do_not_read(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that do not read are closed, without log lines, and others are served meanwhile."""
    monkeypatch.setattr(port_module._Handler, "timeout", 0.2)

    class Large(Collector):
        def collect(self) -> Iterable[Metric]:
            yield gauge("large", "x" * (16 << 20), (), {(): 1.0})

    port = exporter.listen(settings.load(metrics_listen="127.0.0.1:0"), [Large()])
    assert port is not None
    slow = await asyncio.to_thread(Slow, port.address, 3)
    slow.say(b"GET /metrics HTTP/1.0\r\n\r\n")
    await scrape.get(port.address)
    await until(lambda: serving_threads() == 0)
    slow.close()
    await asyncio.to_thread(port.close)
    assert capfd.readouterr().err == ""


def test_off() -> None:
    """`off` opens no port."""
    assert exporter.listen(settings.load(metrics_listen="off"), []) is None


@pytest.mark.parametrize("address", ["", "9464", "unix:/tmp/a", "127.0.0.1:http", "127.0.0.1:70000"])
def test_no_address(address: str) -> None:
    """A value that is not an address is refused."""
    with pytest.raises(SettingsError, match="metrics_listen: must be"):
        settings.load(metrics_listen=address)


async def test_ipv6() -> None:
    """The address may be IPv6. Without IPv6 the error says so."""
    try:
        port = exporter.listen(settings.load(metrics_listen="[::1]:0"), [])
    except SettingsError as error:
        assert not Path("/proc/net/if_inet6").exists(), error  # noqa: PT017, ASYNC240
        return
    assert port is not None
    await scrape.get(port.address)
    port.close()
