"""The server's certificate, and whose client certificates are taken: both from files that may change while it runs."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import grpc
import structlog

from bridge.certificates import Pair, authorities, pair
from bridge.files import UnusableFileError, Watched
from bridge.settings import Settings, SettingsError

_log = structlog.get_logger("aibridge.tls")
#: Seconds within which the files are looked at once, however many connections are made.
_INTERVAL: Final = 0.25


class _Material(NamedTuple):
    pair: Pair
    client_ca: bytes | None


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """What to listen with; None without a certificate: then the port is plaintext.

    gRPC's TLS takes version 1.2 and 1.3. With `tls_client_ca_file` a caller without a certificate of that CA gets no
    connection: grpcio can require client certificates or not ask for them, and nothing between.

    Raises:
        SettingsError: the files cannot be used.
    """
    if settings.tls_certificate_file is None or settings.tls_key_file is None:
        return None
    certificates = _Certificates(settings.tls_certificate_file, settings.tls_key_file, settings.tls_client_ca_file)
    first = certificates.first()
    changed: Any = certificates.changed  # the stubs do not know that None is an answer
    return grpc.dynamic_ssl_server_credentials(first, changed, settings.tls_client_ca_file is not None)


class _Certificates:
    """The files, and what of them gRPC has been given."""

    def __init__(self, chain: Path, key: Path, client_ca: Path | None) -> None:
        paths = [chain, key] if client_ca is None else [chain, key, client_ca]
        self._files = Watched("TLS", paths, _parse, interval=_INTERVAL)
        self._given: _Material | None = None
        self._lock = Lock()

    def first(self) -> grpc.ServerCertificateConfiguration:
        """What the server starts with.

        Raises:
            SettingsError: the files cannot be used.
        """
        try:
            self._given = self._files.load()
        except UnusableFileError as error:
            raise SettingsError(f"tls_certificate_file, tls_key_file or tls_client_ca_file: {error}") from None
        return _configuration(self._given)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """What to use from now on, None for no change. gRPC asks at each handshake, in threads of its own."""
        with self._lock:
            material = self._files.value()
            if material is self._given or material is None:
                return None
            self._given = material
        return _configuration(material)


def _parse(contents: Sequence[bytes]) -> _Material:
    chain, key, *client_ca = contents
    return _Material(pair(chain, key), authorities(client_ca[0]) if client_ca else None)


def _configuration(material: _Material) -> grpc.ServerCertificateConfiguration:
    _log.info("certificate in force", expires=material.pair.expires.isoformat())
    return grpc.ssl_server_certificate_configuration(
        [(material.pair.key, material.pair.chain)], root_certificates=material.client_ca
    )
