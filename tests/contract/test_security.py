"""SECURITY.md names a test for each defence. Here is whether they are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", TEXT)))
ROWS = [line for line in TEXT.splitlines() if line.startswith("|") and "`tests/" in line]


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda value: value)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in functions


def test_each_defence_names_one() -> None:
    """Every row of the tables under "Threats, defences and tests" names a test that exists."""
    defended = TEXT.partition("## Threats, defences")[2].partition("## Measured attacks")[0]
    rows = [line for line in defended.splitlines() if line.startswith("| ") and not line.startswith("| threat")]
    assert rows == ROWS
    assert len(rows) > 30
    assert TEXT.count("::test_") == len(re.findall(r"`tests/[a-z_/]+\.py::test_\w+`", TEXT))


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`(bridge/[a-z_/]+\.py)`", TEXT))))
def test_modules_that_are_named_exist(module: str) -> None:
    assert (ROOT / module).is_file()
