"""The notice that an orchestrator is removing this bridge, and not only ending its process.

Kubernetes takes a pod that it deletes out of DNS and of its Services by itself. If a Service has no other pod, it sends
new connections to pods that are stopping, as long as their readiness probes succeed. So `readiness` has to stay SERVING
there. If only the process gets SIGTERM, failed probes are what takes the pod out of the Service. SIGTERM is the same in
both cases, but before a deletion Kubernetes runs the chart's preStop hook, which makes a file. The kubelet runs it also
when it stops a pod by itself, as in a shutdown of its node. So `readiness` stays SERVING only for a time.
"""

from pathlib import Path


class RemovalNotice:
    """The file, if a setting names one.

    One that is there when this object is made is of an earlier process of the pod: it counts once it has changed. Times
    are not compared with the clock, which may be set, and which the clock of a file system may differ from.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._earlier = self._state()

    def given(self) -> bool:
        """Whether the orchestrator has announced the removal."""
        state = self._state()
        return state is not None and state != self._earlier

    def _state(self) -> tuple[int, ...] | None:
        """What changes when the file is written or replaced; None without one."""
        try:
            found = self._path.stat() if self._path is not None else None
        except (OSError, ValueError):  # ValueError: a path with a NUL
            return None
        return found and (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
