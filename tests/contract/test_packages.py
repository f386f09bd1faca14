"""The manifests of the packages agree: one version, one licence, all messages."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import versions

ROOT = Path(__file__).parents[2]
LICENSED = ("generated/python", "generated/go", "generated/typescript", "clients/python", "clients/openai-fetch")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the tool on a copy of the manifests."""
    for place in versions.PLACES:
        for path in ROOT.glob(place.files):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    (tmp_path / "tools").mkdir()
    shutil.copy(versions.__file__, tmp_path / "tools")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "tools/versions.py", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 # our own

    return run


def test_all_manifests_have_the_version_of_the_root() -> None:
    """All manifests have the root's version (`python tools/versions.py VERSION`)."""
    assert versions.wrong() == []


def test_a_version_is_written_everywhere(run: Run, tmp_path: Path) -> None:
    """Afterwards no manifest contains the old version, and the check passes."""
    old = run().stdout.strip()
    assert run("12.34.56").returncode == 0
    assert run().stdout == "12.34.56\n"
    assert run("--check").returncode == 0
    for path in (tmp_path / "clients").rglob("pyproject.toml"):
        assert f'"aibridge-protos=={old}"' not in path.read_text("utf-8")


def test_a_manifest_of_another_version_is_named(run: Run, tmp_path: Path) -> None:
    """The message names the file, its version, and the command to run."""
    path = tmp_path / "generated" / "typescript" / "package.json"
    path.write_text(path.read_text("utf-8").replace(versions.version(), "9.9.9"), "utf-8")
    done = run("--check")
    assert done.returncode == 1
    assert done.stderr.startswith("generated/typescript/package.json: ")
    assert "9.9.9" in done.stderr
    assert f"run python tools/versions.py {versions.version()}" in done.stderr


@pytest.mark.parametrize("wrong", ["1.2", "v1.2.3", "1.2.3rc1", "01.2.3", "1.2.3 "])
def test_what_not_every_registry_takes_is_refused(run: Run, wrong: str) -> None:
    """Only MAJOR.MINOR.PATCH is accepted, which Python and npm share. Otherwise nothing is written."""
    done = run(wrong)
    assert done.returncode == 1
    assert "MAJOR.MINOR.PATCH" in done.stderr
    assert run("--check").returncode == 0


@pytest.mark.parametrize("folder", LICENSED)
def test_each_package_has_the_licence(folder: str) -> None:
    """Each package has its own copy of the licence, because only its folder is published."""
    assert (ROOT / folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_npm_index_has_all_messages() -> None:
    """`index.js` and `index.d.ts`, which are written by hand, export every proto."""
    folder = ROOT / "generated" / "typescript"
    generated = {f"./{path.relative_to(folder).as_posix()}" for path in folder.rglob("*_pb.js")}
    for index in ("index.js", "index.d.ts"):
        exported = {line.split('"')[1] for line in (folder / index).read_text("utf-8").splitlines() if '"' in line}
        assert generated <= exported, index
