"""One chunk of a streamed completion, a whole completion as a single chunk, and which events have chunks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from bridge.jsontext import MalformedJSONError
from bridge.upstream import failures
from bridge.upstream.documents import load_event
from bridge.upstream.inside import error_in, is_failure, is_of_tool
from bridge.upstream.sse import DONE, STRAY, Event

#: What `Recogniser.recognise` returns for a chunk that does not have to be parsed.
K = TypeVar("K")
K_co = TypeVar("K_co", covariant=True)
#: Members of a chunk and of its choices that are not about an error next to them.
_OF_CHUNK: Final = ("id", "object", "created", "model", "usage")
_OF_CHOICE: Final = ("index", "logprobs", "finish_reason")
#: The name that the standard gives to events without one.
_MESSAGE: Final = "message"


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
        """Merges events, from a position on, into the chunks that are held, until one does not fit; None to merge none.

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


def without_error(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """The part of a chunk that is text, for a chunk that is also an error; None if there is no such part.

    The error is in the call's status, where it is masked.
    """
    choices = value.get("choices")
    found = [
        {**{key: choice[key] for key in _OF_CHOICE if key in choice}, "delta": _without(choice["delta"])}
        for choice in (choices if type(choices) is list else ())
        if type(choice) is dict and type(choice.get("delta")) is dict
    ]
    if not any(item for choice in found for key, item in choice["delta"].items() if key != "role"):
        return None
    return {**{key: value[key] for key in _OF_CHUNK if key in value}, "choices": found}


def _without(delta: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in delta.items() if key != "error"}


def value_of(data: bytes) -> Any:
    """The JSON value of an event, or the event's bytes if they are not JSON."""
    try:
        return load_event(data)
    except MalformedJSONError:
        return data


def relevant(event: Event) -> Event | None:
    """An event of the response, without the name `message`; None for a named event that is not part of it."""
    data, kind, complete = event
    if not kind or kind == STRAY or is_failure(kind):
        return event
    if kind.lower() == _MESSAGE or data.lstrip().startswith(DONE):
        return Event(data, "", complete)
    if b'"choices"' in data:
        return event
    if is_of_tool(kind):
        return None
    value = value_of(data)
    return event if isinstance(value, dict) and error_in(value, named=True) is not None else None
