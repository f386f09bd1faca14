"""Completes the stubs of the generated Python package: `python tools/stubs.py DESCRIPTORS FOLDER`.

FOLDER has the `*_pb2.pyi` from protoc. They get the comments of the protos as docstrings, and the names that
`HasField`, `ClearField` and `WhichOneof` accept. For each file with services, a `*_pb2_grpc.pyi` is written with the
types of each RPC, for synchronous and asyncio channels; protoc's plugin writes none. mypy-protobuf would do both, but
its constructors do not accept dictionaries in place of messages.

DESCRIPTORS is a `FileDescriptorSet` with source information, as `buf build` makes it. `tools/generate.sh` calls this.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

_WIDTH: Final = 120
# Numbers of fields in descriptor.proto, from which the paths of source locations are built.
_FILE_MESSAGE, _FILE_ENUM, _FILE_SERVICE, _SYNTAX = 4, 5, 6, 12
_MESSAGE_FIELD, _MESSAGE_NESTED, _MESSAGE_ENUM, _MESSAGE_ONEOF = 2, 3, 4, 8
_ENUM_VALUE, _SERVICE_METHOD = 2, 2

#: protoc's stubs accept a dictionary for a message without its type arguments.
_BARE_MAPPING: Final = re.compile(r"\b_Mapping\b(?=[\],])")

Path_ = tuple[int, ...]
Comments = Mapping[Path_, str]


class Scope(NamedTuple):
    """The additions to a class of the stub: its comment, the comments of its attributes, and lines for its end."""

    comment: str
    attributes: Mapping[str, str]
    ending: Sequence[str]


def comments_of(file: FileDescriptorProto) -> Comments:
    """The comment before each declaration, by the declaration's path, without instructions for buf."""
    return {
        tuple(location.path): "\n".join(
            line.removeprefix(" ").rstrip()
            for line in location.leading_comments.splitlines()
            if not line.strip().startswith("buf:lint:")
        ).strip()
        for location in file.source_code_info.location
        if location.leading_comments
    }


def scopes_of(file: FileDescriptorProto) -> dict[str, Scope]:
    """All classes of a file's stub, by qualified names such as `Message.Nested`."""
    comments = comments_of(file)
    found: dict[str, Scope] = {}

    def enum(declared: EnumDescriptorProto, path: Path_, prefix: str) -> None:
        values = {value.name: comments.get((*path, _ENUM_VALUE, at), "") for at, value in enumerate(declared.value)}
        found[prefix + declared.name] = Scope(comments.get(path, ""), values, ())

    def message(declared: DescriptorProto, path: Path_, prefix: str) -> None:
        found[prefix + declared.name] = Scope(
            comments.get(path, ""), _fields(declared, path, comments), tuple(_lookups(declared))
        )
        inner = f"{prefix}{declared.name}."
        for at, nested in enumerate(declared.nested_type):
            message(nested, (*path, _MESSAGE_NESTED, at), inner)
        for at, nested_enum in enumerate(declared.enum_type):
            enum(nested_enum, (*path, _MESSAGE_ENUM, at), inner)

    for at, declared in enumerate(file.message_type):
        message(declared, (_FILE_MESSAGE, at), "")
    for at, declared_enum in enumerate(file.enum_type):
        enum(declared_enum, (_FILE_ENUM, at), "")
    return found


def _fields(declared: DescriptorProto, path: Path_, comments: Comments) -> dict[str, str]:
    """The comments of a message's fields. Those of a oneof's members start with the oneof's comment."""
    found = {}
    for at, field in enumerate(declared.field):
        text = comments.get((*path, _MESSAGE_FIELD, at), "")
        if field.HasField("oneof_index") and not field.proto3_optional:
            oneof = comments.get((*path, _MESSAGE_ONEOF, field.oneof_index), "")
            name = declared.oneof_decl[field.oneof_index].name
            text = f"One of `{name}`. {oneof}\n\n{text}".strip()
        found[field.name] = text
    return found


def _lookups(declared: DescriptorProto) -> Iterator[str]:
    """The methods that take names, with literals, so that an unknown name is a type error."""
    if declared.options.map_entry:
        return
    optional = {field.oneof_index for field in declared.field if field.proto3_optional}
    oneofs = {
        oneof.name: [f.name for f in declared.field if f.HasField("oneof_index") and f.oneof_index == at]
        for at, oneof in enumerate(declared.oneof_decl)
        if at not in optional
    }
    present = [
        field.name
        for field in declared.field
        if field.label != field.LABEL_REPEATED and (field.HasField("oneof_index") or field.type == field.TYPE_MESSAGE)
    ]
    if present:
        yield f"def HasField(self, field_name: {_literal([*present, *oneofs])}) -> bool: ..."
    if declared.field:
        every = [*(field.name for field in declared.field), *oneofs]
        yield f"def ClearField(self, field_name: {_literal(every)}) -> None: ..."
    for name, members in oneofs.items():
        if len(oneofs) > 1:
            yield "@_overload"
        yield f'def WhichOneof(self, oneof_group: _Literal["{name}"]) -> {_literal(members)} | None: ...'


def _literal(names: Sequence[str]) -> str:
    return f"_Literal[{', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)}]"


