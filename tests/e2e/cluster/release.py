"""One release of the chart, in its own namespace, which enforces Pod Security `restricted`."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bridge.access import tokens
from tests.e2e.cluster.cluster import ROOT, Cluster, until

CHART: Final = ROOT / "deploy" / "helm" / "aibridge"
SUPPORT: Final = Path(__file__).with_name("support.yaml")
SELECTOR: Final = "app.kubernetes.io/name=aibridge"
#: Small enough for four pods next to the loads. The gateway's pod listens on another port than its Service.
VALUES: Final[dict[str, Any]] = {
    "settings": {"upstream_url": "http://gateway/v1"},
    "networkPolicy": {"upstreamPorts": [8000]},
    "resources": {"requests": {"cpu": "100m"}},
}


class Release:
    """The release `aibridge` in namespace `name`."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.token = tokens.new("load")

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Kubectl in the namespace."""
        return self.cluster.kubectl("--namespace", self.name, *arguments, stdin=stdin)

    def get(self, *arguments: str) -> Any:
        """An object of the namespace, or a list's items."""
        return self.cluster.get("--namespace", self.name, *arguments)

    def namespace(self) -> None:
        """Make the namespace."""
        label = "pod-security.kubernetes.io/enforce: restricted"
        self.cluster.kubectl(
            "apply",
            "--filename",
            "-",
            stdin=f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {self.name}, labels: {{{label}}}}}
""",
        )

    def secret(self, name: str, **values: str) -> None:
        """Make or change a Secret."""
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}
        self.kubectl("apply", "--filename", "-", stdin=json.dumps(manifest))

    def install(self, values: dict[str, Any]) -> None:
        """Install or upgrade, and wait until all pods are ready. `settings` are additional ones."""
        values = VALUES | values | {"settings": VALUES["settings"] | values.get("settings", {})}
        self.cluster.helm(
            "upgrade", "--install", "aibridge", str(CHART), "--namespace", self.name, "--values", "-", "--wait",
            "--timeout", "300s", stdin=json.dumps(values),
        )  # fmt: skip

    def prepare(self) -> None:
        """Create the namespace, the Secrets, the gateway and the pod of the loads."""
        self.clear()
        self.namespace()
        self.secret("aibridge-upstream", **{"api-key": "key-1"})
        self.secret("aibridge-callers", tokens=f"{self.token.line}\n")
        self.kubectl("apply", "--filename", str(SUPPORT))
        self.kubectl("rollout", "status", "deployment/gateway", "--timeout=120s")
        self.kubectl("wait", "--for=condition=Ready", "pod/client", "--timeout=120s")

    def pods(self) -> list[Any]:
        """The bridge's pods, including those that are stopping."""
        return self.get("pods", "--selector", SELECTOR)

    def settle(self, count: int) -> None:
        """Wait until there are `count` pods, all ready and none stopping."""

        def settled() -> bool:
            pods = self.pods()
            return len(pods) == count and all(
                is_ready(pod) and "deletionTimestamp" not in pod["metadata"] for pod in pods
            )

        until(settled, f"{count} pods ready", seconds=300)

    def load(self, plan: list[dict[str, Any]]) -> "Load":
        """Start a load in the client pod."""
        command = self.cluster.command(
            "kubectl", "--namespace", self.name, "exec", "--stdin", "client", "--", "python3", "/load/run.py"
        )
        return Load(command, plan)

    def clear(self) -> None:
        """Delete what an earlier run on this cluster has left, and wait until it is gone."""
        self.cluster.kubectl("delete", "namespace", self.name, "--ignore-not-found", "--timeout=300s")

    def remove(self) -> None:
        """Delete the namespace."""
        self.cluster.kubectl("delete", "namespace", self.name, "--ignore-not-found", "--wait=false")


class Load:
    """A running `load/run.py`. `aged` waits for the ages, and `stop` returns the reports."""

    def __init__(self, command: list[str], plan: list[dict[str, Any]]) -> None:
        self._seconds = max(item["age"] for item in plan) + 60
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self._say(json.dumps(plan))

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None  # a pipe
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def aged(self) -> None:
        """Wait until every client has its age."""
        assert self._process.stdout is not None  # a pipe
        line = self._process.stdout.readline()
        if line != "aged\n":
            raise RuntimeError(f"the load has ended: {line}")

    def kill(self) -> None:
        """Kill it without its reports."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def stop(self) -> dict[str, Any]:
        """Stop all clients properly, and return their reports by name."""
        out, _ = self._process.communicate("stop\n", timeout=180)
        said: dict[str, Any] = json.loads(out.splitlines()[-1])
        return said


def is_ready(pod: Any) -> bool:
    """Whether a pod's containers are ready."""
    conditions = pod["status"].get("conditions", ())
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def timed(action: Callable[[], Any]) -> float:
    """The duration of an operation in seconds."""
    began = time.monotonic()
    action()
    return time.monotonic() - began
