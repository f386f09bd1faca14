"""SECURITY.md names a test for each defence, and these tests exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
DEFENDED = TEXT.partition("## Threats, defences")[2].partition("## Measured attacks")[0]
#: The threats, each with its defence and its tests: `FILE` (`NAME`, `NAME`).
ITEMS = re.findall(r"^- .*(?:\n  .*)*", DEFENDED, re.MULTILINE)
TESTS = re.compile(r"`(tests/[a-z_/]+\.py)`\s+\(((?:`test_\w+`(?:,\s+)?)+)\)")
NAMED = sorted({(path, name) for path, names in TESTS.findall(DEFENDED) for name in re.findall(r"test_\w+", names)})


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda value: value)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in functions


def test_each_defence_names_one() -> None:
    """Each threat under "Threats, defences and tests" names its tests, in the form that this module reads."""
    assert len(ITEMS) > 30
    assert all(TESTS.search(item) for item in ITEMS)
    read = sum(len(re.findall(r"`test_\w+`", names)) for _, names in TESTS.findall(DEFENDED))
    assert read == len(re.findall(r"`test_\w+`", DEFENDED))


@pytest.mark.parametrize("module", sorted(set(re.findall(r"`(bridge/[a-z_/]+\.py)`", TEXT))))
def test_modules_that_are_named_exist(module: str) -> None:
    assert (ROOT / module).is_file()
