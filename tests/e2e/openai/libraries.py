"""The libraries, how each gets its environment, and how its program is run."""

import asyncio
import hashlib
import json
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
INSTALLED: Final = HERE / ".installed"
INSTALL_TIMEOUT: Final = 300.0
_RUN_TIMEOUT: Final = 120.0
#: pip installs the older generation next to the environment's own, which has the dependencies.
_OLDER: Final = INSTALLED / "openai-python-2"


@dataclass(frozen=True)
class Library:
    """One library. Commands run in this folder. `install` runs once, and again when it or a lock file changes."""

    name: str
    title: str
    run: Sequence[str]
    clients: int
    install: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    language: str = "Node.js"
    #: Calls that the library does not have.
    without: frozenset[str] = frozenset()
    #: Whether its transport has its own codec, to compare with ours.
    codec: bool = False
    #: Whether it obeys `x-should-retry`.
    obeys: bool = True


_FETCH: Final = HERE.parents[2] / "clients" / "openai-fetch"
_NPM: Final = HERE / "programs" / "npm"
#: The fetch is built and tested in its folder, and linked into the folder of the programs.
_CI: Final = "npm ci --silent --no-audit --no-fund"
_STEPS: Final = (
    f"cd {shlex.quote(str(_FETCH))} && {_CI} && npm run --silent build && npm test --silent",
    f"cd {shlex.quote(str(_NPM))} && {_CI}",
)
_BUILD: Final = ("sh", "-c", " && ".join(_STEPS))

#: The generation on httpx.
OLDER: Final = Library(
    "openai-python-2",
    "openai-python before 3, on httpx",
    (sys.executable, "-P", "programs/openai_python.py"),
    clients=2,
    language="Python",
    install=(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(_OLDER)),
        *("openai==2.54.0", "distro==1.9.0", "tqdm==4.67.1"),
    ),
    variables={"PYTHONPATH": str(_OLDER)},
)
LIBRARIES: Final = (
    Library(
        "openai-python",
        "openai-python, on httpx2",
        (sys.executable, "-P", "programs/openai_python.py"),
        clients=2,
        language="Python",
    ),
    OLDER,
    Library("openai-npm", "npm openai", ("node", "programs/npm/openai.mjs"), clients=1, install=_BUILD, codec=True),
    Library(
        "ai-sdk",
        "@ai-sdk/openai-compatible",
        ("node", "programs/npm/ai_sdk.mjs"),
        clients=1,
        install=_BUILD,
        without=frozenset({"models", "model", "respond", "respond-stream"}),
        obeys=False,
    ),
)


class LibraryError(Exception):
    """A library could not be installed, or its program failed."""


async def outcomes_of(library: Library, setup: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What the program of a library says of each case, and the versions that it ran with.

    Raises:
        LibraryError: it could not be installed or run.
    """
    await install(library)
    said = json.loads(await execute(library.run, library.variables, json.dumps(setup), _RUN_TIMEOUT))
    return said["outcomes"], said["versions"]


async def roundtrip(tasks: Any) -> Any:
    """What the codec in TypeScript makes of each task; see `parity.codec`.

    Raises:
        LibraryError: it could not be run.
    """
    script = str(_FETCH / "scripts" / "roundtrip.mjs")
    return json.loads(await execute(("node", script), {}, json.dumps(tasks), _RUN_TIMEOUT))


async def install(library: Library) -> None:
    """Install what a library needs, unless that is done already.

    Raises:
        LibraryError: it cannot be installed.
    """
    if not library.install:
        return
    sources = [*sorted(_FETCH.glob("*/*.*s")), *(folder / "package-lock.json" for folder in (_FETCH, _NPM))]
    wanted = _digest(repr(library.install).encode(), *(path.read_bytes() for path in sources))
    stamp = INSTALLED / f"{_digest(repr(library.install).encode())}.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    await execute(library.install, {}, "", INSTALL_TIMEOUT)
    INSTALLED.mkdir(exist_ok=True)
    stamp.write_text(wanted)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


async def execute(
    command: Sequence[str],
    variables: Mapping[str, str],
    text: str,
    seconds: float,
    *,
    folder: Path = HERE,
    sockets: Sequence[int] = (),
) -> str:
    """Run a command with `text` as its input; what it prints. It inherits these `sockets`.

    Raises:
        LibraryError: it is not installed, fails, or takes longer than `seconds`.
    """
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            pass_fds=sockets,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **variables},
            start_new_session=True,
        )
    except FileNotFoundError:
        raise LibraryError(f"{command[0]} is not installed") from None
    try:
        output, errors = await asyncio.wait_for(child.communicate(text.encode()), seconds)
    except TimeoutError:
        os.killpg(child.pid, signal.SIGKILL)  # and whatever it has started
        await child.wait()
        raise LibraryError(f"{' '.join(command)} took more than {seconds:g} s") from None
    if child.returncode:
        raise LibraryError(f"{' '.join(command)}:\n{errors.decode(errors='replace')[-3000:]}")
    return output.decode()
