"""`make check` finds changes that would break callers of the last release, and accepts others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CHAT: Final = "chat.proto"
MODELS: Final = "models.proto"


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the check of `make check` in a copy of the contract."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "tools/breaking.sh"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "protos", tmp_path / "protos")
    (tmp_path / "tools").mkdir()
    for name in ("buf.yaml", "tools/breaking.sh"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def change(contract: Path, name: str, old: str, new: str) -> None:
    path = contract / "protos" / "aibridge" / "v1" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_contract_as_it_is(contract: Path) -> None:
    result = check(contract)
    assert (result.returncode, "is compatible with v" in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        pytest.param(CHAT, "optional double temperature = 3;\n", "", '"3" with name "temperature"', id="field removed"),
        pytest.param(
            CHAT, "double temperature = 3;", "double temperature = 999;", '"temperature"', id="number changed"
        ),
        pytest.param(CHAT, "double temperature = 3;", "float temperature = 3;", '"temperature"', id="type changed"),
        pytest.param(CHAT, "double temperature = 3;", "double heat = 3;", '"temperature"', id="field renamed"),
        pytest.param(CHAT, ' [json_name = "generationId"]', ' [json_name = "gid"]', '"gid"', id="JSON name changed"),
        pytest.param(MODELS, "rpc ListModels(", "rpc Models(", '"ListModels"', id="RPC renamed"),
        pytest.param(
            MODELS, "returns (ListModelsResponse)", "returns (stream ListModelsResponse)", '"ListModels"', id="streamed"
        ),
        pytest.param(MODELS, "aibridgev1", "bridgev1", '"go_package"', id="Go package changed"),
    ],
)
def test_a_breaking_change_is_caught(contract: Path, name: str, old: str, new: str, said: str) -> None:
    change(contract, name, old, new)
    result = check(contract)
    assert result.returncode != 0
    assert said in result.stdout


def test_a_new_field_is_none(contract: Path) -> None:
    field = "optional double temperature = 3;"
    change(contract, CHAT, field, f"{field}\n  // New.\n  optional double heat = 999;")
    assert check(contract).returncode == 0


def test_the_last_of_the_releases_counts(contract: Path) -> None:
    """A field of v0.10.0 is protected, although v0.9.0 sorts after it as text."""
    released = contract / "protos" / "released"
    shutil.copy(next(iter(released.iterdir())), released / "v0.9.0.binpb")
    field = "optional double temperature = 3;"
    change(contract, CHAT, field, f"{field}\n  // New.\n  optional double heat = 999;")
    buf = Path(sys.executable).parent / "buf"
    build = [buf, "build", "-o", released / "v0.10.0.binpb"]
    subprocess.run(build, cwd=contract, timeout=60, check=True)  # noqa: S603 # ours
    change(contract, CHAT, "optional double heat = 999;", "")
    result = check(contract)
    assert (result.returncode != 0, '"heat"' in result.stdout) == (True, True)
