"""Health: the results of probes, the effect of the upstream, the port without TLS, and channelz."""

import asyncio
import itertools
import os
import socket
import time
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from structlog.testing import capture_logs

from aibridge.v1 import models_pb2, models_pb2_grpc
from bridge import settings
from bridge.server.app import SERVICES, App
from bridge.server.health import CLIENT_NOTICE_SECONDS, LIVENESS, READINESS
from bridge.server.readiness import Hysteresis, pauses_until_ready
from bridge.server.removal import RemovalNotice
from bridge.upstream.probe import Probe
from tests.server.reflection import ask
from tests.support import gateway as fake
from tests.support.bridge import Bridge, Start, start_bridge
from tests.support.commands import invoke
from tests.support.gateway import Exchange, Script, after, respond, respond_json
from tests.support.processes import channel_to, free_port, serving

Check = health_pb2.HealthCheckRequest
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
KEY = {"upstream_api_key": "sk-of-the-bridge"}
#: Short intervals, so that tests need not wait.
OFTEN = {"upstream_check_interval": 0.005}
MODELS = respond_json({"object": "list", "data": [{"id": "m", "object": "model"}]})


async def status(channel: grpc.aio.Channel, service: str) -> int:
    return (await health_pb2_grpc.HealthStub(channel).Check(Check(service=service))).status


async def until(channel: grpc.aio.Channel, service: str, wanted: int) -> None:
    """Wait until the service has this status, for a few seconds at most."""
    watch = health_pb2_grpc.HealthStub(channel).Watch(Check(service=service))
    async with asyncio.timeout(10):
        while (await watch.read()).status != wanted:
            pass
    watch.cancel()


@pytest.mark.parametrize(
    ("observations", "states"),
    [
        ("1", "1"),
        ("0", "0"),
        ("1001000", "1111110"),
        ("10001011", "11100001"),
        ("011", "001"),
        ("0101011", "0000001"),
    ],
)
def test_hysteresis(observations: str, states: str) -> None:
    """Three consecutive failures or two consecutive successes change the state.

    The first observation counts at once.
    """
    state = Hysteresis(failures=3, successes=2)
    seen = ""
    for observation in observations:
        state.note(good=observation == "1")
        seen += str(int(bool(state.good)))
    assert seen == states


async def test_alive_but_not_ready_in_the_drain(bridge: Bridge) -> None:
    """During the drain, the readiness probe fails and the liveness probe succeeds."""
    stub = health_pb2_grpc.HealthStub(bridge.channel)
    watch = stub.Watch(Check(service=READINESS))
    assert (await watch.read()).status == SERVING
    assert await status(bridge.channel, LIVENESS) == SERVING
    stop = asyncio.create_task(bridge.app.stop(delay=CLIENT_NOTICE_SECONDS))
    assert (await watch.read()).status == NOT_SERVING
    assert await status(bridge.channel, LIVENESS) == SERVING
    for service in ("", *SERVICES):
        assert await status(bridge.channel, service) == NOT_SERVING
    await asyncio.wait_for(stop, timeout=5)


@pytest.mark.alone
async def test_clients_are_told_later_than_kubernetes(bridge: Bridge) -> None:
    """`readiness` changes at once, the watched names shortly before the end, and calls are served until then.

    A client that left earlier would only have the other pods that it knows, which stop in a rollout too. A client that
    knows no other pod loses its calls in between.
    """
    loop = asyncio.get_running_loop()
    bridge.gateway.script(MODELS)
    names = ("", *SERVICES)
    began = loop.time()
    stop = asyncio.create_task(bridge.app.stop(delay=0.9))
    await until(bridge.channel, READINESS, NOT_SERVING)
    assert loop.time() - began < 0.3
    assert {await status(bridge.channel, name) for name in names} == {SERVING}
    assert (await bridge.models.ListModels(models_pb2.ListModelsRequest())).data[0].id == "m"
    for name in names:
        await until(bridge.channel, name, NOT_SERVING)
    turned = loop.time()
    assert turned - began >= 0.7
    assert (await bridge.models.ListModels(models_pb2.ListModelsRequest())).data[0].id == "m"
    assert await status(bridge.channel, LIVENESS) == SERVING
    await stop
    assert 0.05 < loop.time() - turned < 0.4


