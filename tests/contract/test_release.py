"""Making a release: requirements of the changelog, refused versions, and workflows that only call make."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import release, versions

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CHANGELOG = """# Changelog

## 1.2.0 (unreleased)

- New.

### The contract

- More.

## 1.1.0 (2026-01-02)

- Old.
"""


def test_the_notes_of_a_version_are_its_section() -> None:
    """The notes of a version are its section with its lists, up to the next version."""
    assert release.notes(CHANGELOG, "1.2.0") == "- New.\n\n### The contract\n\n- More.\n"
    assert release.notes(CHANGELOG, "1.1.0") == "- Old.\n"


def test_a_release_has_a_date() -> None:
    """The release sets the date. A second run on the same day changes nothing."""
    dated = release.dated(CHANGELOG, "1.2.0", "2026-03-04")
    assert dated == CHANGELOG.replace("1.2.0 (unreleased)", "1.2.0 (2026-03-04)")
    assert release.dated(dated, "1.2.0", "2026-03-04") == dated


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("1.3.0", "has no section '## 1.3.0 "),
        ("1.1.0", "1.1.0 was released already (2026-01-02)"),
        ("1x2x0", "no section"),
    ],
)
def test_a_changelog_that_is_not_ready(version: str, why: str) -> None:
    """The error names the missing section, or the date that the version already has."""
    with pytest.raises(release.ReleaseError, match=re.escape(why)):
        release.dated(CHANGELOG, version, "2026-03-04")


def test_a_version_does_not_go_back(tmp_path: Path) -> None:
    """A version below the one in protos/released/ is refused before anything is written."""
    (tmp_path / "protos" / "released").mkdir(parents=True)
    for name in ("v0.9.0", "v0.10.0"):
        (tmp_path / "protos" / "released" / f"{name}.binpb").touch()
    with pytest.raises(release.ReleaseError, match=re.escape("0.9.5 comes before 0.10.0")):
        release.prepare(tmp_path, "0.9.5")


def test_the_changelog_has_notes_for_the_version_of_the_manifests() -> None:
    """The changelog has notes for the current version, so that a release can be made at any time."""
    assert release.notes((ROOT / "CHANGELOG.md").read_text("utf-8"), versions.version())


def steps() -> list[Any]:
    return [
        pytest.param(step, id=f"{path.stem}-{name}-{step['run'].split()[-1]}")
        for path in WORKFLOWS
        for name, job in yaml.safe_load(path.read_text("utf-8"))["jobs"].items()
        for step in job["steps"]
        if "run" in step
    ]


@pytest.mark.parametrize("step", steps())
def test_workflows_run_make_and_nothing_else(step: dict[str, Any]) -> None:
    """Workflows only call existing make targets, so that every step can run on any machine."""
    found = re.fullmatch(r'make ("\$TARGET"|[a-z-]+)( [A-Z_]+=\S+)*( >> "\$GITHUB_OUTPUT")?', step["run"])
    assert found, step["run"]
    if found[1] != '"$TARGET"':
        assert re.search(rf"^{found[1]}:.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_all_suites_of_the_matrix_are_targets() -> None:
    """Every suite in a workflow's matrix is a make target."""
    suites = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text("utf-8"))["jobs"]["suites"]
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(suites["strategy"]["matrix"]["target"]) <= set(targets)


@pytest.mark.parametrize("manifest", ["pyproject.toml", "clients/python/pyproject.toml"])
def test_classifiers_name_the_versions_that_are_tested(manifest: str) -> None:
    """The classifiers name the tested versions of Python, from `requires-python` on."""
    matrix = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text("utf-8"))["jobs"]["test"]
    project = tomllib.loads((ROOT / manifest).read_text("utf-8"))["project"]
    prefix = "Programming Language :: Python :: 3."
    named = [f"3.{entry.removeprefix(prefix)}" for entry in project["classifiers"] if entry.startswith(prefix)]
    assert named == matrix["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={named[0]}"


def test_actions_are_pinned() -> None:
    """Actions are pinned by commit, with the version next to it, because a tag can move."""
    for path in WORKFLOWS:
        for line in path.read_text("utf-8").splitlines():
            if "uses:" in line:
                assert re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
