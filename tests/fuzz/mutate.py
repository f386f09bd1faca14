"""Fuzzing with Hypothesis: seeds with pieces removed, doubled and inserted. It needs only the tests' packages."""

import time
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.corpus import WORDS, seeds
from tests.fuzz.targets import TARGETS

_BATCH: Final = 300
_EDITS: Final = st.lists(
    st.tuples(
        st.integers(0, 1 << 12),
        st.integers(0, 40),
        st.one_of(st.sampled_from(WORDS), st.binary(max_size=4), st.just(b"")),
        st.integers(1, 3),
    ),
    max_size=8,
)


def inputs(name: str) -> st.SearchStrategy[bytes]:
    """Inputs for a target."""
    mutated = st.builds(_edit, st.sampled_from(seeds(name)), st.sampled_from(TARGETS[name].heads), _EDITS)
    return st.one_of(mutated, mutated, mutated, st.binary(max_size=200))


def _edit(seed: bytes, head: bytes, edits: list[tuple[int, int, bytes, int]]) -> bytes:
    data = bytearray(seed)
    data[: len(head)] = head
    for place, length, word, times in edits:
        at = len(head) + place % (len(data) - len(head) + 1)
        data[at : at + length] = word * times
    return bytes(data)


def run(name: str, seconds: float) -> int:
    """Run a target. Returns the number of inputs; Hypothesis raises a finding with the smallest input."""
    end = time.monotonic() + seconds
    tried = 0

    def check(data: bytes) -> None:
        nonlocal tried
        if time.monotonic() > end and not failing:
            return  # the rest of the batch
        tried += 1
        try:
            TARGETS[name].run(data)
        except BaseException:
            failing.append(data)
            raise

    failing: list[bytes] = []
    for seed in seeds(name):
        if time.monotonic() < end:
            check(seed)
    profile = settings(
        max_examples=_BATCH,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    while time.monotonic() < end:
        profile(given(data=inputs(name))(check))()
    return tried
