"""Describes the machine and the versions of a run."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

_PACKAGES: Final = (
    "aibridge",
    "grpcio",
    "protobuf",
    "uvloop",
    "aiohttp",
    "httpx",
    "httptools",
    "orjson",
    "pybase64",
)
_REFERENCES: Final = ("openai",)


def described() -> dict[str, Any]:
    """Date, hardware, versions, revision, and the load average before the run."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": _revision(),
        "load_before": load(),
        "hardware": {
            "processor": _cpuinfo("model name") or platform.machine(),
            "processors": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30), 1),
            "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        },
        "versions": {"python": platform.python_version(), **_versions()},
    }


def load() -> float:
    """The load average over one minute."""
    return round(os.getloadavg()[0], 2)


def _cpuinfo(field: str) -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")


def _versions() -> dict[str, str]:
    found = {}
    for name in (*_PACKAGES, *_REFERENCES):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a reference that is not measured
            continue
    return found


def _revision() -> str:
    """The commit, and whether there are changes; empty outside a checkout."""
    git = ["git", "-C", str(Path(__file__).resolve().parent)]
    try:
        head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "status", "--porcelain", "bridge"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + ("-changed" if changed.stdout else "")
