"""JSON texts and messages made from the schema, and an oracle for what a JSON text means to the schema.

The oracle reads descriptors and texts without code of `bridge.codec` (`fields_of`, `meaning`).
"""

import json
import random
import re
import struct
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from aibridge.v1 import chat_pb2, common_pb2, embeddings_pb2, models_pb2
from bridge.codec.kinds import KINDS

MODULES = (common_pb2, chat_pb2, embeddings_pb2, models_pb2)
#: Message types that are no JSON objects: arrays inside unions, bytes, options for the bridge, requests without a body.
NO_OBJECTS = {
    "BridgeOptions",
    "ContentParts",
    "InlineData",
    "InputTexts",
    "InputTokenLists",
    "InputTokens",
    "ModerationInputTypes",
    "RetrieveModelRequest",
    "StopSequences",
}
ALL = [descriptor for module in MODULES for descriptor in module.DESCRIPTOR.message_types_by_name.values()]
OBJECTS = [descriptor for descriptor in ALL if descriptor.name not in NO_OBJECTS]

_INTEGERS = {FieldDescriptor.TYPE_INT32: 32, FieldDescriptor.TYPE_INT64: 64}
_NO_JSON = {"extra_json", "bridge_options"}


def message_class(descriptor: Descriptor) -> type[Message]:
    return GetMessageClass(descriptor)


@cache
def fields_of(descriptor: Descriptor) -> dict[str, list[FieldDescriptor]]:
    """Each JSON key with its fields, by the rules at the start of common.proto."""
    declared = DescriptorProto()
    descriptor.CopyToProto(declared)
    keys: dict[str, list[FieldDescriptor]] = {}
    for field, proto in zip(descriptor.fields, declared.field, strict=True):
        if field.name in _NO_JSON:
            continue
        oneof = field.containing_oneof
        if proto.HasField("json_name"):
            key = proto.json_name
        elif oneof is not None and oneof.name.endswith("_kind"):
            key = oneof.name[: -len("_kind")]
        else:
            key = re.sub("_json$", "", field.name)
        keys.setdefault(key, []).append(field)
    return keys


def is_array(descriptor: Descriptor | None) -> bool:
    return descriptor is not None and [field.name for field in descriptor.fields] == ["items"]


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


# --- what a text means ------------------------------------------------------------------------------------------------


class Pairs(list[tuple[str, Any]]):
    """A JSON object with its members as written, in their order."""


def parse(text: str | bytes) -> Any:
    """The value of a JSON text with exact numbers and ordered objects."""
    return json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=Pairs)


