"""The only module that uses the JSON libraries. It also limits how deeply JSON may be nested.

orjson does the work, with two exceptions. It refuses some text that gateways send (a byte order mark, half a surrogate
pair, NaN), and it reads an integer over 64 bits as the nearest double. `loads` reads such text with the standard
library. A number that Python cannot hold, or that orjson cannot write, becomes a `Fragment` with the number's text.

The nesting limit is the bridge's own, so that it is the same for both libraries and every version of Python. A scan of
the text checks it before anything is parsed.
"""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO
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
    "JSONPath",
    "MalformedJSONError",
    "dumps",
    "elements",
    "loads",
    "loads_plain",
    "loads_strict",
    "loads_text",
    "member_texts",
    "mended",
    "pairs",
    "readable_text",
    "separators",
    "text_of",
]

#: Names of members and positions of list items, from a JSON value down to one inside it.
JSONPath = tuple[str | int, ...]

#: Maximum nesting of arrays and objects.
MAX_DEPTH: Final = 500

#: A text with at most this many elements counts as cheap: orjson parses it in 10 ms.
MAX_EASY: Final = 50_000
#: Bytes of text that are scanned at once.
_PIECE: Final = 1 << 16
_TOO_DEEP: Final = "nested too deeply"
#: orjson writes 254 levels. Values below this level are written first, each to a `Fragment`.
_WRITTEN_AT_ONCE: Final = 200
_OPENING: Final = re.compile(r"[ \t\r\n]*\{[ \t\r\n]*")
_COLON: Final = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_COMMA: Final = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = bytes.maketrans(b"[{]}", b"\2\2\0\0")
_PAIR: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_SURROGATE: Final = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
#: Escaped pairs of surrogates and then a lone one, if there is any, after any number of escaped backslashes.
_SURROGATES: Final = re.compile(rf"(?<!\\)(?:\\\\)*+(?:(?:{_PAIR})++(?!{_SURROGATE})|(?:{_PAIR})*+({_SURROGATE}))")

#: Maps digits to `0`, bytes that may precede a number to a space, and all others to a letter.
_SHAPES: Final = bytes(48 if byte in b"0123456789" else 32 if byte in b":,[- \t\r\n" else 97 for byte in range(256))
_LONG_INTEGER: Final = b" " + b"0" * 19  # may exceed 64 bits; a fraction has a letter before it
_WORD: Final = range(-(1 << 63), 1 << 64)  # integers that orjson reads and writes exactly
_WORD_DIGITS: Final = 20


class MalformedJSONError(ValueError):
    """The text is not JSON, or is nested too deeply. The message never quotes the text."""


def loads(data: bytes, halves: Callable[[Any, Any], object] | None = None, *, gently: bool = False) -> Any:
    """The value of JSON text from an upstream, which may break the standard in ways that leave the meaning clear.

    A byte order mark is dropped, invalid UTF-8 and lone surrogates become U+FFFD, NaN and infinities are accepted. If
    there are lone surrogates, `halves` is called with the value that has them and the value without. It may change the
    second. With `gently`, other threads can run during the parse, which orjson does not allow.

    Raises:
        MalformedJSONError: the text is not JSON, or is nested over `MAX_DEPTH`.
    """
    _check_depth(data)
    if not gently and not _has_long_integer(data):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass
    text = readable_text(data)
    mended = _without_lone_surrogates(text)
    value = _decode(_GENTLE if gently else _TOLERANT, mended)
    if halves is not None and mended != text:
        halves(_decode(_TOLERANT, text), value)
    return value


def readable_text(data: bytes, encoding: str = "utf-8-sig") -> str:
    """The text of bytes from an upstream, by default without a byte order mark, and with U+FFFD for invalid UTF-8.

    It is decoded in pieces, so that other threads can run: 30 MiB of invalid bytes take a second.
    """
    return data.decode(encoding, "replace") if len(data) <= _PIECE else "".join(_decoded(data, encoding))


def _decoded(data: bytes, encoding: str = "utf-8-sig") -> Iterator[str]:
    decoder = getincrementaldecoder(encoding)("replace")
    for at in range(0, len(data), _PIECE):
        yield decoder.decode(data[at : at + _PIECE])
    yield decoder.decode(b"", final=True)


def mended(data: bytes) -> bytes:
    """JSON text with U+FFFD in place of invalid UTF-8 and lone surrogates. Other threads can run meanwhile."""
    if rb"\ud" in data or rb"\uD" in data:
        return _without_lone_surrogates(readable_text(data)).encode()
    text = BytesIO()  # the whole text as `str` would take three times as much memory
    text.writelines(piece.encode() for piece in _decoded(data))
    return text.getvalue()


def loads_plain(data: bytes) -> Any:
    """The value of JSON text; None if it is not JSON, or if only `loads` can read it."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def loads_text(data: bytes) -> str | None:
    """The text of a JSON string; None if it is not a JSON string, or if only `loads` can read it."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return value if type(value) is str else None


def loads_strict(text: str) -> Any:
    """The value of JSON text from a caller, which must follow RFC 8259.

    Raises:
        MalformedJSONError: the text is not JSON, or is nested over `MAX_DEPTH`.
    """
    _check_depth(text.encode("utf-8", "surrogatepass"))
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # the RFC allows half a surrogate pair and 1e400
        return _decode(_STRICT, text)


