"""Whose credential goes upstream, and what it is right now. Secrets in files are read again when they change."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from bridge.call import Caller
from bridge.metadata import Metadata, header_value
from bridge.settings import Settings
from bridge.upstream.secrets import FixedSecret, Secret, SecretFile


class Credential(NamedTuple):
    """The value of the `authorization` header, None to send none, and whether it is the bridge's own.

    `others` are further secrets that go with it.
    """

    authorization: str | None
    own: bool
    others: Sequence[str] = ()


class Credentials:
    """Chooses the credential of each request by the setting `upstream_credentials`.

    Raises:
        SettingsError: the key or the token cannot be sent.
    """

    def __init__(self, settings: Settings) -> None:
        key = _source("upstream_api_key", settings.upstream_api_key, settings.upstream_api_key_file)
        token = _source("upstream_oidc_token", settings.upstream_oidc_token, settings.upstream_oidc_token_file)
        # A key wins over a token, even if the key is wrong: that is the gateway's documented order.
        self._source = (key or token) if settings.upstream_credentials in {"auto", "bridge"} else None
        # What shows the bridge who calls is for the bridge alone.
        self._passes = settings.upstream_credentials in {"auto", "caller"} and not settings.takes_bearer
        self._of_callers: dict[Path, SecretFile] = {}

    def choose(self, metadata: Metadata, caller: Caller | None = None) -> Credential:
        """The credential for a call with this metadata.

        Raises:
            BridgeError: INVALID_METADATA for a caller's `authorization` that cannot be an HTTP header.
        """
        source = self._source
        if caller is not None and caller.upstream_api_key_file is not None:
            source = self._of_caller(caller.upstream_api_key_file)
        if source is not None:
            own = source.value()
            return Credential(f"Bearer {own}" if own else None, own=True)
        if not self._passes:
            return Credential(None, own=True)
        for key, value in metadata:
            if key == "authorization":
                return Credential(header_value(key, value), own=False)
        return Credential(None, own=False)

    def _of_caller(self, path: Path) -> SecretFile:
        file = self._of_callers.get(path)
        if file is None:
            file = self._of_callers[path] = SecretFile(path)
        return file


def _source(name: str, secret: SecretStr | None, path: Path | None) -> Secret | None:
    if path is not None:
        return SecretFile(path)
    return FixedSecret(secret.get_secret_value(), name) if secret is not None else None
