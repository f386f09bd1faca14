"""One event of a streamed completion, and a whole completion as the one event that says the same."""

from typing import Any, NamedTuple

from bridge.jsontext import MalformedJSONError
from bridge.upstream import failures
from bridge.upstream.documents import load_event


class Chunk(NamedTuple):
    """One event's JSON object.

    If `repeats` is the name of a text in its delta, chunks that follow may come as a `str` each: what the last `Chunk`
    said, with this text in its place.
    """

    value: dict[str, Any]
    repeats: str = ""


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
