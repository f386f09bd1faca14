"""The server around the services: health, reflection, start and stop, and where it may listen."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionResponse

from aibridge.v1 import chat_pb2
from bridge import settings
from bridge.server.app import SERVICES, App
from tests.server.reflection import ask
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Gateway, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST

Request = chat_pb2.CreateChatCompletionRequest
SERVING = health_pb2.HealthCheckResponse.SERVING
REFLECTION = {
    "v1": "grpc.reflection.v1.ServerReflection",
    "v1alpha": "grpc.reflection.v1alpha.ServerReflection",
}
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.mark.parametrize("service", ["", *SERVICES])
async def test_health_of_each_service(bridge: Bridge, service: str) -> None:
    stub = health_pb2_grpc.HealthStub(bridge.channel)
    assert (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status == SERVING


async def test_health_of_an_unknown_service(bridge: Bridge) -> None:
    stub = health_pb2_grpc.HealthStub(bridge.channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service"))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_watch_does_not_hold_up_the_stop(bridge: Bridge) -> None:
    """A watcher gets NOT_SERVING, its call ends with OK, and the stop does not wait for it."""
    watch = health_pb2_grpc.HealthStub(bridge.channel).Watch(health_pb2.HealthCheckRequest())
    assert (await watch.read()).status == SERVING
    await asyncio.wait_for(bridge.app.stop(grace=30), timeout=5)
    assert (await watch.read()).status == NOT_SERVING
    assert await watch.read() is grpc.aio.EOF
    assert await watch.code() is grpc.StatusCode.OK


async def test_a_watch_that_begins_after_the_end_of_watches(bridge: Bridge) -> None:
    """It ends at once with OK: the stop would wait for it."""
    bridge.app._health.end_watches()
    watch = health_pb2_grpc.HealthStub(bridge.channel).Watch(health_pb2.HealthCheckRequest())
    assert await asyncio.wait_for(watch.read(), 5) is grpc.aio.EOF
    assert await watch.code() is grpc.StatusCode.OK


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection(bridge: Bridge, version: str) -> None:
    """Both versions list all services and return the files that describe them."""
    response = await ask(bridge.channel, version, list_services="")
    names = {service.name for service in response.list_services_response.service}
    assert names >= {*SERVICES, "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"}
    response = await ask(bridge.channel, version, file_containing_symbol=SERVICES[1])
    file = descriptor_pb2.FileDescriptorProto.FromString(response.file_descriptor_response.file_descriptor_proto[0])
    assert file.package == "aibridge.v1"
    assert file.service[0].method[1].server_streaming


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_every_listed_service_can_be_described(start: Start, version: str) -> None:
    """Every listed service can be described with its methods and messages, including reflection itself."""
    async with start(channelz=True) as bridge:
        listed = await ask(bridge.channel, version, list_services="")
        names = {service.name for service in listed.list_services_response.service}
        for name in names:
            response = await ask(bridge.channel, version, file_containing_symbol=name)
            pool = pool_of(response)
            service = pool.FindServiceByName(name)
            assert service.methods
            for method in service.methods:
                again = await ask(bridge.channel, version, file_containing_symbol=method.input_type.full_name)
                assert pool_of(again).FindMessageTypeByName(method.input_type.full_name)
                by_name = await ask(bridge.channel, version, file_by_filename=service.file.name)
                assert pool_of(by_name).FindServiceByName(name)
    assert names == {*SERVICES, *REFLECTION.values(), "grpc.health.v1.Health", "grpc.channelz.v1.Channelz"}


def pool_of(response: ServerReflectionResponse) -> DescriptorPool:
    """The files of a response, assembled as a client does. They are not in the order of their imports."""
    files = [
        descriptor_pb2.FileDescriptorProto.FromString(data)
        for data in response.file_descriptor_response.file_descriptor_proto
    ]
    pool = DescriptorPool()
    known: set[str] = set()
    while files:
        ready = [file for file in files if known >= set(file.dependency)]
        assert ready, f"an import is missing: {[file.name for file in files]}"
        for file in ready:
            pool.Add(file)
            known.add(file.name)
            files.remove(file)
    return pool


async def test_the_descriptor_of_v1(bridge: Bridge) -> None:
    """The descriptor of `v1` has no name of the package of `v1alpha`."""
    files = {}
    for version, name in REFLECTION.items():
        response = await ask(bridge.channel, "v1", file_containing_symbol=name)
        (data,) = response.file_descriptor_response.file_descriptor_proto
        files[version] = descriptor_pb2.FileDescriptorProto.FromString(data)
    assert files["v1"].name == "grpc/reflection/v1/reflection.proto"
    assert "v1alpha" not in str(files["v1"])
    files["v1alpha"].name = "grpc/reflection/v1alpha/reflection.proto"
    assert str(files["v1"]) == str(files["v1alpha"]).replace("v1alpha", "v1")
    method = f"{files['v1'].package}.ServerReflection.ServerReflectionInfo"
    assert (await ask(bridge.channel, "v1alpha", file_containing_symbol=method)).HasField("file_descriptor_response")


@pytest.mark.parametrize("more", [("--list-methods",), ("--list-services",)])
async def test_reflection_with_buf(start: Start, more: tuple[str, ...]) -> None:
    """buf, another project's client, can describe everything that is listed."""
    buf = Path(sys.executable).with_name("buf")
    if not buf.exists():
        pytest.skip("needs buf, which `make` installs")
    async with start(channelz=True) as bridge:
        options = ("--http2-prior-knowledge", "--protocol", "grpc", f"http://{bridge.address}")
        process = await asyncio.create_subprocess_exec(buf, "curl", *more, *options, stdout=PIPE, stderr=PIPE)
        out, problem = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, problem
    for name in ("grpc.reflection.v1.ServerReflection", "grpc.channelz.v1.Channelz", SERVICES[1]):
        assert name in out.decode()


