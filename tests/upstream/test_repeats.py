"""A chunk that repeats an earlier one is recognised by its text, and gives the same as when it is parsed."""

import copy
import json
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.dialects import SHAPES
from benchmarks.shapes import CHUNKS
from bridge.jsontext import MalformedJSONError, dumps, loads, text_of
from bridge.upstream import repeats
from bridge.upstream.repeats import TEXTS, Repeats
from bridge.upstream.template import Template

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
#: The next words, as in nearly all chunks.
WORDS = st.builds(
    lambda name, text, role: {"id": "c", "choices": [{"index": 0, "delta": {**role, name: text}}]},
    st.sampled_from(["content", "reasoning"]),
    TEXT,
    st.sampled_from([{}, {"role": "assistant"}]),
)
#: Any member.
VALUE = (
    TEXT
    | st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([2**31, 2**53 + 1, 2**63, 2**64, 10**25, -0.0, 1e-7, 1e300, 12.0, 0.1])
    | st.lists(st.integers(0, 300) | st.just(2**64), max_size=3)
    | st.just({"a": 1})
)
CALL = {"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}}
#: Ways to write JSON.
WRITERS = st.sampled_from(
    [
        lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(),
        lambda value: json.dumps(value).encode(),
        lambda value: json.dumps(value, indent=1).encode(),
    ]
)


def said(stream: list[bytes]) -> tuple[list[Any], int]:
    """The result of a stream, and how many of its chunks were not parsed."""
    known: Repeats[tuple[Template, Any]] = Repeats()
    values, skipped = [], 0
    for data in stream:
        found = known.match(data)
        if found is None:
            value = loads(data)
            template = known.learn(data, value)
            if template is not None:
                known.add(template, (template, value))
        else:
            skipped += 1
            (template, value), gaps = found
            value = copy.deepcopy(value)
            for path, gap in zip(template.paths, template.values(gaps), strict=True):
                within = value
                for step in path[:-1]:
                    within = within[step]
                within[path[-1]] = gap
        values.append(value)
    return values, skipped


@pytest.fixture(autouse=True)
def new(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts without templates."""
    monkeypatch.setattr(repeats, "_seen", {})


@given(st.lists(st.builds(lambda value, write: write(value), WORDS | CHUNK, WRITERS), max_size=8))
def test_nothing_else_is_said(stream: list[bytes]) -> None:
    repeats._seen.clear()
    assert said(stream)[0] == [loads(data) for data in stream]


@given(st.sampled_from(sorted(SHAPES)), WRITERS, st.lists(st.integers(0, CHUNKS - 1), max_size=10), st.data())
def test_nothing_else_is_said_in_any_shape(
    shape: str, write: Callable[[Any], bytes], numbers: list[int], data: st.DataObject
) -> None:
    """Chunks of all dialects, with any values in any place, give the same as when they are parsed."""
    repeats._seen.clear()
    events = [loads(SHAPES[shape].events[number]) for number in numbers]
    for event in events:
        change(event, data.draw)
    stream = [write(event) for event in events]
    assert list(map(text_of, said(stream)[0])) == [text_of(loads(text)) for text in stream]


def change(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
    """Put other values in up to three places."""
    places = list(places_in(value))
    for number in draw(st.lists(st.integers(0, len(places) - 1), max_size=3)):
        within, key = places[number]
        within[key] = draw(VALUE)


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """The container and the key of each value that is no container itself."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            yield from places_in(item)
        yield value, key


@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_bytes_that_change(shape: str, data: st.DataObject) -> None:
    """Bytes that are cut, doubled or changed anywhere are not taken for a repetition unless they are one."""
    repeats._seen.clear()
    known: Repeats[tuple[Template, Any]] = Repeats()
    events = SHAPES[shape].events[2:7]
    for event in events:
        value = loads(event)
        template = known.learn(event, value)
        if template is not None:
            known.add(template, (template, value))
    odd = bytearray(SHAPES[shape].events[7])
    at = data.draw(st.integers(0, len(odd) - 1))
    bits = [b"", b'"', b"\\", b"\xff", b'","x":"', b",", b"9", b"]", b"}", b":", b"e", b"12345678901234567890"]
    odd[at : at + data.draw(st.integers(0, 2))] = data.draw(st.sampled_from(bits))
    found = known.match(bytes(odd))
    if found is not None:
        (template, value), gaps = found
        for path, gap in zip(template.paths, template.values(gaps), strict=True):
            within = value
            for step in path[:-1]:
                within = within[step]
            within[path[-1]] = gap
        assert text_of(loads(bytes(odd))) == text_of(value)


#: Bytes that may move the borders between a chunk's text and its gaps, or between two chunks.
BITS = [b"", b'"', b"\\", b"\0", b",", b'","', b'\\"', b"]", b"[1", b"9", b'"\0"', b" "]


@given(st.sampled_from(sorted(SHAPES)), st.integers(1, 6), st.data())
def test_several_chunks_match_as_each_of_them(shape: str, number: int, data: st.DataObject) -> None:
    """The values of several chunks are those of each up to the first that does not match, whatever is in them."""
    template = template_of(shape)
    chunks = list(SHAPES[shape].events[8 : 8 + number])
    for _ in range(data.draw(st.integers(0, 3))):
        odd = bytearray(chunks[at := data.draw(st.integers(0, number - 1))])
        middle = data.draw(st.integers(0, len(odd) - 1))
        between = data.draw(st.integers(0, len(odd) - 1))
        odd[middle : middle + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from(BITS) | st.just(bytes(odd[between : between + 40]))
        )
        chunks[at] = bytes(odd)
    known = takewhile(lambda found: found is not None, map(template.match, chunks))
    assert list(map(list, map(template.values, template.match_all(chunks)))) == list(map(template.values, known))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b'"id":"chatcmpl', b'"id":"chatcmpL', id="another head"),
        pytest.param(b"}", b"]", id="another end"),
        pytest.param(b'"finish_reason":null', b'"finish_reason":"no"', id="other text between the values"),
        pytest.param(b'"content":"', b'"content":"\\', id="a string that does not end"),
        pytest.param(b'"obfuscation":"', b'"obfuscation":"","', id="two strings in place of one"),
    ],
)
def test_one_chunk_of_several_does_not_match(old: bytes, new: bytes) -> None:
    template = template_of("openai")
    chunks = list(SHAPES["openai"].events[8:11])
    chunks[1] = new.join(chunks[1].rsplit(old, 1))
    assert chunks[1] != SHAPES["openai"].events[9]
    assert template.match(chunks[1]) is None
    assert len(template.match_all(chunks)) == 1


