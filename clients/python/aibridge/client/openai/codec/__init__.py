# Copied by tools/vendor.py from bridge/codec/__init__.py: edit that file, not this one.
"""JSON <-> protobuf, compiled once per message type from its descriptor. No I/O.

The schema is the mapping; there is no line of code per field. These rules say where a field stands in JSON:

1. Its key is its explicit `json_name`, else its name; without `_json` for raw JSON text, and for a member of a oneof
   `x_kind` it is `x`. Fields with the same key are alternatives, told apart by the JSON type of the value.
2. A `_json` field holds the text of a value. Among alternatives it takes what no other can.
3. A message with nothing but `repeated ... items` is a JSON array. `bytes` is base64 text, `InlineData` a `data:` URL;
   both are for callers who would rather have bytes, and responses use them only where a call asks for it.
4. `extra_json` holds all members that no field can: unknown ones, values of another type than the schema's, and
   explicit empty lists and maps, which protobuf cannot tell from absent ones. JSON null is the same as absent, and NaN,
   which some servers write, the same as null.
5. `bridge_options` is for the bridge and has no place in JSON.

So no JSON object is refused or loses a member on the way in, and encoding the message gives an equal object back.
Decoding builds keyword arguments for the message's constructor, which takes nested dicts in C; that makes it cheap.
The text of an unknown or raw value is written by the JSON library: what an upstream sends keeps its value (integers of
any size, doubles, strings, the order of members), and not its spelling (white space, `2.50`, escapes). What a caller
writes in a `_json` field goes into the JSON byte for byte.

`readers` holds the conversions of single values from JSON, `writers` those to JSON, `plan` puts them together; `paths`
tells the place of a JSON path in a message.
"""

from functools import cache
from typing import Any, TypeVar

from google.protobuf.message import Message

from aibridge.client.openai.codec.plan import Plan, plan_of
from aibridge.client.openai.codec.readers import MAX_LEVELS
from aibridge.client.openai.jsontext import MalformedJSONError, dumps, loads

__all__ = ["build", "decode", "encode", "to_json"]

M = TypeVar("M", bound=Message)


def decode(message_type: type[M], data: bytes) -> M:
    """The message for the text of a JSON object.

    Raises:
        MalformedJSONError: the text is not a JSON object, or is nested too deeply.
    """
    value = loads(data)
    if not isinstance(value, dict):
        raise MalformedJSONError("not a JSON object")
    return build(message_type, value)


def build(message_type: type[M], value: dict[str, Any], *, inline: bool = False) -> M:
    """As `decode`, for a text that `jsontext.loads` has parsed already.

    With `inline`, images and audio come as bytes in the fields that can hold them, instead of as base64 text.

    Raises:
        MalformedJSONError: messages would be nested more deeply than protobuf can read.
    """
    plan = _plan(message_type, inline)  # type: ignore[arg-type] # a class of messages is hashable, whatever its metaclass
    return message_type(**plan.decode(value, MAX_LEVELS))


@cache
def _plan(message_type: Any, inline: bool) -> Plan:  # noqa: FBT001 # positional, as it is cheapest
    return plan_of(message_type.DESCRIPTOR, inline=inline)


def encode(message: Message, path: str = "") -> dict[str, Any]:
    """The JSON object of a message, ready for `jsontext.dumps`; `path` is the message's own place, for errors.

    Raises:
        BridgeError: INVALID_REQUEST with the path of a field that has no place in JSON: text that is not JSON or of
            another kind than the field's, a number that is not finite, an extra member that overrides a typed one.
    """
    return plan_of(message.DESCRIPTOR).encode(message, path)


def to_json(message: Message) -> bytes:
    """The JSON text that the REST API would have carried in place of a message: request, response or chunk.

    Raises:
        BridgeError: as `encode`.
    """
    return dumps(encode(message))
