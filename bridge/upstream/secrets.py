"""Secret values from a setting, a variable or a file. A file is reread when it changes."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from bridge.files import ReloadingFile, UnusableFileError, utf8_text
from bridge.redact import safe
from bridge.settings import SettingsError
from bridge.settings.values import NamedValue

_MAX_BYTES: Final = 1 << 16
#: A value of at least this length in the settings counts as a key. A shorter one is a version or a name.
_MIN_KEY: Final = 16
#: The references that messages show. Other text after `env:` and `file:` may be the key itself.
_VARIABLE: Final = re.compile(r"[A-Z]+(?:_[A-Z0-9]+)*")
_ABSOLUTE: Final = re.compile(r"/.*", re.DOTALL)


class Secret(Protocol):
    """Returns the current value of a secret; empty while there is none."""

    def value(self) -> str:
        """The secret."""


class FixedSecret:
    """A secret from the setting `name`, which does not change.

    Raises:
        SettingsError: a header cannot hold it.
    """

    def __init__(self, value: str, name: str) -> None:
        self._value = value.strip()
        if not _fits_header(self._value):
            raise SettingsError(f"{name}: contains characters that are not allowed in a header")

    def value(self) -> str:
        """The secret."""
        return self._value


class SecretFile:
    """A secret in a file; empty until the file has had one."""

    def __init__(self, path: Path) -> None:
        self._file = ReloadingFile("credential", [path], _parse, max_bytes=_MAX_BYTES)

    def value(self) -> str:
        """The secret."""
        return self._file.value() or ""

    def is_usable(self) -> bool:
        """Whether the file can be read and has a secret. The log does not say why not: the path may be the key."""
        try:
            return bool(self._file.load())
        except UnusableFileError:
            return False


class NamedSecrets:
    """The headers or query parameters that a setting adds to each request.

    Raises:
        SettingsError: a variable or a file that the setting refers to is missing, or a value cannot be sent.
    """

    def __init__(self, setting: str, given: Sequence[NamedValue]) -> None:
        self._secrets = [(item.name, _secret_of(setting, item)) for item in given]
        self._hidden = [
            secret
            for item, (_, secret) in zip(given, self._secrets, strict=True)
            if item.is_reference or len(item.source) >= _MIN_KEY
        ]

    def items(self) -> list[tuple[str, str]]:
        """The current names and values."""
        return [(name, secret.value()) for name, secret in self._secrets]

    def secrets(self) -> list[str]:
        """The values that may be secret: those from a variable or a file, and those that are long enough for a key."""
        return [secret.value() for secret in self._hidden]


def _secret_of(setting: str, item: NamedValue) -> Secret:
    name = f"{setting}: {item.name}"
    kind, _, rest = item.source.partition(":")
    if not item.is_reference:
        return FixedSecret(item.source, name)
    if kind == "env":
        if not os.environ.get(rest):
            raise SettingsError(f"{name}: the variable{_shown(rest, _VARIABLE)} is not set")
        return FixedSecret(os.environ[rest], name)
    file = SecretFile(Path(rest))
    if not file.is_usable():
        raise SettingsError(
            f"{name}: the file{_shown(rest, _ABSOLUTE)} cannot be read, is empty, or contains characters that are not"
            " allowed in a header"
        )
    return file


def _shown(reference: str, form: re.Pattern[str]) -> str:
    """A reference with a space before it; empty if it does not have the form."""
    return f" {safe(reference)}" if form.fullmatch(reference) else ""


def _parse(contents: Sequence[bytes]) -> str:
    value = utf8_text(contents[0]).strip()
    if not value:
        raise UnusableFileError("empty")
    if not _fits_header(value):
        raise UnusableFileError("contains characters that are not allowed in a header")
    return value


def _fits_header(value: str) -> bool:
    return value.isascii() and value.isprintable()