def test_two_broken_strings_that_are_two_whole_ones_together() -> None:
    """A chunk that is not JSON, but whose parts are JSON once they stand next to each other."""
    template = template_of("openai")
    head, tail = SHAPES["openai"].events[8].split(b'"content":')[0], b"}"
    between = SHAPES["openai"].events[8].partition(b'"content":"')[2].partition(b'"')[2].partition(b'"obfuscation":')
    odd = head + b'"content":"a\\"' + between[0] + between[1] + b'","b"' + tail
    assert template.match(odd) is None
    assert not template.match_all([odd, SHAPES["openai"].events[9]])


@pytest.mark.parametrize("shape", ["plain", "openai"])
def test_a_broken_chunk_is_not_two(shape: str) -> None:
    """A NUL, which separates the values that are matched at once, does not turn one chunk into several."""
    template = template_of(shape)
    gaps = len(template.paths)
    chunk = SHAPES[shape].events[8]
    values = [dumps(value) for value in template.values(template.match(chunk))]
    odd = chunk.replace(values[-1], b"\0".join([values[-1], *values]))
    assert odd != chunk
    assert gaps == (1 if template.is_text else 2)
    assert template.match(odd) is None
    assert not template.match_all([odd, chunk])
    assert len(template.match_all([chunk, odd])) == 1