def documented(text: str, file: FileDescriptorProto) -> str:
    """A stub of protoc, with docstrings and lookups."""
    scopes = scopes_of(file)
    lines: list[str] = []
    stack: list[str] = []  # the qualified names of the enclosing classes
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip(" "))) // 4
        while line.strip() and len(stack) > depth:
            _close(lines, scopes[stack.pop()], len(stack) + 1)
        lines.append(_BARE_MAPPING.sub("_Mapping[str, _Any]", line))
        if opened := re.match(r" *class (\w+)\(", line):
            stack.append(".".join([*stack[-1:], opened[1]]))
            lines += _docstring(scopes[stack[-1]].comment, depth + 1)
        elif stack and (field := re.match(r" *(\w+): (?!_ClassVar\[int\])", line)):
            lines += _docstring(scopes[stack[-1]].attributes.get(field[1], ""), depth)
    while stack:
        _close(lines, scopes[stack.pop()], len(stack) + 1)
    head = "from typing import Any as _Any, Literal as _Literal, overload as _overload\n"
    return head + "\n".join(lines) + "\n"


def _close(lines: list[str], scope: Scope, depth: int) -> None:
    """Add the lines for the end of a class, before the blank lines that follow it."""
    end = len(lines)
    while not lines[end - 1].strip():
        end -= 1
    lines[end:end] = [f"{'    ' * depth}{line}" for line in scope.ending]


def _docstring(comment: str, depth: int) -> list[str]:
    """The lines of a comment as a docstring; empty without a comment."""
    if not comment:
        return []
    indent = "    " * depth
    text = comment.replace("\\", "\\\\").replace('"""', r"\"\"\"")
    first, *rest = text.split("\n")
    if not rest and len(indent) + len(first) + 6 <= _WIDTH and not first.endswith('"'):
        return [f'{indent}"""{first}"""']
    return [f'{indent}"""{first}', *(f"{indent}{line}".rstrip() for line in rest), f'{indent}"""']


_GRPC_HEAD: Final = '''\
"""Typed stubs and servicers of {name}. Made by tools/stubs.py; do not edit."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, overload

import grpc
import grpc.aio

{imports}

class _Context(grpc.ServicerContext, grpc.aio.ServicerContext[Any, Any]):  # type: ignore[misc]
    """Either context, so that a servicer can name the one of its server."""
'''


def grpc_stub(file: FileDescriptorProto) -> str:
    """The whole `*_pb2_grpc.pyi` of a file with services."""
    comments = comments_of(file)
    types = (name for service in file.service for method in service.method for name in _types(method))
    modules = sorted({_module(file, name) for name in types})
    imports = "".join(f"from aibridge.v1 import {module}\n" for module in modules)
    parts = [_GRPC_HEAD.format(name=file.name, imports=imports)]
    for at, service in enumerate(file.service):
        parts += _service(file, service, (_FILE_SERVICE, at), comments)
    return "\n".join(parts)


def _types(method: MethodDescriptorProto) -> tuple[str, str]:
    if method.client_streaming:
        raise SystemExit(f"tools/stubs.py has no types for {method.name}: no RPC of aibridge.v1 streams requests")
    return method.input_type, method.output_type


def _module(file: FileDescriptorProto, type_name: str) -> str:
    """The generated module of a message, which is the service's own or one that it imports."""
    own = {f".{file.package}.{message.name}" for message in file.message_type}
    return f"{Path(file.name).stem}_pb2" if type_name in own else "common_pb2"


def _service(
    file: FileDescriptorProto, service: ServiceDescriptorProto, path: Path_, comments: Comments
) -> Iterator[str]:
    """The stubs for both kinds of channel, the servicer, and the function that adds it to a server."""
    name = service.name
    synchronous = [f"class {name}Stub:", *_docstring(comments.get(path, ""), 1)]
    synchronous += [
        "    @overload",
        f"    def __new__(cls, channel: grpc.aio.Channel) -> {name}AsyncStub: ...",
        "    @overload",
        f"    def __new__(cls, channel: grpc.Channel) -> {name}Stub: ...",
    ]
    asynchronous = [
        f"class {name}AsyncStub({name}Stub):  # type: ignore[misc]",
        f'    """`{name}Stub` on a `grpc.aio.Channel`. For annotations only: the class does not exist at run time."""',
    ]
    servicer = [f"class {name}Servicer:", *_docstring(comments.get(path, ""), 1)]
    for at, method in enumerate(service.method):
        request, response = (f"{_module(file, full)}.{full.rpartition('.')[2]}" for full in _types(method))
        doc = _docstring(comments.get((*path, _SERVICE_METHOD, at), ""), 1)
        kind = f"Unary{'Stream' if method.server_streaming else 'Unary'}MultiCallable[{request}, {response}]"
        synchronous += [f"    {method.name}: grpc.{kind}", *doc]
        asynchronous += [f"    {method.name}: grpc.aio.{kind}  # type: ignore[assignment]", *doc]
        returns = (
            f"Iterator[{response}] | AsyncIterator[{response}] | Awaitable[None]"
            if method.server_streaming
            else f"{response} | Awaitable[{response}]"
        )
        servicer += [
            f"    def {method.name}(self, request: {request}, context: _Context) -> {returns}:",
            *_docstring(comments.get((*path, _SERVICE_METHOD, at), "") or method.name, 2),
        ]
    adder = f"def add_{name}Servicer_to_server("
    adder += f"servicer: {name}Servicer, server: grpc.Server | grpc.aio.Server) -> None: ..."
    for block in (synchronous, asynchronous, servicer, [adder]):
        yield "\n".join(block) + "\n"


def main() -> int:
    """Rewrite the stubs in the folder."""
    descriptors, folder = sys.argv[1:]
    files = FileDescriptorSet.FromString(Path(descriptors).read_bytes()).file
    for file in files:
        if file.package != "aibridge.v1":
            continue
        stem = Path(folder) / Path(file.name).with_suffix("")
        path = stem.with_name(f"{stem.name}_pb2.pyi")
        path.write_text(documented(path.read_text("utf-8"), file), "utf-8")
        if file.service:
            stem.with_name(f"{stem.name}_pb2_grpc.pyi").write_text(grpc_stub(file), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