@pytest.mark.parametrize("kind", ["", ".CreateChatCompletion"])
async def test_reflection_finds_services_and_methods(bridge: Bridge, kind: str) -> None:
    """Symbols are `<package>.<service>[.<method>]`; ghz asks for the method."""
    response = await ask(bridge.channel, "v1alpha", file_containing_symbol=f"aibridge.v1.ChatService{kind}")
    assert response.file_descriptor_response.file_descriptor_proto
    response = await ask(bridge.channel, "v1alpha", file_containing_symbol=f"aibridge.v1.NoService{kind}")
    assert response.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


async def test_reflection_can_be_switched_off(start: Start) -> None:
    async with start(reflection=False) as bridge:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await ask(bridge.channel, "v1", list_services="")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_stop_lets_a_stream_end(bridge: Bridge, hello: Request) -> None:
    """A stream that is open when the server stops goes on to its end, with OK."""
    go_on = asyncio.Event()

    bridge.gateway.script(sse(CHUNK, go_on, LAST))
    call = bridge.chat.CreateChatCompletionStream(hello)
    assert (await call.read()).choices[0].delta.content == "one"
    stop = asyncio.create_task(bridge.app.stop(grace=10))
    await asyncio.sleep(0.05)
    assert not stop.done()
    go_on.set()
    assert (await call.read()).choices[0].delta.content == "two"
    assert await call.code() is grpc.StatusCode.OK
    await asyncio.wait_for(stop, timeout=5)


async def test_connections_end_before_the_hold(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients get GOAWAY before the end of a call lets them call again on the same connection."""
    order: list[str] = []
    app = bridge.app
    server = app._servers._server
    stop, release = server.stop, app._in_flight.release

    async def noted(grace: float) -> None:
        order.append("stop")
        await stop(grace)

    monkeypatch.setattr(server, "stop", noted)
    monkeypatch.setattr(app._in_flight, "release", lambda: (order.append("release"), release()))
    await app.stop(grace=0.1)
    assert order == ["stop", "release"]


async def test_calls_are_served_during_the_drain_delay(bridge: Bridge, hello: Request) -> None:
    bridge.gateway.script(respond_json(COMPLETION))
    watch = health_pb2_grpc.HealthStub(bridge.channel).Watch(health_pb2.HealthCheckRequest())
    assert (await watch.read()).status == SERVING
    stop = asyncio.create_task(bridge.app.stop(delay=0.3, grace=5))
    assert (await watch.read()).status == NOT_SERVING
    assert (await bridge.chat.CreateChatCompletion(hello)).choices
    await asyncio.wait_for(stop, timeout=5)


async def test_the_port_of_another_bridge_is_refused(bridge: Bridge, gateway: Gateway) -> None:
    app = App(settings.load(listen=bridge.address, upstream_url=gateway.url))
    with pytest.raises(settings.SettingsError, match="cannot bind"):
        await app.start()
    await app.stop()


OPEN = "0.0.0.0:0"


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({}, True),
        ({"upstream_api_key": "sk-own-key"}, False),
        ({"upstream_oidc_token": "token"}, False),
        ({"upstream_api_key": "sk-own-key", "allow_anonymous_callers": True}, True),
        ({"upstream_api_key": "sk-own-key", "upstream_credentials": "caller"}, True),
        ({"upstream_api_key": "sk-own-key", "upstream_credentials": "none"}, True),
        ({"upstream_api_key": "sk-own-key", "listen": "[::1]:0"}, True),
        ({"upstream_api_key": "sk-own-key", "listen": "localhost:0"}, True),
    ],
)
def test_exposure(options: dict[str, str], *, allowed: bool) -> None:
    """With its own credential the bridge does not listen beyond loopback, unless a setting allows it."""
    if allowed:
        settings.load(**{"listen": OPEN, **options})
    else:
        with pytest.raises(settings.SettingsError, match="allow_anonymous_callers"):
            settings.load(**{"listen": OPEN, **options})


async def test_unknown_method(bridge: Bridge) -> None:
    method = bridge.channel.unary_unary("/aibridge.v1.ChatService/NoSuchMethod")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await method(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("name", ["CreateChatCompletion", "CreateChatCompletionStream"])
async def test_a_request_that_is_no_message(bridge: Bridge, name: str) -> None:
    """Bytes that are not the request's message are INVALID_REQUEST, without internal details."""
    make = bridge.channel.unary_stream if name.endswith("Stream") else bridge.channel.unary_unary
    call = make(f"/aibridge.v1.ChatService/{name}")(b"\xff\xff\xff")
    assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await call.details() == "the request is not a message of the method's request type"
