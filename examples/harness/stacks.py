"""The table of client stacks: a new language is one entry.

Commands are lines for `sh`, run in the stack's folder with `BUILD` set to a folder for whatever a build leaves behind,
and `PYTHON` to the interpreter that runs the harness. The version commands print a version, within anything.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stack:
    """One example.

    `tools` are the programs that have to be on the PATH; `tool_packages` the Debian packages that are installed if one
    of them is not, `debian` those that are needed in any case (with apt-get, by root). `build` and `run` must leave
    nothing in the folder that git would see.

    `pushback_retries`: this gRPC takes a pushback delay from the server for a request to retry, whatever the code and
    the service config's `retryableStatusCodes`.
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
    tool_packages: tuple[str, ...] = ()
    debian: tuple[str, ...] = ()
    pushback_retries: bool = False


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
    Stack(
        name="java",
        language="Java",
        library="grpc-java",
        folder="java",
        build='mvn -B -q -Doutput="$BUILD" package',
        run='java -jar "$BUILD/example.jar"',
        language_version="java -version",
        library_version='basename "$BUILD"/lib/grpc-stub-*.jar',
        tools=("javac", "mvn"),
        tool_packages=("default-jdk-headless", "maven"),
        pushback_retries=True,
    ),
    Stack(
        name="rust",
        language="Rust",
        library="tonic",
        folder="rust",
        build='CARGO_TARGET_DIR="$BUILD" cargo build --quiet --locked',
        run='"$BUILD/debug/example"',
        language_version="rustc --version",
        library_version="cargo pkgid --locked tonic",
        tools=("cargo",),
        tool_packages=("cargo-web",),  # Debian's `cargo` is too old
    ),
)
