"""The choices of one stream: which have started, which have ended, and how."""

from typing import Any, Final

from bridge.errors import BridgeError, Reason
from bridge.jsontext import text_of
from bridge.upstream import failures
from bridge.upstream.inside import suspect_in

#: Limits of what is remembered: choices of a stream, and characters of a finish_reason.
_MAX_CHOICES: Final = 4096
_MAX_REASON: Final = 128


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
                index = choice.get("index")
                index = index if type(index) is int else position
                reason = choice.get("finish_reason")
                if reason:
                    self._open.discard(index)
                    text = reason if type(reason) is str else text_of(reason)
                    self.finished[index] = text[:_MAX_REASON]
                    self._failed = self._failed or reason == "error"
                elif index not in self.finished:
                    self._open.add(index)

    def doubt(self, value: dict[str, Any]) -> None:
        """Record an object that is not a chunk."""
        self.suspect = suspect_in(value) or self.suspect

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
