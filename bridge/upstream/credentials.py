"""Whose credential goes upstream, and what it is right now. Secrets in files are read again when they change."""

from pathlib import Path
from typing import NamedTuple

import structlog
from pydantic import SecretStr

from bridge.metadata import Metadata, header_value
from bridge.settings import Settings

_log = structlog.get_logger("aibridge.credentials")


class Credential(NamedTuple):
    """The value of the `authorization` header, None to send none, and whether it is the bridge's own."""

    authorization: str | None
    own: bool


class Credentials:
    """Chooses the credential of each request by the setting `upstream_credentials`."""

    def __init__(self, settings: Settings) -> None:
        self._mode = settings.upstream_credentials
        key = _source(settings.upstream_api_key, settings.upstream_api_key_file)
        token = _source(settings.upstream_oidc_token, settings.upstream_oidc_token_file)
        # A key wins over a token, even if the key is wrong: that is the gateway's documented order.
        self._source = key or token

    def choose(self, metadata: Metadata) -> Credential:
        """The credential for a call with this metadata.

        Raises:
            BridgeError: INVALID_METADATA for a caller's `authorization` that cannot be an HTTP header.
        """
        if self._mode != "caller" and self._source is not None:
            return Credential(f"Bearer {self._source.value()}", own=True)
        if self._mode == "bridge":
            return Credential(None, own=True)
        for key, value in metadata:
            if key == "authorization":
                return Credential(header_value(key, value), own=False)
        return Credential(None, own=False)


class _Fixed:
    def __init__(self, secret: SecretStr) -> None:
        self._secret = secret

    def value(self) -> str:
        return self._secret.get_secret_value().strip()


class _File:
    """A secret in a file. While the file cannot be read, or is empty, the last good value stays in force."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._value = ""

    def value(self) -> str:
        try:
            status = self._path.stat()  # follows the symlinks by which Kubernetes swaps a secret
            stamp = status.st_mtime_ns, status.st_ino, status.st_size
            if stamp != self._stamp:
                value = self._path.read_text("utf-8").strip()
                if value:
                    self._value, self._stamp = value, stamp
        except (OSError, UnicodeDecodeError) as error:
            _log.error("credential file unreadable", path=str(self._path), problem=type(error).__name__)
        return self._value


def _source(secret: SecretStr | None, path: Path | None) -> _Fixed | _File | None:
    if path is not None:
        return _File(path)
    return _Fixed(secret) if secret is not None else None
