"""The cluster for the tests: the local one of cluster.sh, or another one.

CLUSTER_KUBECONFIG is the file of another cluster, and CLUSTER_LOAD_IMAGE the command that loads an archive there, such
as `kind load image-archive`. kubectl and helm are then those on the PATH.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[3]
SCRIPT: Final = Path(__file__).with_name("cluster.sh")
_FOLDER: Final = Path(os.environ.get("CLUSTER_DIR", ROOT / ".tools" / "cluster"))
_BIN: Final = Path(os.environ.get("CLUSTER_BIN", _FOLDER / "bin"))


class ClusterError(Exception):
    """A command failed. The message is its output."""


def impossible() -> str:
    """Why there can be no cluster here; empty if there can."""
    if "CLUSTER_KUBECONFIG" in os.environ:
        missing = [name for name in ("kubectl", "helm") if shutil.which(name) is None]
        if "CLUSTER_LOAD_IMAGE" not in os.environ:
            return "CLUSTER_KUBECONFIG needs CLUSTER_LOAD_IMAGE, such as 'kind load image-archive'"
        return f"not installed: {', '.join(missing)}" if missing else ""
    return subprocess.run(["bash", SCRIPT, "can"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603, S607


class Cluster:
    """kubectl and helm for one cluster."""

    def __init__(self) -> None:
        self.local = "CLUSTER_KUBECONFIG" not in os.environ

    def up(self) -> None:
        """Start the local cluster."""
        if self.local:
            _run(["bash", str(SCRIPT), "up"], quiet=False)

    def down(self) -> None:
        """Stop the local cluster."""
        if self.local:
            _run(["bash", str(SCRIPT), "down"], quiet=False)

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command to run a program for this cluster."""
        if self.local:
            return ["bash", str(SCRIPT), "net", str(_BIN / program), *arguments]
        return ["env", f"KUBECONFIG={os.environ['CLUSTER_KUBECONFIG']}", program, *arguments]

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """What kubectl prints.

        Raises:
            ClusterError: it failed.
        """
        return _run(self.command("kubectl", *arguments), stdin)

    def helm(self, *arguments: str, stdin: str | None = None) -> str:
        """The output of helm. Raises as `kubectl`."""
        return _run(self.command("helm", *arguments), stdin)

    def get(self, *arguments: str) -> Any:
        """An object, or a list's items."""
        found = json.loads(self.kubectl("get", *arguments, "--output=json"))
        return found.get("items", found)

    def load_image(self, archive: Path) -> None:
        """Load an image onto all nodes."""
        if self.local:
            _run(["bash", str(SCRIPT), "load-image", str(archive)])
        else:
            _run([*os.environ["CLUSTER_LOAD_IMAGE"].split(), str(archive)])


def _run(command: list[str], stdin: str | None = None, *, quiet: bool = True) -> str:
    done = subprocess.run(  # noqa: S603 # our own commands
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE if quiet else None, text=True, check=False,
        stdin=subprocess.DEVNULL if stdin is None else None, timeout=1800,
    )  # fmt: skip
    if done.returncode != 0:
        raise ClusterError(
            f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr or ''}"
        )
    return done.stdout


def until(condition: Callable[[], Any], what: str, *, seconds: float = 180, pause: float = 0.5) -> Any:
    """The first true result of `condition`.

    Raises:
        ClusterError: there is none in time.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(pause)
    raise ClusterError(f"{what}: not after {seconds:g} s")
