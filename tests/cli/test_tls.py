"""The commands can call a bridge with TLS, and one that requires a client certificate."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import trustme
from grpc_health.v1 import health, health_pb2_grpc

from tests.support.commands import invoke


class Files:
    """PEM files of a CA, a server and a caller."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.server = authority.issue_cert("bridge.internal")
        caller = authority.issue_cert("caller.internal")
        self.authority = authority.cert_pem.bytes()
        self.ca, self.certificate, self.key = (str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem"))
        authority.cert_pem.write_to_path(self.ca)
        caller.cert_chain_pems[0].write_to_path(self.certificate)
        caller.private_key_pem.write_to_path(self.key)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
async def address(files: Files) -> AsyncIterator[str]:
    """A server that responds to health checks of callers with a certificate."""
    pair = (files.server.private_key_pem.bytes(), files.server.cert_chain_pems[0].bytes())
    credentials = grpc.ssl_server_credentials([pair], files.authority, require_client_auth=True)
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


async def test_health_with_mtls(files: Files, address: str) -> None:
    own = ("--certificate-file", files.certificate, "--key-file", files.key)
    trust = ("--ca-file", files.ca, "--server-name", "bridge.internal")
    result = await invoke("health", "--target", address, *trust, *own)
    assert (result.code, result.out) == (0, "SERVING\n")


async def test_health_with_mtls_by_variables(files: Files, address: str) -> None:
    result = await invoke(
        "health",
        AIBRIDGE_TARGET=address,
        AIBRIDGE_TARGET_CA_FILE=files.ca,
        AIBRIDGE_TARGET_SERVER_NAME="bridge.internal",
        AIBRIDGE_TARGET_CERTIFICATE_FILE=files.certificate,
        AIBRIDGE_TARGET_KEY_FILE=files.key,
    )
    assert (result.code, result.out) == (0, "SERVING\n")


@pytest.mark.parametrize("options", [(), ("--tls",), ("--tls", "--server-name", "bridge.internal")], ids=" ".join)
async def test_health_fails_without_what_the_bridge_asks_for(address: str, options: tuple[str, ...]) -> None:
    """Without TLS, or without the CA, there is no connection, and the exit code is 1."""
    result = await invoke("health", "--target", address, *options)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("UNAVAILABLE: ")


async def test_wrong_files_are_wrong_settings(files: Files) -> None:
    missing = await invoke("health", "--ca-file", "/no/such/file")
    assert (missing.code, missing.err) == (2, "invalid settings: --ca-file: /no/such/file: No such file or directory\n")
    key = await invoke("health", "--certificate-file", files.certificate, "--key-file", "/no/key")
    assert (key.code, key.err) == (2, "invalid settings: --key-file: /no/key: No such file or directory\n")
    half = await invoke("health", "--certificate-file", files.certificate)
    assert half.code == 2
    assert "--key-file" in half.err
