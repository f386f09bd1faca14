"""The rules of the contract, checked in the protos: presence, names, escape hatches, kinds of raw JSON."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorSet

from bridge.codec.kinds import KINDS
from bridge.codec.plan import keys_of
from tests.support import strategies as make

ROOT = Path(__file__).parents[2]
FILES = [
    file
    for file in FileDescriptorSet.FromString((ROOT / "generated/aibridge.binpb").read_bytes()).file
    if file.package == "aibridge.v1"
]
#: Message types without `extra_json`, and why.
CLOSED = {
    "BridgeOptions": "for the bridge itself",
    "InlineData": "bytes",
    "QueryParameter": "part of a URL",
    "RawEvent": "JSON as text",
    "RawRequest": "JSON as text",
    "RawResponse": "JSON as text",
    "RetrieveModelRequest": "GET has no body",
    "UpstreamError": "the bridge's own; `body` has everything",
}
_KINDS = {"JSON object": dict, "JSON array": list, "Any JSON": None}
_INTEGRAL = {FieldDescriptorProto.TYPE_INT32, FieldDescriptorProto.TYPE_INT64}
_SCALARS = {
    FieldDescriptorProto.TYPE_STRING,
    FieldDescriptorProto.TYPE_BYTES,
    FieldDescriptorProto.TYPE_BOOL,
    FieldDescriptorProto.TYPE_DOUBLE,
    FieldDescriptorProto.TYPE_FLOAT,
    *_INTEGRAL,
}


def messages() -> Iterator[tuple[DescriptorProto, dict[str, str]]]:
    """Each message type with the comments of its fields."""
    for file in FILES:
        comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        for number, message in enumerate(file.message_type):
            yield (
                message,
                {field.name: comments.get((4, number, 2, at), "") for at, field in enumerate(message.field)},
            )


def fields() -> Iterator[tuple[DescriptorProto, FieldDescriptorProto, str]]:
    for message, comments in messages():
        for field in message.field:
            yield message, field, comments[field.name]


def oneof(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    """The oneof of a field, unless it is synthetic."""
    real = field.HasField("oneof_index") and not field.proto3_optional
    return message.oneof_decl[field.oneof_index].name if real else ""


def is_array(message: DescriptorProto) -> bool:
    return [field.name for field in message.field] == ["items"]


def test_there_is_a_contract() -> None:
    """The descriptor set exists and has comments."""
    assert sum(1 for _ in messages()) > 90
    assert all(comment for *_, comment in fields())


def test_every_scalar_has_presence() -> None:
    """Every scalar has presence, because `temperature: 0` and no temperature are different requests."""
    for message, field, _ in fields():
        if field.type in _SCALARS and field.label != FieldDescriptorProto.LABEL_REPEATED:
            assert field.proto3_optional or oneof(message, field), f"{message.name}.{field.name}"


def test_scalar_types() -> None:
    """No enums of values from outside, no unsigned integers, and no 32-bit floats except in vectors."""
    allowed = _SCALARS | {FieldDescriptorProto.TYPE_MESSAGE}
    for message, field, _ in fields():
        if (message.name, field.name) == ("RawRequest", "method"):  # the bridge's own choice
            continue
        assert field.type in allowed, f"{message.name}.{field.name}"
        if field.type == FieldDescriptorProto.TYPE_FLOAT:
            assert (message.name, field.name) == ("Embedding", "embedding")


def test_unions_end_in_kind() -> None:
    """The name of a JSON union's oneof ends in `_kind`, and one member has the JSON key as its name."""
    for message, _ in messages():
        for declared in message.oneof_decl:
            members = [field.name for field in message.field if oneof(message, field) == declared.name]
            if members:
                assert declared.name.endswith("_kind"), f"{message.name}.{declared.name}"
                assert declared.name.removesuffix("_kind") in members, f"{message.name}.{declared.name}"
                assert len(members) > 1, f"{message.name}.{declared.name}"


def test_bytes_in_unions_are_named_by_one_rule() -> None:
    """`KEY_raw` holds the bytes of base64 text, and `KEY_inline` those of a data: URL. No other field holds bytes."""
    for message, field, _ in fields():
        key = oneof(message, field).removesuffix("_kind")
        expected = ""
        if field.type == FieldDescriptorProto.TYPE_BYTES and message.name != "InlineData":
            expected = f"{key}_raw"
        elif field.type_name.endswith(".InlineData"):
            expected = f"{key}_inline"
        assert field.name == (expected or field.name), message.name
        assert expected or not field.name.endswith(("_raw", "_inline", "_object", "_string")), message.name


