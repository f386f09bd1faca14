"""Counts the elements of a serialized message, before it is parsed.

A message of a few megabytes can contain millions of empty messages. Each takes a hundred bytes when parsed, and
hundreds more as JSON.
"""

from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

from bridge.jsontext import elements

#: This many packed numbers count as one element, because they are cheap.
_NUMBERS: Final = 16
_PIECE_BYTES: Final = 1 << 16
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTHS: Final = {_FIXED64: 8, _FIXED32: 4}
_CONTINUED: Final = bytes(range(128, 256))
#: Kinds of fields: a message, packed numbers, JSON text. Other fields are skipped.
_PACKED, _JSON = "packed", "json"
_of_type: Final[dict[str, dict[int, Any]]] = {}


def message_elements(descriptor: Any, data: bytes, enough: int) -> int:
    """The number of set fields in a message and its nested messages, of list items, and of values in JSON text.

    16 packed numbers count as one. The count ends soon after `enough`.
    """
    count, at, end = 0, 0, len(data)
    kinds = _kinds(descriptor)
    outer: list[tuple[int, dict[int, Any]]] = []  # for each enclosing message: its end and its fields
    while count <= enough:
        while at >= end and outer:
            end, kinds = outer.pop()
        if at >= end:
            break
        tag, at = _varint(data, at)
        count += 1
        if tag & 7 == _BYTES:
            size, at = _varint(data, at)
            kind = kinds.get(tag >> 3)
            if type(kind) is dict:
                outer.append((end, kinds))
                end, kinds = min(at + size, len(data)), kind
                continue
            if kind is _JSON:
                count += elements(data[at : at + size], enough)
            elif kind is _PACKED:
                count += _numbers(data, at, at + size) // _NUMBERS
            at += size
        elif tag & 7 == _VARINT:
            _, at = _varint(data, at)
        else:
            at += _WIDTHS.get(tag & 7, 0)  # a group's tag has no value; protobuf refuses other types
    return count


def _numbers(data: bytes, begin: int, end: int) -> int:
    """The packed numbers between two positions, counted in pieces: a copy of all of them may have many megabytes."""
    pieces = (data[at : min(at + _PIECE_BYTES, end)] for at in range(begin, min(end, len(data)), _PIECE_BYTES))
    return sum([len(piece.translate(None, _CONTINUED)) for piece in pieces])


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at a position, and the position after it. A number that is cut off ends with the data."""
    if at < len(data) and data[at] < 128:
        return data[at], at + 1
    number = shift = 0
    for byte in data[at : at + 10]:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    return number, at + max(1, shift // 7)


def _kinds(descriptor: Any) -> dict[int, Any]:
    """The kinds of a message type's fields, by field number."""
    kinds = _of_type.get(descriptor.full_name)
    if kinds is None:
        kinds = _of_type[descriptor.full_name] = {}  # stored first: message types may contain themselves
        for field in descriptor.fields:
            if field.message_type is not None:
                kinds[field.number] = _kinds(field.message_type)
            elif field.is_repeated and field.cpp_type != FieldDescriptor.CPPTYPE_STRING:
                kinds[field.number] = _PACKED
            elif field.name.endswith("_json"):
                kinds[field.number] = _JSON
    return kinds
