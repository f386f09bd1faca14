"""The notice that an orchestrator is removing this bridge, and not only ending its process.

Kubernetes takes a pod that it deletes out of DNS and of its Services by itself. If a Service has no other pod, it sends
new connections to pods that are stopping, as long as their readiness probes succeed. So `readiness` has to stay SERVING
there. If only the process gets SIGTERM, failed probes are what takes the pod out of the Service. SIGTERM is the same in
both cases, but before a deletion Kubernetes runs the chart's preStop hook, which makes a file. The kubelet runs it also
when it stops a pod by itself, as in a shutdown of its node. So `readiness` stays SERVING only for a time.
"""

import time
from contextlib import suppress
from pathlib import Path
from typing import Final

#: The times of files are those of the last tick of the system's clock, which is up to 10 ms ago.
_TICK_SECONDS: Final = 0.02


class RemovalNotice:
    """The file, if a setting names one. One that is older than this object is of an earlier process of the pod."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._began = time.time() - _TICK_SECONDS

    def given(self) -> bool:
        """Whether the orchestrator has announced the removal."""
        with suppress(OSError, ValueError):  # ValueError: a path with a NUL
            return self._path is not None and self._path.stat().st_mtime >= self._began
        return False
