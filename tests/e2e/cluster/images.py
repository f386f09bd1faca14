"""Builds the images of the bridge and of the loads, and loads them onto a cluster's nodes."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.e2e.cluster.cluster import ROOT, Cluster

VERSION: Final = "0.1.0"
BRIDGE: Final = f"aibridge:{VERSION}"
LOAD: Final = "aibridge-load:test"
_SOURCES: Final = Path(__file__).with_name("load")
_PACKAGES: Final = ("buildah", "podman", "runc", "debootstrap")
_ENGINE_FLAGS: Final = "--runtime runc --network host"
_CA: Final = "/etc/ssl/certs/ca-certificates.crt"


def prepare(cluster: Cluster) -> None:
    """Build and load both images."""
    missing = [name for name in _PACKAGES if shutil.which(name) is None]
    if missing:
        _run("apt-get", "update", "-q")
        _run("apt-get", "install", "-q", "-y", "--no-install-recommends", *missing)
    base = os.environ.get("BASE", "localhost/base:trixie")
    if base.startswith("localhost/"):
        _run("bash", "tests/e2e/image/base.sh", base)
    _run("make", "image", "ENGINE=buildah", f"ENGINE_FLAGS={_ENGINE_FLAGS} --layers", f"BASE={base}", f"CA={_CA}")
    with tempfile.TemporaryDirectory() as folder:
        _load(Path(folder))
    for image in (BRIDGE, LOAD):
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "image.tar"
            _run(
                "buildah",
                "push",
                "--quiet",
                f"localhost/{image}",
                f"docker-archive:{archive}:docker.io/library/{image}",
            )
            cluster.load_image(archive)


def _load(folder: Path) -> None:
    """The image of the loads: the bridge's, with a Go program, Node.js and JavaScript packages."""
    node = shutil.which("node")
    assert node is not None  # `impossible` has checked
    _run("go", "build", "-trimpath", "-o", str(folder / "load-go"), ".", at=_SOURCES / "go", CGO_ENABLED="0")
    for name in ("package.json", "package-lock.json", "load.js"):
        shutil.copy(_SOURCES / "js" / name, folder)
    _run("npm", "ci", "--silent", "--no-audit", "--no-fund", at=folder)
    for name in ("load.py", "run.py", "gateway.py", "Dockerfile"):
        shutil.copy(_SOURCES / name, folder)
    shutil.copy(ROOT / "generated" / "aibridge.binpb", folder)
    shutil.copy(Path(node).resolve(), folder / "node")
    base = f"BASE=localhost/{BRIDGE}"
    _run("buildah", "bud", "--quiet", "--timestamp", "0", "--build-arg", base, "--tag", LOAD, ".", at=folder)


def _run(*command: str, at: Path = ROOT, **variables: str) -> None:
    done = subprocess.run(  # noqa: S603 # our own commands
        command,
        cwd=at,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise SystemExit(
            f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
