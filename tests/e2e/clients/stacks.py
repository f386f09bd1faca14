"""The table of client stacks. A new language is one entry.

Commands are lines for `sh`, run in the stack's folder. `BUILD` is a folder for build files, and `PYTHON` is the
interpreter of the harness. The version commands print a version anywhere in their output.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stack:
    """One example.

    `tools` are programs that have to be on the PATH. `tool_packages` are Debian packages that are installed if one is
    missing, and `debian` those that are always needed (with apt-get, as root). `build` and `run` must not leave files
    in the folder that git would see.
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


def _python(name: str, program: str, constraints: str = "") -> Stack:
    """A program of examples/python in its own environment, with the newest or with constrained libraries."""
    install = f'"$BUILD/venv/bin/pip" install --quiet --disable-pip-version-check --upgrade {constraints}'
    return Stack(
        name=name,
        language="Python",
        library="grpcio",
        folder="python",
        build=f'test -d "$BUILD/venv" || "$PYTHON" -m venv "$BUILD/venv"; {install} -r requirements.txt',
        run=f'"$BUILD/venv/bin/python" {program}',
        language_version='"$BUILD/venv/bin/python" --version',
        library_version='"$BUILD/venv/bin/python" -c "import grpc; print(grpc.__version__)"',
    )


def _node(name: str, library: str, package: str) -> Stack:
    """A TypeScript package, compiled for Node."""
    return Stack(
        name=name,
        language="Node.js",
        library=library,
        folder=name,
        tools=("node", "npm"),
        build="npm ci --silent --no-audit --no-fund && npm run --silent build",
        run="npm run --silent start",
        language_version="node --version",
        library_version=f"node -p \"require('./node_modules/{package}/package.json').version\"",
    )


def _maven(name: str, language: str, language_version: str, library: str, jar: str) -> Stack:
    """A Maven project, whose jar is next to lib/ with its dependencies."""
    return Stack(
        name=name,
        language=language,
        library=library,
        folder=name,
        # Halves the build time, because the build ends before the optimising compiler pays off.
        build='MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" mvn -B -q -Doutput="$BUILD" package',
        run='java -jar "$BUILD/example.jar"',
        language_version=language_version,
        library_version=f'basename "$BUILD"/lib/{jar}-[0-9]*.jar',
        tools=("javac", "mvn"),
        tool_packages=("default-jdk-headless", "maven"),
    )


STACKS: Final = (
    _python("python", "client.py"),
    _python("python-async", "async_client.py"),
    _python("python-floor", "client.py", "-c floor.txt"),
    _python("python-async-floor", "async_client.py", "-c floor.txt"),
    Stack(
        name="go",
        language="Go",
        library="grpc-go",
        folder="go",
        tools=("go",),
        build='go build -o "$BUILD/client" .',
        run='"$BUILD/client"',
        language_version="go version",
        library_version="go list -m google.golang.org/grpc",
    ),
    _node("typescript", "Connect (gRPC transport)", "@connectrpc/connect-node"),
    _node("grpc-js", "grpc-js", "@grpc/grpc-js"),
    _maven("java", "Java", "java -version", "grpc-java", "grpc-stub"),
    _maven("kotlin", "Kotlin", 'basename "$BUILD"/lib/kotlin-stdlib-*.jar', "grpc-kotlin", "grpc-kotlin-stub"),
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
    Stack(
        name="cpp",
        language="C++",
        library="grpc++",
        folder="cpp",
        build='cmake -S . -B "$BUILD" -DGOOGLEAPIS="$("$PYTHON" -c "import site; print(*site.getsitepackages())")" && '
        'cmake --build "$BUILD" --parallel 2',
        run='"$BUILD/example"',
        language_version="c++ --version",
        library_version="pkg-config --modversion grpc++",
        debian=(
            *("g++", "cmake", "make", "pkg-config", "libgrpc++-dev"),
            *("libprotobuf-dev", "protobuf-compiler", "protobuf-compiler-grpc"),
        ),
    ),
    Stack(
        name="ruby",
        language="Ruby",
        library="grpc",
        folder="ruby",
        build="rake --silent",
        run='ruby -I "$BUILD" example.rb',
        language_version="ruby --version",
        library_version="ruby -e 'require %q(grpc/version); puts GRPC::VERSION'",
        debian=("ruby", "rake", "ruby-grpc", "ruby-grpc-tools"),
    ),
    Stack(
        name="php",
        language="PHP",
        library="grpc",
        folder="php",
        build='make --silent GOOGLEAPIS="$("$PYTHON" -c "import site; print(*site.getsitepackages())")"',
        run='php -d extension="$BUILD/grpc/src/php/ext/grpc/modules/grpc.so" '
        '-d include_path="$BUILD/stubs:$BUILD/grpc/src/php/lib:/usr/share/php" example.php',
        language_version="php --version",
        library_version='php -d extension="$BUILD/grpc/src/php/ext/grpc/modules/grpc.so" -r "echo Grpc\\VERSION;"',
        debian=(
            *("php-cli", "php-dev", "php-google-protobuf", "libgrpc-dev", "libprotobuf-dev", "g++", "make"),
            *("protobuf-compiler", "protobuf-compiler-grpc"),
        ),
    ),
)
