"""The reference bridge in Go: built where there is Go, and served before an upstream."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks.processes import Server, StartError, stop

_SOURCE: Final = Path(__file__).resolve().parent / "reference"
_FOLDER: Final = Path(__file__).resolve().parent / ".installed"
_PROGRAM: Final = _FOLDER / "reference"


def _go() -> str | None:
    return shutil.which("go", path=f"{os.environ.get('PATH', '')}:/usr/local/go/bin")


@cache
def program() -> Path | None:
    """The built program; None where there is no Go, or its modules cannot be had."""
    go = _go()
    if go is None:
        return None
    _FOLDER.mkdir(exist_ok=True)
    (_FOLDER / ".gitignore").write_text("*\n")
    command = [go, "build", "-buildvcs=false", "-o", str(_PROGRAM), "."]
    done = subprocess.run(command, cwd=_SOURCE, capture_output=True, check=False)
    return _PROGRAM if done.returncode == 0 else None


def version() -> str:
    """`go1.26.8`, and the grpc-go that the reference is built with; empty without Go."""
    go, found = _go(), program()
    if go is None or found is None:
        return ""
    told = subprocess.run([go, "version", "-m", str(found)], capture_output=True, text=True, check=False).stdout
    grpc = next((line.split()[2] for line in told.splitlines() if "google.golang.org/grpc\t" in line), "")
    return f"{told.split()[1]}, grpc-go {grpc}"


@contextmanager
def serving(url: str) -> Iterator[Server]:
    """The reference bridge before the gateway at this URL, for as long as the context lasts.

    Raises:
        StartError: there is none, or it ended at once.
    """
    found = program()
    if found is None:
        raise StartError("the reference bridge could not be built: is Go there?")
    with subprocess.Popen([str(found), url], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            line = child.stdout.readline().strip()
            if not line:
                raise StartError("the reference bridge ended before it was ready")
            yield Server([child.pid], int(line.rpartition(":")[2]))
        finally:
            stop(child)
