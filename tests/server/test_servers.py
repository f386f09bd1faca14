"""The second server of a drain: clients that know one pod only ask DNS while it still serves them."""

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from structlog.testing import capture_logs

from aibridge.client import HEADLESS_SERVICE_CONFIG, OPTIONS, SERVICE_CONFIG
from aibridge.v1 import chat_pb2, models_pb2, models_pb2_grpc
from bridge import settings
from bridge.server import app, drain, servers, steering
from bridge.server.drain import Drain
from bridge.settings import SettingsError
from tests.support import dns
from tests.support.bridge import Bridge, start_bridge
from tests.support.gateway import Gateway, respond_json, sse
from tests.support.http2 import Connection
from tests.support.load import Load, script
from tests.support.payloads import CHUNK, LAST
from tests.support.processes import channel_to, free_port
from tests.support.wait import until

pytestmark = pytest.mark.alone

LIST = models_pb2.ListModelsRequest()
MODELS = respond_json({"object": "list", "data": [{"id": "m", "object": "model"}]})
#: Seconds of the drain, and of its end in which the second server serves.
DELAY, REPLACEMENT = 1.6, 0.8
#: On a busy machine this process may stand still for seconds, in which the bridge must not give up its gateway.
DRAIN = {"drain_delay": DELAY, "connect_timeout": 60}
PICK_FIRST = {"loadBalancingConfig": [{"pick_first": {}}]}


@pytest.fixture(autouse=True)
def _sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "REPLACEMENT_SECONDS", REPLACEMENT)


@pytest.mark.parametrize(
    ("config", "leaving"),
    [
        pytest.param(HEADLESS_SERVICE_CONFIG, 1, id="headless, the only pod"),
        pytest.param(HEADLESS_SERVICE_CONFIG, 2, id="headless, both pods", marks=pytest.mark.slow),
        pytest.param(SERVICE_CONFIG, 1, id="service, the only pod", marks=pytest.mark.slow),
        pytest.param(SERVICE_CONFIG, 2, id="service, both pods", marks=pytest.mark.slow),
        pytest.param(PICK_FIRST, 1, id="pick_first, the only pod", marks=pytest.mark.slow),
        pytest.param(PICK_FIRST, 2, id="pick_first, both pods", marks=pytest.mark.slow),
    ],
)
async def test_clients_that_know_only_pods_that_stop(gateway: Gateway, config: dict[str, Any], leaving: int) -> None:
    """They ask DNS only when a connection ends. Not one call of a load that never pauses fails."""
    gateway.script(script)
    port = free_port()
    hosts = [f"127.0.0.{number}" for number in (2, 3, 4)]
    async with AsyncExitStack() as stack:
        names = await stack.enter_async_context(dns.running())
        started = [start_bridge(gateway, listen=f"{host}:{port}", **DRAIN) for host in hosts]
        bridges = [await stack.enter_async_context(bridge) for bridge in started]
        names.hosts = hosts[:leaving]
        options = {**dict(OPTIONS), "grpc.service_config": json.dumps(config), "grpc.use_local_subchannel_pool": 1}
        async with grpc.aio.insecure_channel(names.target(port), options=list(options.items())) as channel:
            load = Load(channel)
            running = asyncio.create_task(load.run(4))
            await _served(gateway, 40, running)
            names.hosts = hosts[leaving:]
            await asyncio.gather(*(bridge.app.stop(delay=DELAY, grace=5) for bridge in bridges[:leaving]))
            await _served(gateway, 20, running)
            load.stop()
            await asyncio.wait_for(running, 10)


async def _served(gateway: Gateway, more: int, load: asyncio.Task[None]) -> None:
    """Until the gateway has got so many further requests; at once if the load has failed."""
    share = asyncio.create_task(gateway.exchange(len(gateway.requests) + more))
    await asyncio.wait({share, load}, return_when=asyncio.FIRST_COMPLETED)
    share.cancel()
    if load.done():
        await load


