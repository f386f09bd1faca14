"""Disruptions of pods under load. Each function returns when the release has settled again."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from tests.e2e.cluster.cluster import ClusterError, until
from tests.e2e.cluster.release import SELECTOR, Release

_DRAIN: Final = ("--pod-selector", SELECTOR, "--delete-emptydir-data", "--ignore-daemonsets")
#: Runs as root in the node's process namespace, in a namespace without Pod Security, and kills by the pod's id.
_KILLER: Final = """
import os, pathlib, signal, sys
wanted = sys.argv[1]
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        text, line = (folder / "cgroup").read_text(), (folder / "cmdline").read_bytes()
    except OSError:
        continue
    if wanted in text.replace("_", "-") and b"aibridge" in line:
        os.kill(int(folder.name), signal.SIGKILL)
        print("killed", folder.name)
"""


def rollout(release: Release) -> None:
    """`kubectl rollout restart`."""
    release.kubectl("rollout", "restart", "deployment/aibridge")
    release.kubectl("rollout", "status", "deployment/aibridge", "--timeout=300s")
    release.settle(2)


def evicted(release: Release) -> None:
    """Both pods evicted back to back, the second as soon as the disruption budget allows it."""
    for pod in release.pods():
        until(lambda name=pod["metadata"]["name"]: _evict(release, name), "eviction", pause=0.2)
    release.settle(2)


def _evict(release: Release, name: str) -> bool:
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": release.name}}
    path = f"/api/v1/namespaces/{release.name}/pods/{name}/eviction"
    try:
        release.kubectl("create", "--raw", path, "--filename", "-", stdin=json.dumps(eviction))
    except ClusterError as error:
        if "disruption budget" in str(error):
            return False
        raise
    return True


def deleted(release: Release) -> None:
    """One pod deleted."""
    release.kubectl("delete", "pod", release.pods()[0]["metadata"]["name"], "--wait=false")
    release.settle(2)


def deleted_together(release: Release) -> None:
    """Both pods deleted at the same time: a client then knows only pods that are stopping."""
    names = [pod["metadata"]["name"] for pod in release.pods()]
    release.kubectl("delete", "pod", *names, "--wait=false")
    release.settle(2)


def deleted_without_room(release: Release) -> None:
    """Both pods deleted, and no node takes new ones for 15 s, which is longer than the drain delay."""
    with _cordoned(release):
        names = [pod["metadata"]["name"] for pod in release.pods()]
        release.kubectl("delete", "pod", *names, "--wait=false")
        time.sleep(15)
    release.settle(2)


def four_deleted(release: Release) -> None:
    """Four pods deleted at the same time."""
    scaled(release, 4)
    release.kubectl("delete", "pod", "--selector", SELECTOR, "--wait=false")
    release.settle(4)
    scaled(release, 2)


@contextmanager
def _cordoned(release: Release) -> Iterator[list[str]]:
    """No node takes new pods meanwhile. Yields the names of the nodes."""
    nodes = [node["metadata"]["name"] for node in release.cluster.get("nodes")]
    release.cluster.kubectl("cordon", *nodes)
    try:
        yield nodes
    finally:
        release.cluster.kubectl("uncordon", *nodes)


def told_to_stop(release: Release) -> None:
    """SIGTERM to the process of one pod: Kubernetes learns of it by the readiness, and starts the container again."""
    pod = release.pods()[0]
    release.kubectl("exec", pod["metadata"]["name"], "--", "python3", "-c", "import os; os.kill(1, 15)")
    _restarted(release, pod)


def only_one_evicted(release: Release) -> None:
    """Scaled to one pod, and that one evicted."""
    scaled(release, 1)
    until(lambda: _evict(release, release.pods()[0]["metadata"]["name"]), "eviction", pause=0.2)
    release.settle(1)
    scaled(release, 2)


def rolled_back_and_forth(release: Release) -> None:
    """A rollout, another one in the middle of it, and that one undone in its middle."""
    for command in ("restart", "restart", "undo"):
        release.kubectl("rollout", command, "deployment/aibridge")
        until(lambda: _is_stopping(release), "a pod that stops", pause=0.2)
    release.kubectl("rollout", "status", "deployment/aibridge", "--timeout=300s")
    release.settle(2)


def _is_stopping(release: Release) -> bool:
    return any("deletionTimestamp" in pod["metadata"] for pod in release.pods())


def rolled_to_what_fails(release: Release) -> None:
    """A rollout to a gateway that does not exist: its pods never become ready. It is undone."""
    release.kubectl("set", "env", "deployment/aibridge", "AIBRIDGE_UPSTREAM_URL=http://nowhere.invalid/v1")
    time.sleep(20)
    release.kubectl("rollout", "undo", "deployment/aibridge")
    release.settle(2)


def rolled_without_surge(release: Release) -> None:
    """A rollout that stops a pod before it starts the next, as on a small node."""
    for surge, unavailable in ((0, 1), (1, 0)):
        bounds = {"maxSurge": surge, "maxUnavailable": unavailable}
        release.kubectl(
            "patch", "deployment/aibridge", "-p", json.dumps({"spec": {"strategy": {"rollingUpdate": bounds}}})
        )
        if surge == 0:
            rollout(release)


def drained(release: Release) -> None:
    """One node drained and uncordoned."""
    _drain(release, release.pods()[0]["spec"]["nodeName"])


def _drain(release: Release, node: str) -> None:
    release.cluster.kubectl("drain", node, *_DRAIN, "--timeout=300s")
    release.settle(2)
    release.cluster.kubectl("uncordon", node)


def drained_without_room(release: Release) -> None:
    """Both nodes cordoned and drained: the disruption budget keeps the last pod, until nodes take new ones again."""
    with _cordoned(release) as nodes:
        for node in nodes:
            with suppress(ClusterError):  # the last pod cannot be evicted in time
                release.cluster.kubectl("drain", node, *_DRAIN, "--timeout=15s")
    release.settle(2)


def drained_in_turn(release: Release) -> None:
    """Every node drained and uncordoned, one after another."""
    for node in release.cluster.get("nodes"):
        _drain(release, node["metadata"]["name"])


def scaled(release: Release, *counts: int) -> None:
    """Different numbers of replicas, one after another."""
    for count in counts:
        release.kubectl("scale", "deployment/aibridge", f"--replicas={count}")
        release.settle(count)


def upgraded(release: Release) -> None:
    """`helm upgrade` with another setting, and `helm rollback`."""
    release.install({"settings": {"channelz": True}})
    release.settle(2)
    release.cluster.helm("rollback", "aibridge", "--namespace", release.name, "--wait", "--timeout", "300s")
    release.settle(2)


def forced(release: Release) -> None:
    """One pod deleted with `--force`, so that Kubernetes does not wait."""
    name = release.pods()[0]["metadata"]["name"]
    release.kubectl("delete", "pod", name, "--force", "--grace-period=0")
    release.settle(2)


def hurried(release: Release) -> None:
    """One pod deleted with a grace period shorter than the drain delay, after which the kubelet kills it."""
    name = release.pods()[0]["metadata"]["name"]
    release.kubectl("delete", "pod", name, "--grace-period=5", "--wait=false")
    release.settle(2)


def killed(release: Release) -> None:
    """One process killed with SIGKILL. Only the calls in it may be lost."""
    pod = release.pods()[0]
    said = _on_node(release, pod["spec"]["nodeName"], pod["metadata"]["uid"])
    if "killed" not in said:
        raise ClusterError(f"nothing was killed: {said}")

    _restarted(release, pod)


def _restarted(release: Release, pod: Any) -> None:
    """Until the container of a pod, as it was before, has been started again, and both pods are ready."""

    def restarts(found: Any) -> int:
        return int(found["status"]["containerStatuses"][0]["restartCount"])

    until(lambda: restarts(release.get("pod", pod["metadata"]["name"])) > restarts(pod), "a restart", pause=0.2)
    release.settle(2)


def _on_node(release: Release, node: str, uid: str) -> str:
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "killer"},
        "spec": {
            "nodeName": node, "hostPID": True, "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "killer", "image": "aibridge-load:test", "imagePullPolicy": "IfNotPresent",
                "command": ["python3", "-c", _KILLER, uid], "securityContext": {"privileged": True, "runAsUser": 0},
            }],
        },
    }  # fmt: skip
    kubectl = release.cluster.kubectl
    kubectl("--namespace", "default", "apply", "--filename", "-", stdin=json.dumps(pod))
    try:
        done = "--for=jsonpath={.status.phase}=Succeeded"
        kubectl("--namespace", "default", "wait", done, "pod/killer", "--timeout=60s")
        return kubectl("--namespace", "default", "logs", "killer")
    finally:
        kubectl("--namespace", "default", "delete", "pod", "killer", "--wait=true")


#: The old pods then renew their connections every second, until there are new ones.
WITHOUT_ROOM: Final = "both deleted, no node for new ones for 15 s"
#: Disruptions that must not lose a call, by the report's names.
DISRUPTIONS: Final[dict[str, Callable[[Release], Any]]] = {
    "rollout restart": rollout,
    "both pods evicted back to back": evicted,
    "pod deleted": deleted,
    "node drained": drained,
    "both nodes drained in turn": drained_in_turn,
    "both nodes cordoned and drained": drained_without_room,
    "scaled 2 → 4 → 2": lambda release: scaled(release, 4, 2),
    "scaled 2 → 1 → 2": lambda release: scaled(release, 1, 2),
    "scaled 2 → 1 → 3 → 2": lambda release: scaled(release, 1, 3, 2),
    "helm upgrade and rollback": upgraded,
    "both pods deleted together": deleted_together,
    "four pods deleted together": four_deleted,
    WITHOUT_ROOM: deleted_without_room,
    "scaled 2 → 1, the only pod evicted, 1 → 2": only_one_evicted,
    "rollout that cannot succeed, undone": rolled_to_what_fails,
    "two rollouts, the second undone midway": rolled_back_and_forth,
    "rollout with maxSurge 0": rolled_without_surge,
    "SIGTERM to the process of one pod": told_to_stop,
}
#: Disruptions that lose the calls in one process, and no others.
KILLS: Final[dict[str, Callable[[Release], Any]]] = {
    "kill -9 of one bridge": killed,
    "pod deleted by force": forced,
    "pod deleted with a grace period of 5 s": hurried,
}
