"""`make release VERSION=X.Y.Z`: makes a release. With DRY_RUN=1 it works in a temporary copy.

It writes the version into all manifests, the date into CHANGELOG.md, and the contract into protos/released/. Then it
builds everything (`make dist`) and tests it (`make test-dist`). It publishes nothing, but prints the commands that do.
Pushing the tag starts `.github/workflows/release.yml`, which runs the same commands.

    python -m tools.release --notes X.Y.Z    print the section of a version in CHANGELOG.md
"""

import argparse
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools import versions
from tools.versions import ROOT

_BIN: Final = Path(sys.executable).parent
_UNRELEASED: Final = "unreleased"

_COMMANDS: Final = """
Nothing has been published. To do so, with dist/ as it is now:

  git commit --all --message "Release {version}"
  git tag --sign v{version} --message "aibridge {version}"
  git tag --sign generated/go/v{version} --message "Go module {version}"
  git push origin HEAD v{version} generated/go/v{version}

The first tag starts the release workflow. Where there is none, each of its steps is a target:

  make publish-python     the three distributions
  make publish-npm        both packages
  make publish-protos     the contract, to the Buf registry
  make publish-image      the image, as IMAGE
  make publish-chart      the Helm chart, to CHARTS
  make publish-notes      a GitHub release with the notes and dist/
"""


class ReleaseError(Exception):
    """A problem that prevents a release."""


def notes(text: str, version: str) -> str:
    """The section of a version in a changelog, without its heading.

    Raises:
        ReleaseError: there is none.
    """
    found = re.search(rf"^## {re.escape(version)} \([^)]*\)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise ReleaseError(f"CHANGELOG.md has no section '## {version} ({_UNRELEASED})'")
    return found[1].strip() + "\n"


def dated(text: str, version: str, date: str) -> str:
    """The changelog with the date of the release in place of "unreleased".

    Raises:
        ReleaseError: there is no such section, or it has a date already.
    """
    notes(text, version)
    heading = re.search(rf"^## {re.escape(version)} \(([^)]*)\)$", text, re.MULTILINE)
    if heading is None or heading[1] not in {_UNRELEASED, date}:
        raise ReleaseError(f"CHANGELOG.md: {version} was released already ({heading[1] if heading else ''})")
    return text.replace(heading[0], f"## {version} ({date})")


def prepare(root: Path, version: str) -> None:
    """Change the files of a checkout for a release.

    Raises:
        ReleaseError: the version is too low, the changelog is not ready, or the contract breaks callers of a release.
    """
    released = [path.stem.removeprefix("v") for path in (root / "protos" / "released").glob("v*.binpb")]
    newest = max(released, key=versions.parse)
    if versions.parse(version) < versions.parse(newest):
        raise ReleaseError(f"{version} comes before {newest}, which protos/released has already")
    changelog = root / "CHANGELOG.md"
    changelog.write_text(dated(changelog.read_text("utf-8"), version, f"{datetime.now(UTC):%Y-%m-%d}"), "utf-8")
    _run(root, sys.executable, "tools/versions.py", version)
    _run(root, "sh", "tools/breaking.sh", BUF=str(_BIN / "buf"))
    target = f"protos/released/v{version}.binpb"
    _run(root, str(_BIN / "buf"), "build", "--exclude-source-info", "--output", target)


def verify(root: Path) -> None:
    """Build, install and test all artefacts.

    Raises:
        ReleaseError: a step failed.
    """
    _run(root, sys.executable, "-m", "tools.dist")
    _run(root, sys.executable, "-m", "pytest", "--quiet", "tests/contract/test_packages.py", "tests/e2e/packages")


def _run(root: Path, *command: str, **variables: str) -> None:
    done = subprocess.run(["env", *(f"{n}={v}" for n, v in variables.items()), *command], cwd=root, check=False)  # noqa: S603, S607 # ours
    if done.returncode:
        raise ReleaseError(f"{' '.join(command)} failed")


def _is_clean() -> bool:
    said = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607 # git
    return not said.stdout


def release(version: str, *, dry_run: bool) -> None:
    """Prepare and verify, here or in a temporary copy.

    Raises:
        ReleaseError: see `prepare` and `verify`; or there are uncommitted changes.
    """
    if not _is_clean():
        raise ReleaseError("there are uncommitted changes: commit or stash them first")
    if not dry_run:
        prepare(ROOT, version)
        verify(ROOT)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "aibridge"
        _run(ROOT, "git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(copy))
        prepare(copy, version)
        verify(copy)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="release", description="Makes a release, without publishing it.")
    parser.add_argument("version", metavar="X.Y.Z", nargs="?", default="")
    parser.add_argument("--dry-run", action="store_true", help="work in a temporary copy of the last commit")
    parser.add_argument("--notes", metavar="X.Y.Z", help="only print the section of this version in CHANGELOG.md")
    arguments = parser.parse_args()
    try:
        if arguments.notes:
            print(notes((ROOT / "CHANGELOG.md").read_text("utf-8"), arguments.notes), end="")
            return 0
        versions.parse(arguments.version)
        release(arguments.version, dry_run=arguments.dry_run)
    except (ReleaseError, ValueError) as error:
        sys.exit(f"release: {error}")
    print("dry run: all steps work" if arguments.dry_run else _COMMANDS.format(version=arguments.version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
