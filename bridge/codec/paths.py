"""Converts JSON paths to field paths: `messages[0].content[1].text` to `messages[0].content_parts.items[1].text`."""

import re
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from bridge.codec.plan import keys_of
from bridge.codec.readers import is_array

_STEPS = re.compile(r"[.\[\]]+")


def proto_path(descriptor: Any, path: str) -> str:
    """The field path for a JSON path in a message type. Steps that the schema does not know are unchanged."""
    steps = [step for step in _STEPS.split(path) if step]
    parts: list[str] = []
    while steps and descriptor is not None:
        fields = keys_of(descriptor).get(steps[0])
        if not fields:
            break
        del steps[0]
        field = _choose(fields, steps[0] if steps else "")
        parts.append(f".{field.name}")
        descriptor = field.message_type
        if steps and steps[0].isdecimal():
            if descriptor is not None and is_array(descriptor):
                parts.append(".items")
                descriptor = descriptor.fields_by_name["items"].message_type
            elif not field.is_repeated:
                break
            parts.append(f"[{steps.pop(0)}]")
    parts += [f"[{step}]" if step.isdecimal() else f".{step}" for step in steps]
    return "".join(parts).removeprefix(".")


def _choose(fields: list[FieldDescriptor], step: str) -> FieldDescriptor:
    """The field, among those that share a JSON key, that a path with this next step leads through."""
    for field in fields:
        lists = field.is_repeated or (field.message_type is not None and is_array(field.message_type))
        leads = lists if step.isdecimal() else (field.message_type is not None and not lists) if step else not lists
        if leads and (step or not field.name.endswith("_json")):
            return field
    return next((field for field in fields if field.name.endswith("_json")), fields[0])
