"""The layout of `--help`: options in groups, and a whole sentence for each command.

Plain text, as click writes it: rich's boxes would get in the way of programs that read the help.
"""

from typing import Any

from typer.core import TyperCommand, TyperGroup

_FIRST = ("Arguments", "Options")


class GroupedCommand(TyperCommand):
    """A command that groups its options by `rich_help_panel`."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, options without a group, and then each group in the order of its first option."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                plain = "Arguments" if parameter.param_type_name == "argument" else "Options"
                groups.setdefault(getattr(parameter, "rich_help_panel", None) or plain, []).append(record)
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


def _sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())