@pytest.mark.alone
@pytest.mark.parametrize("earlier", [False, True], ids=["this process", "an earlier one"])
async def test_a_pod_that_kubernetes_removes_stays_ready(start: Start, tmp_path: Path, *, earlier: bool) -> None:
    """Then a Service without another pod sends new connections to it. A notice for an earlier process is no notice."""
    notice = tmp_path / "removed"
    if earlier:
        notice.touch()
        os.utime(notice, (1, 1))
    async with start(removal_notice=notice) as bridge:
        if not earlier:
            notice.touch()
        began = asyncio.get_running_loop().time()
        stop = asyncio.create_task(bridge.app.stop(delay=0.9))
        await until(bridge.channel, READINESS, NOT_SERVING)
        turned = asyncio.get_running_loop().time() - began
        assert turned < 0.6 if earlier else turned > 0.6
        assert await status(bridge.channel, LIVENESS) == SERVING
        await stop


def test_a_notice_that_follows_at_once(tmp_path: Path) -> None:
    """It counts, though the time of a file lags behind the clock."""
    for index in range(200):
        notice = RemovalNotice(path := tmp_path / str(index))
        assert not notice.given()
        path.touch()
        assert notice.given()


HOUR = 3600.0


@pytest.mark.parametrize("seconds", [-HOUR, -0.005, 0.0, 0.005, HOUR])
def test_the_time_of_a_notice_does_not_matter(tmp_path: Path, seconds: float) -> None:
    """The clock may have been set since the start, or the file system may have another clock."""
    path = tmp_path / "removed"

    def write() -> None:
        path.write_text("\n")
        os.utime(path, (time.time() + seconds,) * 2)

    notice = RemovalNotice(path)
    write()
    assert notice.given()
    assert not RemovalNotice(path).given(), "it is of an earlier process"


@pytest.mark.parametrize("change", ["written again", "replaced"])
def test_a_notice_over_one_of_an_earlier_process(tmp_path: Path, change: str) -> None:
    """It counts, also if the earlier one has a time in the future."""
    path = tmp_path / "removed"
    path.touch()
    os.utime(path, (time.time() + HOUR,) * 2)
    notice = RemovalNotice(path)
    assert not notice.given()
    if change == "replaced":
        path.unlink()
        assert not notice.given()
    path.write_text("\n")
    assert notice.given()


@pytest.mark.parametrize("name", ["none", "file/below", "x" * 5000, "a\0b"], ids=["none", "no folder", "long", "NUL"])
def test_a_notice_that_cannot_be_read_is_no_notice(tmp_path: Path, name: str) -> None:
    """An error would end the drain at its beginning."""
    (tmp_path / "file").touch()
    assert not RemovalNotice(tmp_path / name).given()


async def test_a_drain_does_not_follow_the_upstream(start: Start, gateway: fake.Gateway) -> None:
    """During the drain, probes of the upstream change nothing."""
    good = asyncio.Event()
    good.set()

    async def script(exchange: Exchange) -> None:
        await (MODELS if good.is_set() else respond("", 503))(exchange)

    gateway.script(script)
    async with start(**KEY, **OFTEN) as bridge:
        await until(bridge.channel, READINESS, SERVING)
        stop = asyncio.create_task(bridge.app.stop(delay=1.4))
        await until(bridge.channel, READINESS, NOT_SERVING)
        good.clear()
        await gateway.exchange(len(gateway.requests) + 4)
        assert await status(bridge.channel, READINESS) == NOT_SERVING
        assert await status(bridge.channel, SERVICES[1]) == SERVING
        good.set()
        await gateway.exchange(len(gateway.requests) + 3)
        assert await status(bridge.channel, READINESS) == NOT_SERVING
        await stop


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("successes", [1, 2])
async def test_the_first_probe_is_repeated_soon(start: Start, gateway: fake.Gateway, successes: int) -> None:
    """If the upstream is down when a pod starts, the next probes come soon, whatever the interval."""
    responses = iter((respond("", 503), *(MODELS,) * 3))

    async def script(exchange: Exchange) -> None:
        await next(responses)(exchange)

    gateway.script(script)
    settled = {"upstream_check_interval": 60, "upstream_check_successes": successes}
    async with start(**KEY, **settled) as bridge:
        began = asyncio.get_running_loop().time()
        await until(bridge.channel, READINESS, SERVING)
        expected = {1: 1.0, 2: 3.0}[successes]
        assert 0.85 * expected < asyncio.get_running_loop().time() - began < 1.1 * expected + 0.5
        assert len(gateway.requests) == 1 + successes
        await asyncio.sleep(0.05)
        assert len(gateway.requests) == 1 + successes


