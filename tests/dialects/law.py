"""Nothing is lost: compares a message, encoded as JSON again, with the original JSON."""

import json
from typing import Any

from google.protobuf.message import Message

from bridge.codec import encode
from bridge.codec.plan import keys_of
from bridge.jsontext import dumps


def assert_nothing_lost(message: Message, sent: str) -> None:
    """The message has exactly the content of the JSON text `sent`.

    Three things may differ: the order of members, nulls in known members, and the index of a tool call's fragment,
    which the bridge corrects.
    """
    got = without_nulls(json.loads(dumps(encode(message))), message.DESCRIPTOR)
    assert got == without_nulls(json.loads(sent), message.DESCRIPTOR)


def without_nulls(value: Any, descriptor: Any) -> Any:
    """A JSON value without the nulls of objects that have a message type, and without indexes of tool calls."""
    if descriptor is None or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, list):
        return [without_nulls(item, descriptor) for item in value]
    fields = keys_of(descriptor)
    return {
        key: without_nulls(item, _type_of(fields.get(key, []), item))
        for key, item in value.items()
        if item is not None and (descriptor.name, key) != ("ToolCallDelta", "index")
    }


def _type_of(fields: list[Any], item: Any) -> Any:
    """The message type of a member's value; for an array in a union, that of its items."""
    types = [field.message_type for field in fields if field.message_type is not None]
    arrays = [each for each in types if [field.name for field in each.fields] == ["items"]]
    if isinstance(item, list) and arrays:
        return arrays[0].fields_by_name["items"].message_type
    plain = [each for each in types if each not in arrays and not each.GetOptions().map_entry]
    return plain[0] if plain else None