class Number:
    """A number as written. It equals any spelling of the same real number."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.exact = Decimal(text)

    @property
    def is_integral(self) -> bool:
        return not set(self.text) & set(".eE")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and self.exact == other.exact

    def __hash__(self) -> int:
        return hash(self.exact)

    def __repr__(self) -> str:
        return self.text


def mended(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def meaning(descriptor: Descriptor, value: Any) -> Any:
    """What a JSON object means to the schema: known members have no nulls, and fields that are doubles hold doubles."""
    known = fields_of(descriptor)
    return {
        mended(key): _of_fields(known[key], item) if key in known else ("raw", as_read(item))
        for key, item in dict(value).items()
        if item is not None
    }


def _of_fields(fields: list[FieldDescriptor], item: Any) -> Any:
    for field in fields:
        if not field.name.endswith("_json"):
            found = _of_field(field, item)
            if found is not None:
                return found
    return "raw", as_read(item)


def as_read(value: Any) -> Any:
    """A raw value as any JSON parser reads it: doubles, the last of equal keys, no half of a surrogate pair."""
    if isinstance(value, Pairs):
        return Pairs({mended(key): as_read(item) for key, item in value}.items())
    if isinstance(value, list):
        return [as_read(item) for item in value]
    if isinstance(value, Number) and not value.is_integral and isfinite(float(value.text)):
        return Number(repr(float(value.text)))
    return mended(value) if isinstance(value, str) else value


def _of_field(field: FieldDescriptor, item: Any) -> Any:
    if is_map(field):
        if not isinstance(item, Pairs) or not item:
            return None
        values = {mended(key): _of_one(field.message_type.fields_by_name["value"], each) for key, each in item}
        return None if None in values.values() else values
    return _of_list(field, item) if field.is_repeated else _of_one(field, item)


def _of_list(field: FieldDescriptor, item: Any) -> Any:
    if type(item) is not list:
        return None
    values = [_of_one(field, each) for each in item]
    return None if None in values else values


def _of_one(field: FieldDescriptor, item: Any) -> Any:
    """The value that the field would hold, None if it could not hold it."""
    inner = field.message_type
    if inner is not None:
        if inner.name == "InlineData":
            return None
        if is_array(inner):
            return _of_list(inner.fields_by_name["items"], item)
        return meaning(inner, item) if isinstance(item, Pairs) else None
    if isinstance(item, Number):
        return _of_number(field, item)
    if field.type == FieldDescriptor.TYPE_STRING and isinstance(item, str):
        return "text", mended(item)
    return ("bool", item) if field.type == FieldDescriptor.TYPE_BOOL and isinstance(item, bool) else None


def _of_number(field: FieldDescriptor, item: Number) -> Any:
    # By their bits, which distinguish -0.0 from 0.0. An integer has no -0.
    number = float(int(item.text) if item.is_integral else item.text)
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return "double", struct.pack("d", number)
    if field.type == FieldDescriptor.TYPE_FLOAT:
        try:
            return "float", struct.pack("f", number)
        except OverflowError:
            return None
    if field.type in _INTEGERS:
        # A number with a point or an exponent is read as a double, like everywhere in JSON.
        return "integer", item if item.is_integral else Number(repr(float(item.text)))
    return None


# --- texts ------------------------------------------------------------------------------------------------------------

_STRINGS = [
    '""', '"\\u00e9"', '"a\\/b"', '"\\ud83d"', '"\\ud83d\\ude00"', '"\\u0000"', '"😀"', '"null"', '"\u2028"',
    '"{\\"a\\": 1}"', '"data:image/png;base64,AAAA"', '"\\u007f\x7f"', '"\\udc00\\ud800x"',
]  # fmt: skip
_NUMBERS = [
    "0", "-0", "-0.0", "2.50", "1E5", "1e-7", "12.0", "0.1", "-1", "123456789012345678901234567890",
    "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "18446744073709551616", "3.1415926535897931159979634685441851",
    "0.30000000000000004", "1.7976931348623157e308", "5e-324", "2147483647", "2147483648", "1E+2", "3.4e38", "3.5e38",
    "1" * 50, "6.02214076E23",
]  # fmt: skip
#: Beyond any double. Only for places that the schema does not read.
_RAW_NUMBERS = ["1e400", "-1e400", "1" * 400]

strings = st.one_of(
    st.sampled_from(_STRINGS),
    st.builds(json.dumps, st.text(max_size=8)),
    st.builds(lambda text: json.dumps(text, ensure_ascii=False), st.text(max_size=8)),
)
numbers = st.one_of(
    st.sampled_from(_NUMBERS),
    st.builds(str, st.integers(min_value=-(2**70), max_value=2**70)),
    st.builds(repr, st.floats(allow_nan=False, allow_infinity=False)),
)
_literals = st.sampled_from(["true", "false"])
_null = st.just("null")
keys = st.one_of(
    st.sampled_from(
        ['"zz_unknown"', '"extra_json"', '"bridge_options"', '"items"', '"\\u00e9"', '""', '"content_kind"', '"a b"']
    ),
    st.builds(json.dumps, st.text(max_size=4)),
)

#: A JSON value before white space is added: a scalar's text, a list of values, or a tuple of pairs of key and value.
Tree = Any


def _containers(of: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.one_of(st.lists(of, max_size=3), objects_of(keys, of))


def objects_of(names: st.SearchStrategy[str], of: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    return st.lists(st.tuples(names, of), max_size=3, unique_by=lambda pair: json.loads(pair[0])).map(tuple)


anything = st.recursive(st.one_of(strings, numbers, _literals, _null), _containers, max_leaves=6)
raw = st.recursive(
    st.one_of(strings, numbers, _literals, _null, st.sampled_from(_RAW_NUMBERS)), _containers, max_leaves=6
)
raw_objects = objects_of(keys, raw)
#: Values that are not the same as none.
spelled = raw.filter(lambda tree: tree not in ("null", [], ()))


def of_kind(name: str) -> st.SearchStrategy[Tree]:
    """Values for a `_json` field, of its kind."""
    return {dict: raw_objects.filter(bool), list: st.lists(raw, min_size=1, max_size=3)}.get(
        KINDS.get(name, object), spelled
    )


def render(tree: Tree, space: Callable[[], str]) -> str:
    """The text of a value; `space` gives the white space between tokens."""
    if isinstance(tree, str):
        return tree
    inner: Iterable[str]
    if isinstance(tree, tuple):
        inner = (f"{space()}{key}{space()}:{space()}{render(item, space)}{space()}" for key, item in tree)
        return "{" + (",".join(inner) or space()) + "}"
    inner = (f"{space()}{render(item, space)}{space()}" for item in tree)
    return "[" + (",".join(inner) or space()) + "]"


@st.composite
def spaces(draw: st.DrawFn) -> Callable[[], str]:
    """No white space, or any that JSON allows."""
    if draw(st.booleans()):
        return str
    odd = random.Random(draw(st.integers(0, 2**16)))  # noqa: S311, no secret
    return lambda: odd.choice(["", "", " ", "  ", "\n", "\t", "\r\n "])


@cache  # building a strategy takes longer than drawing from it
def object_trees(descriptor: Descriptor, depth: int = 3) -> st.SearchStrategy[Tree]:
    """An object with members of the type, with right and wrong kinds of values, and unknown ones."""
    known = fields_of(descriptor)
    names = st.lists(st.sampled_from(sorted(known)), max_size=5, unique=True)
    unknown = objects_of(keys.filter(lambda key: json.loads(key) not in known), raw)

    def build(draw: st.DrawFn) -> Tree:
        members = [(json.dumps(name), draw(_member(descriptor, name, depth))) for name in draw(names)]
        others = list(draw(unknown))
        return tuple(others + members if draw(st.booleans()) else members + others)

    return st.composite(build)()


@cache
def _member(descriptor: Descriptor, name: str, depth: int) -> st.SearchStrategy[Tree]:
    right = st.one_of([_right(field, depth) for field in fields_of(descriptor)[name]])
    return st.one_of(right, right, anything, st.sampled_from(["null", [], ()]))


def _right(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Tree]:
    if field.name.endswith("_json"):
        return anything
    if is_map(field):
        return objects_of(st.builds(json.dumps, st.text(max_size=3)), _one(field.message_type.fields[1], depth))
    one = _one(field, depth)
    return st.lists(one, max_size=3) if field.is_repeated else one


def _one(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Tree]:
    inner = field.message_type
    if inner is not None and inner.name != "InlineData":
        if is_array(inner):
            return st.lists(_one(inner.fields[0], depth), max_size=3)
        return object_trees(inner, depth - 1) if depth else st.just(())
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _literals
    return strings if field.cpp_type == FieldDescriptor.CPPTYPE_STRING or inner is not None else numbers


# --- messages ---------------------------------------------------------------------------------------------------------

_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: st.text(max_size=6),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_DOUBLE: st.floats(allow_nan=False, allow_infinity=False) | st.just(-0.0),
    FieldDescriptor.TYPE_FLOAT: st.floats(width=32, allow_nan=False, allow_infinity=False) | st.just(-0.0),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1) | st.just(0),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1) | st.just(0),
}  # fmt: skip
_extra = objects_of(st.sampled_from(['"zz"', '"extra_json"', '"é"', '"a b"']), st.builds(render, spelled, spaces()))
#: Values that only the raw alternative of a union can hold.
_RAW_ALTERNATIVES = {
    "reasoning_json": ['"high"', "false", "[1]", "2.50"],
    "cost_json": ['{"total_cost": 0.0060}', "{}"],
    "input_json": ['[{"image": "https://x"}]', "[1,\n2.5]", "{}", "7"],
    "embedding_json": ["[[0.10, 2], [3]]", "[]"],
}


@cache
def messages(descriptor: Descriptor, depth: int = 2) -> st.SearchStrategy[Message]:
    """A message with any of its fields set, except those that represent bytes."""
    fields = [field for field in descriptor.fields if field.name not in _NO_JSON and not is_binary(field)]
    chosen = st.lists(st.sampled_from(fields), max_size=6, unique_by=_key)
    has_extra = "extra_json" in descriptor.fields_by_name

    def build(draw: st.DrawFn) -> Message:
        message: Any = message_class(descriptor)()
        for field in draw(chosen):
            _fill(draw, message, field, depth)
        if has_extra and (members := draw(_extra)):
            message.extra_json = "{" + ",".join(f"{key}:{text}" for key, text in members) + "}"
        return message

    return st.composite(build)()


def _key(field: FieldDescriptor) -> str:
    oneof = field.containing_oneof
    return str(oneof.name if oneof is not None and oneof.name.endswith("_kind") else field.name.removesuffix("_json"))


def is_binary(field: FieldDescriptor) -> bool:
    return field.type == FieldDescriptor.TYPE_BYTES or bool(
        field.message_type and field.message_type.name == "InlineData"
    )


def _fill(draw: st.DrawFn, message: Any, field: FieldDescriptor, depth: int) -> None:
    name = field.name
    if name.endswith("_json"):
        setattr(message, name, draw(_raw_texts(name)))
    elif is_map(field):
        value = field.message_type.fields_by_name["value"]
        for key in draw(st.lists(st.text(max_size=3), min_size=1, max_size=3)):
            if value.message_type is not None:
                getattr(message, name)[key].CopyFrom(draw(messages(value.message_type, depth - 1)))
            else:
                getattr(message, name)[key] = draw(_SCALARS[value.type])
    elif field.message_type is not None and depth > 0:
        inner = messages(field.message_type, depth - 1)
        if field.is_repeated:
            getattr(message, name).extend(draw(st.lists(inner, max_size=2)))
        else:
            value = draw(inner)
            if name in {"input_tokens", "input_token_lists"} and not value.items:
                return  # in JSON this would be an empty list of texts
            getattr(message, name).CopyFrom(value)
            getattr(message, name).SetInParent()
    elif field.message_type is None and field.is_repeated:
        getattr(message, name).extend(draw(st.lists(_SCALARS[field.type], max_size=3)))
    elif field.message_type is None:
        setattr(message, name, draw(_SCALARS[field.type]))


@cache
def _raw_texts(name: str) -> st.SearchStrategy[str]:
    if name in _RAW_ALTERNATIVES:
        return st.sampled_from(_RAW_ALTERNATIVES[name])
    return st.builds(render, of_kind(name), spaces())


def settled(message: Message) -> dict[str, Any]:
    """The set fields of a message, with the values of raw JSON in place of its text."""
    return {field.name: _settled(field, value) for field, value in message.ListFields()}


def _settled(field: FieldDescriptor, value: Any) -> Any:
    if field.name.endswith("_json"):
        return as_read(parse(value))
    if is_map(field):
        inner = field.message_type.fields_by_name["value"].message_type
        return {key: item if inner is None else settled(item) for key, item in value.items()}
    if field.message_type is None:
        # Doubles by their bits, which distinguish -0.0 from 0.0.
        return list(map(repr, value)) if field.is_repeated else repr(value)
    return list(map(settled, value)) if field.is_repeated else settled(value)
