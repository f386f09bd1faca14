"""The quick start as written, `helm test`, the NetworkPolicy, and the API server's response to each manifest."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cluster.cluster import ROOT, Cluster, ClusterError, until
from tests.e2e.cluster.images import BRIDGE
from tests.e2e.cluster.release import CHART, SUPPORT, Release

DOCS = ROOT / "docs" / "kubernetes.md"
#: The command for docker: podman, with options that the rights of this machine need.
DOCKER = (
    "exec podman --cgroup-manager cgroupfs --runtime runc --events-backend file run --network none"
    ' --ulimit nofile=1024:4096 --ulimit nproc=4096:4096 "${@:2}"'
)


def block(heading: str, language: str = "") -> str:
    """The first code block after a heading of the docs."""
    found = re.search(
        rf"^## {heading}\n.*?^```{language}\n(.*?)^```", DOCS.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, heading
    return found[1]


@pytest.fixture
def quick(cluster: Cluster) -> Iterator[Release]:
    release = Release(cluster, "aibridge")
    release.clear()
    yield release
    release.remove()


def programs(cluster: Cluster, folder: Path) -> Path:
    """A folder with kubectl, helm and docker for this cluster."""
    folder.mkdir()
    for name in ("kubectl", "helm"):
        (folder / name).write_text(f'#!/bin/bash\nexec {" ".join(cluster.command(name))} "$@"\n')
    (folder / "docker").write_text(f"#!/bin/bash\n{DOCKER}\n")
    for path in folder.iterdir():
        path.chmod(0o755)
    return folder


def test_the_quick_start_word_for_word(quick: Release, tmp_path: Path) -> None:
    """The five commands work in a namespace that enforces `restricted`, and a pod of another application can call."""
    commands = [line.split("  #")[0].rstrip() for line in block("Quick start").splitlines() if line.strip()]
    assert len(commands) == 5
    work = tmp_path / "work"
    work.mkdir()
    (work / "deploy").symlink_to(ROOT / "deploy")
    (work / "api-key").write_text("key-1")
    path = f"{programs(quick.cluster, tmp_path / 'programs')}:{os.environ['PATH']}"
    variables = os.environ | {"PATH": path, "UPSTREAM_URL": "http://gateway:8000/v1"}
    token = ""
    for number, command in enumerate(commands):
        done = subprocess.run(  # noqa: S602 # what a reader types
            command,
            shell=True,
            cwd=work,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, command + done.stdout + done.stderr
        if number == 0:
            quick.namespace()
            support = SUPPORT.read_text().replace("port: 80,", "port: 8000,")
            quick.kubectl("apply", "--filename", "-", stdin=support)
        if found := re.search(r"aib_[\w-]+", done.stderr):
            token = found[0]
    assert token
    assert "dns:///aibridge-headless.aibridge:50051" in done.stdout
    quick.kubectl("create", "secret", "generic", "caller", f"--from-literal=token={token}")
    quick.kubectl("apply", "--filename", "-", stdin=block("Quick start", "yaml"))
    until(lambda: quick.get("pod", "caller")["status"]["phase"] in {"Succeeded", "Failed"}, "the caller's end")
    assert quick.kubectl("logs", "caller").startswith("m"), quick.kubectl("logs", "caller")


def test_helm_test(release: Release) -> None:
    release.cluster.helm("test", "aibridge", "--namespace", release.name, "--timeout", "120s")


def test_the_api_server_takes_every_manifest(release: Release) -> None:
    """The API server accepts the plain manifest, and the chart with everything that needs no resource definitions."""
    release.kubectl("apply", "--dry-run=server", "--filename", str(ROOT / "deploy" / "kubernetes.yaml"))
    values = "autoscaling: {enabled: true}\nmetrics: {dashboard: {enabled: true}}\ncommonLabels: {a: b}\n"
    made = release.cluster.helm(
        "template", "other", str(CHART), "--namespace", release.name, "--values", "-", stdin=values
    )
    said = release.kubectl("apply", "--dry-run=server", "--filename", "-", stdin=made)
    assert said.count("(server dry run)") >= 9


def test_a_pod_without_the_label_cannot_connect(release: Release) -> None:
    """The NetworkPolicy admits only pods with the label."""
    code = "import socket; socket.create_connection(('aibridge', 50051), 3); print('connected')"
    assert "connected" in release.kubectl("exec", "client", "--", "python3", "-c", code)
    with pytest.raises(ClusterError, match=r"TimeoutError|ConnectionRefusedError"):
        release.kubectl("exec", "deployment/gateway", "--", "python3", "-c", code)


def test_the_pods_run_the_image_of_the_docs(release: Release) -> None:
    assert {pod["spec"]["containers"][0]["image"] for pod in release.pods()} == {BRIDGE}


def test_an_unknown_setting_is_refused(release: Release) -> None:
    with pytest.raises(ClusterError, match="'drain_dely' not allowed"):
        release.install({"settings": {"drain_dely": 3}})