def template_of(shape: str) -> Template:
    """The template that the chunks of a shape give."""
    repeats._seen.clear()
    known: Repeats[None] = Repeats()
    made = [known.learn(event, loads(event)) for event in SHAPES[shape].events[2:8]]
    template = made[-1]
    assert template is not None
    return template


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_chunks_of_all_dialects_are_not_parsed(shape: str) -> None:
    """Few chunks are parsed to learn a template, and at most three of the next stream of the same dialect."""
    events = SHAPES[shape].events
    assert said(events)[1] > CHUNKS - 10
    values, skipped = said(events)
    assert values == [loads(event) for event in events]
    assert skipped >= CHUNKS - 6


def words(*texts: str, **members: Any) -> list[bytes]:
    return [dumps({**members, "choices": [{"index": 0, "delta": {"content": text}}]}) for text in texts]


def test_words_are_not_parsed() -> None:
    """Only the first two chunks of words are parsed; the second becomes the template."""
    assert said(words("a", " b", "", "é", 'c"\\\n'))[1] == 3


def test_what_changes_is_found_by_comparison() -> None:
    """A changing id is found by comparing two chunks, and then accepted."""
    stream = [*words("a", id="1"), *words("b", id="1"), *words("c", id="2"), *words("d", id="3")]
    assert said(stream)[1] == 1


def test_a_server_that_writes_something_new_in_each() -> None:
    """If every chunk is different, learning stops after a while."""
    known: Repeats[None] = Repeats()
    stream = [dumps({f"x{number}": 1, "choices": [{"delta": {"content": "a"}}]}) for number in range(11)]
    found = [known.learn(data, loads(data)) is not None for data in stream]
    assert found == [False, *[True] * 8, False, False]


def test_templates_that_are_of_no_use() -> None:
    """Learning costs more than parsing, so it stops after two useless templates."""
    known: Repeats[None] = Repeats()
    found = []
    for data in words(*"abcdef"):
        template = known.learn(data, loads(data))
        found.append(template is not None)
        if template is not None:
            known.refuse()
    assert found == [False, True, True, False, False, False]


@pytest.mark.parametrize(
    "member",
    [
        {"index": 1},
        {"finish_reason": "stop"},
        {"finish_reason": ""},
        {"error": {"message": "b"}},
        {"error": {"code": 1}},
        {"delta": {"role": "user", "content": "b"}},
        {"delta": {"role": "assistant", "content": "a", "tool_calls": [{**CALL, "index": 1}]}},
        {"delta": {"role": "assistant", "content": "a", "tool_calls": [{**CALL, "id": "2"}]}},
        {"delta": {"role": "assistant", "content": "a", "tool_calls": [{**CALL, "function": {"name": "g"}}]}},
    ],
)
def test_what_decides_over_a_stream_is_always_parsed(member: dict[str, Any]) -> None:
    """A value that decides about the stream is always parsed, however often it has changed."""
    plain: dict[str, Any] = {"index": 0, "delta": {"role": "assistant", "content": "a", "tool_calls": [CALL]}}
    plain |= {"error": {"message": "a", "code": 0}} if "error" in member else {}
    stream = [dumps({"choices": [choice]}) for choice in (plain, plain, {**plain, **member})]
    assert said(stream)[1] == 0
    assert said([*stream, *stream[1:], *stream[1:]])[0][-1] == loads(stream[-1])


def called(call: dict[str, Any]) -> dict[str, Any]:
    return {"delta": {"tool_calls": [{"index": 0, **call}]}}


