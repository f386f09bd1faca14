"""Converts JSON to protobuf and back, compiled once per message type from its descriptor. No I/O.

The schema is the mapping: no field has code of its own. These rules say where a field is in JSON:

1. Its key is its explicit `json_name`, or else its name without the suffix `_json`. The key of a member of a oneof
   `x_kind` is `x`. Fields with the same key are alternatives; the JSON type of the value decides between them.
2. A `_json` field holds the text of a value. Among alternatives it takes the values that no other field can hold.
3. A message whose only field is `repeated ... items` is a JSON array. `bytes` is base64 text, and `InlineData` is a
   `data:` URL. Both are for callers that prefer bytes, and responses use them only if a call asks for it.
4. `extra_json` holds all members that no field can hold: unknown members, values of another type than the schema's, and
   explicit empty lists and maps, which protobuf cannot tell from absent ones. JSON null counts as absent, and so does
   NaN, which some servers write.
5. `bridge_options` is for the bridge and is not in the JSON.

So decoding refuses no JSON object and loses no member, and encoding the message gives an equal object. Decoding builds
keyword arguments for the message's constructor, which converts nested dicts in C. That makes it cheap. The JSON library
writes the text of unknown and raw values. What an upstream sends keeps its value (integers of any size, doubles,
strings, the order of members), but not its spelling (white space, `2.50`, escapes). What a caller writes in a `_json`
field goes into the JSON byte for byte.

`readers` converts single values from JSON, `writers` converts them to JSON, `plan` combines these for a message type,
and `paths` converts the path of a JSON value to that of a field.
"""

from functools import cache
from typing import Any, TypeVar

from google.protobuf.message import Message

from bridge.codec.plan import MessagePlan, plan_of
from bridge.codec.readers import MAX_LEVELS
from bridge.jsontext import MalformedJSONError, dumps, loads

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
    """As `decode`, for a value that `jsontext.loads` has parsed.

    With `inline`, fields that can hold bytes get images and audio as bytes instead of base64 text.

    Raises:
        MalformedJSONError: messages would be nested more deeply than protobuf can read.
    """
    plan = _plan(message_type, inline)  # type: ignore[arg-type] # message classes are hashable
    return message_type(**plan.decode(value, MAX_LEVELS))


@cache
def _plan(message_type: Any, inline: bool) -> MessagePlan:  # noqa: FBT001 # a positional argument is cheapest
    return plan_of(message_type.DESCRIPTOR, inline=inline)


def encode(message: Message, path: str = "") -> dict[str, Any]:
    """The JSON object of a message, for `jsontext.dumps`. `path` is the message's path, for errors.

    Raises:
        BridgeError: INVALID_REQUEST with the path of a field that cannot be written as JSON: text that is not JSON or
        has the wrong JSON type, a number that is not finite, or an extra member that overrides a field.
    """
    return plan_of(message.DESCRIPTOR).encode(message, path)


def to_json(message: Message) -> bytes:
    """The JSON text of the REST API for a message: a request, response or chunk.

    Raises:
        BridgeError: as `encode`.
    """
    return dumps(encode(message))
