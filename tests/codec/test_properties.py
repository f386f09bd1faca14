"""Any JSON object goes to protobuf and back unchanged, whatever the schema knows of it.

The deliberate exceptions, which these tests take for granted:

- null and absent are one, where the schema looks. Nulls inside lists, maps and unknown values survive.
- A number with a point or an exponent is the nearest double, everywhere; one that no double can hold keeps its digits.
  Integers have any size. A number that an integer field gets with a point or an exponent (12.0) is an integer. -0 is 0,
  and so is an integer field's -0.0. A vector holds the nearest 32-bit floats.
- Half of a surrogate pair is U+FFFD.
- Of members with the same key the last one counts. Their order survives in raw and unknown values only.
- The empty list is the first of several kinds of list: `"input": []` is no list of tokens.
- Bytes become text: `InlineData` and `..._raw` come back in the string beside them, unless bytes are asked for.

White space, escapes and the digits of a double are not part of a value: an upstream's are lost. What a caller writes in
a `_json` field or in `extra_json` goes into the JSON byte for byte.
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
from tests.support import strategies as make

by_type = pytest.mark.parametrize("descriptor", make.OBJECTS, ids=lambda descriptor: descriptor.name)


def there_and_back(descriptor: Descriptor, text: str, *, inline: bool = False) -> str:
    message_type = make.message_class(descriptor)
    decoded = codec.build(message_type, loads(text.encode()), inline=inline)
    message = message_type.FromString(decoded.SerializeToString())
    return dumps(codec.encode(message)).decode()


def explore(check: Callable[[st.DataObject], None], descriptor: Descriptor) -> None:
    """Run a check with random data; the number of examples grows with the type."""
    examples = (2 + len(descriptor.fields) // 3) * (settings.default.max_examples // 100)
    settings(max_examples=examples)(given(data=st.data())(check))()


@by_type
def test_json_object_survives_protobuf(descriptor: Descriptor) -> None:
    """Nothing is lost: known members of right and wrong types, unknown members, nulls, empty values, all numbers."""

    def check(data: st.DataObject) -> None:
        text = make.render(data.draw(make.object_trees(descriptor)), data.draw(make.spaces()))
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
    """With base64 and data: URLs read as bytes, text survives exactly, canonical or not."""
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


def _raw_fields(descriptor: Descriptor) -> dict[str, str]:
    """The keys that only a `_json` field has, with the field's name."""
    fields = make.fields_of(descriptor).items()
    return {key: found[0].name for key, found in fields if len(found) == 1 and found[0].name.endswith("_json")}


@by_type
def test_raw_values_survive(descriptor: Descriptor) -> None:
    """Integers of any size, doubles, strings, nulls and the order survive in `_json` fields and `extra_json`."""
    raw_fields = _raw_fields(descriptor)

    def check(data: st.DataObject) -> None:
        space = data.draw(make.spaces())
        known = {key: make.render(data.draw(make.of_kind(name)), space) for key, name in raw_fields.items()}
        members = {"zz_unknown": make.render(data.draw(make.spelled), space), **known}
        written = (f"{space()}{json.dumps(key)}{space()}:{space()}{text}" for key, text in members.items())
        message: Any = codec.decode(make.message_class(descriptor), ("{" + ",".join(written) + "}").encode())
        ((key, unknown),) = make.parse(message.extra_json)
        assert (key, unknown) == ("zz_unknown", make.as_read(make.parse(members["zz_unknown"])))
        for key, name in raw_fields.items():
            assert make.parse(getattr(message, name)) == make.as_read(make.parse(known[key]))

    explore(check, descriptor)


@by_type
def test_raw_text_of_callers_is_sent_byte_for_byte(descriptor: Descriptor) -> None:
    """Spaces, `2.50`, `1E5`, long integers, escapes and lone surrogates go upstream as the caller wrote them."""
    raw_fields = _raw_fields(descriptor)

    def check(data: st.DataObject) -> None:
        space = data.draw(make.spaces())
        known = {key: make.render(data.draw(make.of_kind(name)), space) for key, name in raw_fields.items()}
        unknown = make.render(data.draw(make.spelled), space)
        message: Any = make.message_class(descriptor)(**{raw_fields[key]: text for key, text in known.items()})
        message.extra_json = f'{space()}{{{space()}"zz_unknown"{space()}:{space()}{unknown}{space()}}}'
        returned = dumps(codec.encode(message)).decode()
        assert all(f'"{key}":{text}' in returned for key, text in {**known, "zz_unknown": unknown}.items())

    explore(check, descriptor)


def _places() -> list[tuple[Descriptor, tuple[str, ...]]]:
    """A path of keys from a top-level type to each nested type."""
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
@pytest.mark.parametrize("raw", ['{"b":1,"a":2.5}', '{"b":[null,{}],"a":"é/\\n😀"}', '{"b":' + "9" * 30 + "}"])
def test_unknown_members_survive_on_every_level(root: Descriptor, way: tuple[str, ...], raw: str) -> None:
    """Unknown members survive at any depth of any body."""
    text = '{"quantum_mode":' + raw + "}"
    for step in reversed(way):
        text = f"[{text}]" if step == "[]" else f'{{"{step}":{text}}}'
    assert there_and_back(root, text) == text


@by_type
def test_message_survives_json(descriptor: Descriptor) -> None:
    """A message survives JSON, with the presence of 0, false and "". Raw JSON keeps its value."""

    def check(data: st.DataObject) -> None:
        message = data.draw(make.messages(descriptor))
        returned = codec.decode(make.message_class(descriptor), dumps(codec.encode(message)))
        assert make.settled(returned) == make.settled(message)

    explore(check, descriptor)


@by_type
def test_every_scalar_keeps_its_zero(descriptor: Descriptor) -> None:
    """A scalar that is set to 0, false or "" is in the JSON, and set after decoding."""
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
