"""The dashboard follows Grafana's schema: each option of each panel exists and has a valid value."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SCHEMA = Path(__file__).parent / "schema"
TSC = ("node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2023")

Check = Callable[[dict[str, Any]], str]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """The compiler's errors for a dashboard with Grafana's types."""
    folder = tmp_path_factory.mktemp("schema")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(SCHEMA / name, folder)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)  # noqa: S607 # on the PATH

    def run(dashboard: dict[str, Any]) -> str:
        types = (SCHEMA / "dashboard.ts").read_text("utf-8")
        (folder / "check.ts").write_text(f"{types}export const dashboard: Whole = {json.dumps(dashboard)};\n", "utf-8")
        command = (*TSC, "--module", "esnext", "--moduleResolution", "bundler", "check.ts")
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout  # noqa: S603 # as above

    return run


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "deploy/grafana/aibridge.json").read_text("utf-8"))
    return found


def test_the_dashboard_follows_the_schema(check: Check) -> None:
    assert check(dashboard()) == ""


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("panels", 1, "options", "colorMode"), "valu", '"valu"'),
        (("panels", 1, "fieldConfig", "defaults", "units"), "ms", '"units"'),
        (("panels", 1, "type"), "stats", '"stats"'),
        (("templating", "list", 1, "refresh"), 7, "7"),
    ],
    ids=["value", "name", "kind", "number"],
)
def test_what_is_wrong_is_found(check: Check, path: tuple[Any, ...], value: Any, words: str) -> None:
    wrong = dashboard()
    place: Any = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert words in check(wrong)
