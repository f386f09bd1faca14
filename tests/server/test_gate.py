"""Health, reflection and channelz: unknown callers can use few resources for a short time."""

import asyncio
from typing import Any

import grpc
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

from bridge.errors import BridgeError
from bridge.server import app
from bridge.server.gate import Bounds
from bridge.server.health import Health
from bridge.server.receive import Receiver
from tests.support.bridge import Bridge, Start
from tests.support.details import failed
from tests.support.http2 import calling

Request = health_pb2.HealthCheckRequest
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
#: The start of a message of 100 bytes.
HALF = b"\0\0\0\0\x64half"


@pytest.mark.parametrize("path", [CHECK, WATCH, REFLECTION])
@pytest.mark.parametrize(("size", "code"), [(1000, "OK"), (1100, "INVALID_ARGUMENT")])
async def test_the_size_of_a_request(bridge: Bridge, path: str, size: int, code: str) -> None:
    """A request over 1024 bytes is refused by each of these services."""
    service = "x" * size
    request = ServerReflectionRequest(file_by_filename=service) if path == REFLECTION else Request(service=service)
    call = bridge.channel.unary_stream(path)(request.SerializeToString())
    if code == "OK":
        if path == CHECK:  # an unknown service
            assert await call.code() is grpc.StatusCode.NOT_FOUND
        else:
            assert await call.read()
            call.cancel()
        return
    assert await call.code() is grpc.StatusCode[code]
    assert await call.details() == "the request is over the limit of 1024 bytes"


async def test_the_size_of_a_request_for_channelz(start: Start) -> None:
    """The same for channelz."""
    async with start(channelz=True) as bridge:
        call = bridge.channel.unary_unary("/grpc.channelz.v1.Channelz/GetServers")(b"\x1a\xff\x7f" + bytes(1 << 14))
        assert (await failed(call)).reason == "INVALID_REQUEST"
        stub = channelz_pb2_grpc.ChannelzStub(bridge.channel)
        assert (await stub.GetServers(channelz_pb2.GetServersRequest())).server


async def test_the_size_of_a_request_for_the_health_port(start: Start) -> None:
    """The same on the health port, where gRPC itself enforces it."""
    async with (
        start(health_listen="127.0.0.1:0") as bridge,
        grpc.aio.insecure_channel(bridge.app.health_address) as channel,
    ):
        stub = health_pb2_grpc.HealthStub(channel)
        assert (await stub.Check(Request())).status
        call = stub.Check(Request(service="x" * 1100))
        assert await call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_watches_of_a_connection(bridge: Bridge) -> None:
    """A connection may have 32 watches. When one ends, another may start."""
    stub = health_pb2_grpc.HealthStub(bridge.channel)
    watches = [stub.Watch(Request()) for _ in range(32)]
    for watch in watches:
        assert (await watch.read()).status
    assert await stub.Watch(Request()).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    async with grpc.aio.insecure_channel(bridge.address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        other = health_pb2_grpc.HealthStub(channel).Watch(Request())
        assert (await other.read()).status
        other.cancel()
    for watch in watches:
        watch.cancel()
    async with asyncio.timeout(5):
        while await (again := stub.Watch(Request())).read() is grpc.aio.EOF:
            pass
    again.cancel()


async def test_watches_in_all(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The total number of watches is limited too."""
    monkeypatch.setattr(app, "HEALTH", Bounds(max_calls=2, max_calls_of_connection=2, timeout=None))
    async with start() as bridge:
        channels = [
            grpc.aio.insecure_channel(bridge.address, options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(3)
        ]
        watches = [health_pb2_grpc.HealthStub(channel).Watch(Request()) for channel in channels[:2]]
        for watch in watches:
            assert (await watch.read()).status
        assert await health_pb2_grpc.HealthStub(channels[2]).Watch(Request()).code() is (
            grpc.StatusCode.RESOURCE_EXHAUSTED
        )
        for channel in channels:
            await channel.close()


async def test_people_do_not_stay(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reflection stream ends after a time limit."""
    monkeypatch.setattr(app, "TOOLS", Bounds(max_calls=2, max_calls_of_connection=2, timeout=0.05))
    async with start() as bridge, calling(bridge.address) as caller:
        assert await caller.code(await caller.call(REFLECTION)) == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("path", [CHECK, WATCH, REFLECTION])
async def test_only_the_newest_may_be_slow(bridge: Bridge, path: str) -> None:
    """Of the calls whose message is slow to arrive, only the newest stays, because gRPC buffers each of them."""
    async with calling(bridge.address) as caller:
        older, newer = [await caller.call(path, HALF) for _ in range(2)]
        assert await caller.code(older) == "DEADLINE_EXCEEDED"
        assert newer not in caller.connection.ended


async def test_who_waits_before_a_busy_moment_is_not_slow() -> None:
    """Checks are counted, not seconds: a message that arrived while the event loop was busy is accepted."""

    class Context:
        def __init__(self) -> None:
            self.message: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def read(self) -> bytes:
            return await self.message

    receiver, contexts = Receiver(5, max_slow=0), [Context(), Context()]
    loop = asyncio.get_running_loop()
    calls = [asyncio.create_task(receiver.only(context, loop.time() + 60)) for context in contexts]  # type: ignore[arg-type]
    await asyncio.sleep(0.02)
    blocked = loop.time() + 0.3
    while loop.time() < blocked:
        pass
    contexts[0].message.set_result(b"x")
    assert await calls[0] == b"x"
    with pytest.raises(BridgeError, match="REQUEST_TIMEOUT"):
        await calls[1]


async def test_a_failure_inside(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is INTERNAL, without its text."""

    async def check(*_: Any) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(Health, "Check", check)
    async with start() as fresh:
        call = health_pb2_grpc.HealthStub(fresh.channel).Check(Request())
        failure = await failed(call)
    assert failure.code == "INTERNAL"
    assert "secret" not in failure.shown
