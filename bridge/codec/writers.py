"""Converts single values from protobuf to JSON. Each conversion gets its field's path, for errors."""

from collections.abc import Callable
from math import copysign, isfinite
from typing import Any, Final, Protocol

import pybase64
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from bridge.codec.kinds import KINDS
from bridge.codec.readers import is_array, map_value
from bridge.errors import invalid
from bridge.jsontext import Fragment, MalformedJSONError, loads_strict, member_texts

Write = Callable[[Any, str], Any]


class Encoder(Protocol):
    """The part of a plan that a nested message needs."""

    def encode(self, message: Message, path: str) -> dict[str, Any]:
        """The JSON object of a message that stands at `path`."""


PlanOf = Callable[[Descriptor], Encoder]

_EXACT: Final = 1 << 53


def writer(field: FieldDescriptor, plan_of: PlanOf) -> Write:
    """The conversion for the whole value of a field."""
    if field.name.endswith("_json"):
        return _raw(KINDS.get(field.name))
    if (entry := map_value(field)) is not None:
        value = _one(entry, plan_of)
        return lambda items, path: {key: value(item, f'{path}["{key}"]') for key, item in items.items()}
    one = _one(field, plan_of)
    return _list(one) if field.is_repeated else one


def splice(extra: str, result: dict[str, Any], path: str) -> None:
    """Add the members of `extra_json` to an object, each with the caller's own text."""
    _parse(extra, dict, path)
    for key, text in member_texts(extra).items():
        if key in result:
            raise invalid(path, f"overrides the field {key!r}, which is set")
        result[key] = Fragment(text)


_NAMES: Final[dict[type, str]] = {dict: "a JSON object", list: "a JSON array"}


def _parse(text: str, kind: type | None, path: str) -> Any:
    try:
        value = loads_strict(text)
    except MalformedJSONError as error:
        raise invalid(path, f"is not JSON: {error}") from None
    if kind is not None and not isinstance(value, kind):
        raise invalid(path, f"must be {_NAMES[kind]}")
    return value


def _raw(kind: type | None) -> Write:
    def write(text: str, path: str) -> Fragment:
        _parse(text, kind, path)
        return Fragment(text)

    return write


def _list(one: Write) -> Write:
    if one is _unchanged:  # these cannot fail, so they need no path
        return lambda items, _: list(items)
    return lambda items, path: [one(item, f"{path}[{index}]") for index, item in enumerate(items)]


def _one(field: FieldDescriptor, plan_of: PlanOf) -> Write:
    """The conversion for one value of a field, repeated or not."""
    descriptor = field.message_type
    if descriptor is None:
        return _SCALARS.get(field.type, _unchanged)
    if descriptor.name == "InlineData":
        return _data_url
    if is_array(descriptor):
        items = _list(_one(descriptor.fields_by_name["items"], plan_of))
        return lambda message, path: items(message.items, f"{path}.items")
    return plan_of(descriptor).encode


def _unchanged(item: Any, _: str) -> Any:
    return item


def _double(item: float, path: str) -> float:
    if not isfinite(item):
        raise invalid(path, "must be a finite number")
    # `0`, not `0.0`: servers that declare an integer refuse `0.0`, and none refuses `0`. `-0.0` stays as it is, because
    # an integer would lose the sign.
    is_whole = item.is_integer() and -_EXACT <= item <= _EXACT and (item or copysign(1, item) > 0)
    return int(item) if is_whole else item


def _single(item: float, path: str) -> float | None:
    """A number of a vector, which only responses have. NaN becomes null, because JSON cannot express it."""
    return _double(item, path) if isfinite(item) else None


def _base64(data: bytes, _: str) -> str:
    return pybase64.b64encode_as_string(data)


def _data_url(inline: Any, _: str) -> str:
    return f"data:{inline.mime_type};base64,{pybase64.b64encode_as_string(inline.data)}"


_SCALARS: Final[dict[int, Write]] = {
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_FLOAT: _single,
    FieldDescriptor.TYPE_BYTES: _base64,
}
