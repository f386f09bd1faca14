"""A CA for tests, and files as Kubernetes mounts a secret: one change of a symlink replaces all of them."""

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def chain(certificate: trustme.LeafCert) -> bytes:
    return b"".join(blob.bytes() for blob in certificate.cert_chain_pems)


def key(certificate: trustme.LeafCert) -> bytes:
    return certificate.private_key_pem.bytes()


def identity(ca: trustme.CA, *uris: str, dns: tuple[str, ...] = ()) -> tuple[bytes, bytes]:
    """A client certificate of trustme's CA, with URIs, which trustme does not support, and DNS names; and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    authority = x509.load_pem_x509_certificate(ca.cert_pem.bytes())
    names = [*map(x509.UniformResourceIdentifier, uris), *map(x509.DNSName, dns)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "spiffe://test/common-name")]))
        .issuer_name(authority.subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca._private_key, hashes.SHA256())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), pem


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    """Wait up to half a minute for a condition, as machines are busy at times."""
    async with asyncio.timeout(30):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


class Secret:
    """A mounted secret: `NAME → ..data/NAME → ..N/NAME`."""

    def __init__(self, folder: Path, **files: bytes) -> None:
        self.folder = folder
        self._versions = 0
        folder.mkdir()
        self.swap(**files)
        for name in files:
            (folder / name).symlink_to(f"..data/{name}")

    def swap(self, **files: bytes) -> None:
        """Replace all files at once, with an older time of modification, as the kubelet does."""
        self._versions += 1
        version = self.folder / f"..{self._versions}"
        version.mkdir()
        then = time.time() - 10
        for name, content in files.items():
            (version / name).write_bytes(content)
            os.utime(version / name, (then, then))
        (self.folder / "..data_tmp").symlink_to(version.name)
        (self.folder / "..data_tmp").rename(self.folder / "..data")

    def __getattr__(self, name: str) -> Path:
        return self.folder / name


def trusting(ca: trustme.CA, shown: tuple[bytes, bytes] | None = None) -> grpc.ChannelCredentials:
    """Credentials of a caller: the trusted CA, and the certificate and key that it presents."""
    certificate, private = shown or (None, None)
    return grpc.ssl_channel_credentials(ca.cert_pem.bytes(), private, certificate)


def channel(address: str, credentials: grpc.ChannelCredentials, **options: Any) -> grpc.aio.Channel:
    """A channel with its own connections. By default gRPC shares them among channels with the same arguments."""
    arguments = [("grpc.use_local_subchannel_pool", 1), *options.items()]
    return grpc.aio.secure_channel(address, credentials, options=arguments)


@cache
def certificates(*, trusted: bool) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of the gateway and the bridge."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    if trusted:
        authority.configure_trust(client)
    return server, client
