"""properties.toml and the protos name the same properties, and each of them survives the codec.

Every property has a place, every field has a property, and every place carries its property in both directions without
loss. The last tests remove something, and check that the tests before would have failed.
"""

from collections.abc import Iterable
from itertools import groupby, product
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.status_pb2 import Status

from aibridge.v1 import chat_pb2, common_pb2, embeddings_pb2, errors_pb2, models_pb2
from bridge.call import CallContext, CallRecord
from bridge.codec import decode, encode
from bridge.codec.kinds import KINDS
from bridge.codec.plan import keys_of
from bridge.codec.readers import is_array, map_value
from bridge.jsontext import dumps, loads
from bridge.status import status_of
from bridge.upstream import failures
from bridge.upstream.leaks import Secrets
from bridge.upstream.masking import Mask
from tools import fields

CONTRACT = fields.load()
SHAPES = fields.shapes()
MESSAGES = fields.messages(fields.services())
PROPERTIES = CONTRACT.properties()

#: A sample of each kind of JSON, as the bridge writes it.
VALUES = ('{"k":[1,2.5,null]}', "[]", "{}", '"x"', "true", "0", "-1.1", "123456789012345678901234567890")


def name_of(entry: fields.Property) -> str:
    return f"{entry.carrier}.{entry.name}{'-misfit' if entry.misfit else ''}"


class Sample(NamedTuple):
    """A value of a field, and its JSON text."""

    value: Any
    text: str


SCALARS = {
    FieldDescriptor.TYPE_STRING: (Sample("zwölf ☕", '"zwölf ☕"'), Sample("", '""')),
    FieldDescriptor.TYPE_BOOL: (Sample(True, "true"), Sample(False, "false")),
    FieldDescriptor.TYPE_INT32: (Sample(2**31 - 1, "2147483647"), Sample(0, "0")),
    FieldDescriptor.TYPE_INT64: (Sample(2**53 + 1, "9007199254740993"), Sample(0, "0")),
    FieldDescriptor.TYPE_DOUBLE: (Sample(0.1, "0.1"), Sample(0.0, "0")),
    FieldDescriptor.TYPE_FLOAT: (Sample(-0.25, "-0.25"), Sample(0.0, "0")),
    FieldDescriptor.TYPE_BYTES: (Sample(b"\x00\xff", '"AP8="'), Sample(b"", '""')),
}


def sample(field: FieldDescriptor, *, empty: bool) -> Sample:
    """A value for a whole field. An empty one is zero, "", {} or a list of one of these."""
    if field.name.endswith("_json"):
        return raw_sample(field, empty=empty)
    entry = map_value(field)
    value, text = one_sample(entry or field, empty=empty)
    if entry is not None:
        return Sample({"a/b": value}, f'{{"a/b":{text}}}')
    return Sample([value], f"[{text}]") if field.is_repeated else Sample(value, text)


def raw_sample(field: FieldDescriptor, *, empty: bool) -> Sample:
    """A list of objects for a field that takes any JSON, because no alternative of a union is one."""
    text = "{}" if empty else '{"k":2.5}'
    if KINDS.get(field.name) is not dict:
        text = f"[{text}]"
    return Sample(text, text)


def one_sample(field: FieldDescriptor, *, empty: bool) -> Sample:
    descriptor = field.message_type
    if descriptor is None:
        return SCALARS[field.type][empty]
    if descriptor.name == "InlineData":
        return Sample({"data": b"\x00\xff", "mime_type": "a/b"}, '"data:a/b;base64,AP8="')
    if is_array(descriptor):
        value, text = one_sample(descriptor.fields_by_name["items"], empty=empty)
        return Sample({"items": [value]}, f"[{text}]")
    if empty:
        return Sample({}, "{}")
    key, found = next(iter(keys_of(descriptor).items()))
    inner = found[0]
    value, text = sample(inner, empty=False)
    return Sample({inner.name: value}, f'{{"{key}":{text}}}')


def is_one_way(field: FieldDescriptor) -> bool:
    """Whether a field is for callers that send bytes: responses use the text field instead."""
    return field.type == FieldDescriptor.TYPE_BYTES or (
        field.message_type is not None and field.message_type.name == "InlineData"
    )