def elements(data: bytes, enough: int) -> int:
    """The number of values in a JSON text, nested ones included; or an upper estimate, if that is at most `enough`."""
    found = separators(data)
    return found if found <= enough else sum(map(separators, _outside_strings(data)))


def separators(data: bytes) -> int:
    """The commas and opening brackets in a text, including those in strings: an upper estimate of its values."""
    return sum(map(data.count, (b",", b"[", b"{")))


def member_texts(text: str) -> dict[str, str]:
    """The text of each member's value, from the text of an object that `loads_strict` has accepted."""
    members: dict[str, str] = {}
    at = _OPENING.match(text).end()  # type: ignore[union-attr] # `loads_strict` has checked it
    while text[at] != "}":
        key, end = scanstring(text, at + 1, False)
        begin = _COLON.match(text, end).end()  # type: ignore[union-attr]
        _, end = _SCAN(text, begin)
        key = key if key.isascii() else key.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        members[key] = text[begin:end]
        at = _COMMA.match(text, end).end()  # type: ignore[union-attr]
    return members


def pairs(data: bytes) -> Any:
    """The value of JSON text, with each object as a tuple of pairs, so that repeated members are kept.

    Raises:
        MalformedJSONError: the text is not JSON, or is nested over `MAX_DEPTH`.
    """
    _check_depth(data)
    return _decode(_PAIRS, data.decode("utf-8-sig", "replace"))


def text_of(value: Any) -> str:
    """The JSON text of a value from `loads`. NaN and infinities become null.

    Parts of the value that are nested too deeply for orjson are replaced by a `Fragment`.
    """
    try:
        return dumps(value).decode()
    except TypeError:
        _write_inner(value)
        return dumps(value).decode()


def _has_long_integer(data: bytes) -> bool:
    """Whether an integer may exceed 64 bits. A large text is searched in pieces, between which other threads run."""
    if len(data) <= _PIECE:
        return _LONG_INTEGER in data.translate(_SHAPES)
    size = _PIECE + len(_LONG_INTEGER) - 1  # each piece overlaps with the next
    return any(_LONG_INTEGER in data[at : at + size].translate(_SHAPES) for at in range(0, len(data), _PIECE))


def _check_depth(data: bytes) -> None:
    """Check the nesting of JSON text. Most texts are too short, or have too few brackets, to exceed the limit."""
    if len(data) <= MAX_DEPTH or data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for text in _outside_strings(data):
        steps = text.translate(_STEPS, _NO_BRACKETS)
        # An opening bracket adds 2, a closing one 0. Minus 1 for each bracket, the sum is the depth.
        if depth + max(map(sub, accumulate(steps), count(1)), default=0) > MAX_DEPTH:
            raise MalformedJSONError(_TOO_DEEP)
        depth += sum(steps) - len(steps)


def _outside_strings(data: bytes) -> Iterator[bytes]:
    """The parts of JSON text that are outside strings, piece by piece."""
    data = data.replace(b"\\\\", b"").replace(b'\\"', b"")  # now each quotation mark starts or ends a string
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
    number = int(digits) if len(digits) <= _WORD_DIGITS else None  # int() is not linear
    return number if number is not None and number in _WORD else Fragment(digits)


def _float(digits: str) -> float | Fragment:
    number = float(digits)
    return number if isfinite(number) else Fragment(digits)


_TOLERANT: Final = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_float)
#: Calls a Python function for each object, so that other threads can run in between.
_GENTLE: Final = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_float, object_hook=lambda value: value)
_STRICT: Final = json.JSONDecoder(parse_constant=_reject, parse_int=_integer, parse_float=_float)
_PAIRS: Final = json.JSONDecoder(strict=False, parse_int=_integer, parse_float=_float, object_pairs_hook=tuple)
#: Parses a value and returns its end, in C. Numbers stay text, which is cheapest.
_SCAN: Final = json.JSONDecoder(strict=False, parse_int=str, parse_float=str).scan_once  # type: ignore[attr-defined]


def _without_lone_surrogates(text: str) -> str:
    """JSON text with U+FFFD in place of lone surrogates, which a protobuf string cannot hold.

    A loop, so that other threads can run, and the pieces of a text with millions of them take no memory.
    """
    if r"\ud" not in text and r"\uD" not in text:
        return text
    mended, at = StringIO(), 0
    for found in _SURROGATES.finditer(text):
        if found[1] is not None:
            mended.write(text[at : found.start(1)])
            mended.write(r"\ufffd")
            at = found.end(1)
    return mended.getvalue() + text[at:] if at else text


def _write_inner(value: Any) -> None:
    """Replace the containers at depth `_WRITTEN_AT_ONCE` by their text."""
    level = [value]
    for _ in range(_WRITTEN_AT_ONCE):
        level = [item for node in level for _, item in _items(node)]
    for node in level:
        for key, item in _items(node):
            if isinstance(item, dict | list):
                node[key] = Fragment(text_of(item))


def _items(node: Any) -> Iterable[tuple[Any, Any]]:
    """A copy of the members of a container, by key or position; empty for any other value."""
    if isinstance(node, dict):
        return tuple(node.items())
    return tuple(enumerate(node)) if isinstance(node, list) else ()
