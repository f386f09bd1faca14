"""`make check`: runs all checks, even if one fails, and lists the failures with the command that fixes each.

    python -m tools.check [--quick] [NAME ...]

NAME selects checks. `--quick` omits those that take more than a few seconds.
"""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
#: Number of lines at the end of a failing check's output that are shown.
MAX_LINES: Final = 40


@dataclass(frozen=True)
class Check:
    """One check: a command, and what to do if it fails."""

    name: str
    command: str
    fix: str
    is_quick: bool = False


CHECKS: Final = (
    Check("lint", "ruff check --output-format concise .", "make format, or edit the lines above", is_quick=True),
    Check("format", "ruff format --check .", "make format", is_quick=True),
    Check("types", "mypy", "edit the lines above"),
    Check("proto lint", "buf lint", "edit the lines above", is_quick=True),
    Check("proto format", "buf format --diff --exit-code", "make format", is_quick=True),
    Check("generated", "sh tools/fresh.sh", "make generate"),
    Check("proto breaking", "sh tools/breaking.sh", "undo the change, see docs/versioning.md"),
    Check("pages", "python -m tools.docs --check", "make docs"),
    Check("versions", "python -m tools.versions --check", "the command above", is_quick=True),
    Check("client's codec", "python -m tools.vendor --check", "python -m tools.vendor", is_quick=True),
    Check("npm tables", "python -m tools.fetch --check", "python -m tools.fetch"),
    Check("contract", "python -m pytest -q -p no:cacheprovider tests/contract", "each test says what is missing"),
)


def run(check: Check) -> subprocess.CompletedProcess[str]:
    """Run one check in the repository's root, with standard output and standard error together."""
    variables = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": sys.executable,
        "BUF": str(BIN / "buf"),
    }
    return subprocess.run(  # noqa: S602 # the commands above
        check.command,
        shell=True,
        cwd=ROOT,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def clipped(text: str) -> str:
    """The end of a long output."""
    lines = text.rstrip().splitlines()
    left_out = len(lines) - MAX_LINES
    return "\n".join([f"({left_out} lines left out)", *lines[left_out:]] if left_out > 0 else lines)


def main(checks: tuple[Check, ...] = CHECKS) -> int:
    """Run the checks. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="tools.check", description="Runs all checks and lists all failures.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(check.name for check in checks))
    parser.add_argument("--quick", action="store_true", help="only the checks that take seconds")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {check.name for check in checks}
    if unknown:
        parser.error(f"no such check: {', '.join(sorted(unknown))}")
    failed: list[Check] = []
    for check in checks:
        if (arguments.quick and not check.is_quick) or (arguments.names and check.name not in arguments.names):
            continue
        began = time.monotonic()
        done = run(check)
        seconds = time.monotonic() - began
        print(f"{'FAILED' if done.returncode else 'ok':8}{check.name:16}{seconds:6.1f} s", flush=True)
        if done.returncode:
            failed.append(check)
            print(f"$ {check.command}\n{clipped(done.stdout)}\n", flush=True)
        else:
            # Report what could not be checked, even if nothing failed.
            notes = [line for line in done.stdout.splitlines() if "not checked" in line]
            print("".join(f"        {line}\n" for line in notes), end="", flush=True)
    if failed:
        print("To fix:", *(f"{check.name}: {check.fix}" for check in failed), sep="\n  ")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
