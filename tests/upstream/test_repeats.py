"""A chunk that repeats the one before is recognised by its ends; what that gives is what parsing it gives."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.jsontext import MalformedJSONError, dumps, loads
from bridge.upstream.repeats import TEXTS, Repeats

TEXT = st.sampled_from(["", "a", ' "', "\\", "\n", "é", "\U0001f600", 'content":"', "{}", "\u2028"]) | st.text(
    max_size=4
)
MEMBERS = st.sampled_from([*TEXTS, "role", "content ", "quantum", "con\u0074ent"])
DELTA = st.dictionaries(MEMBERS, TEXT | st.none() | st.just([{"content": "x"}]), max_size=3)
CHUNK = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["c", "content", 'c","content":"c']),
        "choices": st.lists(
            st.fixed_dictionaries(
                {"index": st.integers(0, 1), "delta": DELTA},
                optional={"finish_reason": st.none() | st.just("stop"), "logprobs": st.just({"content": []})},
            ),
            max_size=2,
        ),
    },
    optional={"usage": st.none() | st.just({"total_tokens": 1}), "content": TEXT, "obfuscation": TEXT},
)
#: The next words: what nearly all chunks are.
WORDS = st.builds(
    lambda name, text, role: {"id": "c", "choices": [{"index": 0, "delta": {**role, name: text}}]},
    st.sampled_from(["content", "reasoning"]),
    TEXT,
    st.sampled_from([{}, {"role": "assistant"}]),
)
#: Ways to write JSON.
WRITERS = st.sampled_from(
    [dumps, lambda value: json.dumps(value).encode(), lambda value: json.dumps(value, indent=1).encode()]
)


def said(stream: list[bytes]) -> tuple[list[Any], int]:
    """What a stream says, and how many of its chunks were not parsed."""
    repeats, values, last, name, skipped = Repeats(), [], {}, "", 0
    for data in stream:
        text = repeats.text(data)
        if text is None:
            last = loads(data)
            name = repeats.learn(data, last)
            values.append(last)
        else:
            skipped += 1
            value = copy.deepcopy(last)
            value["choices"][0]["delta"][name] = text
            values.append(value)
    return values, skipped


@given(st.lists(st.builds(lambda value, write: write(value), WORDS | CHUNK, WRITERS), max_size=8))
def test_nothing_else_is_said(stream: list[bytes]) -> None:
    assert said(stream)[0] == [loads(data) for data in stream]


@given(st.lists(WORDS, min_size=2, max_size=8), st.data())
def test_bytes_that_change(stream: list[dict[str, Any]], data: st.DataObject) -> None:
    """Cut, doubled and changed anywhere: what is no JSON is not taken for a repetition."""
    first, second = dumps(stream[0]), bytearray(dumps(stream[1]))
    at = data.draw(st.integers(0, len(second) - 1))
    second[at : at + data.draw(st.integers(0, 2))] = data.draw(st.sampled_from([b"", b'"', b"\\", b"\xff", b'","x":"']))
    repeats = Repeats()
    value = loads(first)
    name = repeats.learn(first, value)
    text = repeats.text(bytes(second))
    if text is not None:
        value["choices"][0]["delta"][name] = text
        assert loads(bytes(second)) == value


def words(*texts: str, **members: Any) -> list[bytes]:
    return [dumps({**members, "choices": [{"index": 0, "delta": {"content": text}}]}) for text in texts]


def test_words_are_not_parsed() -> None:
    assert said(words("a", " b", "", "é", 'c"\\\n'))[1] == 4


def test_another_id_is_another_chunk() -> None:
    assert said([*words("a", id="1"), *words("b", id="2"), *words("c", id="2")])[1] == 1


def test_a_server_that_writes_something_new_in_each() -> None:
    """Nothing more is tried after a while."""
    repeats = Repeats()
    names = [repeats.learn(data, loads(data)) for n in range(10) for data in words("a", id=str(n))]
    assert names == ["content"] * 8 + [""] * 2


@pytest.mark.parametrize("text", ['a","b":"c', 'a"', "a\\", "\\x"])
def test_no_string(text: str) -> None:
    """What stands between the ends is one string, or it is no repetition."""
    repeats = Repeats()
    (first,) = words("x")
    repeats.learn(first, loads(first))
    data = first.replace(b'"x"', b'"' + text.encode() + b'"')
    assert repeats.text(data) is None
    if "," not in text:
        with pytest.raises(MalformedJSONError):
            loads(data)
