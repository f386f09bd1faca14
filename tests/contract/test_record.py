"""CallContext is immutable, and each field of CallRecord is written by one module."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from bridge.call import CallContext, CallRecord

ROOT = Path(__file__).parents[2]
BRIDGE = ROOT / "bridge"
FIELDS = {field.name for field in fields(CallRecord)}
#: Fields that are set at creation and never written.
FIXED = {"method", "metadata", "request_id", "streams", "started", "chunks"}


def targets(node: ast.AST) -> Iterator[ast.expr]:
    """The targets of a statement, with tuples unpacked."""
    found: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.Delete):
        found = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For | ast.NamedExpr):
        found = [node.target]
    while found:
        target = found.pop()
        if isinstance(target, ast.Tuple | ast.List):
            found.extend(target.elts)
        else:
            yield target


def written(source: str) -> Iterator[tuple[str, str]]:
    """The attributes that are written, each with the expression before the dot."""
    for node in ast.walk(ast.parse(source)):
        for target in targets(node):
            if isinstance(target, ast.Attribute):
                yield ast.unparse(target.value), target.attr
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"setattr", "object.__setattr__", "delattr"}:
            yield ast.unparse(node.args[0]), ast.unparse(node.args[1]).strip("'")


def is_record(owner: str) -> bool:
    """Whether an expression is a record, by its name, which is the same in all modules."""
    return owner.rpartition(".")[2].removeprefix("_") == "record"


WRITES = [
    (path.relative_to(ROOT).as_posix(), owner, name)
    for path in sorted(BRIDGE.rglob("*.py"))
    for owner, name in written(path.read_text("utf-8"))
]


def test_nobody_writes_a_context() -> None:
    """A context is frozen, and so is everything in it except the record."""
    record = CallRecord("/a.B/C", (), "r")
    context = CallContext(record, "/a.B/C", (), 0.0)
    for name in CallContext._fields:
        with pytest.raises(AttributeError):
            setattr(context, name, None)
    assert [write for write in WRITES if write[1].rpartition(".")[2] in {"call", "context"}] == []


def test_each_field_of_the_record_has_one_writer() -> None:
    writers: defaultdict[str, set[str]] = defaultdict(set)
    for module, owner, name in WRITES:
        if is_record(owner):
            assert name in FIELDS, f"{module} writes {owner}.{name}"
            writers[name].add(module)
    assert {name: modules for name, modules in writers.items() if len(modules) > 1} == {}
    assert FIELDS - writers.keys() == FIXED


def test_records_are_called_record() -> None:
    """Fields of a record are only written through the name `record`.

    Other objects write their own fields through `self`.
    """
    server = [write for write in WRITES if not write[0].startswith("bridge/cli/")]
    others = {write for write in server if write[2] in FIELDS and not is_record(write[1]) and write[1] != "self"}
    assert others == {("bridge/telemetry/metrics.py", "self._methods[record.method]", "started")}  # its own counter


def test_a_record_has_no_second_name() -> None:
    for path in BRIDGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assign) and is_record(ast.unparse(node.value)):
                assert all(is_record(ast.unparse(target)) for target in node.targets), ast.unparse(node)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("call.record.usage = 1", {("call.record", "usage")}),
        ("self._record.usage, x = 1, 2", {("self._record", "usage")}),
        ("record.attempts += 1", {("record", "attempts")}),
        ("record.model: str = ''", {("record", "model")}),
        ("for record.model in x: pass", {("record", "model")}),
        ("setattr(record, 'usage', 1)", {("record", "usage")}),
        ("record.trailers.append(1)", set()),
        ("print(record.usage)", set()),
    ],
)
def test_writes_are_seen(source: str, expected: set[tuple[str, str]]) -> None:
    """The tests above find every way to write an attribute."""
    assert set(written(source)) == expected
