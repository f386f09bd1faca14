"""Locks for several processes of tests: a test that is marked `alone` runs without any other.

Such a test measures time, which a parallel test would change.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

#: Two existing files as locks. They are neither read nor written.
_DOOR: Final = Path(__file__)
_ROOM: Final = Path(__file__).parents[1] / "conftest.py"


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """While this lasts no `alone` test runs, or with `alone` no other test at all."""
    with _ROOM.open("rb") as room:
        with _DOOR.open("rb") as door:
            fcntl.flock(door, fcntl.LOCK_EX)  # a test that waits to be alone lets no other test begin
            fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
