"""The server's certificate and the CA of client certificates, from files that may change while the bridge runs."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import grpc
import structlog

from bridge.certificates import Pair, authorities, pair
from bridge.files import ReloadingFile, UnusableFileError
from bridge.settings import Settings, SettingsError

_log = structlog.get_logger("aibridge.tls")
#: The files are checked for changes at most once in this time, however many connections are made.
_CHECK_SECONDS: Final = 0.25


class _Material(NamedTuple):
    pair: Pair
    client_ca: bytes | None


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """The server's credentials; None without a certificate, for a plaintext port.

    gRPC supports TLS 1.2 and 1.3. With `tls_client_ca_file`, clients must present a certificate signed by one of these
    CAs: grpcio can require client certificates or not ask for them, but cannot make them optional.

    Raises:
        SettingsError: the files cannot be used.
    """
    if settings.tls_certificate_file is None or settings.tls_key_file is None:
        return None
    certificates = _Certificates(settings.tls_certificate_file, settings.tls_key_file, settings.tls_client_ca_file)
    first = certificates.first()
    changed: Any = certificates.changed  # the stubs do not know that None is allowed
    return grpc.dynamic_ssl_server_credentials(first, changed, settings.tls_client_ca_file is not None)


class _Certificates:
    """The files, and what gRPC has of them. A bad CA file does not stop a new certificate from being used."""

    def __init__(self, chain: Path, key: Path, client_ca: Path | None) -> None:
        self._pair = ReloadingFile("TLS", [chain, key], _pair, interval=_CHECK_SECONDS)
        self._client_ca: ReloadingFile[bytes] | None = None
        if client_ca is not None:
            self._client_ca = ReloadingFile("client CA", [client_ca], _authorities, interval=_CHECK_SECONDS)
        self._given: _Material | None = None
        self._lock = Lock()

    def first(self) -> grpc.ServerCertificateConfiguration:
        """The configuration at the start.

        Raises:
            SettingsError: a file cannot be used.
        """
        try:
            shown = self._pair.load()
        except UnusableFileError as error:
            raise SettingsError(f"tls_certificate_file, tls_key_file: {error}") from None
        try:
            client_ca = self._client_ca.load() if self._client_ca is not None else None
        except UnusableFileError as error:
            raise SettingsError(f"tls_client_ca_file: {error}") from None
        self._given = _Material(shown, client_ca)
        return _configuration(self._given)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The configuration from now on; None for no change. gRPC calls this at each handshake, in its own threads."""
        with self._lock:
            given, shown = self._given, self._pair.value()
            client_ca = self._client_ca.value() if self._client_ca is not None else None
            if given is None or shown is None or (shown is given.pair and client_ca is given.client_ca):
                return None
            self._given = given = _Material(shown, client_ca)
        return _configuration(given)


def _pair(contents: Sequence[bytes]) -> Pair:
    return pair(*contents)


def _authorities(contents: Sequence[bytes]) -> bytes:
    return authorities(contents[0])


def _configuration(material: _Material) -> grpc.ServerCertificateConfiguration:
    _log.info("certificate in force", expires=material.pair.expires.isoformat())
    return grpc.ssl_server_certificate_configuration(
        [(material.pair.key, material.pair.chain)], root_certificates=material.client_ca
    )
