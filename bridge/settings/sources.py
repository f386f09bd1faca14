"""Reads the settings from flags, variables and the file, and reports each problem with its source."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from bridge.settings.model import Settings
from bridge.settings.problems import problem_of
from bridge.settings.reference import PREFIX, Setting, reference, text
from bridge.settings.values import SettingsError

#: Variables that are no settings: of the client commands, of the embedded model, and the path of the file.
OTHER_VARIABLES: Final = frozenset({
    "AIBRIDGE_CONFIG", "AIBRIDGE_LOCAL_MODEL", "AIBRIDGE_TARGET", "AIBRIDGE_TARGET_CA_FILE",
    "AIBRIDGE_TARGET_CERTIFICATE_FILE", "AIBRIDGE_TARGET_KEY_FILE", "AIBRIDGE_TARGET_SERVER_NAME",
    "AIBRIDGE_TARGET_TLS", "AIBRIDGE_TOKEN",
})  # fmt: skip
#: Secrets of the client commands, which a server does not need.
_CALLERS_SECRETS: Final = frozenset({"AIBRIDGE_TOKEN"})
#: Kubernetes sets variables for every Service. Those of a Service named aibridge have our prefix.
_SERVICE_LINK: Final = re.compile(
    r"AIBRIDGE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?)"
)


class Effective(NamedTuple):
    """The effective value of one setting: a JSON value, or asterisks for a secret.

    `source` is flag, variable, file or default; `origin` is the name of the flag, variable or file.
    """

    name: str
    value: Any
    source: str
    origin: str


class Sources:
    """Where each setting comes from: flags win, then variables, then the entries of the file.

    Raises:
        SettingsError: the file cannot be read.
    """

    def __init__(self, config_file: Path | None, flags: Mapping[str, Any]) -> None:
        self.flags = {name: value for name, value in flags.items() if value is not None}
        self.file = config_file
        self.entries = {} if config_file is None else _entries(config_file)
        # As pydantic-settings reads them: the case is ignored, and an empty variable counts as not set.
        self.variables = {name.upper(): value for name, value in os.environ.items() if value}

    def origin(self, setting: Setting) -> tuple[str, str]:
        """Where a setting's value comes from: the kind of source, and its name."""
        if setting.name in self.flags:
            return "flag", setting.flag
        for variable in setting.variables:
            if variable in self.variables:
                return "variable", variable
        if setting.name in self.entries:
            return "file", str(self.file)
        return "default", ""

    def unknown(self) -> Iterator[str]:
        """A line for each variable with our prefix, and each entry, that is not a setting."""
        own = [variable for setting in reference().values() for variable in setting.variables]
        for variable in sorted(self.variables):
            known = variable in own or variable in OTHER_VARIABLES or _SERVICE_LINK.fullmatch(variable)
            if variable.startswith(PREFIX) and not known:
                yield f"{variable}: no such setting{similar(variable, own)}"
        for entry in self.entries:
            if entry not in reference():
                yield f"{entry}: no such setting, in {self.file}{similar(entry, reference())}"

    def read(self) -> Settings:
        """The settings.

        Raises:
            SettingsError: a setting is unknown or its value is wrong; the message has a line for each.
        """
        problems = list(self.unknown())
        known = {name: value for name, value in self.entries.items() if name in reference()}
        given: dict[str, Any] = {**self.flags, "file_entries": known}
        try:
            settings = Settings(**given)
        except ValidationError as error:
            problems += [self._line(detail) for detail in error.errors(include_url=False)]
        if problems:
            raise SettingsError("\n".join(problems))
        return settings

    def _line(self, detail: Any) -> str:
        if not detail["loc"]:
            return problem_of(detail)
        location = str(detail["loc"][0])
        setting = next((item for item in reference().values() if location in {item.name, *item.variables}), None)
        if setting is None:
            return f"{location}: no such setting{similar(location, reference())}"
        if setting.kind in {"secret", "list"}:  # the items of a list may hold secrets too
            detail = {**detail, "input": None}
        allowed = f"; allowed: {setting.allowed}" if setting.allowed and detail["type"] != "literal_error" else ""
        source, name = self.origin(setting)
        return f"{setting.name}: {problem_of(detail)}{allowed} ({source} {name})"


def forget_secrets(settings: Settings) -> None:
    """Remove secrets from the environment, so that no child process inherits them.

    A variable that a header or a query parameter refers to stays, because each process reads it.
    """
    secret = {name for setting in reference().values() if setting.kind == "secret" for name in setting.variables}
    named = (*settings.upstream_headers, *settings.upstream_query)
    needed = {item.source.removeprefix("env:") for item in named if item.source.startswith("env:")}
    for variable in list(os.environ):
        if variable.upper() in secret | _CALLERS_SECRETS and variable not in needed:
            del os.environ[variable]


def load(config_file: Path | None = None, **flags: Any) -> Settings:
    """The effective settings. A flag that is None was not given.

    Raises:
        SettingsError: a setting is unknown or its value is wrong, or the file cannot be read.
    """
    return Sources(config_file, flags).read()


def variable_of(name: str) -> str:
    """The variable that gives this setting, which has no flag; empty if none does."""
    source, origin = Sources(None, {}).origin(reference()[name])
    return origin if source == "variable" else ""


def effective(config_file: Path | None = None, **flags: Any) -> list[Effective]:
    """The effective value of each setting and its source. Secrets are masked. Raises as `load` does."""
    sources = Sources(config_file, flags)
    settings = sources.read()
    return [
        Effective(name, _plain(getattr(settings, name)), *sources.origin(setting))
        for name, setting in reference().items()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else text(value)


def _entries(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        shown = f"{path}: " if path.is_absolute() else ""  # other text may be a key
        raise SettingsError(f"--config, AIBRIDGE_CONFIG: {shown}{error.strerror}") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise SettingsError(f"{path}: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path}: nested too deeply") from None


def similar(name: str, names: Iterable[str]) -> str:
    """The most similar of some names as a question; empty if none is similar."""
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""
