"""JSON from upstreams is read leniently, JSON from callers strictly, both up to the nesting limit."""

import json
import math
import re
from typing import Any

import pytest

from bridge.jsontext import (
    MAX_DEPTH,
    MalformedJSONError,
    dumps,
    loads,
    loads_strict,
    member_texts,
    pairs,
    text_of,
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":[1,2.5,true,false,null,"x"]}', {"a": [1, 2.5, True, False, None, "x"]}),
        (b"  \r\n\t7\n", 7),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'"\\ud83d"', "\ufffd"),
        (b'"\\ud83d\\ude00 \\ude00"', "😀 \ufffd"),
        (b'{"\\ud83d":["\\udc00",{"a":"\\ud83d"}]}', {"\ufffd": ["\ufffd", {"a": "\ufffd"}]}),
        (b'"a\xff\xfeb"', "a\ufffd\ufffdb"),
        (b'"a\nb\x00"', "a\nb\x00"),
        (b"[Infinity,-Infinity]", [math.inf, -math.inf]),
        (b'{"a":1,"a":2}', {"a": 2}),
        (
            b'["\\ud83d","\\\\ud83d","\\\\\\ud83d","\\udc00\\ud83d\\ude00"]',
            ["\ufffd", "\\ud83d", "\\\ufffd", "\ufffd😀"],
        ),
    ],
)
def test_upstreams_are_read_with_tolerance(data: bytes, expected: Any) -> None:
    """A byte order mark, broken UTF-8, half a surrogate pair, line feeds in strings, infinities and long numbers."""
    assert loads(data) == expected


def test_not_a_number_is_read() -> None:
    """NaN is a float."""
    assert math.isnan(loads(b"[NaN]")[0])


@pytest.mark.parametrize("read", [loads, lambda data: loads_strict(data.decode())], ids=["upstream", "caller"])
@pytest.mark.parametrize(
    "data",
    [b"", b" ", b"{", b"{]", b'{"a"}', b'{"a":1,}', b"[1,]", b"{'a':1}", b"a", b"1 2", b'"a', b"01", b"+1", b".5"],
)  # fmt: skip
def test_what_is_not_json_is_refused(read: Any, data: bytes) -> None:
    """Text that is not JSON is refused from both sides, without being quoted."""
    with pytest.raises(MalformedJSONError) as failure:
        read(data)
    assert len(str(failure.value)) < 100


def test_message_does_not_quote() -> None:
    """The message does not quote the text, which may be secret."""
    for read, data in ((loads, b'{"a": hush}'), (loads_strict, '{"a": hush}')):
        with pytest.raises(MalformedJSONError, match=r"^Expecting value at character 6$"):
            read(data)


READERS = {"upstream": loads, "caller": lambda data: loads_strict(data.decode()), "pairs": pairs}
by_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


def nested(opening: str, depth: int, inside: str = "1") -> bytes:
    return f"{opening * depth}{inside}{(']' if opening == '[' else '}') * depth}".encode()


@by_reader
@pytest.mark.parametrize("opening", ["[", '{"a":', '{"a\\"":'])
@pytest.mark.parametrize("inside", ["1", '"]]]}}}"', '"\\\\"', '"\\ud83d"', "1e400", "1" * 30])
def test_depth_is_bounded(read: Any, opening: str, inside: str) -> None:
    """Nesting up to the limit is accepted and one level more is refused, by each reader and each library."""
    assert read(nested(opening, MAX_DEPTH, inside)) is not None
    with pytest.raises(MalformedJSONError, match=r"^nested too deeply$"):
        read(nested(opening, MAX_DEPTH + 1, inside))


@by_reader
@pytest.mark.parametrize("depth", [1000, 1024, 1025, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth_is_refused_not_fatal(read: Any, depth: int, opening: str) -> None:
    """Very deep nesting is refused without a RecursionError or a crash, closed or not."""
    for data in (nested(opening, depth), (opening * depth).encode(), (opening * depth + '"').encode()):
        with pytest.raises(MalformedJSONError):
            read(data)


@by_reader
def test_depth_is_not_number(read: Any) -> None:
    """Many adjacent containers are not deep, and brackets in strings do not count."""
    assert len(read(b"[" + b"[],{}," * 5000 + b"1]")) == 10_001
    assert read(b'["' + b"[" * 5000 + b'\\"' + b"{" * 5000 + b'"]')[0].startswith("[[[")
    assert read(b'["\\\\","' + b"[" * 5000 + b'"]')[1].startswith("[[[")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '"a\nb"', '"\x00"', "\ufeff1", "1\x0c"])
