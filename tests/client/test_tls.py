"""TLS of both clients, with a gRPC server whose certificates are from a private CA."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
import trustme

from aibridge.client import CallFailed, Tls, aio, connect
from aibridge.v1 import models_pb2, models_pb2_grpc

LIST = models_pb2.ListModelsRequest()


class Models(models_pb2_grpc.ModelsServiceServicer):
    async def ListModels(self, request: Any, context: Any) -> models_pb2.ListModelsResponse:  # noqa: ARG002 # gRPC's form
        names = context.auth_context().get("x509_subject_alternative_name", [])
        return models_pb2.ListModelsResponse(data=[{"id": name.decode()} for name in names])


class Server(NamedTuple):
    """The servers' addresses, and the files of callers."""

    open: str
    mutual: str
    ca: Path
    certificate: Path
    key: Path


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    authority = trustme.CA()
    ours = authority.issue_cert("bridge.test", "localhost")
    theirs = authority.issue_cert("caller.test")
    ca, certificate, key = tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem"
    authority.cert_pem.write_to_path(ca)
    theirs.cert_chain_pems[0].write_to_path(certificate)
    theirs.private_key_pem.write_to_path(key)
    running = grpc.aio.server()
    models_pb2_grpc.add_ModelsServiceServicer_to_server(Models(), running)
    pair = [(ours.private_key_pem.bytes(), ours.cert_chain_pems[0].bytes())]
    ports = [
        running.add_secure_port("localhost:0", grpc.ssl_server_credentials(pair)),
        running.add_secure_port("localhost:0", grpc.ssl_server_credentials(pair, ca.read_bytes(), True)),
    ]
    await running.start()
    try:
        yield Server(*(f"localhost:{port}" for port in ports), ca, certificate, key)
    finally:
        await running.stop(None)


@pytest.fixture(params=["sync", "aio"])
def call(request: pytest.FixtureRequest) -> Any:
    """Lists a server's models. Returns the names in the certificate that the server received."""

    async def in_thread(target: str, **options: Any) -> list[str]:
        with connect(target, timeout=10, **options) as client:
            response = await asyncio.to_thread(client.models.ListModels, LIST)
        return [model.id for model in response.data]

    async def on_loop(target: str, **options: Any) -> list[str]:
        async with aio.connect(target, timeout=10, **options) as client:
            return [model.id for model in (await client.models.ListModels(LIST)).data]

    return in_thread if request.param == "sync" else on_loop


async def test_a_file_of_authorities(call: Any, server: Server) -> None:
    assert await call(server.open, tls=server.ca) == []
    assert await call(server.open, tls=Tls(ca=str(server.ca))) == []
    assert await call(server.open, tls=grpc.ssl_channel_credentials(server.ca.read_bytes())) == []


async def test_a_certificate_of_ones_own(call: Any, server: Server) -> None:
    tls = Tls(ca=server.ca, certificate=server.certificate, key=server.key)
    assert await call(server.mutual, tls=tls) == ["caller.test"]
    with pytest.raises(CallFailed, match="UNAVAILABLE"):
        await call(server.mutual, tls=server.ca)


async def test_the_name_in_the_certificate(call: Any, server: Server) -> None:
    target = server.open.replace("localhost", "127.0.0.1")
    with pytest.raises(CallFailed, match="UNAVAILABLE"):
        await call(target, tls=server.ca)
    assert await call(target, tls=Tls(ca=server.ca, server_name="bridge.test")) == []


@pytest.mark.parametrize("tls", [False, True])
async def test_in_the_clear_and_with_authorities_that_do_not_know_it(call: Any, server: Server, tls: Any) -> None:
    with pytest.raises(CallFailed, match="UNAVAILABLE"):
        await call(server.open, tls=tls)


@pytest.mark.parametrize("of", [connect, aio.connect])
def test_files_that_are_not_there_or_not_enough(of: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        of("localhost:1", tls=tmp_path / "none.pem")
    with pytest.raises(ValueError, match="must be given together"):
        of("localhost:1", tls=Tls(certificate=tmp_path / "cert.pem"))
