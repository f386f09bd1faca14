"""Follows deploy/Dockerfile in a folder and starts the result: a test of the image without a container engine.

Paths in the image become paths in the folder. This cannot test the base image, the user and the read-only file system.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
DOCKERFILE: Final = ROOT / "deploy" / "Dockerfile"
_READY: Final = "listening on "
_SECONDS: Final = 30


def instructions() -> Iterator[tuple[str, str]]:
    """Each instruction and its arguments, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text("utf-8"), flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip():
            yield line.split()[0], line.partition(" ")[2].strip()


class Image:
    """A folder in place of the file system of both stages."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root
        self._variables = {"PATH": os.environ["PATH"]}
        self._arguments: dict[str, str] = {}
        self._start: list[str] = []
        for name in ("tmp", "opt"):
            (root / name).mkdir()

    def _inside(self, text: str) -> str:
        return re.sub(r"(?<![\w.])/(?=tmp/|opt/|src\b)", f"{self._root}/", text)

    def follow(self, word: str, value: str) -> None:
        """Follow an instruction."""
        match word:
            case "WORKDIR":
                self._folder = self._root / value.lstrip("/")
                self._folder.mkdir(parents=True)
            case "COPY" if not value.startswith("--from"):
                *sources, target = value.split()
                for source in sources:
                    self._copy(ROOT / source, target)
            case "ARG" if "=" in value:
                name, text = value.split("=", 1)
                self._arguments[name] = text
            case "RUN":
                command = self._inside(re.sub(r"--mount=\S+\s+", "", value))
                variables = os.environ | self._arguments
                subprocess.run(["sh", "-ec", command], cwd=self._folder, check=True, env=variables)  # noqa: S603, S607 # our own Dockerfile
            case "ENV":
                for name, text in (item.split("=", 1) for item in shlex.split(value)):
                    self._variables[name] = self._inside(text.replace("${PATH}", self._variables["PATH"]))
            case "ENTRYPOINT" | "CMD":
                self._start += [item.strip(' "') for item in value.strip("[]").split(",")]

    def _copy(self, source: Path, target: str) -> None:
        where = self._folder / target
        if source.is_dir():
            shutil.copytree(source, where, ignore=shutil.ignore_patterns("__pycache__"))
            return
        folder = where if target.endswith("/") else where.parent
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / source.name)

    def serves(self) -> None:
        """Start the bridge as the image does but on loopback, check its health, and stop it. Raises if a step fails."""
        variables = self._variables | {"AIBRIDGE_LISTEN": "127.0.0.1:0", "AIBRIDGE_UPSTREAM_CREDENTIALS": "caller"}
        program = shutil.which(self._start[0], path=variables["PATH"])
        if program is None or not program.startswith(str(self._root)):
            raise SystemExit(f"{self._start[0]} is not what was installed, but {program}")
        command = [program, *self._start[1:]]
        with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 # same
            try:
                line = server.stdout.readline() if server.stdout else ""
                address = line.split()[-1]
                health = [program, "health", "--target", address, "--service", "readiness"]
                subprocess.run(health, env=variables, check=True, timeout=_SECONDS)  # noqa: S603 # same
                server.send_signal(signal.SIGTERM)
                code = server.wait(_SECONDS)
            finally:
                server.kill()
        if code != 0:
            raise SystemExit(f"exit code {code} after SIGTERM")


def main() -> int:
    """Build and try."""
    with tempfile.TemporaryDirectory() as folder:
        image = Image(Path(folder))
        for word, value in instructions():
            image.follow(word, value)
        image.serves()
    print("the Dockerfile's commands work, and the bridge serves")
    return 0


if __name__ == "__main__":
    sys.exit(main())
