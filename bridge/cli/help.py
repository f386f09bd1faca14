"""The layout of `--help`: options in groups, and a whole sentence for each command. Messages for wrong options.

Plain text, as click writes it: rich's boxes would get in the way of programs that read the help.
"""

import re
from collections.abc import Collection
from typing import Any, Final

import typer
from pydantic import ValidationError
from typer.core import TyperCommand, TyperGroup

from bridge.settings.problems import problem_of
from bridge.settings.reference import reference

_FIRST = ("Arguments", "Options")
#: Typer's names of types, and the words that `serve` uses for them. Others, such as choices, stay.
_KINDS: Final = {
    **dict.fromkeys(("<str>", "<list[str]>"), "TEXT"),
    **dict.fromkeys(("<int>", "<int range>"), "INTEGER"),
    **dict.fromkeys(("<float>", "<float range>"), "NUMBER"),
    "<path>": "PATH",
}
_WHY_NOT: Final = "a secret is never a flag, because other users of this machine can read the flags of a process"

#: Flags of other programs that hold a token for the bridge, and a key for its upstream.
_TOKENS: Final = frozenset({"token", "api_key", "key", "password", "upstream_api_key", "upstream_oidc_token"})
_KEYS: Final = {"api_key": "upstream_api_key", "key": "upstream_api_key", "token": "upstream_api_key"}


class GroupedCommand(TyperCommand):
    """A command that groups its options by `rich_help_panel`, and says in plain words what is wrong with a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As click, with other words for wrong values and for options that do not exist because they are secret."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            self._explain(error)
            raise

    def _explain(self, error: typer.TyperException) -> None:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            error.message = problem_of(cause.errors()[0])
        elif hint := secret_hint(getattr(error, "option_name", ""), {item.name for item in self.params}):
            error.message, error.possibilities = hint, []  # type: ignore[attr-defined] # of NoSuchOption

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, options without a group, and then each group in the order of its first option."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx)
            if row is not None:
                is_argument = parameter.param_type_name == "argument"
                plain = "Arguments" if is_argument else "Options"
                names = re.sub(" <.*>$", "", row[0]) if is_argument else _with_kind(row[0])
                groups.setdefault(getattr(parameter, "rich_help_panel", None) or plain, []).append((names, row[1]))
        headings = [heading for heading in _FIRST if heading in groups]
        for heading in dict.fromkeys([*headings, *groups]):
            with formatter.section(heading):
                formatter.write_dl(groups[heading])


class Commands(TyperGroup):
    """A group that lists its commands with a whole sentence each."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the first sentence of each command's help."""
        rows = [(name, _sentence(self.commands[name].help or "")) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _with_kind(names: str) -> str:
    """The names of an option with its kind in the words of `serve`."""
    return re.sub("<[^<>]*>", lambda found: _KINDS.get(found[0], found[0]), names)


def secret_hint(option: str, options: Collection[str | None]) -> str:
    """What to use in place of a flag that would hold a secret; empty for any other option.

    `options` are the names of the command's own options.
    """
    name = option.removeprefix("--").replace("-", "_")
    if "config" not in options:
        return f"No such option: {option}: {_WHY_NOT}. Set the variable AIBRIDGE_TOKEN." if name in _TOKENS else ""
    name = _KEYS.get(name, name)
    setting = reference().get(name)
    if setting is None or setting.flag:
        return ""
    file = reference().get(f"{name}_file")
    other = f", or name a file with {file.flag}" if file is not None else ""
    return f"No such option: {option}: {_WHY_NOT}. Set the variable {' or '.join(setting.variables)}{other}."


def _sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())
