"""One event of a streamed completion, and a whole completion as the one event that says the same."""

from typing import Any, NamedTuple, Protocol, TypeVar

from bridge.jsontext import MalformedJSONError
from bridge.upstream import failures
from bridge.upstream.documents import load_event

#: What a chunk is that need not be parsed.
K = TypeVar("K")
K_co = TypeVar("K_co", covariant=True)


class Chunk(NamedTuple):
    """One event's JSON object.

    `data` is the text that says all of it, for chunks that may repeat this one; empty if there is none.
    """

    value: dict[str, Any]
    data: bytes = b""


class Known(Protocol[K_co]):
    """Knows chunks by their text, which need not be parsed then."""

    def known(self, data: bytes) -> K_co | None:
        """What a chunk with this text is; None for one that has to be parsed."""

    def forget(self) -> None:
        """No chunk is known any more: what texts mean has changed."""


def as_chunk(completion: dict[str, Any]) -> Chunk:
    """A plain completion as the one chunk that says the same."""
    choices = completion.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise failures.malformed("is neither an event stream nor a completion")
    deltas = [{"delta" if key == "message" else key: item for key, item in choice.items()} for choice in choices]
    return Chunk({**completion, "object": "chat.completion.chunk", "choices": deltas})


def is_whole(value: dict[str, Any]) -> bool:
    """Whether an object with choices is a completion and no chunk of one."""
    choices = value["choices"]
    return isinstance(choices, list) and any(isinstance(choice, dict) and "message" in choice for choice in choices)


def value_of(data: bytes) -> Any:
    """The JSON value of an event, or the event's bytes where it is none."""
    try:
        return load_event(data)
    except MalformedJSONError:
        return data
