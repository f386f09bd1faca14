#!/usr/bin/env python
"""Writes docs/fields.md: every property of the JSON API and the field that carries it, from properties.toml.

    python tools/fields.py           write it
    python tools/fields.py --check   fail if it is stale, or if a property or a field has no counterpart

tests/contract/properties.toml lists the properties, and the descriptors say what carries them. Neither is made from the
other, so they can be compared: `unplaced` finds properties that nothing carries, `unlisted` fields without a property.
tests/contract/test_fields.py checks that each property survives encoding and decoding.
"""

import sys
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

from google.protobuf.descriptor import Descriptor, ServiceDescriptor

from aibridge.v1 import chat_pb2, embeddings_pb2, errors_pb2, models_pb2
from bridge.codec.plan import keys_of
from bridge.codec.readers import is_array, map_value

ROOT: Final = Path(__file__).resolve().parent.parent
LIST: Final = ROOT / "tests" / "contract" / "properties.toml"
PAGE: Final = ROOT / "docs" / "fields.md"

TYPED: Final = "typed"
RAW: Final = "raw"
EXTRA: Final = "extra"

#: The message for an error of the gateway. bridge/upstream fills it, not the codec, and it has the whole body.
ERROR: Final = errors_pb2.UpstreamError.DESCRIPTOR.name
_OWN_WORDS: Final = frozenset({"http_status", "body"})  # set by the bridge, not members of the gateway's JSON


class Place(NamedTuple):
    """The fields that carry a property, and how: as a typed field, as JSON text, or in `extra_json`."""

    fields: str
    how: str


class Shape(NamedTuple):
    """The fields of a message type for each JSON key, and whether it has `extra_json`."""

    keys: Mapping[str, Sequence[str]]
    has_extra: bool


Shapes = Mapping[str, Shape]


class Property(NamedTuple):
    """A member `name` of the JSON object that `carrier` carries; `misfit`: a value of another type than its field's."""

    carrier: str
    name: str
    is_extra: bool
    misfit: str = ""


@dataclass(frozen=True)
class Group:
    """The properties of one JSON object in one dialect."""

    dialect: str
    schema: str
    carriers: tuple[str, ...]
    sources: tuple[str, ...]
    fields: tuple[str, ...]
    extra: tuple[str, ...]
    misfits: Mapping[str, str]

    def of(self, carrier: str) -> list[Property]:
        """The properties, for one of the carriers."""
        typed = [Property(carrier, name, is_extra=False) for name in self.fields]
        extra = [Property(carrier, name, is_extra=True) for name in self.extra]
        return typed + extra + [Property(carrier, name, True, value) for name, value in self.misfits.items()]


@dataclass(frozen=True)
class Contract:
    """The whole list. `outside` has the endpoints without an RPC."""

    groups: tuple[Group, ...]
    outside: Mapping[str, Sequence[str]]

    def properties(self, dialect: str = "") -> list[Property]:
        """The properties of a dialect, or of all, each once, in the order of the list."""
        groups = [group for group in self.groups if dialect in {"", group.dialect}]
        return list(
            dict.fromkeys(entry for group in groups for carrier in group.carriers for entry in group.of(carrier))
        )


def load(path: Path = LIST) -> Contract:
    """Load the list. Raises an error with the group's name if an entry is malformed."""
    value = tomllib.loads(path.read_text("utf-8"))
    groups = tuple(_group(entry, value["sources"]) for entry in value["group"])
    return Contract(groups, {entry["endpoint"]: entry["properties"].split() for entry in value["outside"]})


def _group(entry: Mapping[str, Any], sources: Mapping[str, str]) -> Group:
    carrier = entry["carrier"]
    fields, extra = (tuple(entry.get(kind, "").split()) for kind in ("fields", "extra"))
    misfits = entry.get("misfits", {})
    names = [*fields, *extra, *misfits]
    if not names or len(names) != len(set(names)):
        raise ValueError(f"{entry['dialect']}, {entry['schema']}: no property, or one that is there twice")
    return Group(
        dialect=entry["dialect"],
        schema=entry["schema"],
        carriers=(carrier,) if isinstance(carrier, str) else tuple(carrier),
        sources=tuple(sources[key] for key in entry["source"]),
        fields=fields,
        extra=extra,
        misfits=misfits,
    )


def services() -> list[ServiceDescriptor]:
    """The services of the package."""
    files = (models_pb2, chat_pb2, embeddings_pb2)
    return [service for file in files for service in file.DESCRIPTOR.services_by_name.values()]


def messages(roots: Iterable[ServiceDescriptor]) -> dict[str, Descriptor]:
    """Every message type that represents a JSON object in a request or a response of these services, by name."""
    found: dict[str, Descriptor] = {}
    waiting = [
        kind for service in roots for method in service.methods for kind in (method.input_type, method.output_type)
    ]
    while waiting:
        descriptor = waiting.pop()
        if is_array(descriptor):
            waiting.extend(_nested(descriptor))
        elif descriptor.name not in found and descriptor.name != "InlineData":  # which represents a string
            found[descriptor.name] = descriptor
            waiting.extend(_nested(descriptor))
    return found


def _nested(descriptor: Descriptor) -> Iterator[Descriptor]:
    for fields in keys_of(descriptor).values():
        for field in fields:
            kind = (map_value(field) or field).message_type
            if kind is not None:
                yield kind


def shapes(roots: Iterable[ServiceDescriptor] | None = None) -> Shapes:
    """The shapes of the message types of these services, by default the package's, and of the error."""
    found = messages(services() if roots is None else roots)
    result = {name: _shape(descriptor) for name, descriptor in sorted(found.items())}
    error = [name for name in errors_pb2.UpstreamError.DESCRIPTOR.fields_by_name if name not in _OWN_WORDS]
    result[ERROR] = Shape({name: (name,) for name in error}, has_extra=False)
    return result


