"""Empty environments, with packages installed from dist/."""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tools import dist, versions

PROGRAMS: Final = Path(__file__).parent / "programs"
VERSION: Final = versions.version()
_TIMEOUT: Final = 580.0


class CommandError(Exception):
    """A command failed. The message has its output."""


async def run(
    *command: str | Path, folder: Path, variables: Mapping[str, str] | None = None, timeout: float = _TIMEOUT  # noqa: ASYNC109 # a child's
) -> str:  # fmt: skip
    """What a command prints, run in a folder outside of the repository and without settings of the bridge.

    Raises:
        CommandError: it failed, or took longer than `timeout` seconds.
    """
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("AIBRIDGE_", "PYTHON"))}
    child = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**mine, **(variables or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(child.communicate(), timeout)
    except TimeoutError:
        child.kill()
        await child.wait()
        raise CommandError(f"{command} took more than {timeout:g} s") from None
    if child.returncode:
        said = (output + errors).decode(errors="replace")[-4000:]
        raise CommandError(f"{' '.join(map(str, command))}: exit code {child.returncode}\n{said}")
    return output.decode()


def wheel(name: str) -> Path:
    """The wheel of a distribution."""
    return dist.DIST / f"{name.replace('-', '_')}-{VERSION}-py3-none-any.whl"


def sdist(name: str) -> Path:
    """The sdist of a distribution."""
    return dist.DIST / f"{name.replace('-', '_')}-{VERSION}.tar.gz"


def tarball(name: str) -> Path:
    """The tarball of an npm package."""
    return dist.DIST / f"{name.removeprefix('@').replace('/', '-')}-{VERSION}.tgz"


class Environment:
    """An empty virtual environment, without pip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"  # programs are run here: there is no bridge/ beside them
        self.python = folder / "venv" / "bin" / "python"

    async def create(self) -> None:
        """Create it."""
        self.work.mkdir(parents=True)
        await run(sys.executable, "-m", "venv", "--without-pip", self.folder / "venv", folder=self.work)

    async def install(self, *wanted: str | Path) -> None:
        """Install with the tests' pip: our packages from dist/ by path, all others from the index."""
        options = ("--python", self.python, "install", "--quiet", "--disable-pip-version-check")
        await run(sys.executable, "-m", "pip", *options, *wanted, folder=self.work)

    async def program(self, name: str, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """The output of a program in this folder, with only the environment's packages."""
        shutil.copy(PROGRAMS / name, self.work)
        return await run(self.python, "-I", name, *arguments, folder=self.work, variables=variables)

    @property
    def packages(self) -> Path:
        """The folder of its packages."""
        return next((self.folder / "venv" / "lib").glob("python*/site-packages"))

    def installed(self) -> Sequence[str]:
        """The names of the distributions in it."""
        return sorted(path.name.partition("-")[0] for path in self.packages.glob("*.dist-info"))

    def size(self) -> int:
        """The size of its packages in bytes, without bytecode."""
        files = (path for path in self.packages.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return sum(path.stat().st_size for path in files)
