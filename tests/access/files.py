"""The files that configure callers, and the metadata of a caller."""

import os
import time
from pathlib import Path


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def put(path: Path, *lines: str) -> Path:
    """Write a file with a modification time in the past."""
    path.write_text("\n".join(lines) + "\n")
    then = time.time() - 10 + len(lines) / 10
    os.utime(path, (then, then))
    return path
