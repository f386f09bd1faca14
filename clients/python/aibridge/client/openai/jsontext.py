# Copied by tools/vendor.py from bridge/jsontext.py: edit that file, not this one.
"""The one place that chooses the JSON library: parse, write, and keep the exact text where it matters.

orjson does the work. Two things it cannot do are added here. It refuses some text that gateways do send (a byte order
mark, half a surrogate pair, NaN), so `loads` falls back to the standard library. And it forgets how a value was
written (`2.50`, a 30-digit integer, white space), so `loads_exact` keeps each object member's own text beside its
value; it costs more, and `aibridge.client.openai.codec` asks for it only where the text would otherwise change.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from json.decoder import scanstring  # type: ignore[attr-defined] # in C, and not in the stubs
from math import isfinite
from typing import Any

import orjson
from orjson import Fragment, dumps

__all__ = [
    "ExactObject",
    "Fragment",
    "MalformedJSONError",
    "dumps",
    "escaped",
    "is_json",
    "loads",
    "loads_exact",
    "loads_strict",
    "member_texts",
    "pairs",
    "rewrite",
    "writes_as",
]

_SPACE = re.compile(r"[ \t\r\n]*").match


class MalformedJSONError(ValueError):
    """The text is not JSON. The message never quotes the text."""


class ExactObject(dict[str, Any]):
    """A JSON object whose `text` maps each member to the text of its value as it was sent."""

    __slots__ = ("text",)

    def __init__(self) -> None:
        super().__init__()
        self.text: dict[str, str] = {}


def loads(data: bytes) -> Any:
    """The value of JSON text from an upstream, read with all the tolerance that does not change its meaning.

    A byte order mark is dropped, invalid UTF-8 and lone surrogates become U+FFFD, NaN and infinities are read.

    Raises:
        MalformedJSONError: the text is not JSON, or is nested too deeply.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return _mend(_TOLERANT.decode(_text(data)))
        except (ValueError, RecursionError) as error:
            raise MalformedJSONError(_describe(error)) from None


def loads_strict(text: str) -> Any:
    """The value of JSON text from a caller: everything that RFC 8259 allows and nothing else.

    Raises:
        MalformedJSONError: the text is not JSON, or is nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # valid for the RFC all the same: half a surrogate pair, 1e400
        try:
            return _STRICT.decode(text)
        except (ValueError, RecursionError) as error:
            raise MalformedJSONError(_describe(error)) from None


def loads_exact(data: bytes | str) -> Any:
    """As `loads`, with every object an `ExactObject`. The text must be one that `loads` or `loads_strict` has accepted.

    Raises:
        MalformedJSONError: the text is nested too deeply.
    """
    text = data if isinstance(data, str) else _text(data)
    try:
        value, _ = _exact(text, _space(text, 0))
    except (ValueError, RecursionError, IndexError) as error:
        raise MalformedJSONError(_describe(error)) from None
    return value


def member_texts(text: str) -> dict[str, str]:
    """The text of each member of an object, itself the text of an object that `loads_strict` has accepted.

    Raises:
        MalformedJSONError: the text is nested too deeply.
    """
    try:
        value, _ = _exact_object(text, _space(text, 0), _SCAN)
    except RecursionError as error:
        raise MalformedJSONError(_describe(error)) from None
    return value.text


def pairs(data: bytes) -> Any:
    """The value of JSON text, each object as a tuple of its members: one that is there twice, is there twice.

    Raises:
        MalformedJSONError: the text is nested too deeply.
    """
    try:
        return _PAIRS.decode(_text(data))
    except (ValueError, RecursionError) as error:
        raise MalformedJSONError(_describe(error)) from None


def is_json(text: str) -> bool:
    """Whether a text is JSON by the RFC, so that it may stand inside other JSON."""
    try:
        loads_strict(text)
    except MalformedJSONError:
        return False
    return True


def rewrite(value: Any) -> str:
    """The text of a value that `loads` or `loads_exact` gave. What JSON has no word for, as NaN, is null."""
    try:
        return dumps(value).decode()
    except TypeError:  # an integer over 64 bits, or nested too deeply for orjson to write
        try:
            return _dumps(value)
        except ValueError:
            return _dumps(_finite(value))


def escaped(text: str) -> str:
    """The text as it stands inside a JSON string, in ASCII."""
    return json.dumps(text)[1:-1]


def writes_as(value: Any, data: bytes) -> bool:
    """Whether writing `value` gives `data` to the letter; then each part of it, written alone, has its own text too.

    White space around the whole does not count.
    """
    try:
        return dumps(value) == data.strip(b" \t\r\n")
    except TypeError:  # an integer over 64 bits, or nested too deeply for orjson to write
        return False


def _reject(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 40 else float(digits)  # CPython refuses int() of thousands of digits


_dumps = partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_TOLERANT = json.JSONDecoder(strict=False, parse_int=_integer)
_STRICT = json.JSONDecoder(parse_constant=_reject, parse_int=_integer)
_PAIRS = json.JSONDecoder(strict=False, parse_int=_integer, object_pairs_hook=tuple)
_SCAN = _TOLERANT.scan_once  # type: ignore[attr-defined] # a value and where it ends, in C


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace")


def _describe(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    return "nested too deeply" if isinstance(error, RecursionError) else "not JSON"


def _space(text: str, at: int) -> int:
    match = _SPACE(text, at)
    return match.end() if match else at


def _exact(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at `at`, and where it ends."""
    if text[at] == "{":
        return _exact_object(text, at)
    if text[at] == "[":
        return _exact_array(text, at)
    try:
        value, end = _SCAN(text, at)
    except StopIteration:
        raise ValueError from None
    return _mend(value), end


def _exact_object(text: str, at: int, scan: Callable[[str, int], tuple[Any, int]] = _exact) -> tuple[ExactObject, int]:
    result = ExactObject()
    at = _space(text, at + 1)
    while text[at] != "}":
        key, at = scanstring(text, at + 1, False)
        begin = _space(text, _space(text, at) + 1)  # behind the colon
        value, at = scan(text, begin)
        key = _mend(key)
        result[key], result.text[key] = value, text[begin:at]
        at = _space(text, at)
        if text[at] == ",":
            at = _space(text, at + 1)
    return result, at + 1


def _exact_array(text: str, at: int) -> tuple[list[Any], int]:
    result = []
    at = _space(text, at + 1)
    while text[at] != "]":
        value, at = _exact(text, at)
        result.append(value)
        at = _space(text, at)
        if text[at] == ",":
            at = _space(text, at + 1)
    return result, at + 1


def _finite(value: Any) -> Any:
    """Replace NaN and infinities by null, as orjson does."""
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value


def _mend(value: Any) -> Any:
    """Replace lone surrogates, which no protobuf string can hold, by U+FFFD."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_mend(item) for item in value]
    if isinstance(value, dict):
        return {_mend(key): _mend(item) for key, item in value.items()}
    return value
