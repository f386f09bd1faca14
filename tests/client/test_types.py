"""A type checker accepts right programs and finds the errors in wrong ones, with the generated code and the client.

`tests/e2e/packages` does the same with the installed packages, and with pyright.
"""

import ast
import os
import pkgutil
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor

import aibridge.v1
from aibridge.v1 import chat_pb2

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
NAMES = [name for _, name, _ in pkgutil.iter_modules(aibridge.v1.__path__) if name.endswith("_pb2")]
MODULES = [import_module(f"aibridge.v1.{name}") for name in NAMES]


def marked(program: Path) -> set[int]:
    return {at for at, line in enumerate(program.read_text("utf-8").splitlines(), 1) if line.endswith("# wrong")}


@pytest.mark.parametrize("program", sorted(PROGRAMS.glob("*.py")), ids=lambda path: path.stem)
def test_mypy_finds_exactly_the_wrong_lines(program: Path) -> None:
    """`mypy --strict` reports the marked lines and no others."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", str(program)]
    places = {"MYPYPATH": f"{ROOT}/generated/python:{ROOT}/clients/python"}
    cache = f"--cache-dir={ROOT}/.mypy_cache/programs"
    done = subprocess.run(  # noqa: S603 # our own
        [*command, cache], env={**os.environ, **places}, cwd=PROGRAMS, capture_output=True, text=True, check=False
    )
    found = {int(line) for line in re.findall(rf"^{program.name}:(\d+): error: ", done.stdout, re.MULTILINE)}
    assert found == marked(program), done.stdout + done.stderr
    assert done.returncode == (1 if found else 0)


def test_each_message_and_field_has_its_comment_as_docstring() -> None:
    """Each class and field of the stubs has the proto's comment as its docstring, which editors show."""
    missing = []
    for module in MODULES:
        for message in module.DESCRIPTOR.message_types_by_name.values():
            node = stub_of(message)
            if not ast.get_docstring(node):
                missing.append(message.full_name)
            documented = documented_in(node)
            missing += [field.full_name for field in message.fields if field.name not in documented]
    assert missing == []


def test_the_comment_of_a_oneof_is_shown_at_each_member() -> None:
    """The comment of a oneof appears at each of its members, because Python has no place for it."""
    request = stub_of(chat_pb2.CreateChatCompletionRequest.DESCRIPTOR)
    start = "One of `stop_kind`. Texts that end generation. "
    assert documented_in(request)["stop"].startswith(start)
    assert documented_in(request)["stop_sequences"].startswith(start)


def stub_of(message: Descriptor) -> ast.ClassDef:
    """The class of a message in the `.pyi` files."""
    path = (ROOT / "generated" / "python" / message.file.name).with_suffix("")
    return classes_in(path.with_name(f"{path.name}_pb2.pyi"))[message.name]


@cache
def classes_in(stubs: Path) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in ast.parse(stubs.read_text("utf-8")).body if isinstance(node, ast.ClassDef)}


def documented_in(node: ast.ClassDef) -> dict[str, str]:
    """The attributes followed by a string, which is how editors find their documentation."""
    return {
        declared.target.id: str(doc.value.value)
        for declared, doc in zip(node.body, node.body[1:], strict=False)
        if isinstance(declared, ast.AnnAssign)
        and isinstance(declared.target, ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
    }


@pytest.mark.parametrize(
    "message", [message for module in MODULES for message in module.DESCRIPTOR.message_types_by_name.values()],
    ids=lambda message: message.name,
)  # fmt: skip
def test_has_field_takes_what_protobuf_takes(message: Descriptor) -> None:
    """`HasField` accepts exactly the fields with presence and the oneofs, as protobuf does."""
    node = stub_of(message)
    method = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "HasField"), None)
    annotation = method.args.args[1].annotation if method is not None else None
    names = {item.value for item in ast.walk(annotation) if isinstance(item, ast.Constant)} if annotation else set()
    oneofs = {oneof.name for oneof in message.oneofs if not oneof.name.startswith("_")}
    assert names == oneofs | {field.name for field in message.fields if field.has_presence}
