"""Installs the peers at their pinned versions, each into its own folder in `tests/e2e/peers/.installed`.

It needs only Python 3.11+, node and npm. Installing again does nothing until a pin changes.

    python -m tests.e2e.peers.install           # installs all of them
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE / ".installed"
_PINNED: Final = HERE / "pinned"
_TIMEOUT: Final = 600.0


class PeerError(Exception):
    """A peer cannot be installed or started. The message says why."""


def installed(name: str) -> Path:
    """The folder with this peer in it, installed if need be.

    Raises:
        PeerError: a tool is missing, or its installation failed.
    """
    install, pins = _PEERS[name]
    folder, stamp = ROOT / name, ROOT / name / ".installed"
    wanted = _digest(pins)
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (ROOT / ".gitignore").write_text("*\n")
        install(folder, pins)
        stamp.write_text(wanted)
    return folder


def _digest(pins: Path) -> str:
    """The inputs of an installation: the pins and the Python version."""
    files = sorted(pins.iterdir()) if pins.is_dir() else [pins]
    made_from = b"".join(file.read_bytes() for file in files) + sys.version.encode()
    return hashlib.sha256(made_from).hexdigest()


def _pip(folder: Path, pins: Path) -> None:
    _run(sys.executable, "-m", "venv", str(folder))
    python = folder / "bin" / "python"
    _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(pins))


def _npm(folder: Path, pins: Path) -> None:
    for file in pins.iterdir():
        shutil.copy(file, folder)
    npm = shutil.which("npm")
    if npm is None:
        raise PeerError("npm is needed for aimock and Portkey, and it is not on the PATH")
    _run(npm, "ci", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund")


def _run(*command: str) -> None:
    done = subprocess.run(  # noqa: S603 # our own arguments, no shell
        command, capture_output=True, text=True, timeout=_TIMEOUT, check=False
    )
    if done.returncode:
        raise PeerError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


_PEERS: Final[Mapping[str, tuple[Callable[[Path, Path], None], Path]]] = {
    "aimock": (_npm, _PINNED / "aimock"),
    "llmock": (_pip, _PINNED / "llmock.txt"),
    "portkey": (_npm, _PINNED / "portkey"),
    "litellm": (_pip, _PINNED / "litellm.txt"),
}


def pinned_version(name: str, package: str) -> str:
    """The pinned version of a PyPI package of this peer."""
    lines = _PEERS[name][1].read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{package}=="))


def pinned_npm_version(name: str, package: str) -> str:
    """The pinned version of an npm package of this peer."""
    return str(json.loads((_PEERS[name][1] / "package.json").read_text())["dependencies"][package])


if __name__ == "__main__":
    for peer in _PEERS:
        installed(peer)
