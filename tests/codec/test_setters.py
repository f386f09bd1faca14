"""Setting a value in a message gives the same message as decoding the changed JSON."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Chunk
from benchmarks.dialects import SHAPES
from bridge.codec import build
from bridge.codec.setters import Setters, together
from bridge.jsontext import JSONPath, loads

TEXT = st.sampled_from(["", "a", "é\n", "aGk=", "data:image/png;base64,aGk=", "null"])
NUMBER = st.integers(-3, 3) | st.sampled_from([2**31, 2**53 + 1, -(2**63), 1e300, 1e-7, 12.0, 0.5, -0.0])
INTEGERS = st.lists(st.integers(-3, 300) | st.just(2**31) | st.just(2**63), max_size=3)
LEAVES = TEXT | NUMBER | INTEGERS
#: JSON with places of each kind, and unknown members.
ODD: dict[str, Any] = {
    "id": "c",
    "created": 5,
    "unknown": "x",
    "quantum": {"b": [1, {"a": "x", "n": 2}], "c": 1.5},
    "metadata": {"key": "value"},
    "citations": ["a", "b"],
    "prompt_token_ids": [1, 2],
    "metrics": {"a": {"b": 1}, "list": [1, [2.5, "x"]]},
    "usage": {"prompt_tokens": 1, "cost": 0.5, "odd": 1.5, "completion_tokens_details": {"reasoning_tokens": 0}},
    "choices": [
        {
            "index": 0,
            "delta": {
                "content": [{"type": "text", "text": "part"}, {"type": "image_url", "image_url": {"url": "aGk="}}],
                "images": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}],
                "audio": {"id": "a", "data": "aGk=", "transcript": "hi"},
                "tool_calls": [{"index": 0, "function": {"arguments": "{", "odd": [1]}}],
                "reasoning_details": [{"type": "reasoning.text", "text": "a", "index": 0, "odd": "x"}],
            },
            "stop_reason": 1,
            "token_ids": [3],
        }
    ],
}
VALUES = [ODD, *(loads(SHAPES[name].events[number]) for name in sorted(SHAPES) for number in (1, 5))]


def leaves(value: Any, path: JSONPath = ()) -> Iterator[JSONPath]:
    """The paths of texts, numbers and lists of integers."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, list) and all(type(number) is int for number in item):
            yield (*path, key)
        elif isinstance(item, dict | list):
            yield from leaves(item, (*path, key))
        elif item is not None and not isinstance(item, bool):
            yield (*path, key)


def kind(value: Any) -> str:
    return type(value).__name__.replace("float", "int")


def within(value: Any, path: JSONPath) -> Any:
    for step in path:
        value = value[step]
    return value


@given(st.sampled_from(VALUES), st.booleans(), st.booleans(), st.data())
def test_a_value_put_is_a_value_decoded(
    value: dict[str, Any],
    inline: bool,  # noqa: FBT001 # a parameter of the test
    is_together: bool,  # noqa: FBT001 # a parameter of the test
    data: st.DataObject,
) -> None:
    """Several values in any places, one after the other or together. A value that does not fit its field is refused."""
    value = copy.deepcopy(value)
    message = build(Chunk, value, inline=inline)
    setters = Setters(message, value, inline=inline)
    paths = data.draw(st.lists(st.sampled_from(list(leaves(value))), min_size=1, max_size=4, unique=True))
    puts = [setters.setter(path) for path in paths]
    changed = copy.deepcopy(value)
    values = []
    for path, put in zip(paths, puts, strict=True):
        old = within(value, path)
        new = data.draw(LEAVES.filter(lambda item, old=old: kind(item) == kind(old)))  # type: ignore[misc]
        if put is not None:
            within(changed, path[:-1])[path[-1]] = new
            values.append(new)
    known = [put for put in puts if put is not None]
    try:
        if is_together:
            together(known)(values)
        else:
            for put, new in zip(known, values, strict=True):
                put(new)
    except (TypeError, ValueError):
        return
    assert message == build(Chunk, changed, inline=inline)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_what_changes_in_any_dialect_has_a_place(shape: str) -> None:
    """Every value that changes in a dialect's chunks has a setter; otherwise all its chunks would be parsed."""
    first, second = (loads(SHAPES[shape].events[number]) for number in (5, 6))
    message = build(Chunk, first)
    setters = Setters(message, first)
    puts = [setters.setter(path) for path in leaves(first)]
    known = [put for put in puts if put is not None]
    assert len(known) == len(puts)
    together(known)([within(second, path) for path in leaves(first)])
    assert message == build(Chunk, second)


@pytest.mark.parametrize(("path", "number"), [(("usage", "cost"), 1e400), (("created",), 1e400), (("created",), 2**63)])
def test_a_number_that_its_field_cannot_hold(path: JSONPath, number: float) -> None:
    put = Setters(build(Chunk, ODD), ODD).setter(path)
    assert put is not None
    with pytest.raises((TypeError, ValueError)):
        put(number)


@pytest.mark.parametrize(
    "path",
    [("metadata", "key"), ("citations", 0), ("choices", 0, "stop_reason")],
)
def test_no_place(path: JSONPath) -> None:
    """There is no setter in maps, in lists of texts, and where another value could belong in another field."""
    assert Setters(build(Chunk, ODD), ODD).setter(path) is None