def test_java_can_tell_accessors_apart() -> None:
    """No field is named like an accessor that Java generates for another field, such as `data_bytes`."""
    for message, _ in messages():
        names = {field.name for field in message.field}
        for field in message.field:
            is_list = field.label == FieldDescriptorProto.LABEL_REPEATED
            suffixes = ("list", "count") if is_list else ("bytes",) if field.type == field.TYPE_STRING else ()
            assert not {f"{field.name}_{suffix}" for suffix in suffixes} & names, f"{message.name}.{field.name}"


def test_members_of_unions_can_be_told_apart() -> None:
    """No two alternatives of a union have the same JSON type; lists differ in their items."""
    arrays = {message.name: message.field[0] for message, _ in messages() if is_array(message)}

    def kind(field: FieldDescriptorProto) -> str:
        name = field.type_name.rpartition(".")[2]
        if field.name.endswith("_json"):
            return "raw"
        if field.type == FieldDescriptorProto.TYPE_BYTES or name == "InlineData":
            return "bytes"
        if field.type == FieldDescriptorProto.TYPE_MESSAGE:
            return f"list of {kind(arrays[name])}" if name in arrays else "object"
        is_number = field.type in {*_INTEGRAL, FieldDescriptorProto.TYPE_DOUBLE}
        return "number" if is_number else FieldDescriptorProto.Type.Name(field.type)

    for message, _ in messages():
        for declared in message.oneof_decl:
            members = [field for field in message.field if oneof(message, field) == declared.name]
            kinds = [kind(field) for field in members]
            assert len(set(kinds)) == len(kinds), f"{message.name}.{declared.name}: {kinds}"


def test_every_object_has_an_escape_hatch() -> None:
    """Every message for a JSON object has `extra_json`."""
    closed = set()
    for message, _ in messages():
        extra = next((field for field in message.field if field.name == "extra_json"), None)
        if extra is None:
            closed |= set() if is_array(message) else {message.name}
        else:
            assert extra.number == 100, message.name
            assert extra.type == FieldDescriptorProto.TYPE_STRING, message.name
    assert closed == set(CLOSED)


def test_bridge_options_are_on_every_request() -> None:
    """Options for the bridge have the same name and number on every request."""
    for message, _ in messages():
        options = [field.number for field in message.field if field.name == "bridge_options"]
        assert options == ([101] if message.name.endswith("Request") else []), message.name


@pytest.mark.parametrize("name", sorted({field.name for _, field, _ in fields() if field.name.endswith("_json")}))
def test_kinds_are_those_of_the_comments(name: str) -> None:
    """The comment of a `_json` field starts with the kind of JSON that `codec/kinds.py` requires."""
    for message, field, comment in fields():
        if field.name == name:
            assert field.type == FieldDescriptorProto.TYPE_STRING, f"{message.name}.{name}"
            kind = next((kind for words, kind in _KINDS.items() if comment.strip().startswith(words)), "no kind")
            expected = dict if name == "extra_json" else KINDS.get(name)
            assert kind is expected, f"{message.name}.{name} is {expected}, its comment says {comment!r}"


def test_kinds_have_no_rows_without_a_field() -> None:
    """Each row of `codec/kinds.py` is about an existing field."""
    assert set(KINDS) <= {field.name for _, field, _ in fields()}


@pytest.mark.parametrize("descriptor", make.OBJECTS, ids=lambda descriptor: descriptor.name)
def test_json_keys_are_claimed_once(descriptor: Descriptor) -> None:
    """Fields share a JSON key only within one union. The exception is the vectors of Embedding, which is a list."""
    keys = keys_of(descriptor)
    for key, sharing in keys.items():
        unions = {field.containing_oneof.name if field.containing_oneof else field.name for field in sharing}
        assert len(unions) == 1 or (descriptor.name, key) == ("Embedding", "embedding"), key
    assert keys == make.fields_of(descriptor)


def test_explicit_json_names_are_those_in_the_protos() -> None:
    """A JSON key is camelCase only if a proto sets it: `providerOptions`, but `max_tokens`."""
    text = "".join(path.read_text() for path in (ROOT / "protos").rglob("*.proto"))
    written = re.findall(r'(\w+) = \d+ \[json_name = "(\w+)"\]', text)
    found = [
        (field.name, key)
        for descriptor in make.OBJECTS
        for key, sharing in keys_of(descriptor).items()
        for field in sharing
        if key not in {field.name, field.name.removesuffix("_json")} and not _in_union(field)
    ]
    assert sorted(found) == sorted(written)
    assert ("provider_options", "providerOptions") in found


def _in_union(field: FieldDescriptor) -> bool:
    return field.containing_oneof is not None and field.containing_oneof.name.endswith("_kind")