def by_carrier(entries: Iterable[fields.Property]) -> Any:  # pytest's decorators have no public type
    """A test for each carrier, with its properties: there are too many for a test of each."""
    ordered = sorted(entries, key=lambda entry: entry.carrier)
    groups = {carrier: list(found) for carrier, found in groupby(ordered, key=lambda entry: entry.carrier)}
    return pytest.mark.parametrize("entries", groups.values(), ids=groups)


def of_type(descriptor: Descriptor) -> type[Message]:
    return GetMessageClass(descriptor)


def text_of(message: Message) -> str:
    return dumps(encode(message)).decode()


# The properties of the list and of the protos.


@pytest.mark.parametrize("group", CONTRACT.groups, ids=lambda group: f"{group.dialect}: {group.schema}")
def test_property_has_a_place(group: fields.Group) -> None:
    """Every property of the list has a field, or is declared extra and has none."""
    assert fields.unplaced((entry for carrier in group.carriers for entry in group.of(carrier)), SHAPES) == []


@pytest.mark.parametrize("message", SHAPES)
def test_field_has_a_property(message: str) -> None:
    """Every field of the protos is a property of some dialect."""
    assert fields.unlisted(PROPERTIES, {message: SHAPES[message]}) == []


def test_no_message_is_left_out() -> None:
    """A message is in a request or a response, represents no JSON object, or is the bridge's own."""
    files = (common_pb2, models_pb2, chat_pb2, embeddings_pb2, errors_pb2)
    package = {name: kind for file in files for name, kind in file.DESCRIPTOR.message_types_by_name.items()}
    left = {name for name, kind in package.items() if name not in SHAPES and not is_array(kind)}
    assert left == {"BridgeOptions", "InlineData"}


def test_every_object_has_room_for_more() -> None:
    """Every JSON object has a place for unknown members."""
    without_body = {"RetrieveModelRequest"}
    assert {name for name, shape in SHAPES.items() if not shape.has_extra} == {*without_body, fields.ERROR}


def test_the_page_is_fresh() -> None:
    assert fields.main(["--check"]) == 0, "run: make docs"


# What survives the codec.


@pytest.mark.parametrize("descriptor", MESSAGES.values(), ids=MESSAGES)
def test_field_survives_alone(descriptor: Descriptor) -> None:
    """Message -> JSON -> message and JSON -> message -> JSON give the same value, down to zero and ""."""
    for key, found in keys_of(descriptor).items():
        for field in found:
            assert_survives(descriptor, key, field)


def assert_survives(descriptor: Descriptor, key: str, field: FieldDescriptor) -> None:
    for value, text in (sample(field, empty=False), sample(field, empty=True)):
        message = of_type(descriptor)(**{field.name: value})
        body = f'{{"{key}":{text}}}'
        assert text_of(message) == body
        back = decode(of_type(descriptor), body.encode())
        assert text_of(back) == body
        if is_one_way(field):
            assert [found.name for found, _ in back.ListFields()] == [keys_of(descriptor)[key][0].name]
        else:
            assert back == message


@by_carrier(entry for entry in PROPERTIES if "." in entry.carrier)
def test_property_inside_of_raw_json_survives(entries: list[fields.Property]) -> None:
    """It is in the text of its `_json` field, in both directions."""
    name, _, raw = entries[0].carrier.partition(".")
    message_type = of_type(MESSAGES[name])
    key = next(key for key, found in SHAPES[name].keys.items() if raw in found)
    for entry, value in product(entries, VALUES):
        text = f'{{"{entry.name}":{value}}}' if KINDS.get(raw) is dict else f'[{{"{entry.name}":{value}}}]'
        body = f'{{"{key}":{text}}}'
        message = decode(message_type, body.encode())
        assert message == message_type(**{raw: text})
        assert text_of(message) == body


@by_carrier(entry for entry in PROPERTIES if entry.is_extra and entry.carrier != fields.ERROR)
def test_extra_property_survives(entries: list[fields.Property]) -> None:
    """It is a member of `extra_json` with any value, in both directions."""
    message_type = of_type(MESSAGES[entries[0].carrier])
    for entry in entries:
        for value in (dumps(loads(entry.misfit.encode())).decode(),) if entry.misfit else VALUES:
            body = f'{{"{entry.name}":{value}}}'
            message = decode(message_type, body.encode())
            assert message == message_type(extra_json=body)
            assert text_of(message) == body


