"""Who runs when, where several processes share the tests: a test that is marked `alone` has the machine to itself.

Such a test measures time, which another test beside it would take from it.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

#: Two files that are there anyway: what is locked is neither read nor written.
_DOOR: Final = Path(__file__)
_ROOM: Final = Path(__file__).parents[1] / "conftest.py"


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """While this lasts no test runs alone, or with `alone` no other test at all."""
    with _ROOM.open("rb") as room:
        with _DOOR.open("rb") as door:
            fcntl.flock(door, fcntl.LOCK_EX)  # who waits for an empty room lets nobody in before
            fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
