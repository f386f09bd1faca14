"""Builds and runs the reference bridge in Go, if Go is installed."""

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
    """The built program; None without Go or its modules."""
    go = _go()
    if go is None:
        return None
    _FOLDER.mkdir(exist_ok=True)
    (_FOLDER / ".gitignore").write_text("*\n")
    command = [go, "build", "-buildvcs=false", "-o", str(_PROGRAM), "."]
    done = subprocess.run(command, cwd=_SOURCE, capture_output=True, check=False)
    return _PROGRAM if done.returncode == 0 else None


def version() -> str:
    """The versions of Go and grpc-go, as in `go1.26.8, grpc-go v1.80.0`; empty without Go."""
    go, found = _go(), program()
    if go is None or found is None:
        return ""
    told = subprocess.run([go, "version", "-m", str(found)], capture_output=True, text=True, check=False).stdout
    grpc = next((line.split()[2] for line in told.splitlines() if "google.golang.org/grpc\t" in line), "")
    return f"{told.split()[1]}, grpc-go {grpc}"


@contextmanager
def serving(url: str) -> Iterator[Server]:
    """Run the reference bridge in front of the gateway at this URL during the context.

    Raises:
        StartError: it could not be built, or ended at once.
    """
    found = program()
    if found is None:
        raise StartError("the reference bridge could not be built: is Go installed?")
    with subprocess.Popen([str(found), url], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            line = child.stdout.readline().strip()
            if not line:
                raise StartError("the reference bridge ended before it was ready")
            yield Server([child.pid], int(line.rpartition(":")[2]))
        finally:
            stop(child)
