"""The client's copy of the codec equals the bridge's codec."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tools" / "vendor.py"
COPIES = sorted((ROOT / "clients/python/aibridge/client/openai/codec").glob("*.py"))


def check() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 # our own


def test_the_copies_are_fresh() -> None:
    """The copies are up to date."""
    assert check().stderr == ""


def test_a_stale_copy_is_named(tmp_path: Path) -> None:
    """An edited copy fails the check, and so does one whose source is gone. The message names the command to run."""
    for name in ("tools/vendor.py", "pyproject.toml", "bridge/jsontext.py", "bridge/codec/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text("utf-8"), "utf-8")
    target = tmp_path / "clients/python/aibridge/client/openai"
    target.mkdir(parents=True)
    command = [sys.executable, str(tmp_path / "tools" / "vendor.py")]
    subprocess.run(command, check=True)  # noqa: S603 # our own
    assert subprocess.run([*command, "--check"], check=False).returncode == 0  # noqa: S603 # our own
    (target / "jsontext.py").write_text("edited")
    (target / "codec" / "gone.py").write_text("")
    done = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)  # noqa: S603 # our own
    assert done.returncode == 1
    assert [line.split()[0].rpartition("/")[2] for line in done.stderr.splitlines()] == ["jsontext.py", "gone.py"]
    assert done.stderr.count("run python tools/vendor.py") == 2


@pytest.mark.parametrize("path", COPIES, ids=lambda path: path.name)
def test_a_copy_says_what_to_edit(path: Path) -> None:
    """A copy names its source."""
    assert path.read_text("utf-8").startswith(f"# Copied by tools/vendor.py from bridge/codec/{path.name}:")
