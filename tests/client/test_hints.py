"""A client that cannot connect or authenticate says what to do: both clients, and the commands."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import trustme

from aibridge.client import CallFailed, Tls, aio, connect
from aibridge.client.openai import async_transport
from aibridge.v1 import models_pb2
from tests.support.bridge import Start, start_bridge
from tests.support.commands import invoke
from tests.support.gateway import Gateway, respond_json

CA, OTHER = trustme.CA(), trustme.CA()
LIST = respond_json({"object": "list", "data": []})
NOW, DAY = datetime.now(UTC), timedelta(days=1)
_AUTHORITY = {CA: "ca.pem", OTHER: "other.pem"}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for authority, name in _AUTHORITY.items():
        authority.cert_pem.write_to_path(str(tmp_path / name))
    return tmp_path


@pytest.fixture
def tls(files: Path, gateway: Gateway) -> Callable[..., Any]:
    """Starts a bridge with TLS. Its certificate is for its address by default."""
    gateway.script(LIST)

    @asynccontextmanager
    async def starting(
        authority: trustme.CA = CA, host: str = "127.0.0.1", options: dict[str, Any] | None = None, **dates: datetime
    ) -> AsyncIterator[str]:
        leaf = authority.issue_cert(host, **dates)
        leaf.cert_chain_pems[0].write_to_path(str(files / "chain.pem"))
        leaf.private_key_pem.write_to_path(str(files / "key.pem"))
        pair = {"tls_certificate_file": files / "chain.pem", "tls_key_file": files / "key.pem"}
        async with start_bridge(gateway, **pair, **(options or {})) as bridge:
            yield bridge.address

    return starting


async def synchronous(target: str, **options: Any) -> CallFailed:
    def call() -> CallFailed:
        with connect(target, timeout=10, **options) as client, pytest.raises(CallFailed) as caught:
            client.models.ListModels(models_pb2.ListModelsRequest())
        return caught.value

    return await asyncio.to_thread(call)


async def on_the_loop(target: str, **options: Any) -> CallFailed:
    async with aio.connect(target, timeout=10, **options) as client:
        with pytest.raises(CallFailed) as caught:
            await client.models.ListModels(models_pb2.ListModelsRequest())
    return caught.value


both = pytest.mark.parametrize("failing", [synchronous, on_the_loop], ids=["sync", "aio"])
Failing = Callable[..., Any]


@both
async def test_plain_text_to_a_port_with_tls(failing: Failing, tls: Any) -> None:
    async with tls() as target:
        error = await failing(target)
        command = await invoke("models", "--target", target)
    assert (error.code, error.cause) == (grpc.StatusCode.UNAVAILABLE, "connection_closed")
    assert error.message == f"no connection to a bridge at {target}: the connection was closed at once"
    assert "The bridge may want TLS: tls=True." in str(error)
    assert command.code == 1
    assert "The bridge may want TLS: --tls." in command.err


@both
@pytest.mark.parametrize(
    "response", [b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", b"<!DOCTYPE HTML>\n<html>"]
)
async def test_the_address_of_an_http_server(failing: Failing, response: bytes) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(response)
        await writer.drain()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        target = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        error = await failing(target)
        command = await invoke("models", "--target", target)
    assert (error.code, error.cause) == (grpc.StatusCode.UNAVAILABLE, "not_grpc")
    assert error.message == f"no connection to a bridge at {target}: the server there does not speak gRPC"
    assert "Check the target" in error.advice
    assert command.code == 1
    assert "not of the gateway" in command.err


@both
async def test_a_bridge_that_wants_a_certificate(failing: Failing, tls: Any, files: Path) -> None:
    demands = {"tls_client_ca_file": files / "ca.pem", "tls_client_names": ["dns:*"]}
    async with tls(options=demands) as target:
        error = await failing(target, tls=Tls(ca=files / "ca.pem"))
        command = await invoke("models", "--target", target, "--ca-file", str(files / "ca.pem"))
    assert error.cause == "connection_closed"
    assert "the certificate of a caller: tls=Tls(...)" in str(error)
    assert "--certificate-file and --key-file" in command.err


@both
async def test_an_unknown_authority(failing: Failing, tls: Any, files: Path) -> None:
    """A certificate of an unknown CA is named as the cause, with the option that trusts it."""
    async with tls(OTHER) as target:
        error = await failing(target, tls=files / "ca.pem")
        command = await invoke("models", "--target", target, "--ca-file", str(files / "ca.pem"))
        plain = await invoke("models", "--target", target, "--tls")
    assert error.cause == "certificate_unknown_authority"
    assert error.message.endswith("the bridge's certificate is from an authority that is not trusted")
    assert "tls=Tls(extra_ca=FILE)" in error.advice
    for result in (command, plain):
        assert result.code == 1
        assert "--ca-file FILE" in result.err


@both
async def test_another_name(failing: Failing, tls: Any, files: Path) -> None:
    """A certificate for another name is named as the cause, with the option that sets the name."""
    async with tls(host="bridge.internal") as target:
        error = await failing(target, tls=files / "ca.pem")
        command = await invoke("models", "--target", target, "--ca-file", str(files / "ca.pem"))
    assert error.cause == "certificate_wrong_host"
    assert "tls=Tls(server_name=NAME)" in error.advice
    assert "--server-name NAME" in command.err


@pytest.mark.parametrize(
    ("dates", "cause"),
    [
        ({"not_before": NOW - 9 * DAY, "not_after": NOW - DAY}, "certificate_expired"),
        ({"not_before": NOW + DAY, "not_after": NOW + 9 * DAY}, "certificate_not_yet_valid"),
    ],
    ids=["expired", "not yet"],
)
async def test_dates(dates: dict[str, datetime], cause: str, files: Path) -> None:
    """A certificate outside its dates is named as the cause.

    The server is gRPC's own, because the bridge refuses to start with one.
    """
    leaf = CA.issue_cert("127.0.0.1", **dates)
    server = grpc.aio.server()
    pair = [(leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes())]
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair))
    await server.start()
    error = await on_the_loop(f"127.0.0.1:{port}", tls=files / "ca.pem")
    command = await invoke("models", "--target", f"127.0.0.1:{port}", "--ca-file", str(files / "ca.pem"))
    await server.stop(None)
    assert error.cause == cause
    assert "clock" in error.advice
    assert "clock" in command.err


@both
async def test_tls_to_a_port_without(failing: Failing, gateway: Gateway, files: Path) -> None:
    async with start_bridge(gateway) as bridge:
        target = bridge.address
        error = await failing(target, tls=files / "ca.pem")
        command = await invoke("models", "--target", target, "--tls")
    assert error.cause == "tls_failed"
    assert "tls=False" in error.advice
    assert "Leave out --tls" in command.err


@both
async def test_a_server_that_resets(failing: Failing) -> None:
    """A reset gives the same advice, because TLS libraries end connections without TLS in different ways."""
    with _resetting() as port:
        error = await failing(f"127.0.0.1:{port}")
    assert error.cause == "connection_closed"


@contextlib.contextmanager
def _resetting() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    accepted, _ = listening.accept()
                    accepted.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@both
async def test_a_caller_whom_nobody_knows(failing: Failing, start: Start, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"search sha256:{'0' * 64}\n")
    async with start(caller_tokens_file=tokens) as bridge:
        error = await failing(bridge.address)
        command = await invoke("models", "--target", bridge.address)
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CALLER_UNAUTHENTICATED")
    assert "connect(TARGET, token=TOKEN)" in str(error)
    assert command.code == 1
    assert "AIBRIDGE_TOKEN" in command.err


@pytest.mark.parametrize("authority", [CA, OTHER], ids=["public", "private"])
async def test_a_private_authority_beside_the_public_ones(
    authority: trustme.CA, tls: Any, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--ca-file` adds a CA: a bridge with a public certificate can still be reached."""
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(files / "ca.pem"))  # in place of the real public ones
    async with tls(authority) as target:
        command = await invoke("models", "--target", target, "--ca-file", str(files / "other.pem"))
        assert command.code == 0, command.err
        async with aio.connect(target, timeout=10, tls=Tls(extra_ca=files / "other.pem")) as client:
            await client.models.ListModels(models_pb2.ListModelsRequest())


def test_the_public_ones_are_those_of_grpc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CA certificates of gRPC are used, and given ones are added to them."""
    monkeypatch.delenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", raising=False)
    seen: list[bytes] = []
    monkeypatch.setattr(grpc, "ssl_channel_credentials", lambda roots, *_: seen.append(roots))
    CA.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    Tls(extra_ca=tmp_path / "ca.pem").credentials()
    Tls(ca=tmp_path / "ca.pem", extra_ca=tmp_path / "ca.pem").credentials()
    public, given = seen
    assert public.count(b"BEGIN CERTIFICATE") > 50
    assert CA.cert_pem.bytes() in public
    assert given.count(b"BEGIN CERTIFICATE") == 2


async def test_openais_library_is_told_too(tls: Any) -> None:
    async with tls() as target, httpx.AsyncClient(transport=async_transport(target)) as client:
        with pytest.raises(httpx.ConnectError, match=r"closed at once\. The bridge may want TLS: tls=True"):
            await client.get("http://any/models")