@pytest.mark.slow
@pytest.mark.alone
async def test_recovery_does_not_wait_for_the_interval(start: Start, gateway: fake.Gateway) -> None:
    """After each outage the bridge is ready again within seconds, whatever the interval."""
    responses = iter("101011")  # one is enough here, in either direction

    async def script(exchange: Exchange) -> None:
        await (MODELS if next(responses, "1") == "1" else respond("", 503))(exchange)

    gateway.script(script)
    settled = {"upstream_check_interval": 1.6, "upstream_check_failures": 1, "upstream_check_successes": 1}
    async with start(**KEY, **settled) as bridge:
        for _ in range(2):
            await until(bridge.channel, READINESS, SERVING)
            await until(bridge.channel, READINESS, NOT_SERVING)
            began = asyncio.get_running_loop().time()
            await until(bridge.channel, READINESS, SERVING)
            assert 0.85 < asyncio.get_running_loop().time() - began < 1.4  # 1 s, not the interval


@pytest.mark.parametrize(
    ("interval", "pauses"), [(30, [1, 2, 4, 4, 4]), (3, [1, 2, 3, 3, 3]), (0.1, [0.1] * 5)], ids=str
)
def test_pauses_while_not_ready(interval: float, pauses: list[float]) -> None:
    """The pauses are 1, 2 and then 4 seconds, or the interval if that is shorter."""
    assert list(itertools.islice(pauses_until_ready(interval), 5)) == pauses


async def test_readiness_follows_the_upstream_slowly(start: Start, gateway: fake.Gateway) -> None:
    """Two failures change nothing, three do; one success changes nothing, two do. Liveness stays SERVING."""
    responses: asyncio.Queue[Script] = asyncio.Queue()

    async def script(exchange: Exchange) -> None:
        await (await responses.get())(exchange)

    gateway.script(script)
    async with start(**KEY, **OFTEN) as bridge:
        assert await status(bridge.channel, READINESS) == NOT_SERVING  # nothing is known yet
        for look, (response, ready) in enumerate(zip("100100010110", "111111000011", strict=True)):
            responses.put_nowait(MODELS if response == "1" else respond("", 503))
            await gateway.exchange(look + 1)  # the next probe has started, so this one was counted
            assert await status(bridge.channel, SERVICES[1]) == (SERVING if ready == "1" else NOT_SERVING), look
            assert await status(bridge.channel, READINESS) == await status(bridge.channel, SERVICES[1])
            assert await status(bridge.channel, "") == await status(bridge.channel, LIVENESS) == SERVING
    assert gateway.last.path == "/v1/models"
    assert gateway.last.headers["authorization"] == "Bearer sk-of-the-bridge"


async def silence(exchange: Exchange) -> None:
    await exchange.wait_closed()


async def hang_up(exchange: Exchange) -> None:
    exchange.reset()


@pytest.mark.parametrize(
    ("script", "ready"),
    [
        (respond("", 401), False),
        (respond("", 500), False),
        (respond("", 302, location="https://elsewhere.test"), False),
        (silence, False),
        (hang_up, False),
        (respond("", 403), True),
        (respond("", 404), True),
        (respond("", 429), True),
    ],
    ids=["401", "500", "302", "silence", "reset", "403", "404", "429"],
)
async def test_what_counts_as_reachable(start: Start, gateway: fake.Gateway, script: Script, *, ready: bool) -> None:
    """A failure of every call makes the bridge not ready; a status that depends on the call or the moment does not."""
    gateway.script(script)
    async with start(**KEY, **OFTEN, upstream_check_timeout=0.05 if script is silence else 10) as bridge:
        await gateway.exchange(1)  # the first probe was counted
        assert await status(bridge.channel, READINESS) == (SERVING if ready else NOT_SERVING)
        assert await status(bridge.channel, LIVENESS) == SERVING


async def test_without_a_credential_it_only_connects(gateway: fake.Gateway) -> None:
    """Without a credential it only connects, and sends no request."""
    gateway.url = f"http://127.0.0.1:{free_port()}/v1"
    async with start_bridge(gateway, **OFTEN) as bridge:
        assert await status(bridge.channel, READINESS) == NOT_SERVING
        address = ("127.0.0.1", int(gateway.url.split(":")[2].removesuffix("/v1")))
        with socket.create_server(address, reuse_port=True):
            await until(bridge.channel, READINESS, SERVING)
        await until(bridge.channel, READINESS, NOT_SERVING)
    assert not gateway.requests


