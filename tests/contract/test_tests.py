"""The structure of the tests: where helpers are, and folders as tests/README.md describes them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = {
    str(path.relative_to(TESTS)): path
    for path in sorted(TESTS.rglob("*.py"))
    if not any(part.startswith(".") for part in path.relative_to(TESTS).parts)  # installed by `make test-peers`
}
#: Folders whose tests check other tests' tools, or programs that combine parts of other folders.
BORROWERS = {"contract", "harness", "e2e", "fuzz", "floods"}


def imported(path: Path) -> Iterator[str]:
    """The modules of tests/ that a module imports, as paths relative to tests/."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            file = f"{name.removeprefix('tests.').replace('.', '/')}.py"
            if name.startswith("tests.") and file in FILES:
                yield file


def test_no_module_imports_a_test_module() -> None:
    """No test module imports another one, so that each can be moved or deleted: what it needs goes into a helper."""
    pairs = [(name, target) for name, path in FILES.items() for target in imported(path)]
    assert [pair for pair in pairs if Path(pair[1]).name.startswith("test_")] == []


def test_helpers_of_several_folders_are_in_support() -> None:
    """A helper that several folders import is in tests/support."""
    others = {name: path for name, path in FILES.items() if Path(name).parts[0] not in BORROWERS}
    pairs = [(name, target) for name, path in others.items() for target in imported(path)]
    assert [(n, target) for n, target in pairs if Path(target).parts[0] not in {Path(n).parts[0], "support"}] == []


def test_each_folder_is_described() -> None:
    """tests/README.md describes each folder, and every test module is in a folder."""
    text = (TESTS / "README.md").read_text("utf-8")
    folders = {Path(name).parts[0] for name in FILES if "/" in name}
    assert [folder for folder in sorted(folders) if f"`{folder}/`" not in text] == []
    assert sorted(name for name in FILES if "/" not in name) == ["__init__.py", "conftest.py"]


@pytest.mark.parametrize(
    "line",
    ["from tests.access.test_tls import x", "import tests.access.test_tls", "from tests.access import test_tls"],
)
def test_imports_are_seen(line: str, tmp_path: Path) -> None:
    """The tests above find every form of import."""
    path = tmp_path / "test_new.py"
    path.write_text(line)
    assert list(imported(path)) == ["access/test_tls.py"]
