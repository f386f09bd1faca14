"""`docs/clients.md`: which clients were run, with which versions, and what passed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from examples.harness.checks import CHECKS, Check
from examples.harness.stacks import Stack

PATH: Final = Path(__file__).resolve().parent.parent.parent / "docs" / "clients.md"
_HEAD: Final = """\
# Clients

The same program in each language ([examples/](../examples/README.md)), built and run against a real bridge with a
scripted gateway behind it. Written by `make test-clients ARGS=--write-report` from what that run saw.
"""


@dataclass
class Outcome:
    """One stack: its versions, and the verdicts. `checks` has one with a problem where it could not be built."""

    stack: Stack
    language_version: str = "?"
    library_version: str = "?"
    checks: list[Check] = field(default_factory=list)

    @property
    def failed(self) -> list[Check]:
        """What is wrong."""
        return [check for check in self.checks if check.problem]


def text(outcomes: Sequence[Outcome]) -> str:
    """The whole document."""
    return "\n".join([_HEAD, *_stacks(outcomes), *_claims()])


def _stacks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "| example | language | library | passed |"
    yield "|---|---|---|---|"
    for outcome in outcomes:
        stack = outcome.stack
        passed = f"{len(outcome.checks) - len(outcome.failed)} of {len(CHECKS)}"
        yield (
            f"| [{stack.name}](../examples/{stack.folder}) | {stack.language} {outcome.language_version} "
            f"| {stack.library} {outcome.library_version} | {passed} |"
        )
    yield ""


def _claims() -> Iterator[str]:
    yield "## What each of them is checked for"
    yield ""
    yield "| check | the program |"
    yield "|---|---|"
    for name, claim in CHECKS.items():
        yield f"| {name} | {claim} |"
    yield ""
