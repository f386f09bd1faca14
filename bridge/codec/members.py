"""Finds members of a message that its schema does not know, which are in `extra_json`."""

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf.message import Message

from bridge.codec.plan import plan_of
from bridge.codec.readers import MAX_LEVELS
from bridge.errors import invalid
from bridge.jsontext import MalformedJSONError, loads

#: Messages whose `extra_json` is part of the schema: the options of each provider, by its name.
_OPEN: Final = frozenset({"aibridge.v1.ProviderOptions"})


def first_unknown(message: Message, path: str = "") -> str | None:
    """The path of the first `extra_json` with a member that the schema does not know; None if there is none.

    A member with a known name and a value of another type counts as known. So does everything in other `_json` fields.

    Raises:
        BridgeError: INVALID_REQUEST for an `extra_json` that is not a JSON object.
    """
    for field, value in message.ListFields():
        place = f"{path}{field.name}"
        if field.name == "extra_json":
            found = _in_extra(message, value, place)
        elif field.message_type is None:
            continue
        else:
            found = _in_field(field, value, place)
        if found is not None:
            return found
    return None


def _in_field(field: Any, value: Any, place: str) -> str | None:
    if not field.is_repeated:
        return first_unknown(value, f"{place}.")
    items: Iterable[tuple[str, Any]]
    if field.message_type.GetOptions().map_entry:
        if field.message_type.fields_by_name["value"].message_type is None:
            return None
        items = ((f'"{key}"', item) for key, item in value.items())
    else:
        items = ((str(index), item) for index, item in enumerate(value))
    for name, item in items:
        found = first_unknown(item, f"{place}[{name}].")
        if found is not None:
            return found
    return None


def _in_extra(message: Message, text: str, place: str) -> str | None:
    """As `first_unknown`, for the text of one `extra_json`. Known members in it may contain unknown ones."""
    try:
        value = loads(text.encode())
    except MalformedJSONError as error:
        raise invalid(place, f"is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise invalid(place, "must be a JSON object")
    known = plan_of(message.DESCRIPTOR).members
    if message.DESCRIPTOR.full_name not in _OPEN and not value.keys() <= known.keys():
        return place
    inner = {key: item for key, item in value.items() if key in known}
    try:
        arguments = plan_of(message.DESCRIPTOR).decode(inner, MAX_LEVELS)
    except MalformedJSONError as error:
        raise invalid(place, f"is {error}") from None
    arguments.pop("extra_json", None)  # known, but of another type than the schema's
    return place if first_unknown(type(message)(**arguments)) is not None else None
