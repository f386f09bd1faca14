"""One chunk of a streamed completion, and a whole completion as a single chunk."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from bridge.jsontext import MalformedJSONError
from bridge.upstream import failures
from bridge.upstream.documents import load_event
from bridge.upstream.sse import Event

#: What `Recogniser.recognise` returns for a chunk that does not have to be parsed.
K = TypeVar("K")
K_co = TypeVar("K_co", covariant=True)


class Chunk(NamedTuple):
    """One event's JSON object.

    `data` is the JSON text, if later chunks may repeat it with other values; otherwise it is empty. A chunk that
    `is_large` takes so long to convert that it would block the event loop. `size` is that of the event in bytes.
    """

    value: dict[str, Any]
    data: bytes = b""
    is_large: bool = False
    size: int = 0

    @property
    def cost(self) -> int:
        """The bytes that are converted on the event loop: none of a large chunk."""
        return 0 if self.is_large else self.size


class Recogniser(Protocol[K_co]):
    """Recognises chunks by their JSON text, so that they do not have to be parsed."""

    @property
    def absorb(self) -> Callable[[Sequence[Event], int], int] | None:
        """Merges events, from a position on, into the chunks that are held, until one does not fit; None if none are.

        It does what `recognise` would do one by one, and returns how many events it has merged.
        """

    def recognise(self, data: bytes) -> K_co | None:
        """The result for a chunk with this text; None for a chunk that has to be parsed."""

    def may_wait(self, data: bytes) -> bool:
        """Whether a chunk with this text may wait until others have arrived, or until `hand_out`."""

    def forget(self) -> None:
        """Recognise no chunk until another was parsed, because the meaning of the texts may have changed."""


def as_chunk(completion: dict[str, Any]) -> Chunk:
    """A whole completion as a single chunk with the same content.

    Perplexity's choices also have a `delta`, with less than the message. It must not replace that.
    """
    choices = completion.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise failures.malformed("is neither an event stream nor a completion")
    return Chunk({**completion, "object": "chat.completion.chunk", "choices": [_with_delta(each) for each in choices]})


def _with_delta(choice: dict[str, Any]) -> dict[str, Any]:
    if "message" not in choice:
        return choice
    return {"delta" if key == "message" else key: item for key, item in choice.items() if key != "delta"}


def is_whole(value: dict[str, Any]) -> bool:
    """Whether an object is a whole completion and not a chunk. Perplexity's chunks have both members."""
    choices = value.get("choices")
    return isinstance(choices, list) and any(
        isinstance(choice, dict) and "message" in choice and not choice.get("delta") for choice in choices
    )


def value_of(data: bytes) -> Any:
    """The JSON value of an event, or the event's bytes if they are not JSON."""
    try:
        return load_event(data)
    except MalformedJSONError:
        return data
