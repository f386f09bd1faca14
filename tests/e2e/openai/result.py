"""What became of one library, or of one of its suites."""

from dataclasses import dataclass, field
from typing import Protocol


class Subject(Protocol):
    """What is run: a library on our cases, or its own tests."""

    @property
    def name(self) -> str:
        """Its name on the command line."""

    @property
    def title(self) -> str:
        """Its name in docs/clients.md."""

    @property
    def language(self) -> str:
        """What it runs on."""


@dataclass
class Result:
    """What became of a library: its versions, and what is wrong, by case."""

    library: Subject
    versions: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, list[str]] = field(default_factory=dict)
    #: How many tests were not run, by reason.
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many cases are not as they should be."""
        return sum(bool(wrong) for wrong in self.verdicts.values())

    @property
    def passed(self) -> int:
        """How many are."""
        return len(self.verdicts) - self.failed
