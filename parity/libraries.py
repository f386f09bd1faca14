"""The libraries, how each gets its environment, and how its program is run."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
INSTALLED: Final = HERE / ".installed"
_INSTALL_TIMEOUT: Final = 300.0
_RUN_TIMEOUT: Final = 120.0
#: pip puts the older generation beside the environment's own, which has everything else that it needs.
_OLDER: Final = INSTALLED / "openai-python-2"


@dataclass(frozen=True)
class Library:
    """One library; commands are run in this folder, `installed` is there when `install` has been run."""

    name: str
    title: str
    run: Sequence[str]
    clients: int
    install: Sequence[str] = ()
    installed: Path = HERE
    variables: Mapping[str, str] = field(default_factory=dict)
    #: Calls that the library does not have.
    without: frozenset[str] = frozenset()


LIBRARIES: Final = (
    Library(
        "openai-python",
        "openai-python, on httpx2",
        (sys.executable, "-P", "programs/openai_python.py"),
        clients=2,
    ),
    Library(
        "openai-python-2",
        "openai-python before 3, on httpx",
        (sys.executable, "-P", "programs/openai_python.py"),
        clients=2,
        install=(
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(_OLDER)),
            *("openai==2.54.0", "distro==1.9.0", "tqdm==4.67.1"),
        ),
        installed=_OLDER / "openai",
        variables={"PYTHONPATH": str(_OLDER)},
    ),
)


class LibraryError(Exception):
    """A library could not be installed, or its program did not run to its end."""


async def outcomes_of(library: Library, setup: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What the program of a library says of each case, and the versions that it ran with.

    Raises:
        LibraryError: it could not be installed or run.
    """
    if library.install and not library.installed.exists():
        await _run(library, library.install, "", _INSTALL_TIMEOUT)
    said = json.loads(await _run(library, library.run, json.dumps(setup), _RUN_TIMEOUT))
    return said["outcomes"], said["versions"]


async def _run(library: Library, command: Sequence[str], text: str, seconds: float) -> str:
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            cwd=HERE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **library.variables},
        )
    except FileNotFoundError:
        raise LibraryError(f"{command[0]} is not installed") from None
    try:
        output, errors = await asyncio.wait_for(child.communicate(text.encode()), seconds)
    except TimeoutError:
        child.kill()
        await child.wait()
        raise LibraryError(f"{' '.join(command)} took more than {seconds:g} s") from None
    if child.returncode:
        raise LibraryError(f"{' '.join(command)}:\n{errors.decode(errors='replace')[-3000:]}")
    return output.decode()
