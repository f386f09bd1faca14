"""The table of client stacks: a new language is one entry.

Commands are lines for `sh`, run in the stack's folder with `BUILD` set to a folder for whatever a build leaves behind,
and `PYTHON` to the interpreter that runs the harness. The version commands print a version, within anything.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stack:
    """One example.

    `tools` are the programs that have to be on the PATH, `debian` the packages that are installed with apt-get where
    they are missing (by root, on Debian). `build` and `run` must leave nothing in the folder that git would see.
    """

    name: str
    language: str
    library: str
    folder: str
    run: str
    language_version: str
    library_version: str
    build: str = "true"
    tools: tuple[str, ...] = ()
    debian: tuple[str, ...] = ()


STACKS: Final = (
    Stack(
        name="python",
        language="Python",
        library="grpcio",
        folder="python",
        run='PYTHONPATH=../../generated/python "$PYTHON" client.py',
        language_version='"$PYTHON" --version',
        library_version='"$PYTHON" -c "import grpc; print(grpc.__version__)"',
    ),
)
