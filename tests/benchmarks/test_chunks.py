"""The benchmark without sockets runs the current handler."""

import pytest

from benchmarks.chunks import measured, runs_of
from benchmarks.dialects import SHAPES
from bridge import settings


@pytest.mark.parametrize("shape", SHAPES)
async def test_each_shape_goes_through_the_handler(shape: str) -> None:
    """Every shape passes through the handler. The run itself checks the number of messages."""
    found = await measured(runs_of(settings.load(), shape), rounds=1)
    assert found.keys() == {"reference", "read", "burst", "merged", "codec"}
    assert all(0 < cost < 10_000 for cost in found.values())