@pytest.mark.slow
async def test_clients_that_find_no_other_pod_are_waited_for(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new pod is late: DNS names nothing, then the new one. The bridge serves on, and its connections end often."""
    monkeypatch.setattr(drain, "_QUIET_SECONDS", 0.5)
    gateway.script(script)
    port = free_port()
    async with AsyncExitStack() as stack:
        names = await stack.enter_async_context(dns.running())
        hosts = ["127.0.0.2", "127.0.0.3"]
        started = [start_bridge(gateway, listen=f"{host}:{port}", **DRAIN) for host in hosts]
        bridges = [await stack.enter_async_context(bridge) for bridge in started]
        names.hosts = hosts[:1]
        options = {**dict(OPTIONS), "grpc.service_config": json.dumps(HEADLESS_SERVICE_CONFIG)}
        options["grpc.use_local_subchannel_pool"] = 1
        async with grpc.aio.insecure_channel(names.target(port), options=list(options.items())) as channel:
            load = Load(channel)
            running = asyncio.create_task(load.run(4))
            await _served(gateway, 40, running)
            stop = asyncio.create_task(bridges[0].app.stop(delay=DELAY, grace=20))
            names.hosts = []
            await asyncio.wait({stop, running}, timeout=DELAY + 1.5, return_when=asyncio.FIRST_COMPLETED)
            assert not stop.done()
            names.hosts = hosts[1:]
            assert await asyncio.wait_for(stop, 10) == 0
            await _served(gateway, 20, running)
            load.stop()
            await asyncio.wait_for(running, 10)


@pytest.mark.slow
async def test_a_removed_pod_that_still_gets_calls_turns_before_its_end(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The kubelet may have stopped it, and then Kubernetes has not taken it out of the endpoints."""
    monkeypatch.setattr(drain, "_LEAVE_SECONDS", 9.0)
    gateway.script(script)
    port, notice = free_port(), tmp_path / "removed"
    options = {**dict(OPTIONS), "grpc.service_config": json.dumps(SERVICE_CONFIG)}
    chosen = {"listen": f"127.0.0.1:{port}", "health_listen": "127.0.0.1:0", "removal_notice": notice}
    async with (
        start_bridge(gateway, **DRAIN, **chosen) as bridge,
        channel_to(bridge.app.health_address) as channel,
        grpc.aio.insecure_channel(f"localhost:{port}", options=list(options.items())) as calls,
    ):
        load = Load(calls)
        running = asyncio.create_task(load.run(2))
        await _served(gateway, 10, running)
        notice.touch()
        now = asyncio.get_running_loop().time
        began = now()
        stop = asyncio.create_task(bridge.app.stop(delay=DELAY, grace=20))
        health = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(HealthCheckRequest(service="readiness"))
        assert (await watch.read()).status == HealthCheckResponse.SERVING
        assert (await watch.read()).status == HealthCheckResponse.NOT_SERVING
        assert now() - began > DELAY + 0.8
        others = await health.Check(HealthCheckRequest(service="aibridge.v1.ChatService"))
        assert others.status == HealthCheckResponse.SERVING  # it goes on
        load.stop()
        await asyncio.gather(running, stop)


@pytest.mark.slow
@pytest.mark.parametrize(("grace", "seconds"), [(0.0, 0.0), (1.0, 0.5), (60.0, 30.0)])
async def test_clients_that_stay_are_not_waited_for_for_ever(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, grace: float, seconds: float
) -> None:
    """Half of the grace is left for the calls that run, and 30 s are the limit."""
    limits = []

    async def until_quiet(_: Drain, latest: float) -> None:
        limits.append(latest)

    monkeypatch.setattr(Drain, "_until_quiet", until_quiet)
    async with start_bridge(gateway, drain_delay=DELAY) as bridge:
        began = asyncio.get_running_loop().time()
        assert await bridge.app.stop(delay=DELAY, grace=grace) == 0
    assert limits == [pytest.approx(began + DELAY + seconds, abs=0.24)]


async def test_a_replacement_that_takes_long_leaves_half_of_the_grace(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with many workers, each of which waits for its turn: it may end after the delay, or after the whole grace."""
    graces = []

    async def replace(*_: Any) -> bool:
        await asyncio.sleep(0.05)
        return True

    class Servers(servers.Servers):
        def stop(self, grace: float) -> asyncio.Future[list[None]]:
            graces.append(grace)
            return super().stop(grace)

    monkeypatch.setattr(Drain, "_replace_server", replace)
    monkeypatch.setattr(app, "Servers", Servers)
    async with start_bridge(gateway, drain_delay=DELAY) as bridge:
        bridge.app._servers.replacement_seconds = 0.02
        await bridge.app.stop(delay=0.03, grace=0.02)
    assert graces[0] == pytest.approx(0.01)


@pytest.mark.slow
async def test_a_call_of_the_first_server_outlives_both(gateway: Gateway) -> None:
    """A stream that began before the replacement ends in peace; the grace counts from the end of the delay."""
    go_on = asyncio.Event()

    gateway.script(sse(CHUNK, go_on, LAST))
    async with start_bridge(gateway, drain_delay=DELAY) as bridge:
        request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
        call = bridge.chat.CreateChatCompletionStream(request)
        assert (await call.read()).choices[0].delta.content == "one"
        began = asyncio.get_running_loop().time()
        stop = asyncio.create_task(bridge.app.stop(delay=DELAY, grace=5))
        await _replaced(bridge)
        gateway.script(MODELS)
        async with channel_to(bridge.address) as late:
            assert (await models_pb2_grpc.ModelsServiceStub(late).ListModels(LIST)).data[0].id == "m"
        await asyncio.wait({stop}, timeout=began + DELAY + 0.8 - asyncio.get_running_loop().time())
        assert not stop.done()
        go_on.set()
        assert (await call.read()).choices[0].delta.content == "two"
        assert await call.read() is grpc.aio.EOF
        assert await stop == 0


async def test_new_connections_reach_the_second_server(gateway: Gateway) -> None:
    """Also those that are made before the first one stops, which would be reset by it."""
    async with start_bridge(gateway, drain_delay=DELAY) as bridge:
        own = bridge.app._servers
        server = await own.prepare()
        assert server is not None
        made = await asyncio.to_thread(lambda: [Connection(bridge.address) for _ in range(30)])
        await own.replace(server, 0)
        for connection in made:
            await asyncio.to_thread(connection.read, 0.02)
            assert not connection.closed
            connection.close()


async def test_without_steering_the_kernel_spreads_connections(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where /proc is missing, the first server may get a connection until its port is closed, and cancel its calls.

    Then all connections reach the second server.
    """
    gateway.script(MODELS)
    async with AsyncExitStack() as stack:
        with monkeypatch.context() as patched:
            patched.setattr(steering, "_DESCRIPTORS", steering._DESCRIPTORS / "none")
            bridge = await stack.enter_async_context(start_bridge(gateway, drain_delay=DELAY))
            own = bridge.app._servers
            server = await own.prepare()
            assert server is not None
        port = {int(bridge.address.rpartition(":")[2])}
        both = len(steering.listening(port))
        await own.replace(server, 0)
        while len(steering.listening(port)) == both:  # noqa: ASYNC110 # gRPC's own threads close it
            await asyncio.sleep(0.02)
        for _ in range(5):
            assert (await bridge.models.ListModels(LIST)).data[0].id == "m"


async def _replaced(bridge: Bridge) -> None:
    while bridge.app._servers._replaced is None:  # noqa: ASYNC110 # set by the task of the stop
        await asyncio.sleep(0.02)


async def test_a_server_that_cannot_be_replaced(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log says so, and the drain goes on with the first server."""
    gateway.script(MODELS)

    def refused(*_: object) -> str:
        raise SettingsError("listen: cannot bind")

    async with start_bridge(gateway, drain_delay=DELAY) as bridge:
        monkeypatch.setattr(servers, "bind", refused)
        with capture_logs() as logs:
            stop = asyncio.create_task(bridge.app.stop(delay=DELAY))
            await until(lambda: any("not replaced" in line["event"] for line in logs))
        assert (await bridge.models.ListModels(LIST)).data[0].id == "m"
        assert await stop == 0


async def test_the_port_is_not_shared_with_another_bridge(gateway: Gateway) -> None:
    """Two servers of one bridge share it; a second bridge would get half of the calls."""
    async with start_bridge(gateway, drain_delay=DELAY) as bridge:
        with pytest.raises(SettingsError, match=f"listen: cannot bind {bridge.address}; it is taken"):
            await app.App(settings.load(listen=bridge.address, drain_delay=DELAY)).start()


@pytest.mark.parametrize(
    ("listen", "delay", "seconds"),
    [
        ("127.0.0.1:0", 2 * REPLACEMENT, REPLACEMENT),
        ("127.0.0.1:0", 1.5 * REPLACEMENT, 0),
        ("127.0.0.1:0,unix:/run/s", 2 * REPLACEMENT, 0),
    ],
)
async def test_when_there_is_a_second_server(listen: str, delay: float, seconds: float) -> None:
    chosen = settings.load(listen=listen, drain_delay=delay)
    assert servers.Servers(chosen, lambda _: None, lambda: None).replacement_seconds == seconds


def test_steering_leaves_other_sockets_alone() -> None:
    """Descriptors that do not listen, or no longer, are skipped."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        port = one.getsockname()[1]
        assert steering.listening({port}) == [one.fileno()]
        before = len(list(steering._DESCRIPTORS.iterdir()))
        steering.steer([0, other.fileno(), 10_000], 1)  # a socket that shares no port refuses it
        assert steering.listening({1}) == []
        assert len(list(steering._DESCRIPTORS.iterdir())) == before
    steering.steer([one.fileno()], 1)
