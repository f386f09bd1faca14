"""The server's certificate and the CA of client certificates, from files that may change while the bridge runs."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple, Self

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


class Certificates:
    """The files, and what is in force of them. A bad CA file does not stop a new certificate from being used.

    gRPC supports TLS 1.2 and 1.3. With `tls_client_ca_file`, clients must present a certificate signed by one of these
    CAs: grpcio can require client certificates or not ask for them, but cannot make them optional.
    """

    def __init__(self, chain: Path, key: Path, client_ca: Path | None) -> None:
        """Read the files.

        Raises:
            SettingsError: a file cannot be used.
        """
        self._pair = ReloadingFile("TLS", [chain, key], _pair, interval=_CHECK_SECONDS)
        self._client_ca: ReloadingFile[bytes] | None = None
        if client_ca is not None:
            self._client_ca = ReloadingFile("client CA", [client_ca], _authorities, interval=_CHECK_SECONDS)
        try:
            shown = self._pair.load()
        except UnusableFileError as error:
            raise SettingsError(f"tls_certificate_file, tls_key_file: {error}") from None
        try:
            authority = self._client_ca.load() if self._client_ca is not None else None
        except UnusableFileError as error:
            raise SettingsError(f"tls_client_ca_file: {error}") from None
        self._lock = Lock()
        self._material = _in_force(_Material(shown, authority))

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The certificates of these settings; None without a certificate, for plaintext ports.

        Raises:
            SettingsError: a file cannot be used.
        """
        if settings.tls_certificate_file is None or settings.tls_key_file is None:
            return None
        return cls(settings.tls_certificate_file, settings.tls_key_file, settings.tls_client_ca_file)

    def credentials(self) -> grpc.ServerCredentials:
        """Credentials for one port. gRPC tells each credentials object of a change once, so ports cannot share one."""
        given = self.current()
        first = _configuration(given)

        def changed() -> grpc.ServerCertificateConfiguration | None:
            """The configuration from now on; None for no change. gRPC calls this at each handshake, in its threads."""
            nonlocal given
            with self._lock:
                current = self._current()
                if current is given:
                    return None
                given = current
            return _configuration(current)

        fetcher: Any = changed  # the stubs do not know that None is allowed
        return grpc.dynamic_ssl_server_credentials(first, fetcher, self._client_ca is not None)

    def current(self) -> _Material:
        """What new connections get."""
        with self._lock:
            return self._current()

    def _current(self) -> _Material:
        shown = self._pair.value()
        authority = self._client_ca.value() if self._client_ca is not None else None
        if shown is not None and (shown is not self._material.pair or authority is not self._material.client_ca):
            self._material = _in_force(_Material(shown, authority))
        return self._material


def _in_force(material: _Material) -> _Material:
    _log.info("certificate in force", expires=material.pair.expires.isoformat())
    return material


def _pair(contents: Sequence[bytes]) -> Pair:
    return pair(*contents)


def _authorities(contents: Sequence[bytes]) -> bytes:
    return authorities(contents[0])


def _configuration(material: _Material) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(material.pair.key, material.pair.chain)], root_certificates=material.client_ca
    )
