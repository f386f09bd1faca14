# Copied by tools/vendor.py from bridge/codec/readers.py: edit that file, not this one.
"""Conversions of single values, JSON to constructor arguments. A value that its field cannot hold is a `MISFIT`."""

from collections.abc import Callable
from math import isfinite
from typing import Any, Final, Protocol

import pybase64
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from aibridge.client.openai.jsontext import ExactObject, is_json, rewrite

#: Collects a mark for every value whose text had to be written anew.
Rewritten = list[str]
Read = Callable[[Any, Rewritten], Any]

#: What a `Read` returns for a value that its field cannot hold.
MISFIT: Final = object()
#: The text of a member that was NaN, as of one that was null: both are the same as an absent one.
NULL: Final = "null"
_EXACT: Final = 1 << 53  # integers up to here survive a trip through a double
_FLOAT32_MAX: Final = (2 - 2**-23) * 2.0**127


class Decoder(Protocol):
    """The part of a plan that a nested message needs."""

    def decode(self, value: dict[str, Any], rewritten: Rewritten) -> dict[str, Any]:
        """The constructor arguments for a JSON object."""


PlanOf = Callable[[Descriptor], Decoder]


def is_array(descriptor: Descriptor) -> bool:
    """Whether a message stands for a JSON array inside a union."""
    return [field.name for field in descriptor.fields] == ["items"]


def map_value(field: FieldDescriptor) -> FieldDescriptor | None:
    """The field of a protobuf map's values; None for a field that is no map."""
    entry = field.message_type
    return entry.fields_by_name["value"] if entry is not None and entry.GetOptions().map_entry else None


def reader(field: FieldDescriptor, plan_of: PlanOf) -> Read | None:
    """The conversion for a field's whole value, or None for a field that replies never use."""
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
    """The conversion for a field that holds the bytes of base64 text or of a `data:` URL; None for any other."""
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _base64
    return _data_url if field.message_type is not None and field.message_type.name == "InlineData" else None


def member_text(value: dict[str, Any], key: str, item: Any, rewritten: Rewritten) -> str:
    """The JSON text of `item`, the member `key` of `value`: as it was sent if that is known, else written anew.

    What was sent is not always JSON: upstreams write NaN, and line feeds inside of strings.
    """
    if isinstance(value, ExactObject):
        text = value.text[key]
        return text if is_json(text) else rewrite(item)
    if not _has_one_spelling(item):
        rewritten.append(key)
    return rewrite(item)


def object_text(value: dict[str, Any], extra: dict[str, Any], rewritten: Rewritten) -> str:
    """The text of an object of members of `value`, each as `member_text` has it; empty if each of them is null."""
    if isinstance(value, ExactObject):
        texts = ((key, member_text(value, key, item, rewritten)) for key, item in extra.items())
        members = [f"{rewrite(key)}:{text}" for key, text in texts if text != NULL]
        return f"{{{','.join(members)}}}" if members else ""
    if not all(map(_has_one_spelling, extra.values())):
        rewritten.append("extra_json")
        extra = {key: item for key, item in extra.items() if type(item) is not float or isfinite(item)}
    return rewrite(extra) if extra else ""


def _has_one_spelling(item: Any) -> bool:
    """Whether there is one way only to write a value: `-0` is 0 too, and a number may have an exponent."""
    return item is True or item is False or (type(item) is int and item != 0) or item in ([], {})


def _one(field: FieldDescriptor, plan_of: PlanOf) -> Read | None:
    """The conversion for one value of a field, whether the field is repeated or not."""
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
    return lambda item, rewritten: decode(item, rewritten) if isinstance(item, dict) else MISFIT


def _array(read: Read) -> Read:
    def wrapped(item: Any, rewritten: Rewritten) -> Any:
        items = read(item, rewritten)
        return MISFIT if items is MISFIT else {"items": items}

    return wrapped


def _list(one: Read, *, empty: bool = False) -> Read:
    def read(item: Any, rewritten: Rewritten) -> Any:
        if type(item) is not list or not (item or empty):
            return MISFIT
        converted = [one(element, rewritten) for element in item]
        return MISFIT if MISFIT in converted else converted

    return read


def _objects(decode: Callable[[dict[str, Any], Rewritten], Any]) -> Read:
    """As `_list`, for messages: the way of every chunk, with one call less for each of them."""

    def read(item: Any, rewritten: Rewritten) -> Any:
        if type(item) is not list or not item:
            return MISFIT
        for element in item:
            if not isinstance(element, dict):
                return MISFIT
        return [decode(element, rewritten) for element in item]

    return read


def _map(one: Read) -> Read:
    def read(item: Any, rewritten: Rewritten) -> Any:
        if not isinstance(item, dict) or not item:
            return MISFIT
        converted = {key: one(element, rewritten) for key, element in item.items()}
        return MISFIT if MISFIT in converted.values() else converted

    return read


def _string(item: Any, _: Rewritten) -> Any:
    return item if type(item) is str else MISFIT


def _bool(item: Any, _: Rewritten) -> Any:
    return item if type(item) is bool else MISFIT


def _double(item: Any, _: Rewritten) -> Any:
    """Numbers that JSON can say again: one that is too large for a double would become infinite."""
    if type(item) is float:
        return item if isfinite(item) else MISFIT
    return item if type(item) is int and -_EXACT <= item <= _EXACT else MISFIT


def _float(item: Any, _: Rewritten) -> Any:
    """Numbers for a 32-bit field: what is too large for it would become infinite, and NaN is not in JSON."""
    return item if type(item) in {float, int} and abs(item) <= _FLOAT32_MAX else MISFIT


def _integer(bits: int) -> Read:
    limit = 1 << (bits - 1)

    def read(item: Any, _: Rewritten) -> Any:
        if type(item) is float and item.is_integer() and -_EXACT <= item <= _EXACT:
            item = int(item)
        return item if type(item) is int and -limit <= item < limit else MISFIT

    return read


def _base64(item: Any, _: Rewritten) -> Any:
    if not isinstance(item, str):
        return MISFIT
    try:
        data = pybase64.b64decode(item, validate=True)
    except ValueError:
        return MISFIT
    # Text that is not written in the usual way (no padding, stray bits) stays text: the bytes would not give it back.
    return data if pybase64.b64encode_as_string(data) == item else MISFIT


def _data_url(item: Any, rewritten: Rewritten) -> Any:
    if not isinstance(item, str) or not item.startswith("data:"):
        return MISFIT
    mime_type, found, text = item[5:].partition(";base64,")
    data = _base64(text, rewritten) if found else MISFIT
    return MISFIT if data is MISFIT else {"mime_type": mime_type, "data": data}


_SCALARS: Final[dict[int, Read]] = {
    FieldDescriptor.TYPE_STRING: _string,
    FieldDescriptor.TYPE_BOOL: _bool,
    FieldDescriptor.TYPE_DOUBLE: _double,
    FieldDescriptor.TYPE_FLOAT: _float,
    FieldDescriptor.TYPE_INT32: _integer(32),
    FieldDescriptor.TYPE_INT64: _integer(64),
}
