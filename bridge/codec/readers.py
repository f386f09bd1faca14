"""Converts single JSON values to constructor arguments. The result for a value that a field cannot hold is `MISFIT`."""

from collections.abc import Callable
from math import isfinite
from typing import Any, Final, Protocol

import pybase64
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from bridge.jsontext import MalformedJSONError, text_of

#: Converts a value, given the number of levels of messages that may be nested in the current message.
Read = Callable[[Any, int], Any]

#: Maximum number of nested levels that protobuf can read. Each `items` and each map entry is a level too.
MAX_LEVELS: Final = 100
#: What a `Read` returns for a value that its field cannot hold.
MISFIT: Final = object()
_EXACT: Final = 1 << 53  # a double holds all integers up to here
_FLOAT32_MAX: Final = (2 - 2**-23) * 2.0**127


class Decoder(Protocol):
    """The part of a plan that nested messages need."""

    def decode(self, value: dict[str, Any], levels: int) -> dict[str, Any]:
        """The constructor arguments for a JSON object, of a message with so many levels inside of it at most."""


PlanOf = Callable[[Descriptor], Decoder]


def is_array(descriptor: Descriptor) -> bool:
    """Whether a message type represents a JSON array in a union."""
    return [field.name for field in descriptor.fields] == ["items"]


def map_value(field: FieldDescriptor) -> FieldDescriptor | None:
    """The field of a map's values; None for a field that is not a map."""
    entry = field.message_type
    return entry.fields_by_name["value"] if entry is not None and entry.GetOptions().map_entry else None


def reader(field: FieldDescriptor, plan_of: PlanOf) -> Read | None:
    """The conversion for the whole value of a field; None for a field that responses never use."""
    if (entry := map_value(field)) is not None:
        value = _one(entry, plan_of)
        return value and _map(value)
    one = _one(field, plan_of)
    if one is None or not field.is_repeated:
        return one
    descriptor = field.message_type
    if descriptor is not None and not is_array(descriptor):
        return _objects(plan_of(descriptor).decode)
    return _list(one)


def bytes_reader(field: FieldDescriptor) -> Read | None:
    """The conversion for a field that holds the bytes of base64 text or of a `data:` URL; None for any other field."""
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _base64
    return _data_url if field.message_type is not None and field.message_type.name == "InlineData" else None


def object_text(members: dict[str, Any]) -> str:
    """The text of an object, without members that are NaN, which count as absent; empty if none is left."""
    if any(type(item) is float and not isfinite(item) for item in members.values()):
        members = {key: item for key, item in members.items() if type(item) is not float or isfinite(item)}
    return text_of(members) if members else ""


def _one(field: FieldDescriptor, plan_of: PlanOf) -> Read | None:
    """The conversion for one value of a field, repeated or not."""
    if field.message_type is not None:
        return _message(field.message_type, plan_of)
    return _SCALARS.get(field.type)


def _message(descriptor: Descriptor, plan_of: PlanOf) -> Read | None:
    if descriptor.name == "InlineData":
        return None
    if is_array(descriptor):
        one = _one(descriptor.fields_by_name["items"], plan_of)
        return one and _array(_list(one, empty=True))
    decode = plan_of(descriptor).decode
    return lambda item, levels: decode(item, _inside(levels)) if isinstance(item, dict) else MISFIT


def _inside(levels: int) -> int:
    """The number of levels left for a nested message.

    Raises:
        MalformedJSONError: there is none left. Protobuf would write the message, but no caller could read it.
    """
    if levels < 1:
        raise MalformedJSONError("nested too deeply")
    return levels - 1


def _array(read: Read) -> Read:
    def wrapped(item: Any, levels: int) -> Any:
        items = read(item, _inside(levels))
        return MISFIT if items is MISFIT else {"items": items}

    return wrapped


def _list(one: Read, *, empty: bool = False) -> Read:
    def read(item: Any, levels: int) -> Any:
        if type(item) is not list or not (item or empty):
            return MISFIT
        converted = [one(element, levels) for element in item]
        return MISFIT if MISFIT in converted else converted

    return read


def _objects(decode: Callable[[dict[str, Any], int], Any]) -> Read:
    """As `_list`, for messages. Every chunk takes this path, so it saves a call per message."""

    def read(item: Any, levels: int) -> Any:
        if type(item) is not list or not item:
            return MISFIT
        for element in item:
            if not isinstance(element, dict):
                return MISFIT
        inside = _inside(levels)
        return [decode(element, inside) for element in item]

    return read


def _map(one: Read) -> Read:
    def read(item: Any, levels: int) -> Any:
        if not isinstance(item, dict) or not item:
            return MISFIT
        inside = _inside(levels)
        converted = {key: one(element, inside) for key, element in item.items()}
        return MISFIT if MISFIT in converted.values() else converted

    return read


def _string(item: Any, _: int) -> Any:
    return item if type(item) is str else MISFIT


def _bool(item: Any, _: int) -> Any:
    return item if type(item) is bool else MISFIT


def _double(item: Any, _: int) -> Any:
    """A number that a double can hold. A larger one would become infinite, which JSON cannot express."""
    if type(item) is float:
        return item if isfinite(item) else MISFIT
    return item if type(item) is int and -_EXACT <= item <= _EXACT else MISFIT


def _float(item: Any, _: int) -> Any:
    """A number that a 32-bit field can hold. A larger one would become infinite, which JSON cannot express."""
    return item if type(item) in {float, int} and abs(item) <= _FLOAT32_MAX else MISFIT


def _integer(bits: int) -> Read:
    limit = 1 << (bits - 1)

    def read(item: Any, _: int) -> Any:
        if type(item) is float and item.is_integer() and -_EXACT <= item <= _EXACT:
            item = int(item)
        return item if type(item) is int and -limit <= item < limit else MISFIT

    return read


def _base64(item: Any, _: int) -> Any:
    if not isinstance(item, str):
        return MISFIT
    try:
        data = pybase64.b64decode(item, validate=True)
    except ValueError:
        return MISFIT
    # Unusual base64 (no padding, extra bits) stays text, because encoding the bytes would not give the same text.
    return data if pybase64.b64encode_as_string(data) == item else MISFIT


def _data_url(item: Any, levels: int) -> Any:
    if not isinstance(item, str) or not item.startswith("data:"):
        return MISFIT
    mime_type, found, text = item[5:].partition(";base64,")
    data = _base64(text, _inside(levels)) if found else MISFIT
    return MISFIT if data is MISFIT else {"mime_type": mime_type, "data": data}


_SCALARS: Final[dict[int, Read]] = {
    FieldDescriptor.TYPE_STRING: _string,
    FieldDescriptor.TYPE_BOOL: _bool,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_FLOAT: _float,
    FieldDescriptor.TYPE_INT32: _integer(32),
    FieldDescriptor.TYPE_INT64: _integer(64),
}
