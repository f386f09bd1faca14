"""Compares the codec in TypeScript with the one in Python, on any JSON object.

The objects are made from the descriptors by a generator with a fixed seed. They have known members with values of the
right type, of another type, empty, null or nested, and unknown members.
"""

import json
import random
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge.codec import decode, to_json
from bridge.codec.plan import keys_of
from bridge.codec.readers import is_array, map_value
from tests.e2e.openai.compare import differences

_TYPES: Final[tuple[type[Message], ...]] = (
    chat_pb2.CreateChatCompletionRequest,
    chat_pb2.CreateChatCompletionResponse,
    chat_pb2.CreateChatCompletionStreamResponse,
    embeddings_pb2.CreateEmbeddingRequest,
    embeddings_pb2.CreateEmbeddingResponse,
    models_pb2.ListModelsResponse,
    models_pb2.Model,
)
_OBJECTS: Final = 150  # of each type
_DEPTH: Final = 6
_NAMES: Final = {message.DESCRIPTOR.full_name: message for message in _TYPES}
#: Values of other types. Integers are in the exact range of JavaScript.
_ODD: Final = (
    *(None, True, False, 0, -1, 1.5, 2**53 - 1, -(2**31) - 1),
    *("", '☕ \u2028 "\\\n', [], {}, [None], [1, "a"], {"k": [1.25]}),
)


def tasks() -> list[dict[str, Any]]:
    """The objects, each with the name of its message type."""
    chance = random.Random(20261123)  # noqa: S311 # the same in every run
    return [
        {"type": message.DESCRIPTOR.full_name, "value": _object(message.DESCRIPTOR, chance, _DEPTH)}
        for message in _TYPES
        for _ in range(_OBJECTS)
    ]


def problems(asked: list[dict[str, Any]], responses: list[dict[str, str]]) -> Iterator[str]:
    """The problems in the results: for each object `wire`, the message in base64, and `text`, its JSON."""
    if len(responses) != len(asked):
        yield f"{len(responses)} answers to {len(asked)} objects"
    for task, response in zip(asked, responses, strict=False):
        expected = decode(_NAMES[task["type"]], json.dumps(task["value"]).encode())
        received = type(expected).FromString(b64decode(response["wire"]))
        if _settled(received) != _settled(expected):
            yield f"{task['type']}: another message for {json.dumps(task['value'])[:400]}"
        yield from differences(json.loads(to_json(expected)), json.loads(response["text"]), task["type"])


def _settled(message: Any) -> dict[str, Any]:
    """The message as a value, with JSON texts parsed, because a text can be written in many ways."""
    return {field.name: _settled_field(field, value) for field, value in message.ListFields()}


def _settled_field(field: FieldDescriptor, value: Any) -> Any:
    if field.name.endswith("_json"):
        return json.loads(value)
    if map_value(field) is not None:
        return dict(value)
    if field.message_type is None:
        return list(value) if field.is_repeated else value
    return [_settled(item) for item in value] if field.is_repeated else _settled(value)


def _object(descriptor: Descriptor, chance: random.Random, depth: int) -> dict[str, Any]:
    keys = keys_of(descriptor)
    chosen = chance.sample(sorted(keys), min(len(keys), chance.randint(1, 9)))
    members = {key: _value(chance.choice(keys[key]), chance, depth) for key in chosen}
    if chance.random() < 0.3:
        members[f"unknown_{chance.randint(0, 9)}"] = chance.choice(_ODD)
    return members


def _value(field: FieldDescriptor, chance: random.Random, depth: int) -> Any:
    if chance.random() < 0.15 or field.name.endswith("_json"):
        return chance.choice(_ODD)
    if (entry := map_value(field)) is not None:
        return {f"k{number}": _one(entry, chance, depth) for number in range(chance.randint(0, 2))}
    if field.is_repeated:
        return [_one(field, chance, depth) for _ in range(chance.randint(0, 2))]
    return _one(field, chance, depth)


def _one(field: FieldDescriptor, chance: random.Random, depth: int) -> Any:
    descriptor = field.message_type
    if descriptor is None:
        return chance.choice(_SCALARS.get(field.type, _ODD))
    if is_array(descriptor):
        items = descriptor.fields_by_name["items"]
        return [_one(items, chance, depth - 1) for _ in range(chance.randint(0, 2) if depth else 0)]
    return _object(descriptor, chance, depth - 1) if depth else {}


_SCALARS: Final[dict[int, tuple[Any, ...]]] = {
    FieldDescriptor.TYPE_STRING: ("", "a", "zwölf ☕ \u2028"),
    FieldDescriptor.TYPE_BOOL: (True, False),
    FieldDescriptor.TYPE_INT32: (0, -1, 2**31 - 1, 2**31, 12.0, 1.5),
    FieldDescriptor.TYPE_INT64: (0, -1, 2**53 - 1, 12.0, 1.5),
    FieldDescriptor.TYPE_DOUBLE: (0, 0.1, -2.5, 1e300, 3),
    FieldDescriptor.TYPE_FLOAT: (0, 0.5, -2.25, 1e300),
}
