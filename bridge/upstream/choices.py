"""The choices of a stream: which have started, which have ended, and how. Records how those of any response ended."""

from collections.abc import Mapping
from typing import Any, Final

from bridge.call import CallRecord
from bridge.errors import BridgeError
from bridge.upstream import failures
from bridge.upstream.endings import end_of, failure_of, means_failure
from bridge.upstream.inside import suspect_in

#: Maximum number of choices of a stream that are remembered.
_MAX_CHOICES: Final = 4096
#: Maximum number of choices of a whole response whose finish_reasons are recorded.
_MAX_RECORDED: Final = 16


class Choices:
    """Tracks the choices. `requested` is the number that the caller requested. `finished` has their finish_reasons."""

    def __init__(self, requested: int) -> None:
        self._requested = requested
        self._open: set[int] = set()  # started, without a finish_reason yet
        self.finished: dict[int, str] = {}
        self.failed = ""  # the first finish_reason that says that the generation failed
        self.suspect: Any = None  # the last object, which is an error if no choice follows it

    def note_ends(self, record: CallRecord) -> None:
        """Record the finish_reasons, also those that are still to come."""
        record.finish_reasons = self.finished

    def follow(self, value: dict[str, Any]) -> None:
        """Record a chunk.

        Raises:
            BridgeError: UPSTREAM_MALFORMED_RESPONSE for too many choices.
        """
        choices = value.get("choices")
        if choices is None:
            self.doubt(value)
        else:
            self.suspect = None
        if type(choices) is not list:
            return
        if len(choices) + len(self.finished) + len(self._open) > _MAX_CHOICES:
            raise failures.malformed("has too many choices")
        for position, choice in enumerate(choices):
            if type(choice) is dict:
                index = index_of(choice, position)
                end = end_of(choice)
                if end:
                    self._open.discard(index)
                    self.finished[index] = end
                    if not self.failed and means_failure(end):
                        self.failed = end
                elif index not in self.finished:
                    self._open.add(index)

    def doubt(self, value: dict[str, Any]) -> None:
        """Record an object that is not a chunk."""
        self.suspect = suspect_in(value) or self.suspect

    def have_begun(self, value: dict[str, Any]) -> bool:
        """Whether one of a chunk's choices has started before."""
        indexes = [index_of(choice, position) for position, choice in enumerate(value["choices"])]
        return not (self._open.isdisjoint(indexes) and self.finished.keys().isdisjoint(indexes))

    def are_finished(self) -> bool:
        """Whether every choice that was requested or has started has ended."""
        return not self._open and len(self.finished) >= self._requested

    def failure(self) -> BridgeError | None:
        """Why a stream that is complete has failed nevertheless: a choice ended with a failure, or there was none."""
        if self.failed or self._open or self.finished:
            return failure_of(self.failed) if self.failed else None
        return failures.malformed("is a stream without any choice")

    def judge(self) -> None:
        """Check that a complete stream contains a response.

        Raises:
            BridgeError: as `failure`.
        """
        failure = self.failure()
        if failure is not None:
            raise failure


def note_ends(record: CallRecord, response: Mapping[str, Any]) -> None:
    """Record the finish_reasons of a whole response."""
    choices = response.get("choices")
    if type(choices) is list:
        record.finish_reasons = {
            index_of(choice, position): end
            for position, choice in enumerate(choices[:_MAX_RECORDED])
            if type(choice) is dict and (end := end_of(choice))
        }


def index_of(choice: Any, position: int) -> int:
    """The index of a choice or a tool call at a position; the position if it has none."""
    index = choice.get("index") if type(choice) is dict else None
    return index if type(index) is int else position
