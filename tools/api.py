"""Writes docs/api.md from the protos and their comments. `--check` fails if the file is stale.

It reads the descriptor set in generated/, which has the comments and which tools/fresh.sh compares with the protos.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from aibridge.v1 import chat_pb2, common_pb2, embeddings_pb2, errors_pb2, models_pb2, raw_pb2

_ROOT: Final = Path(__file__).parent.parent
PATH: Final = _ROOT / "docs" / "api.md"
DESCRIPTORS: Final = _ROOT / "generated" / "aibridge.binpb"

INTRODUCTION: Final = """\
# The API

Made by `tools/api.py` from `protos/`; do not edit. The JSON property and dialect of each field:
[fields.md](fields.md). The details of a failed call: [errors.md](errors.md).

A field without "repeated" or "map" is optional unless it says otherwise: unset and zero are different. "One of" fields
share a `oneof`: at most one of them is set. A JSON name that differs from the field's name is given with it.
"""

_FILES: Final = ("chat", "embeddings", "models", "raw", "errors", "common")
# Numbers of fields in descriptor.proto, from which the paths of source locations are built.
_SYNTAX, _MESSAGE, _ENUM, _SERVICE, _FIELD, _METHOD, _VALUE = 12, 4, 5, 6, 2, 2, 2

Comments = dict[tuple[int, ...], str]


def document(descriptors: FileDescriptorSet) -> str:
    """The whole text."""
    files = {Path(file.name).stem: file for file in descriptors.file if file.package == "aibridge.v1"}
    if set(files) != set(_FILES):
        raise SystemExit(f"tools/api.py knows the files {sorted(_FILES)}, there are {sorted(files)}")
    parts = [INTRODUCTION, *_index(files[name] for name in _FILES)]
    for name in _FILES:
        parts += _file(files[name])
    return "\n".join(parts)


def _index(files: Iterable[FileDescriptorProto]) -> Iterator[str]:
    yield "| RPC | takes | returns |"
    yield "|---|---|---|"
    for file in files:
        for service in file.service:
            for method in service.method:
                name = f"{service.name}.{method.name}"
                yield f"| [`{name}`](#{_anchor(name)}) | {_link(method.input_type)} | {_returns(method)} |"
    yield ""


def _file(file: FileDescriptorProto) -> Iterator[str]:
    comments = _comments(file)
    yield f"## {Path(file.name).name}\n"
    if (_SYNTAX,) in comments:
        yield comments[_SYNTAX,] + "\n"
    for number, service in enumerate(file.service):
        yield f"### {service.name}\n"
        yield comments[_SERVICE, number] + "\n"
        for position, method in enumerate(service.method):
            yield f"#### {service.name}.{method.name}\n"
            yield f"{_link(method.input_type)} → {_returns(method)}\n"
            yield comments[_SERVICE, number, _METHOD, position] + "\n"
    for number, message in enumerate(file.message_type):
        yield from _message(message, (_MESSAGE, number), comments)
    for number, enum in enumerate(file.enum_type):
        yield from _enum(enum, (_ENUM, number), comments)


def _message(message: DescriptorProto, path: tuple[int, ...], comments: Comments) -> Iterator[str]:
    yield f"### {message.name}\n"
    yield comments[path] + "\n"
    if not message.field:
        return
    entries = {entry.name: entry for entry in message.nested_type if entry.options.map_entry}
    yield "| field | type | | |"
    yield "|---|---|---|---|"
    for position, field in enumerate(message.field):
        text = " ".join(comments[*path, _FIELD, position].split()).replace("|", "\\|")
        if field.HasField("oneof_index") and not field.proto3_optional:
            text = f"One of `{message.oneof_decl[field.oneof_index].name}`. {text}"
        yield f"| {_name(message, field)} | {_type(field, entries)} | {field.number} | {text} |"
    yield ""


def _enum(enum: EnumDescriptorProto, path: tuple[int, ...], comments: Comments) -> Iterator[str]:
    yield f"### {enum.name}\n"
    yield comments[path] + "\n"
    yield "| name | | |"
    yield "|---|---|---|"
    for position, value in enumerate(enum.value):
        yield f"| `{value.name}` | {value.number} | {' '.join(comments[*path, _VALUE, position].split())} |"
    yield ""


def _name(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    """The field's name, and the JSON name if it differs."""
    return f"`{field.name}` (`{field.json_name}`)" if (message.name, field.name) in _RENAMED else f"`{field.name}`"


def _renamed() -> Iterator[tuple[str, str]]:
    """The fields whose JSON name a proto sets. In buf's descriptor set every field has a JSON name."""
    for module in (chat_pb2, common_pb2, embeddings_pb2, errors_pb2, models_pb2, raw_pb2):
        for message in FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb).message_type:
            yield from ((message.name, field.name) for field in message.field if field.HasField("json_name"))


_RENAMED: Final = frozenset(_renamed())


def _type(field: FieldDescriptorProto, entries: dict[str, DescriptorProto]) -> str:
    entry = entries.get(field.type_name.rpartition(".")[2])
    if entry is not None:
        key, value = entry.field
        return f"map of {_plain(key)} to {_plain(value)}"
    return f"repeated {_plain(field)}" if field.label == field.LABEL_REPEATED else _plain(field)


def _plain(field: FieldDescriptorProto) -> str:
    if field.type in {field.TYPE_MESSAGE, field.TYPE_ENUM}:
        is_ours = field.type_name.startswith(".aibridge.")
        return _link(field.type_name) if is_ours else field.type_name.removeprefix(".")
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def _returns(method: MethodDescriptorProto) -> str:
    return f"stream of {_link(method.output_type)}" if method.server_streaming else _link(method.output_type)


def _link(type_name: str) -> str:
    name = type_name.rpartition(".")[2]
    return f"[{name}](#{_anchor(name)})"


def _anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return heading.lower().replace(".", "")


def _comments(file: FileDescriptorProto) -> Comments:
    """The comment before each declaration, by path. `buf lint` ensures that there is one."""
    return {
        tuple(location.path): "\n".join(_lines(location.leading_comments)).strip()
        for location in file.source_code_info.location
        if location.leading_comments
    }


def _lines(comment: str) -> Iterator[str]:
    """The lines of a comment, without instructions for buf."""
    return (line.strip() for line in comment.splitlines() if not line.strip().startswith("buf:lint:"))


def main() -> int:
    """Write the file, or check it."""
    descriptors = FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    text = document(descriptors).rstrip("\n") + "\n"
    if "--check" in sys.argv[1:]:
        fresh = PATH.is_file() and PATH.read_text("utf-8") == text
        if not fresh:
            sys.stderr.write("docs/api.md is stale: run make docs\n")
        return 0 if fresh else 1
    PATH.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
