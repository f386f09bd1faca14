"""Chooses the credential of each upstream request. Secrets in files are reread when the files change."""

from pathlib import Path
from typing import NamedTuple

import structlog
from pydantic import SecretStr

from bridge.call import Caller
from bridge.metadata import Metadata, header_value
from bridge.settings import Settings, SettingsError
from bridge.upstream.command import TokenCommand, TokenCommandError
from bridge.upstream.secrets import FixedSecret, Secret, SecretFile

_log = structlog.get_logger("aibridge.upstream")


class Credential(NamedTuple):
    """The value of the `authorization` header, None for no header, and whether it is the bridge's credential."""

    authorization: str | None
    uses_bridge_credential: bool


class Credentials:
    """The credentials of the bridge and of callers, chosen by the setting `upstream_credentials`.

    Raises:
        SettingsError: the key or the token cannot be sent.
    """

    def __init__(self, settings: Settings) -> None:
        key = _source("upstream_api_key", settings.upstream_api_key, settings.upstream_api_key_file)
        token = _source("upstream_oidc_token", settings.upstream_oidc_token, settings.upstream_oidc_token_file)
        self._command = _command(settings.upstream_token_command, settings)
        # A key wins over a token, even if the key is wrong: that is the gateway's documented order.
        self._source = (key or token or self._command) if settings.upstream_credentials in {"auto", "bridge"} else None
        # A token that authenticates the caller to the bridge is never sent on.
        self._passes = settings.upstream_credentials in {"auto", "caller"} and not settings.takes_bearer
        self._of_callers: dict[Path, SecretFile] = {}
        self._settings = settings
        self._commands: dict[str, TokenCommand] = {}  # of callers, by command

    async def start(self) -> None:
        """Get the first token of `upstream_token_command`.

        Raises:
            SettingsError: there is none.
        """
        if self._command is not None:
            try:
                await self._command.start()
            except TokenCommandError as error:
                raise SettingsError(f"upstream_token_command: {error}") from None

    async def prepare(self, caller: Caller | None) -> None:
        """Get the first token of a caller that has its own command. Only its first call waits for that."""
        if caller is not None and caller.upstream_token_command is not None:
            command = self._of_command(caller.upstream_token_command)
            if not command.value():
                try:
                    await command.start()
                except TokenCommandError as error:
                    _log.error("upstream_token_command of a caller failed", caller=caller.name, problem=str(error))

    async def renew(self, caller: Caller | None, rejected: str | None) -> bool:
        """Renew a rejected `authorization`, if it comes from a command. Returns whether there is a new value."""
        command = self._command
        if caller is not None and caller.upstream_token_command is not None:
            command = self._of_command(caller.upstream_token_command)
        elif caller is not None and caller.upstream_api_key_file is not None:
            command = None
        if command is None:
            return False
        if rejected == f"Bearer {command.value()}":  # otherwise it was renewed meanwhile
            await command.renew()
        return rejected != f"Bearer {command.value()}"

    async def close(self) -> None:
        """Stop renewing tokens."""
        for command in (self._command, *self._commands.values()):
            if command is not None:
                await command.close()

    def choose(self, metadata: Metadata, caller: Caller | None = None) -> Credential:
        """The credential for a call with this metadata.

        Raises:
            BridgeError: INVALID_METADATA for a caller's `authorization` that is not a valid HTTP header value.
        """
        source = self._source
        if caller is not None and caller.upstream_api_key_file is not None:
            source = self._of_caller(caller.upstream_api_key_file)
        if caller is not None and caller.upstream_token_command is not None:
            source = self._of_command(caller.upstream_token_command)
        if source is not None:
            own = source.value()
            return Credential(f"Bearer {own}" if own else None, uses_bridge_credential=True)
        if not self._passes:
            return Credential(None, uses_bridge_credential=True)
        for key, value in metadata:
            if key == "authorization":
                return Credential(header_value(key, value), uses_bridge_credential=False)
        return Credential(None, uses_bridge_credential=False)

    def _of_command(self, words: str) -> TokenCommand:
        command = self._commands.get(words)
        if command is None:
            made = _command(words, self._settings)
            assert made is not None  # noqa: S101 # for mypy
            command = self._commands[words] = made
        return command

    def _of_caller(self, path: Path) -> SecretFile:
        file = self._of_callers.get(path)
        if file is None:
            file = self._of_callers[path] = SecretFile(path)
        return file


def _command(words: str | None, settings: Settings) -> TokenCommand | None:
    if words is None:
        return None
    return TokenCommand(words, timeout=settings.upstream_token_timeout, refresh=settings.upstream_token_refresh)


def _source(name: str, secret: SecretStr | None, path: Path | None) -> Secret | None:
    if path is not None:
        return SecretFile(path)
    return FixedSecret(secret.get_secret_value(), name) if secret is not None else None
