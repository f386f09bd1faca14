"""Any JSON object goes to protobuf and back unchanged, whatever the schema knows of it.

The deliberate exceptions, which these tests take for granted:

- null and absent are one, where the schema looks. Nulls inside lists, maps and unknown values survive.
- A `double` field holds the nearest double, and a number that an integer field gets with a point or an exponent (12.0)
  is read as a double too. -0 is 0, and so is an integer field's -0.0. A vector holds the nearest 32-bit floats.
- Half of a surrogate pair in a string or a key that the schema looks at is U+FFFD; in a raw value it survives.
- Of members with the same key the last one counts. Their order survives in raw values only.
- `[ ]` may come back as `[]`, and `{ }` as `{}`; every other raw value comes back to the letter.
- The empty list is the first of several kinds of list: `"input": []` is no list of tokens.
- Bytes become text: `InlineData` and `..._raw` come back in the string beside them, unless bytes are asked for.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import codec
from bridge.jsontext import dumps, loads
from tests.property import strategies as make

by_type = pytest.mark.parametrize("descriptor", make.OBJECTS, ids=lambda descriptor: descriptor.name)


def there_and_back(descriptor: Descriptor, text: str, *, inline: bool = False) -> str:
    message_type = make.message_class(descriptor)
    decoded = codec.build(message_type, loads(text.encode()), text.encode(), inline=inline)
    message = message_type.FromString(decoded.SerializeToString())
    return dumps(codec.encode(message)).decode()


def explore(check: Callable[[st.DataObject], None], descriptor: Descriptor) -> None:
    """Run a check with random data, more of it for a type that has more to it."""
    examples = (2 + len(descriptor.fields) // 3) * (settings.default.max_examples // 100)
    settings(max_examples=examples)(given(data=st.data())(check))()


@by_type
def test_json_object_survives_protobuf(descriptor: Descriptor) -> None:
    """Known members of right and wrong types, unknown ones, nulls, empty values, all numbers: nothing is lost."""

    def check(data: st.DataObject) -> None:
        text = make.render(data.draw(make.object_trees(descriptor)), data.draw(make.spaces()))
        returned = there_and_back(descriptor, text)
        assert make.meaning(descriptor, make.parse(returned)) == make.meaning(descriptor, make.parse(text))

    explore(check, descriptor)


@by_type
def test_canonical_json_survives_protobuf(descriptor: Descriptor) -> None:
    """The same for text that the JSON library itself writes, which takes the fast path without an exact parse."""

    def check(data: st.DataObject) -> None:
        tree = data.draw(make.object_trees(descriptor))
        text = json.dumps(json.loads(make.render(tree, str)), ensure_ascii=False, separators=(",", ":"))
        text = make.mended(text).replace("Infinity", "1")
        returned = there_and_back(descriptor, text)
        assert make.meaning(descriptor, make.parse(returned)) == make.meaning(descriptor, make.parse(text))

    explore(check, descriptor)


BINARY = [descriptor for descriptor in make.OBJECTS if any(map(make.is_binary, descriptor.fields))]
_base64 = st.one_of(
    st.binary(max_size=5).map(lambda data: b64encode(data).decode()),
    st.text(alphabet="AB+/=-_ é", max_size=6),
    st.sampled_from(["AB==", "AAB=", "AAA", "YQ==YQ==", "AA AA", "AAAA\n"]),
)
_heads = st.sampled_from(["data:image/png;base64,", "data:;base64,", "data:,", "DATA:;base64,", "blob:;base64,"])
_urls = st.builds(str.__add__, _heads, _base64)


@pytest.mark.parametrize("descriptor", BINARY, ids=lambda descriptor: descriptor.name)
def test_json_survives_as_bytes(descriptor: Descriptor) -> None:
    """Also where base64 and data: URLs are read as bytes: text comes back to the letter, canonical or not."""
    keys = {key for key, fields in make.fields_of(descriptor).items() if any(map(make.is_binary, fields))}

    def check(data: st.DataObject) -> None:
        value = {key: data.draw(_base64 | _urls) for key in sorted(keys)}
        tree = data.draw(make.object_trees(descriptor))
        text = make.render(tuple(pair for pair in tree if json.loads(pair[0]) not in keys), str)
        text = json.dumps({"zz": 2.5, **value})[:-1] + ("," if text != "{}" else "") + text[1:]
        returned = there_and_back(descriptor, text, inline=True)
        assert make.meaning(descriptor, make.parse(returned)) == make.meaning(descriptor, make.parse(text))
        assert {key: json.loads(returned)[key] for key in keys} == value

    settings(max_examples=settings.default.max_examples // 3)(given(data=st.data())(check))()


@by_type
def test_raw_text_survives_to_the_letter(descriptor: Descriptor) -> None:
    """Spaces, `2.50`, `1E5`, 30-digit integers, escapes and lone surrogates of raw values arrive as they were sent."""
    raw_fields = {
        key: fields[0].name
        for key, fields in make.fields_of(descriptor).items()
        if len(fields) == 1 and fields[0].name.endswith("_json")
    }

    def check(data: st.DataObject) -> None:
        space = data.draw(make.spaces())
        known = {key: make.render(data.draw(make.of_kind(name)), space) for key, name in raw_fields.items()}
        members = {"zz_unknown": make.render(data.draw(make.spelled), space), **known}
        written = (f"{space()}{json.dumps(key)}{space()}:{space()}{text}" for key, text in members.items())
        message: Any = codec.decode(make.message_class(descriptor), ("{" + ",".join(written) + "}").encode())
        assert message.extra_json == '{"zz_unknown":' + members["zz_unknown"] + "}"
        assert {key: getattr(message, name) for key, name in raw_fields.items()} == known
        returned = dumps(codec.encode(message)).decode()
        assert all(f'"{key}":{text}' in returned for key, text in members.items())

    explore(check, descriptor)


def _places() -> list[tuple[Descriptor, tuple[str, ...]]]:
    """A way of keys from a top-level type to each type inside of it."""
    places = []
    for root in make.OBJECTS:
        if not root.name.endswith(("Request", "Response")) and root.name != "Model":
            continue
        seen = {root.name}
        pending: list[tuple[Descriptor, tuple[str, ...]]] = [(root, ())]
        while pending:
            descriptor, way = pending.pop(0)
            places.append((root, way))
            for key, field in ((key, field) for key, fields in make.fields_of(descriptor).items() for field in fields):
                inner, step = _step(key, field)
                if inner is not None and inner.name not in seen:
                    seen.add(inner.name)
                    pending.append((inner, (*way, *step)))
    return places


def _step(key: str, field: FieldDescriptor) -> tuple[Descriptor | None, tuple[str, ...]]:
    inner = field.message_type
    if inner is None or inner.name == "InlineData" or make.is_map(field):
        return None, ()
    if make.is_array(inner):
        return inner.fields_by_name["items"].message_type, (key, "[]")
    return inner, (key, "[]") if field.is_repeated else (key,)


@pytest.mark.parametrize(
    ("root", "way"), [pytest.param(*place, id=f"{place[0].name}:{'.'.join(place[1])}") for place in _places()]
)
@pytest.mark.parametrize("raw", ['{"b":1,"a":2.50}', '{ "b" : 1E5,\n"a": "\\u00e9\\/\\ud83d" }', '{"b":2.5}'])
def test_unknown_members_survive_on_every_level(root: Descriptor, way: tuple[str, ...], raw: str) -> None:
    """A field that nobody has heard of yet gets through to the letter, at any depth of any body."""
    text = '{"quantum_mode":' + raw + "}"
    for step in reversed(way):
        text = f"[{text}]" if step == "[]" else f'{{"{step}":{text}}}'
    assert there_and_back(root, text) == text


@by_type
def test_message_survives_json(descriptor: Descriptor) -> None:
    """A message comes back from JSON equal, with the presence of 0, false and "" kept."""

    def check(data: st.DataObject) -> None:
        message = data.draw(make.messages(descriptor))
        assert codec.decode(make.message_class(descriptor), dumps(codec.encode(message))) == message

    explore(check, descriptor)


@by_type
def test_every_scalar_keeps_its_zero(descriptor: Descriptor) -> None:
    """0, false and "" are values: each scalar that is set to one of them is in the JSON, and comes back set."""
    zeros: dict[int, Any] = {FieldDescriptor.CPPTYPE_STRING: "", FieldDescriptor.CPPTYPE_BOOL: False}
    for field in descriptor.fields:
        binary = field.type == FieldDescriptor.TYPE_BYTES
        if field.message_type is not None or field.is_repeated or field.name.endswith("_json") or binary:
            continue
        zero = zeros.get(field.cpp_type, 0)
        message = make.message_class(descriptor)(**{field.name: zero})
        encoded = dumps(codec.encode(message))
        assert list(json.loads(encoded).values()) == [zero], field.name
        assert codec.decode(make.message_class(descriptor), encoded) == message, field.name
