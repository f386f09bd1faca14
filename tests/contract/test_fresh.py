"""`make check` finds stale generated code and reports parts that it could not check.

With REQUIRE_TOOLCHAINS, an unchecked part is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="grpcio-tools of requirements/stubs.txt has no wheel for Python 3.14"
)
ROOT: Final = Path(__file__).parents[2]
#: Programs that the tools use besides Python, without Go and Node.
PROGRAMS: Final = ("sh", "rm", "cp", "mkdir", "mktemp", "diff", "find", "cat", "grep", "touch", "dirname", "basename")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the plugins, which the first test installs."""
    folder = ROOT / ".tools"
    return folder if folder.is_dir() else tmp_path_factory.mktemp("installed")


@pytest.fixture
def checkout(tmp_path: Path, installed: Path) -> Path:
    """The files of a checkout that generating needs, and a PATH with these programs only."""
    for name in ("protos", "generated", "tools", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    (tmp_path / ".tools").symlink_to(installed)
    (tmp_path / "bin").mkdir()
    for program in PROGRAMS:
        found = shutil.which(program)
        assert found, program
        (tmp_path / "bin" / program).symlink_to(found)
    return tmp_path


def check(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return run(checkout, "tools/fresh.sh", **variables)


def run(checkout: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    tools = Path(sys.executable).parent
    places = {"PATH": str(checkout / "bin"), "PYTHON": sys.executable, "BUF": str(tools / "buf")}
    return subprocess.run(  # noqa: S603 # ours
        ["/bin/sh", *command],
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


@pytest.mark.parametrize("parts", [[], ["python", "go"], ["typescript"], ["python", "ruby"]], ids=str)
def test_generating_looks_for_its_tools_first(checkout: Path, parts: list[str]) -> None:
    """Without Go and Node it reports that and changes nothing, not even the parts that it could make."""
    proto = checkout / "protos/aibridge/v1/errors.proto"
    proto.write_text(proto.read_text("utf-8").replace("// HTTP status", "// The HTTP status"), "utf-8")
    before = contents(checkout / "generated")
    result = run(checkout, "tools/generate.sh", "generated", *parts)
    assert result.returncode != 0
    assert "no such part: ruby" in result.stderr or "which is not on the PATH" in result.stderr
    assert contents(checkout / "generated") == before


def test_a_proto_that_does_not_compile_leaves_what_is_there(checkout: Path) -> None:
    (checkout / "protos/aibridge/v1/errors.proto").write_text('syntax = "proto3"; message', "utf-8")
    before = contents(checkout / "generated")
    assert run(checkout, "tools/generate.sh", "generated", "python").returncode != 0
    assert contents(checkout / "generated") == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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
