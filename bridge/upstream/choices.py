"""The choices of one stream: which have started, which have ended, and how."""

from typing import Any, Final

from bridge.errors import BridgeError, Reason
from bridge.jsontext import text_of
from bridge.upstream import failures
from bridge.upstream.inside import suspect_in

#: Limits of what is remembered: choices of a stream, and characters of a finish_reason.
_MAX_CHOICES: Final = 4096
_MAX_REASON: Final = 128
#: What some servers write in place of null. As a reason it would make a cut stream look complete.
_NO_REASONS: Final = frozenset({"null", "none", "nil", "undefined"})


class Choices:
    """Tracks the choices. `requested` is the number that the caller requested. `finished` has their finish_reasons."""

    def __init__(self, requested: int) -> None:
        self._requested = requested
        self._open: set[int] = set()  # started, without a finish_reason yet
        self.finished: dict[int, str] = {}
        self._failed = False  # a choice has finished with `error`
        self.suspect: Any = None  # the last object, which is an error if no choice follows it

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
                index = _index_of(choice, position)
                reason = _reason_of(choice)
                if reason:
                    self._open.discard(index)
                    self.finished[index] = reason[:_MAX_REASON]
                    self._failed = self._failed or means_failure(reason)
                elif index not in self.finished:
                    self._open.add(index)

    def doubt(self, value: dict[str, Any]) -> None:
        """Record an object that is not a chunk."""
        self.suspect = suspect_in(value) or self.suspect

    def have_begun(self, value: dict[str, Any]) -> bool:
        """Whether one of a chunk's choices has started before."""
        indexes = [_index_of(choice, position) for position, choice in enumerate(value["choices"])]
        return not (self._open.isdisjoint(indexes) and self.finished.keys().isdisjoint(indexes))

    def are_finished(self) -> bool:
        """Whether every choice that was requested or has started has ended."""
        return not self._open and len(self.finished) >= self._requested

    def judge(self) -> None:
        """Check that a complete stream contains a response.

        Raises:
            BridgeError: the stream had no choice, or ended one with finish_reason `error` and no error object.
        """
        if self._failed:
            message = "the upstream ended a choice with finish_reason `error`"
            raise BridgeError(Reason.UPSTREAM_INTERNAL_ERROR, message)
        if not self._open and not self.finished:
            raise failures.malformed("is a stream without any choice")


def means_failure(reason: str) -> bool:
    """Whether a finish_reason says that the upstream failed. Some servers write it in upper case."""
    return reason.lower() == "error"


def _index_of(choice: Any, position: int) -> int:
    index = choice.get("index") if type(choice) is dict else None
    return index if type(index) is int else position


def _reason_of(choice: dict[str, Any]) -> str:
    """The finish_reason of a choice as text; empty if the choice has not ended."""
    reason = choice.get("finish_reason")
    if not reason:
        return ""
    if type(reason) is not str:
        return text_of(reason)
    return "" if reason.strip().lower() in _NO_REASONS else reason
