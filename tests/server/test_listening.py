"""Addresses of the bridge: each kind, several at once, and addresses that cannot be bound."""

import socket
from pathlib import Path

import grpc
import pytest

from aibridge.v1 import models_pb2, models_pb2_grpc
from bridge import settings
from bridge.server.app import App
from bridge.settings import SettingsError
from tests.support.bridge import Start
from tests.support.gateway import Gateway, respond_json
from tests.support.processes import serving

LIST = respond_json({"object": "list", "data": [{"id": "m", "object": "model"}]})


@pytest.fixture(autouse=True)
def _models(gateway: Gateway) -> None:
    gateway.script(LIST)


@pytest.fixture
def ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6")


async def models(address: str) -> list[str]:
    async with grpc.aio.insecure_channel(address) as channel:
        response = await models_pb2_grpc.ModelsServiceStub(channel).ListModels(
            models_pb2.ListModelsRequest(), timeout=10
        )
    return [model.id for model in response.data]


@pytest.mark.parametrize(
    ("listen", "hosts"),
    [
        ("[::]:0", ("127.0.0.1", "[::1]")),
        ("[::1]:0", ("[::1]",)),
        ("0.0.0.0:0", ("127.0.0.1",)),
        ("localhost:0", ("127.0.0.1", "[::1]")),
    ],
)
@pytest.mark.usefixtures("ipv6")
async def test_both_versions_of_ip(listen: str, hosts: tuple[str, ...], start: Start) -> None:
    """[::] accepts IPv4 too, and a name stands for all its addresses."""
    async with start(listen=listen) as bridge:
        host, _, port = bridge.address.rpartition(":")
        assert host == listen.removesuffix(":0")
        assert int(port)
        for caller in hosts:
            assert await models(f"{caller}:{port}") == ["m"]


async def test_a_unix_socket(start: Start, tmp_path: Path) -> None:
    """The bridge serves on a unix socket, and removes its file."""
    path = tmp_path / "aibridge.sock"
    async with start(listen=f"unix:{path}") as bridge:
        assert bridge.address == f"unix:{path}"
        assert await models(bridge.address) == ["m"]
    assert not path.exists()


async def test_a_socket_that_a_killed_server_has_left(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "aibridge.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    async with start(listen=f"unix:{path}") as bridge:
        assert await models(bridge.address) == ["m"]


async def test_a_socket_of_another_server(start: Start, tmp_path: Path) -> None:
    """A socket on which another server listens is refused. gRPC would replace it without an error."""
    path = tmp_path / "aibridge.sock"
    async with start(listen=f"unix:{path}"):
        with pytest.raises(SettingsError, match="listen: another server listens on unix:"):
            await App(settings.load(listen=f"unix:{path}")).start()
        assert await models(f"unix:{path}") == ["m"]


@pytest.mark.usefixtures("ipv6")
async def test_several_addresses(start: Start, tmp_path: Path) -> None:
    """The bridge serves on each address of `listen`."""
    listen = f"127.0.0.1:0, [::1]:0, unix:{tmp_path}/aibridge.sock"
    async with start(listen=listen) as bridge:
        addresses = bridge.address.split(",")
        assert len(addresses) == 3
        for address in addresses:
            assert await models(address) == ["m"]


async def test_one_of_several_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=f"listen: cannot bind {address}"):
            await App(settings.load(listen=f"unix:{tmp_path}/aibridge.sock,{address}")).start()


async def test_a_socket_in_no_folder() -> None:
    with pytest.raises(
        SettingsError, match=r"cannot bind unix:/no/such/folder/s; it is taken, or no such folder.*--listen"
    ):
        await App(settings.load(listen="unix:/no/such/folder/s")).start()


@pytest.mark.waits
@pytest.mark.usefixtures("ipv6")
async def test_workers_share_all_addresses(gateway: Gateway) -> None:
    async with serving(gateway, "--workers", "2", listen="[::]:0,127.0.0.1:0") as process:
        wide, loopback = process.address.split(",")
        port = wide.rpartition(":")[2]
        for address in (f"127.0.0.1:{port}", f"[::1]:{port}", loopback):
            assert await models(address) == ["m"]
        process.terminate()
        assert await process.ended() == 0


@pytest.mark.parametrize(
    ("listen", "words"),
    [
        ("50051", "listen: must be HOST:PORT"),
        ("", "listen: must be HOST:PORT"),
        ("127.0.0.1:1,nonsense", "listen: must be HOST:PORT"),
        ("127.0.0.1:99999", "listen: must be HOST:PORT"),
        ("127.0.0.1:1,127.0.0.1:1", "listen: names 127.0.0.1:1 more than once"),
        ("unix:", "listen: must be unix:PATH with a path of at most 107 bytes"),
        ("unix:/" + "x" * 107, "listen: must be unix:PATH with a path of at most 107 bytes"),
    ],
)
def test_wrong_settings_are_named(listen: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(listen=listen)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("listen", "exposed"),
    [("127.0.0.1:1,[::1]:1,unix:/run/s", False), ("127.0.0.1:1,[::]:1", True), ("unix:/run/s,10.0.0.1:1", True)],
)
def test_one_address_is_enough_to_be_exposed(listen: str, exposed: bool) -> None:  # noqa: FBT001 # a column
    assert settings.load(listen=listen).is_exposed is exposed