@pytest.mark.parametrize(
    "choices",
    [
        [{"index": number, "delta": {"content": "a"}} for number in range(3)],
        [{"delta": {"content": "a"}, "finish_reason": reason} for reason in ("", "stop", "length")],
        [{"delta": {"content": "a", "role": role}} for role in ("user", "tool", "assistant")],
        [{"delta": {"content": "a"}, "error": error} for error in ("", "none", "no quota")],
        [{"delta": {"content": "a"}, "error": {"code": code}} for code in (0, 200, 429)],
        [called({"index": number}) for number in range(3)],
        [called({"id": word}) for word in ("a", "b", "c")],
        [called({"type": word}) for word in ("a", "b", "c")],
        [called({"function": {"name": word}}) for word in ("a", "b", "c")],
        [called({"custom": {"name": word}}) for word in ("a", "b", "c")],
    ],
)
def test_what_decides_over_a_stream_never_becomes_a_gap(choices: list[dict[str, Any]]) -> None:
    """A third value of it is parsed as the second one was."""
    stream = [dumps({"choices": [choice]}) for choice in choices]
    assert said([stream[0], *stream])[1] == 0


@pytest.mark.parametrize("member", ["error", "success", "base_resp", "x_groq"])
def test_members_that_may_be_an_error_never_become_gaps(member: str) -> None:
    """Nor does anything in them."""
    for values in (("a", "b", "c"), tuple({"x": {"y": number}} for number in range(3))):
        stream = [dumps({member: value, "choices": [{"delta": {"content": "a"}}]}) for value in values]
        assert said([stream[0], *stream])[1] == 0


def test_at_most_four_templates_are_kept() -> None:
    """The latest ones."""
    known: Repeats[int] = Repeats()
    chunks = [dumps({f"x{number}": 1, "choices": [{"delta": {"content": "a"}}]}) for number in range(7)]
    for number, data in enumerate(chunks):
        template = known.learn(data, loads(data))
        if template is not None:
            known.add(template, number)
    found = [known.match(data) for data in chunks]
    assert [match[0] if match else None for match in found] == [None, None, None, 3, 4, 5, 6]


def test_a_match_clears_the_misses() -> None:
    """A server that writes something new now and then goes on to be learned from."""
    known: Repeats[None] = Repeats()
    for number in range(20):
        data = dumps({f"x{number}": 1, "choices": [{"delta": {"content": "a"}}]})
        template = known.learn(data, loads(data))
        assert (template is None) == (number == 0)
        if template is not None:
            known.add(template, None)
            assert known.match(data) is not None


@pytest.mark.parametrize("text", ['a","b":"c', 'a"', "a\\", "\\x"])
def test_no_string(text: str) -> None:
    """A repeated chunk has exactly one string between the common ends."""
    known: Repeats[None] = Repeats()
    for data in words("x", "y"):
        template = known.learn(data, loads(data))
        if template is not None:
            known.add(template, None)
    data = data.replace(b'"y"', b'"' + text.encode() + b'"')
    assert known.match(data) is None
    if "," not in text:
        with pytest.raises(MalformedJSONError):
            loads(data)


@pytest.mark.parametrize("numbers", [[2**70], [1, 2**64, 3], [-(2**63) - 1], [10**18]])
def test_lists_of_integers_that_may_be_over_64_bits_are_parsed(numbers: list[int]) -> None:
    """Lists of integers over 64 bits are parsed, as the fast JSON library reads them as doubles."""

    def chunk(numbers: list[int]) -> bytes:
        return json.dumps({"choices": [{"index": 0, "delta": {"content": "a"}, "ids": numbers}]}).encode()

    known: Repeats[None] = Repeats()
    for number in range(3):
        data = chunk([number, -number])
        template = known.learn(data, loads(data))
        if template is not None:
            known.add(template, None)
    assert known.match(chunk([10**17, -3, 2**52, 4, 5])) == (None, ["a", [10**17, -3, 2**52, 4, 5]])
    assert known.match(chunk([])) == (None, ["a", []])
    assert known.match(chunk(numbers)) is None