def _shape(descriptor: Descriptor) -> Shape:
    keys = {key: tuple(field.name for field in fields) for key, fields in keys_of(descriptor).items()}
    return Shape(keys, "extra_json" in descriptor.fields_by_name)


def place(entry: Property, known: Shapes) -> Place | str:
    """The place of a property, or the problem with it."""
    message, _, raw = entry.carrier.partition(".")
    shape = known.get(message)
    if shape is None:
        return f"no message {message} travels"
    if raw:
        has_field = raw.endswith("_json") and any(raw in fields for fields in shape.keys.values())
        return Place(entry.carrier, RAW) if has_field and not entry.is_extra else f"no raw field {entry.carrier}"
    fields = shape.keys.get(entry.name, ())
    if not entry.is_extra:
        how = RAW if all(field.endswith("_json") for field in fields) else TYPED
        return Place(", ".join(f"{message}.{field}" for field in fields), how) if fields else "no field"
    if bool(fields) != bool(entry.misfit):
        return f"declared extra, and has the field {fields[0]}" if fields else "has no field to misfit"
    if message == ERROR:
        return Place(f"{ERROR}.body", RAW)
    return Place(f"{message}.extra_json", EXTRA) if shape.has_extra else f"{message} has no extra_json"


def unplaced(properties: Iterable[Property], known: Shapes) -> list[str]:
    """The listed properties without a place, with the reason."""
    found = ((entry, place(entry, known)) for entry in properties)
    return [f"{entry.carrier}.{entry.name}: {where}" for entry, where in found if isinstance(where, str)]


def unlisted(properties: Collection[Property], known: Shapes) -> list[str]:
    """The JSON keys of the messages that are not in the list."""
    listed = {(entry.carrier, entry.name) for entry in properties if not entry.is_extra}
    return [
        f"{name}.{key}: in no group of the list"
        for name, shape in known.items()
        for key in shape.keys
        if (name, key) not in listed
    ]


def render(contract: Contract, known: Shapes) -> str:
    """The page. Every property must have a place."""
    lines = [*_totals(contract, known), ""]
    for dialect, groups in groupby(contract.groups, key=lambda group: group.dialect):
        lines += [f"## {dialect}", ""]
        for group in groups:
            lines += [*_table(group, known), ""]
    lines += _outside(contract.outside)
    return "\n".join(lines)


_INTRO: Final = """\
# Fields

<!-- Made by tools/fields.py from tests/contract/properties.toml and the protos. Do not edit. -->

Where each property of the JSON API is found in the messages. *typed* has its own field; *raw* is JSON text in a `_json`
field or in an error's body; *extra* is a member of the JSON object in `extra_json`, as every unknown member is.
`tests/contract/test_fields.py` sends each property through the codec in both directions, and fails for a property
without a place and for a field that is not in the list.
"""


def _totals(contract: Contract, known: Shapes) -> Iterator[str]:
    keys = sum(len(shape.keys) for shape in known.values())
    dialects = list(dict.fromkeys(group.dialect for group in contract.groups))
    count, typed, raw, extra = _count(contract.properties(), known)
    yield _INTRO
    yield f"**{count} properties: {typed} typed, {raw} raw, {extra} extra. 100 % have a place**, and each of the {keys}"
    yield f"JSON members that the protos have fields for is a property of one of the {len(dialects)} dialects."
    yield "A property that dialects share counts once, so the rows add up to more."
    yield ""
    yield "| Dialect | Properties | Typed | Raw | Extra |"
    yield "|---|---|---|---|---|"
    for dialect in dialects:
        yield f"| {dialect} | {' | '.join(map(str, _count(contract.properties(dialect), known)))} |"


def _count(properties: Collection[Property], known: Shapes) -> tuple[int, int, int, int]:
    hows = [where.how for where in (place(entry, known) for entry in properties) if isinstance(where, Place)]
    return len(hows), hows.count(TYPED), hows.count(RAW), hows.count(EXTRA)


def _table(group: Group, known: Shapes) -> Iterator[str]:
    yield f"### {group.schema}"
    yield ""
    yield f"Names from {' and '.join(group.sources)}."
    yield ""
    yield "| Property | Field | |"
    yield "|---|---|---|"
    for row in zip(*(group.of(carrier) for carrier in group.carriers), strict=True):
        places = [where for where in (place(entry, known) for entry in row) if isinstance(where, Place)]
        fields = ", ".join(f"`{field}`" for where in places for field in where.fields.split(", "))
        value = f", as `{row[0].misfit}`" if row[0].misfit else ""
        yield f"| `{row[0].name}`{value} | {fields} | {places[0].how} |"


def _outside(outside: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield "## Endpoints without an RPC"
    yield ""
    yield "`RawService` carries these as JSON text ([raw.md](raw.md)). Their properties are not counted above."
    yield ""
    for endpoint, properties in outside.items():
        yield f"- {endpoint}: {', '.join(f'`{name}`' for name in properties)}"
    yield ""


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it with --check. Returns the exit status."""
    contract, known = load(), shapes()
    properties = contract.properties()
    problems = unplaced(properties, known) + unlisted(properties, known)
    if not problems:
        page = render(contract, known)
        if "--check" not in arguments:
            PAGE.parent.mkdir(exist_ok=True)
            PAGE.write_text(page, "utf-8")
        elif not PAGE.exists() or PAGE.read_text("utf-8") != page:
            problems = ["docs/fields.md is stale: run make docs"]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
