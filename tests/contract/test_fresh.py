"""`make check` sees stale generated code, and says what it could not check; REQUIRE_TOOLCHAINS makes that a failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
#: What the tools use besides Python; there is no Go and no Node among it.
PROGRAMS: Final = ("sh", "rm", "cp", "mkdir", "mktemp", "diff", "find", "cat", "grep", "touch", "dirname")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a checkout as generating takes, and a PATH that ends there."""
    for name in ("protos", "generated", "tools", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    if (ROOT / ".tools").is_dir():  # else it is installed there once more
        (tmp_path / ".tools").symlink_to(ROOT / ".tools")
    (tmp_path / "bin").mkdir()
    for program in PROGRAMS:
        found = shutil.which(program)
        assert found, program
        (tmp_path / "bin" / program).symlink_to(found)
    return tmp_path


def check(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    tools = Path(sys.executable).parent
    places = {"PATH": str(checkout / "bin"), "PYTHON": sys.executable, "BUF": str(tools / "buf")}
    return subprocess.run(
        ["/bin/sh", "tools/fresh.sh"],
        cwd=checkout,
        env={"HOME": os.environ.get("HOME", "/"), **places, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_go_and_node(checkout: Path) -> None:
    result = check(checkout)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("generated/ is fresh: python\n")
    for part, tool in (("go", "go"), ("typescript", "npm")):
        assert f"generated/{part} is not checked: {tool} is not on the PATH" in result.stderr


def test_all_of_it_can_be_required(checkout: Path) -> None:
    assert check(checkout, REQUIRE_TOOLCHAINS="yes").returncode != 0


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param("generated/python/aibridge/v1/errors_pb2.pyi", "http_status", "status", id="edited"),
        pytest.param("protos/aibridge/v1/errors.proto", "// HTTP status", "// The HTTP status", id="comment"),
    ],
)
def test_stale_code_is_seen(checkout: Path, name: str, old: str, new: str) -> None:
    path = checkout / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    result = check(checkout)
    assert result.returncode != 0
    assert "generated/ is stale: run make generate" in result.stderr