def test_callers_are_read_by_the_rfc(text: str) -> None:
    """Text that only lenient parsers accept must not reach an upstream."""
    with pytest.raises(MalformedJSONError):
        loads_strict(text)


@pytest.mark.parametrize("text", ['"\\ud83d"', "1e400", "1" * 5000, '"\u2028\x7f"', ' {"a" : [ ] }\n', '{"a":1,"a":2}'])
def test_the_rfc_allows(text: str) -> None:
    """Half a surrogate pair and numbers of any size are valid JSON, although orjson refuses them."""
    loads_strict(text)


def test_member_texts() -> None:
    """The texts of an object's members. Of members with the same key the last one counts."""
    assert member_texts(' {"a": {"b" : 1} , "a":2.50, "\\ud83d":[ ] }') == {"a": "2.50", "\ufffd": "[ ]"}
    assert member_texts("{ }") == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"é": [1, 2.5, None, "a\nb/"]}, '{"é":[1,2.5,null,"a\\nb/"]}'),
        ([math.nan, math.inf], "[null,null]"),
        ([{"a": math.nan, "b": [-math.inf, 1.5]}], '[{"a":null,"b":[null,1.5]}]'),
        ({}, "{}"),
        ("\u2028\x7f", '"\u2028\x7f"'),
    ],
)
def test_text_of(value: Any, text: str) -> None:
    """Every value that was read can be written, as valid JSON."""
    assert text_of(value) == text
    loads_strict(text)


@pytest.mark.parametrize(
    "number",
    [
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "1" * 30, "-" + "1" * 30, "7" * 5000, "1e400", "-1e400",
        "1" * 400 + ".5", "0.1", "5e-324", "1.7976931348623157e308", "-0.0", "0.30000000000000004",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "frame", ["[{}]", "[ {} ]", '{{"a":{}}}', '{{ "a" : {} , "b":"\\ud83d" }}', '{{"a":[1,\n{}\n,{{}}]}}']
)
def test_numbers_keep_their_value(number: str, frame: str) -> None:
    """Integers of any size and doubles keep their value with either library."""
    returned = text_of(loads(frame.format(number).encode())).replace("e+", "e")  # as later versions of orjson write it
    assert re.search(rf"[\[:,]{re.escape(number)}[\],}}]", returned), returned


@pytest.mark.parametrize(
    "text", ["0.0012345678901234567890", "1.5e-300", '"id 1234567890123456789012"', '"12345678901234567890"']
)
def test_what_only_looks_like_a_long_integer(text: str) -> None:
    """Digits of a fraction or inside a string are not a long integer."""
    assert text_of(loads(f"[{text}]".encode())) == text_of([json.loads(text)])


@pytest.mark.parametrize("depth", [199, 200, 201, 254, 255, 401, MAX_DEPTH])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_values_can_be_written(depth: int, opening: str) -> None:
    """A value nested up to the limit can be written, although orjson alone cannot."""
    data = nested(opening, depth, "1" * 30)
    assert text_of(loads(data)).encode() == data
    broad = b"[" + nested(opening, depth - 1) + b",[]," + nested(opening, depth - 1) + b"]"
    assert text_of(loads(broad)).encode() == broad


def test_writing_is_compact_and_keeps_order() -> None:
    """The body for the upstream is compact and keeps the order."""
    assert dumps({"b": 1, "a": [True, None, 0.1]}) == b'{"b":1,"a":[true,null,0.1]}'


@pytest.mark.parametrize("number", [10**19, -(10**18), 2**64, -(2**63) - 1, 10**400])
def test_long_integers_in_large_texts(number: int) -> None:
    """Wherever they are, although a large text is searched for them in pieces of 64 KiB."""
    for end in range((1 << 16) - 24, (1 << 16) + 24):
        text = b'{"a":"%b","n":%d,"b":"%b"}' % (b"x" * (end - 12), number, b"y" * (1 << 16))
        assert dumps(loads(text)) == text
