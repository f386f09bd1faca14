"""Whose credential goes upstream, and what it is right now. Secrets in files are read again when they change."""

import stat
import time
from pathlib import Path
from typing import Final, NamedTuple

import structlog
from pydantic import SecretStr

from bridge.metadata import Metadata, header_value
from bridge.settings import Settings, SettingsError

_log = structlog.get_logger("aibridge.credentials")
#: Nothing larger is a credential, in bytes.
_LARGEST: Final = 1 << 16
#: A file that has not changed for so many nanoseconds is not being written.
_SETTLED: Final = 100_000_000


class Credential(NamedTuple):
    """The value of the `authorization` header, None to send none, and whether it is the bridge's own."""

    authorization: str | None
    own: bool


class Credentials:
    """Chooses the credential of each request by the setting `upstream_credentials`.

    Raises:
        SettingsError: the key or the token cannot be sent.
    """

    def __init__(self, settings: Settings) -> None:
        self._mode = settings.upstream_credentials
        key = _source("upstream_api_key", settings.upstream_api_key, settings.upstream_api_key_file)
        token = _source("upstream_oidc_token", settings.upstream_oidc_token, settings.upstream_oidc_token_file)
        # A key wins over a token, even if the key is wrong: that is the gateway's documented order.
        self._source = key or token

    def choose(self, metadata: Metadata) -> Credential:
        """The credential for a call with this metadata.

        Raises:
            BridgeError: INVALID_METADATA for a caller's `authorization` that cannot be an HTTP header.
        """
        if self._mode != "caller" and self._source is not None:
            own = self._source.value()
            return Credential(f"Bearer {own}" if own else None, own=True)
        if self._mode == "bridge":
            return Credential(None, own=True)
        for key, value in metadata:
            if key == "authorization":
                return Credential(header_value(key, value), own=False)
        return Credential(None, own=False)


class _Fixed:
    def __init__(self, secret: SecretStr, name: str) -> None:
        self._value: str = secret.get_secret_value().strip()
        if not _fits_a_header(self._value):
            raise SettingsError(f"{name}: has characters that a header cannot hold")

    def value(self) -> str:
        return self._value


class _File:
    """A secret in a file. While the file cannot be read, or holds no credential, the last good value stays in force.

    A new content counts when the file has been left alone for a moment: until then it may be half of a secret.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: _Stamp | None = None
        self._value = ""
        self._problem = ""

    def value(self) -> str:
        """The credential; empty if there has never been one."""
        try:
            self._refresh()
        except OSError as error:
            self._report(type(error).__name__)
        except UnicodeDecodeError:
            self._report("not text")
        return self._value

    def _refresh(self) -> None:
        status = self._path.stat()  # follows the symlinks by which Kubernetes swaps a secret
        stamp = _Stamp(status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
        if stamp == self._stamp:
            self._problem = ""
            return
        if self._value and 0 <= time.time_ns() - stamp.modified < _SETTLED:
            return
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            self._report("not a file with a credential")
            return
        value = self._path.read_text("utf-8").strip()
        if not value:
            self._report("empty")
        elif not _fits_a_header(value):
            self._report("has characters that a header cannot hold")
        else:
            if self._stamp is not None:
                _log.info("credential file read again", path=str(self._path))
            self._value, self._stamp, self._problem = value, stamp, ""

    def _report(self, problem: str) -> None:
        """Log a problem once, not for each request."""
        if problem != self._problem:
            self._problem = problem
            _log.error("credential file unusable", path=str(self._path), problem=problem, in_force=bool(self._value))


class _Stamp(NamedTuple):
    """What changes when a file does."""

    device: int
    inode: int
    modified: int  # nanoseconds since 1970
    size: int


def _fits_a_header(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _source(name: str, secret: SecretStr | None, path: Path | None) -> _Fixed | _File | None:
    if path is not None:
        return _File(path)
    return _Fixed(secret, name) if secret is not None else None
