"""Sets single values of a message that was decoded from JSON, by their path in the JSON.

The result equals the message that decoding the changed JSON would give. A path has no setter if another value there
could belong in another field.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from operator import itemgetter
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from bridge.codec.plan import Member, plan_of
from bridge.codec.readers import MAX_LEVELS, MISFIT, Read, is_array, map_value
from bridge.jsontext import JSONPath, loads, text_of

#: Sets a value of a message, or a list of values.
Setter = partial[Any]

_DOUBLE: Final = FieldDescriptor.TYPE_DOUBLE
_INTEGERS: Final = frozenset({FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_INT64})
#: Minimum number of fields that are set faster together than one by one.
_MIN_TOGETHER: Final = 2


class MisfitError(ValueError):
    """The field cannot hold the value: decoding would put it into another field."""


class Setters:
    """Finds the setters of a message, which was decoded from the JSON object `value` with or without `inline`."""

    def __init__(self, message: Message, value: dict[str, Any], *, inline: bool = False) -> None:
        self._message = message
        self._value = value
        self._inline = inline
        self._inner: dict[JSONPath, tuple[Any, Any]] = {}  # messages and their JSON objects, by path
        self._raw: dict[tuple[JSONPath, str], Any] = {}  # parsed JSON text of fields, by path and field

    def setter(self, path: JSONPath) -> Setter | None:
        """The setter of the text, number or list of integers at a path; None if there is none.

        It takes a value of the same JSON type. For a value that does not fit it raises `MisfitError`, or protobuf's
        `TypeError` or `ValueError`.
        """
        at = len(path) - 1
        message, value = self._inner.get(path[:at]) or (self._message, self._value)
        at = at if value is not self._value else 0
        while True:
            if at == len(path) - 1:
                self._inner[path[:at]] = message, value
            key: Any = path[at]  # the name of a member
            item: Any = value[key]
            at += 1
            member = plan_of(message.DESCRIPTOR, inline=self._inline).members.get(key)
            if member is None:
                return self._in_text(message, "extra_json", path, at - 1)
            if at == len(path):
                return self._of_field(message, member, item, path, at)
            if member.raw is not None and not member.alternatives:
                return self._in_text(message, member.raw, path, at)
            inner = _inner(message, member)
            if inner is None:
                return None
            if type(item) is list:
                position: Any = path[at]
                inner, item = inner[position], item[position]
                at += 1
            if at == len(path) or not isinstance(inner, Message):
                return None
            message, value = inner, item

    def _of_field(self, message: Any, member: Member, item: Any, path: JSONPath, at: int) -> Setter | None:
        """The setter of a value that has a field of its own."""
        if type(item) is member.direct:
            return partial(setattr, message, member.name)
        if not member.alternatives:
            return None if member.direct or member.raw is None else self._in_text(message, member.raw, path, at)
        name, read = member.alternatives[0]
        if read(item, MAX_LEVELS) is MISFIT:
            return None
        field = message.DESCRIPTOR.fields_by_name[name]
        if not field.is_repeated and field.message_type is None:
            if field.type in _INTEGERS and type(item) is int:
                return partial(setattr, message, name)  # protobuf refuses what the field cannot hold
            return partial(_set_double if field.type == _DOUBLE else _set_converted, message, name, read)
        return partial(_set_integers, getattr(message, name)) if field.type in _INTEGERS else None

    def _in_text(self, message: Any, name: str, path: JSONPath, at: int) -> Setter:
        """The setter of a value inside the JSON text of a field, whose whole value is at `path[:at]`."""
        place = path[:at], name
        if place not in self._raw:
            self._raw[place] = [loads(getattr(message, name).encode())]
        root = self._raw[place]
        within: Any = root
        inside = (0, *path[at:])
        for step in inside[:-1]:
            within = within[step]
        return partial(_set_in_text, message, name, root, within, inside[-1])


def together(setters: Sequence[Setter]) -> Setter:
    """The setter of a list of values, from the setter of each value."""
    direct = [at for at, setter in enumerate(setters) if setter.func is setattr]
    if len(direct) < _MIN_TOGETHER:
        return partial(_set_each, setters)
    messages, names = zip(*[setters[at].args for at in direct], strict=True)
    if len(direct) == len(setters):
        return partial(_set_fields, messages, names)
    others = [(at, setter) for at, setter in enumerate(setters) if setter.func is not setattr]
    return partial(_set_mixed, messages, names, itemgetter(*direct), others)


def _set_each(setters: Sequence[Setter], values: Sequence[Any]) -> None:
    for setter, value in zip(setters, values):  # noqa: B905 # equal lengths; checking takes time
        setter(value)


def _set_fields(messages: Sequence[Any], names: Sequence[str], values: Sequence[Any]) -> None:
    any(map(setattr, messages, names, values))  # all of them, as `setattr` returns None: a loop takes twice as long


def _set_mixed(
    messages: Sequence[Any],
    names: Sequence[str],
    pick: Callable[[Sequence[Any]], Sequence[Any]],
    others: Sequence[tuple[int, Setter]],
    values: Sequence[Any],
) -> None:
    any(map(setattr, messages, names, pick(values)))
    for at, setter in others:
        setter(values[at])


def _inner(message: Any, member: Member) -> Any:
    """The nested message or repeated field that holds an object or a list; None if there is none."""
    for name, _ in member.alternatives:
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.message_type is None or map_value(field) is not None:
            continue
        inner = getattr(message, name)
        if inner if field.is_repeated else message.HasField(name):  # the alternative that decoding has chosen
            return inner.items if not field.is_repeated and is_array(field.message_type) else inner
    return None


def _set_converted(message: Any, name: str, read: Read, value: Any) -> None:
    converted = read(value, MAX_LEVELS)
    if converted is MISFIT:
        raise MisfitError
    setattr(message, name, converted)


def _set_double(message: Any, name: str, read: Read, value: Any) -> None:
    if type(value) is float and isfinite(value):
        setattr(message, name, value)
    else:
        _set_converted(message, name, read, value)


def _set_integers(field: Any, value: list[int]) -> None:
    if not value:
        raise MisfitError  # `extra_json` holds an empty list, to tell it from an absent one
    field[:] = value


def _set_in_text(message: Any, name: str, root: list[Any], within: Any, key: str | int, value: Any) -> None:
    within[key] = value
    setattr(message, name, text_of(root[0]))
