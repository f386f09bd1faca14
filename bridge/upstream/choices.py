"""The choices of one stream: which have begun, which have ended, and how."""

from typing import Any, Final

from bridge.errors import BridgeError, Reason
from bridge.jsontext import text_of
from bridge.upstream import failures
from bridge.upstream.inside import suspect_in

#: Choices of a stream, each of which is remembered, and characters of its finish_reason.
_MAX_CHOICES: Final = 4096
_MAX_REASON: Final = 128


class Choices:
    """Follows the choices; `asked` is how many the caller wants. `finished` are their finish_reasons."""

    def __init__(self, asked: int) -> None:
        self._asked = asked
        self._open: set[int] = set()  # they have begun, and have no finish_reason yet
        self.finished: dict[int, str] = {}
        self._failed = False  # one has finished with `error`
        self.suspect: Any = None  # the last object, which was an error if nothing of a choice comes behind it

    def follow(self, value: dict[str, Any]) -> None:
        """Take in a chunk.

        Raises:
            BridgeError: UPSTREAM_MALFORMED_RESPONSE for more choices than anybody asks for.
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
        """Take in an object that is no chunk."""
        self.suspect = suspect_in(value) or self.suspect

    def are_finished(self) -> bool:
        """Whether each choice that was asked for, or has begun, has ended."""
        return not self._open and len(self.finished) >= self._asked

    def judge(self) -> None:
        """The stream says that it is complete: check that it holds a response.

        Raises:
            BridgeError: there was no choice, or the upstream ended one with an error that it did not describe.
        """
        if self._failed:
            message = "the upstream ended a choice with finish_reason `error`"
            raise BridgeError(Reason.UPSTREAM_INTERNAL_ERROR, message)
        if not self._open and not self.finished:
            raise failures.malformed("is a stream without any choice")
