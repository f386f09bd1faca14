"""The results of one library, or of one of its test suites."""

from dataclasses import dataclass, field
from typing import Protocol


class Subject(Protocol):
    """What runs: a library on our cases, or its own tests."""

    @property
    def name(self) -> str:
        """Its name on the command line."""

    @property
    def title(self) -> str:
        """Its name in docs/clients.md."""

    @property
    def language(self) -> str:
        """Its language."""


@dataclass
class Result:
    """The results of a library: its versions, and the problems by case."""

    library: Subject
    versions: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, list[str]] = field(default_factory=dict)
    #: Number of tests that were not run, by reason.
    left_out: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """Number of failed cases."""
        return sum(bool(wrong) for wrong in self.verdicts.values())

    @property
    def passed(self) -> int:
        """Number of passed cases."""
        return len(self.verdicts) - self.failed