async def test_a_look_that_goes_wrong_is_not_the_last(
    start: Start, gateway: fake.Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected exception counts as a failed probe, is logged, and does not stop the probes."""
    real, calls = Probe.problem, 0

    async def problem(self: Probe) -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("not foreseen")
        return await real(self)

    monkeypatch.setattr(Probe, "problem", problem)
    gateway.script(MODELS)
    with capture_logs() as log:
        async with start(**KEY, **OFTEN) as bridge:
            await until(bridge.channel, READINESS, SERVING)
    assert [line["event"] for line in log if line.get("log_level") != "debug"][:3] == [
        "upstream probe failed", "not ready", "ready",
    ]  # fmt: skip


async def test_nothing_is_asked_of_the_upstream_unless_wanted(bridge: Bridge) -> None:
    assert await status(bridge.channel, READINESS) == SERVING
    assert not bridge.gateway.requests


async def test_the_health_port_responds_health_and_nothing_else(start: Start) -> None:
    async with start(**KEY, health_listen="127.0.0.1:0") as bridge:
        assert bridge.app.health_address != bridge.address
        async with channel_to(bridge.app.health_address) as channel:
            for service in ("", LIVENESS, READINESS, *SERVICES):
                assert await status(channel, service) == SERVING
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await models_pb2_grpc.ModelsServiceStub(channel).ListModels(models_pb2.ListModelsRequest())
            assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_health_port_outlives_the_drain(start: Start) -> None:
    """The health port closes last, so that a bridge that finishes its streams is not restarted."""
    go_on = asyncio.Event()

    async with start(health_listen="127.0.0.1:0") as bridge, channel_to(bridge.app.health_address) as channel:
        bridge.gateway.script(after(go_on, MODELS))
        call = asyncio.ensure_future(bridge.models.ListModels(models_pb2.ListModelsRequest()))
        await bridge.gateway.exchange()
        stop = asyncio.create_task(bridge.app.stop(grace=10))
        await until(channel, READINESS, NOT_SERVING)
        assert await status(channel, LIVENESS) == SERVING
        go_on.set()
        assert (await call).data[0].id == "m"
        await asyncio.wait_for(stop, timeout=5)


async def test_a_health_port_that_is_taken(bridge: Bridge, gateway: fake.Gateway) -> None:
    app = App(settings.load(listen="127.0.0.1:0", health_listen=bridge.address, upstream_url=gateway.url))
    with pytest.raises(settings.SettingsError, match="health_listen: cannot bind"):
        await app.start()
    await app.stop()


async def test_probes_need_no_certificate_where_callers_do(start: Start, tmp_path: Path) -> None:
    """With mTLS on the main port, kubelets probe without TLS, and others with a client certificate."""
    authority = trustme.CA()
    server, caller = authority.issue_cert("127.0.0.1"), authority.issue_cert("ops.internal")
    files = {name: str(tmp_path / name) for name in ("chain", "key", "ca", "own", "own-key")}
    server.cert_chain_pems[0].write_to_path(files["chain"])
    server.private_key_pem.write_to_path(files["key"])
    authority.cert_pem.write_to_path(files["ca"])
    caller.cert_chain_pems[0].write_to_path(files["own"])
    caller.private_key_pem.write_to_path(files["own-key"])
    options = {
        "tls_certificate_file": files["chain"],
        "tls_key_file": files["key"],
        "tls_client_ca_file": files["ca"],
        "tls_client_names": "dns:ops.internal",
    }
    async with start(health_listen="127.0.0.1:0", **options) as bridge:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await status(bridge.channel, LIVENESS)  # without TLS
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        async with channel_to(bridge.app.health_address) as channel:
            assert await status(channel, LIVENESS) == await status(channel, READINESS) == SERVING
        own = ("--ca-file", files["ca"], "--certificate-file", files["own"], "--key-file", files["own-key"])
        result = await invoke("health", "--service", READINESS, "--target", bridge.address, *own)
        assert (result.code, result.out) == (0, "SERVING\n")


async def test_workers_share_the_health_port(gateway: fake.Gateway) -> None:
    health = f"127.0.0.1:{free_port()}"
    async with serving(gateway, "--workers", "2", "--health-listen", health) as process:
        for _ in range(8):  # several connections, to both
            async with channel_to(health) as channel:
                assert await status(channel, LIVENESS) == SERVING
        process.terminate()
        assert await process.ended() == 0
    assert [line["address"] for line in process.log if line["event"] == "health port"] == [health, health]


async def test_channelz_is_off_unless_asked_for(bridge: Bridge, start: Start) -> None:
    stub = channelz_pb2_grpc.ChannelzStub(bridge.channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetServers(channelz_pb2.GetServersRequest())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    async with start(channelz=True) as talkative:
        assert await status(talkative.channel, "") == SERVING
        stub = channelz_pb2_grpc.ChannelzStub(talkative.channel)
        servers = (await stub.GetServers(channelz_pb2.GetServersRequest())).server
        assert any(server.data.calls_succeeded for server in servers)
        names = (await ask(talkative.channel, "v1", list_services="")).list_services_response.service
        assert "grpc.channelz.v1.Channelz" in {service.name for service in names}
