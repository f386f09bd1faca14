"""JSON as upstreams write it is read with tolerance, JSON from callers by the RFC, and both keep their text."""

import math
from typing import Any

import pytest

from bridge.jsontext import (
    ExactObject,
    MalformedJSONError,
    dumps,
    escaped,
    is_json,
    loads,
    loads_exact,
    loads_strict,
    member_texts,
    rewrite,
    writes_as,
)

DEEP = 100_000


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
        (b"[Infinity,-Infinity,1e400]", [math.inf, -math.inf, math.inf]),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'["\\ud83d",123456789012345678901234567890]', ["\ufffd", 123456789012345678901234567890]),
        (b'["\\ud83d",' + b"1" * 5000 + b"]", ["\ufffd", math.inf]),
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
    """Neither side may send what is no JSON, and the message does not quote it."""
    with pytest.raises(MalformedJSONError) as failure:
        read(data)
    assert len(str(failure.value)) < 100


def test_message_does_not_quote() -> None:
    """What was sent may be a secret."""
    for read, data in ((loads, b'{"a": hush}'), (loads_strict, '{"a": hush}')):
        with pytest.raises(MalformedJSONError, match=r"^Expecting value at character 6$"):
            read(data)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth_is_refused_not_fatal(opening: str) -> None:
    """No depth of nesting ends in a RecursionError or worse."""
    text = opening * DEEP
    for read, data in ((loads, text.encode()), (loads_strict, text), (loads_exact, text)):
        with pytest.raises(MalformedJSONError):
            read(data)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '"a\nb"', '"\x00"', "\ufeff1", "1\x0c"])
def test_callers_are_read_by_the_rfc(text: str) -> None:
    """What only tolerant readers take must not reach an upstream."""
    assert not is_json(text)
    with pytest.raises(MalformedJSONError):
        loads_strict(text)


@pytest.mark.parametrize("text", ['"\\ud83d"', "1e400", "1" * 5000, '"\u2028\x7f"', ' {"a" : [ ] }\n', '{"a":1,"a":2}'])
def test_the_rfc_allows(text: str) -> None:
    """What the JSON library cannot read may still be JSON: half a surrogate pair, and numbers of any size."""
    assert is_json(text)


def test_exact_text_of_each_member() -> None:
    """Every object keeps the text of its members, at every level, without the white space around it."""
    text = (
        '\ufeff { "a" : 2.50 ,"b":[ { "c" :1E5, "c2":{}} , [] ] , "\\u00e9":"\\u00e9\\/\\ud83d" ,"d":'
        + "9" * 30
        + "}\n"
    )
    value = loads_exact(text.encode())
    assert value == {"a": 2.5, "b": [{"c": 1e5, "c2": {}}, []], "é": "é/\ufffd", "d": int("9" * 30)}
    assert value.text == {
        "a": "2.50", "b": '[ { "c" :1E5, "c2":{}} , [] ]', "é": '"\\u00e9\\/\\ud83d"', "d": "9" * 30,
    }  # fmt: skip
    assert isinstance(value["b"][0], ExactObject)
    assert value["b"][0].text == {"c": "1E5", "c2": "{}"}


def test_member_texts() -> None:
    """The text of the members of one level, the last one of those with the same key."""
    assert member_texts(' {"a": {"b" : 1} , "a":2.50, "\\ud83d":[ ] }') == {"a": "2.50", "\ufffd": "[ ]"}
    assert member_texts("{ }") == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"é": [1, 2.5, None, "a\nb/"]}, '{"é":[1,2.5,null,"a\\nb/"]}'),
        (2**70, str(2**70)),
        ([math.nan, math.inf], "[null,null]"),
        ([2**70, {"a": math.nan, "b": [-math.inf, 1.5]}], f'[{2**70},{{"a":null,"b":[null,1.5]}}]'),
        (ExactObject(), "{}"),
    ],
)
def test_rewrite(value: Any, text: str) -> None:
    """Any value that was read can be written, and what is written is JSON."""
    assert rewrite(value) == text
    assert is_json(text)


@pytest.mark.parametrize(
    ("data", "same"),
    [
        (b'{"a":[1,2.5,"\xc3\xa9/",null]}', True),
        (b' {"a":1}\n', True),
        (b'{"a": 1}', False),
        (b'{"a":2.50}', False),
        (b'{"a":1E5}', False),
        (b'{"a":"\\u00e9"}', False),
        (b'{"a":"\\/"}', False),
        (b'{"a":123456789012345678901}', False),
        (b'{"a":1,"a":1}', False),
        (b'["\\ud83d",123456789012345678901]', False),
    ],
)
def test_writes_as(data: bytes, same: bool) -> None:  # noqa: FBT001, a row of the table
    """Whether the exact parse is needed is decided right, which saves it on most replies."""
    assert writes_as(loads(data), data) is same


@pytest.mark.parametrize("text", ["", "plain", 'quote " and \\', "line\nfeed\ttab\x00", "é😀", "\u2028"])
def test_escaped(text: str) -> None:
    """The text as another program's JSON writes it."""
    assert escaped(text).isascii()
    assert loads(b'"' + escaped(text).encode() + b'"') == text


def test_writing_is_compact_and_keeps_order() -> None:
    """The body that goes upstream."""
    assert dumps({"b": 1, "a": [True, None, 0.1]}) == b'{"b":1,"a":[true,null,0.1]}'