@pytest.mark.parametrize("entry", [entry for entry in PROPERTIES if entry.carrier == fields.ERROR], ids=name_of)
def test_error_property_reaches_the_caller(entry: fields.Property) -> None:
    """It is in its field of UpstreamError, or else in the body."""
    value = entry.misfit or '"quoted-words"'
    body = f'{{"error":{{"{entry.name}":{value}}}}}'
    method = "/aibridge.v1.ChatService/CreateChatCompletion"
    call = CallContext(CallRecord(method, (), "request-1"), method, (), 0.0)
    status = Status()
    failure = failures.of_response(
        418, httpx.Headers(), body.encode(), call, Mask(b"", Secrets()), uses_bridge_credential=False
    )
    status.ParseFromString(dict(status_of(failure, call.record).trailing_metadata)["grpc-status-details-bin"])
    error = errors_pb2.UpstreamError()
    assert any(detail.Unpack(error) for detail in status.details)
    if not entry.is_extra:
        assert getattr(error, entry.name) == "quoted-words"
    assert error.body == body


# The tests above find errors.


def without(message: str, key: str) -> fields.Shapes:
    keys = {name: found for name, found in SHAPES[message].keys.items() if name != key}
    return {**SHAPES, message: SHAPES[message]._replace(keys=keys)}


def test_any_missing_field_is_seen() -> None:
    """If a JSON key is removed from its message, the property without a place is reported."""
    for message, shape in SHAPES.items():
        own = [entry for entry in PROPERTIES if entry.carrier.partition(".")[0] == message]
        assert fields.unplaced(own, SHAPES) == []
        for key in shape.keys:
            assert f"{message}.{key}: no field" in fields.unplaced(own, without(message, key))


def test_a_field_missing_from_the_descriptors_is_seen() -> None:
    """The same with real descriptors: a chat.proto in which a typed and a raw field are misspelt."""
    pool = descriptor_pool.DescriptorPool()
    for module in (duration_pb2, common_pb2, chat_pb2):
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for field in (field for message in file.message_type for field in message.field):
            if field.name in {"verbosity", "plugins_json"}:
                field.name = f"my_{field.name}"
        pool.Add(file)
    known = fields.shapes([pool.FindServiceByName("aibridge.v1.ChatService")])
    chat = [entry for entry in PROPERTIES if entry.carrier.partition(".")[0] in known]
    request = "CreateChatCompletionRequest"
    problems = fields.unplaced(chat, known)
    assert {f"{request}.verbosity: no field", f"{request}.plugins: no field"} <= set(problems)
    assert all(".verbosity: " in problem or ".plugins" in problem for problem in problems)
    assert fields.unlisted(chat, known) == [
        f"{request}.my_{name}: in no group of the list" for name in ("verbosity", "plugins")
    ]


def test_any_missing_property_is_seen() -> None:
    """If a property is removed from the list, its field is reported."""
    for message, shape in SHAPES.items():
        own = [entry for entry in PROPERTIES if entry.carrier == message]
        for entry in own:
            rest = [other for other in own if other != entry]
            expected = [] if entry.is_extra else [f"{name_of(entry)}: in no group of the list"]
            assert fields.unlisted(rest, {message: shape}) == expected


def test_a_false_claim_of_the_list_is_seen() -> None:
    """False claims are reported: an extra property that has a field, a typed one that has none, an unknown message."""
    false = [
        fields.Property("Usage", "cost", is_extra=True),
        fields.Property("Usage", "costs", is_extra=True, misfit="true"),
        fields.Property("Usage", "costs", is_extra=False),
        fields.Property("Usages", "cost", is_extra=True),
        fields.Property("Usage.prompt_tokens", "k", is_extra=False),
        fields.Property("Usage.costs_json", "k", is_extra=False),
        fields.Property("RetrieveModelRequest", "k", is_extra=True),
    ]
    assert len(fields.unplaced(false, SHAPES)) == len(false)


def test_a_stale_page_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    page = tmp_path / "docs" / "fields.md"
    monkeypatch.setattr(fields, "PAGE", page)
    assert fields.main(["--check"]) == 1
    assert fields.main([]) == 0
    assert fields.main(["--check"]) == 0
    page.write_text(page.read_text("utf-8").replace("typed", "Typed"), "utf-8")
    assert fields.main(["--check"]) == 1
    assert capsys.readouterr().err.count("is stale") == 2
