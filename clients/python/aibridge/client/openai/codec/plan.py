# Copied by tools/vendor.py from bridge/codec/plan.py: edit that file, not this one.
"""The conversion plan of a message type: which JSON key goes to which field, and back."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto
from google.protobuf.message import Message

from aibridge.client.openai.codec.kinds import KINDS
from aibridge.client.openai.codec.readers import MISFIT, Read, bytes_reader, object_text, reader
from aibridge.client.openai.codec.writers import Write, splice, writer
from aibridge.client.openai.jsontext import text_of


class Member(NamedTuple):
    """The fields for a JSON key.

    A value of the type `direct` goes to the field `name`. Any other value goes to the first alternative that can hold
    it, or else, if its type is `raw_kind`, as text to the field `raw`.
    """

    direct: type | None
    name: str
    alternatives: tuple[tuple[str, Read], ...]
    raw: str | None
    raw_kind: type = object


_UNKNOWN: Final = Member(None, "", (), None)
#: The text of NaN, which counts as absent, as null does.
_NULL: Final = "null"
#: Fields that take a value of this Python type unchanged. JSON has no bytes; `services.vectors` puts them in.
_DIRECT_TYPES: Final[Mapping[int, type]] = {
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_BYTES: bytes,
}


class MessagePlan:
    """Converts JSON objects to constructor arguments of one message type, and its messages to JSON objects."""

    __slots__ = ("members", "writers")

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.writers: dict[int, tuple[str, str, Write]] = {}

    def decode(self, value: dict[str, Any], levels: int) -> dict[str, Any]:
        """The constructor arguments for a JSON object. `levels` is the maximum number of levels of nested messages.

        Raises:
            MalformedJSONError: the object needs more levels.
        """
        arguments: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        members = self.members
        for key, item in value.items():
            if item is None:
                continue
            direct, field, alternatives, raw, raw_kind = members.get(key, _UNKNOWN)
            if type(item) is direct:
                arguments[field] = item
                continue
            for name, read in alternatives:
                converted = read(item, levels)
                if converted is not MISFIT:
                    arguments[name] = converted
                    break
            else:
                if raw is None or not isinstance(item, raw_kind):
                    extra[key] = item
                elif (text := text_of(item)) != _NULL:
                    arguments[raw] = text
        if extra and (text := object_text(extra)):
            arguments["extra_json"] = text
        return arguments

    def encode(self, message: Message, path: str) -> dict[str, Any]:
        """The JSON object of a message. `path` is the message's path, for errors."""
        result: dict[str, Any] = {}
        prefix = f"{path}." if path else ""
        extra = ""
        for field, item in message.ListFields():
            entry = self.writers.get(field.number)
            if entry is not None:
                key, name, write = entry
                result[key] = write(item, prefix + name)
            elif field.name == "extra_json":
                extra = item
        if extra:
            splice(extra, result, f"{prefix}extra_json")
        return result


_plans: dict[tuple[Any, bool], MessagePlan] = {}


def plan_of(descriptor: Any, *, inline: bool = False) -> MessagePlan:
    """The plan of a message type, compiled when it is first used.

    With `inline`, base64 text and `data:` URLs go to the fields that hold bytes, if there are any.
    """
    plan = _plans.get((descriptor, inline))
    if plan is None:
        plan = _plans[descriptor, inline] = MessagePlan()  # stored first: message types may contain themselves
        _compile(plan, descriptor, inline=inline)
    return plan


def keys_of(descriptor: Descriptor) -> dict[str, list[FieldDescriptor]]:
    """The fields for each JSON key of a message type."""
    declared = DescriptorProto()  # the only way to tell an explicit json_name from protoc's own
    descriptor.CopyToProto(declared)
    explicit = {field.name: field.json_name for field in declared.field if field.HasField("json_name")}
    keys: dict[str, list[FieldDescriptor]] = {}
    for field in descriptor.fields:
        if field.name not in {"extra_json", "bridge_options"}:
            keys.setdefault(explicit.get(field.name) or _key(field), []).append(field)
    return keys


def _key(field: FieldDescriptor) -> str:
    oneof = field.containing_oneof
    if oneof is not None and oneof.name.endswith("_kind"):
        return str(oneof.name.removesuffix("_kind"))
    return str(field.name.removesuffix("_json"))


def _compile(plan: MessagePlan, descriptor: Descriptor, *, inline: bool) -> None:
    nested = partial(plan_of, inline=inline)
    for key, fields in keys_of(descriptor).items():
        typed = [field for field in fields if not field.name.endswith("_json")]
        raw = next((field.name for field in fields if field.name.endswith("_json")), None)
        as_bytes = [(field.name, read) for field in typed if inline and (read := bytes_reader(field)) is not None]
        others = [(field.name, read) for field in typed if (read := reader(field, nested)) is not None]
        alternatives = (*as_bytes, *others)  # bytes first, because base64 text would also fit a string field
        simple = () if as_bytes else typed
        direct = next((field for field in simple if not field.is_repeated and field.type in _DIRECT_TYPES), None)
        plan.members[key] = Member(
            _DIRECT_TYPES[direct.type] if direct is not None else None,
            direct.name if direct is not None else "",
            alternatives,
            raw,
            KINDS.get(raw or "", object),
        )
        for field in fields:
            plan.writers[field.number] = key, field.name, writer(field, plan_of)
