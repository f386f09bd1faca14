"""The command line's flags for the settings, made from the settings object: a new setting is a new flag."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.settings.reference import Setting, reference

_CONFIG = typer.Option(envvar="AIBRIDGE_CONFIG", help="TOML file with settings. Flags and variables take precedence.")
_METAVARS = {"integer": "INTEGER", "number": "NUMBER", "path": "PATH", "list": "ITEM,..."}


def takes_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--config`, and a flag for each setting that is no secret.

    The command's first two parameters are the file, or None, and a dict of the flags that were given. A value is a
    boolean, or the text as typed, which the settings object parses like a variable.
    """
    own = list(inspect.signature(command).parameters.values())[2:]
    flags = [setting for setting in reference().values() if setting.flag]

    @wraps(command)
    def run(config: Path | None, **given: Any) -> None:
        values = {setting.name: given.pop(setting.name) for setting in flags}
        command(config, {name: value for name, value in values.items() if value is not None}, **given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    file = inspect.Parameter("config", keyword, default=None, annotation=Annotated[Path | None, _CONFIG])
    every = [inspect.Parameter(setting.name, keyword, default=None, annotation=_option(setting)) for setting in flags]
    run.__signature__ = inspect.Signature([file, *own, *every])  # type: ignore[attr-defined] # what typer reads
    return run


def _option(setting: Setting) -> Any:
    allowed = f" Allowed: {setting.allowed}." if setting.allowed else ""
    default = f" Default: {setting.default}." if setting.default else ""
    words = f"{setting.meaning}{allowed}{default}"
    if setting.switch:
        names = f"{setting.flag}/{setting.flag.replace('--', '--no-', 1)}"
        return Annotated[bool | None, typer.Option(names, help=words, rich_help_panel=setting.group)]
    metavar = _METAVARS.get(setting.kind, "TEXT")
    return Annotated[str | None, typer.Option(setting.flag, metavar=metavar, help=words, rich_help_panel=setting.group)]
