"""The one place that chooses the JSON library, and that bounds how deeply JSON may be nested.

orjson does the work. It refuses some text that gateways do send (a byte order mark, half a surrogate pair, NaN), and
it reads an integer over 64 bits as the nearest double; `loads` reads such text with the standard library instead. A
number that Python cannot hold, or orjson cannot write, is a `Fragment`: the number's own text.

The nesting limit is the bridge's own, so that it is the same for each library and each version of Python. It is
checked by a scan of the text before anything is parsed.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, count
from json.decoder import scanstring  # type: ignore[attr-defined] # in C, and not in the stubs
from math import isfinite
from operator import sub
from typing import Any, Final

import orjson
from orjson import Fragment, dumps

__all__ = [
    "MAX_DEPTH",
    "MAX_EASY",
    "Fragment",
    "MalformedJSONError",
    "dumps",
    "elements",
    "loads",
    "loads_plain",
    "loads_strict",
    "loads_text",
    "member_texts",
    "pairs",
    "separators",
    "text_of",
]

#: Arrays and objects inside each other, at most.
MAX_DEPTH: Final = 500

#: Elements that orjson reads in a moment, 10 ms.
MAX_EASY: Final = 50_000
#: Text that is looked at in one go, in bytes.
_PIECE: Final = 1 << 16
_TOO_DEEP: Final = "nested too deeply"
#: orjson writes 254 levels; what lies deeper than this is written first.
_WRITTEN_AT_ONCE: Final = 200
_OPENING: Final = re.compile(r"[ \t\r\n]*\{[ \t\r\n]*")
_COLON: Final = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_COMMA: Final = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = bytes.maketrans(b"[{]}", b"\2\2\0\0")
#: Surrogates that are escaped, as many as follow each other, behind backslashes that are escaped themselves.
_SURROGATES: Final = re.compile(r"(?<!\\)((?:\\\\)*+)((?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})+)")
_PAIR: Final = re.compile(r"(\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w)|\\u\w{4}")

#: Digits as `0`, what stands before a number as a space, and all else as a letter.
_SHAPES: Final = bytes(48 if byte in b"0123456789" else 32 if byte in b":,[- \t\r\n" else 97 for byte in range(256))
_LONG_INTEGER: Final = b" " + b"0" * 19  # the shortest that may be over 64 bits; a fraction has a letter before it
_WORD: Final = range(-(1 << 63), 1 << 64)  # what orjson reads and writes as an integer
_WORD_DIGITS: Final = 20


class MalformedJSONError(ValueError):
    """The text is not JSON, or is nested too deeply. The message never quotes the text."""


def loads(data: bytes, halves: Callable[[Any, Any], object] | None = None, *, gently: bool = False) -> Any:
    """The value of JSON text from an upstream, read with all the tolerance that does not change its meaning.

    A byte order mark is dropped, invalid UTF-8 and lone surrogates become U+FFFD, NaN and infinities are read. If there
    are lone surrogates, `halves` gets the value with them and the value without; it may change the second. If it is
    read `gently`, other threads get a turn meanwhile, which orjson gives nobody.

    Raises:
        MalformedJSONError: the text is not JSON, or is nested over `MAX_DEPTH`.
    """
    _check_depth(data)
    if not gently and _LONG_INTEGER not in data.translate(_SHAPES):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass
    text = data.decode("utf-8-sig", "replace")
    mended = _without_lone_surrogates(text)
    value = _decode(_GENTLE if gently else _TOLERANT, mended)
    if halves is not None and mended != text:
        halves(_decode(_TOLERANT, text), value)
    return value


def loads_plain(data: bytes) -> Any:
    """The value of JSON text; None for what is none, or is some that only `loads` can read."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def loads_text(data: bytes) -> str | None:
    """The text of one JSON string; None for what is none, or is one that only `loads` can read."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return value if type(value) is str else None


def loads_strict(text: str) -> Any:
    """The value of JSON text from a caller: everything that RFC 8259 allows and nothing else.

    Raises:
        MalformedJSONError: the text is not JSON, or is nested over `MAX_DEPTH`.
    """
    _check_depth(text.encode("utf-8", "surrogatepass"))
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # valid for the RFC all the same: half a surrogate pair, 1e400
        return _decode(_STRICT, text)


def elements(data: bytes, enough: int) -> int:
    """How many values a JSON text has, those inside of arrays and objects too. Once over `enough` it is a guess."""
    found = separators(data)
    return found if found <= enough else sum(map(separators, _outside_strings(data)))


def separators(data: bytes) -> int:
    """The commas and opening brackets in a text, those in strings too: a guess at the values that it has."""
    return sum(map(data.count, (b",", b"[", b"{")))


def member_texts(text: str) -> dict[str, str]:
    """The text of each member of an object, itself the text of an object that `loads_strict` has accepted."""
    members: dict[str, str] = {}
    at = _OPENING.match(text).end()  # type: ignore[union-attr] # the text is right
    while text[at] != "}":
        key, end = scanstring(text, at + 1, False)
        begin = _COLON.match(text, end).end()  # type: ignore[union-attr]
        _, end = _SCAN(text, begin)
        key = key if key.isascii() else key.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        members[key] = text[begin:end]
        at = _COMMA.match(text, end).end()  # type: ignore[union-attr]
    return members


def pairs(data: bytes) -> Any:
    """The value of JSON text, each object as a tuple of its members: one that is there twice, is there twice.

    Raises:
        MalformedJSONError: the text is not JSON, or is nested over `MAX_DEPTH`.
    """
    _check_depth(data)
    return _decode(_PAIRS, data.decode("utf-8-sig", "replace"))


def text_of(value: Any) -> str:
    """The text of a value that `loads` gave. What JSON has no word for, as NaN, is null.

    Parts of the value that are nested too deeply for orjson are replaced by their text.
    """
    try:
        return dumps(value).decode()
    except TypeError:
        _write_inner(value)
        return dumps(value).decode()


def _check_depth(data: bytes) -> None:
    """Most texts are too short, or have fewer brackets than may be nested. Brackets in strings do not count."""
    if len(data) <= MAX_DEPTH or data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for text in _outside_strings(data):
        steps = text.translate(_STEPS, _NO_BRACKETS)
        # A bracket that opens adds 2, one that closes 0; less 1 for each bracket this is the depth.
        if depth + max(map(sub, accumulate(steps), count(1)), default=0) > MAX_DEPTH:
            raise MalformedJSONError(_TOO_DEEP)
        depth += sum(steps) - len(steps)


def _outside_strings(data: bytes) -> Iterator[bytes]:
    """What of JSON text stands outside of strings, piece by piece."""
    data = data.replace(b"\\\\", b"").replace(b'\\"', b"")  # now each quotation mark begins a string or ends one
    inside = 0
    for at in range(0, len(data), _PIECE):
        parts = data[at : at + _PIECE].split(b'"')
        yield b"".join(parts[inside::2])
        inside ^= (len(parts) - 1) & 1


def _decode(decoder: json.JSONDecoder, text: str) -> Any:
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJSONError(f"{error.msg} at character {error.pos}") from None
    except ValueError:
        raise MalformedJSONError("not JSON") from None


def _reject(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int | Fragment:
    number = int(digits) if len(digits) <= _WORD_DIGITS else None  # int() of many digits takes more than linear time
    return number if number is not None and number in _WORD else Fragment(digits)


def _float(digits: str) -> float | Fragment:
    number = float(digits)
    return number if isfinite(number) else Fragment(digits)


_TOLERANT: Final = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_float)
#: With a function of Python's for each object, between which other threads have their turn.
_GENTLE: Final = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_float, object_hook=lambda value: value)
_STRICT: Final = json.JSONDecoder(parse_constant=_reject, parse_int=_integer, parse_float=_float)
_PAIRS: Final = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_float, object_pairs_hook=tuple)
#: A value and where it ends, in C. Numbers stay text, which costs least.
_SCAN: Final = json.JSONDecoder(strict=False, parse_int=str, parse_float=str).scan_once  # type: ignore[attr-defined]


def _without_lone_surrogates(text: str) -> str:
    """JSON text with U+FFFD in place of lone surrogates, which no protobuf string can hold."""
    return _SURROGATES.sub(lambda run: run[1] + _PAIR.sub(lambda escape: escape[1] or r"\ufffd", run[2]), text)


def _write_inner(value: Any) -> None:
    """Replace the containers at a depth of `_WRITTEN_AT_ONCE` by their text."""
    level = [value]
    for _ in range(_WRITTEN_AT_ONCE):
        level = [item for node in level for _, item in _items(node)]
    for node in level:
        for key, item in _items(node):
            if isinstance(item, dict | list):
                node[key] = Fragment(text_of(item))


def _items(node: Any) -> Iterable[tuple[Any, Any]]:
    """The members of a container, by key or position, as they are now; nothing for any other value."""
    if isinstance(node, dict):
        return tuple(node.items())
    return tuple(enumerate(node)) if isinstance(node, list) else ()
