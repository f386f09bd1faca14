"""Writes docs/configuration.md from the settings object. `--check` fails if the file is stale."""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from bridge.settings.reference import Setting, reference

PATH: Final = Path(__file__).parent.parent / "docs" / "configuration.md"

INTRODUCTION: Final = """\
# Configuration

Made by `tools/configuration.py` from `bridge/settings/`; do not edit.

Each setting is a flag of `aibridge serve`, an environment variable and an entry of a TOML file (`--config FILE` or
`AIBRIDGE_CONFIG`). Flags take precedence over variables, and variables over the file.

- The flag is the name with hyphens: `drain_delay` is `--drain-delay 5`. A switch is `--coalesce` or `--no-coalesce`.
- The variable is the name in capitals after `AIBRIDGE_`: `AIBRIDGE_DRAIN_DELAY=5`. Switches take `true` and `false`,
  lists have commas between their items. An empty variable counts as not set.
- The entry is the name itself, at the top level of the file: `drain_delay = 5`. Lists are TOML lists.
- **Secrets are never flags**, because other users of the machine can read those: use the variable, or the setting that
  names a file.

`aibridge config` prints the settings that `aibridge serve` would use with the same flags, variables and file, and where
each value comes from; secrets are masked. An unknown or out-of-range setting prevents startup: exit code 2, and a line
with the setting, the problem and the allowed values. Variables that Kubernetes sets for a Service called `aibridge`
(`AIBRIDGE_SERVICE_HOST`, `AIBRIDGE_PORT_50051_TCP`) are ignored.

The commands that call a bridge have other variables: `AIBRIDGE_TARGET` is its address, `AIBRIDGE_TOKEN` the
caller's token; `AIBRIDGE_TARGET_TLS`, `AIBRIDGE_TARGET_CA_FILE`, `AIBRIDGE_TARGET_CERTIFICATE_FILE`,
`AIBRIDGE_TARGET_KEY_FILE` and `AIBRIDGE_TARGET_SERVER_NAME` are for TLS. `AIBRIDGE_LOCAL_MODEL` names the model
file of `--local`.
"""
COLUMNS: Final = ("setting", "type", "default", "allowed", "meaning")


def document() -> str:
    """The whole text."""
    return "\n".join([INTRODUCTION, *_groups()]).rstrip("\n") + "\n"


def _groups() -> Iterator[str]:
    for group, settings in groupby(reference().values(), key=lambda setting: setting.group):
        yield f"## {group}\n"
        for row in (COLUMNS, ["---"] * len(COLUMNS), *map(_row, settings)):
            yield f"| {' | '.join(row)} |".replace("| --- ", "|---").replace("--- |", "---|")
        yield ""


def _row(setting: Setting) -> list[str]:
    names = [setting.flag, *setting.variables]
    where = f"`{setting.name}`<br>" + "<br>".join(f"`{name}`" for name in names if name)
    default = f"`{setting.default}`" if setting.default else ""
    return [where, setting.kind, default, setting.allowed, setting.meaning.replace("|", "\\|")]


def main() -> int:
    """Write the file, or check it."""
    text = document()
    if "--check" in sys.argv[1:]:
        if PATH.is_file() and PATH.read_text("utf-8") == text:
            return 0
        print("docs/configuration.md is stale: run make docs", file=sys.stderr)
        return 1
    PATH.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
