"""The cost of an input is proportional to its size: the fuzzing targets with repeated pieces."""

import pytest

from tests.fuzz import pump
from tests.fuzz.claims import Finding
from tests.fuzz.targets import TARGETS, Target


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("name", TARGETS)
def test_cost_is_linear(name: str) -> None:
    """A few seconds for each target; `make fuzz` searches longer."""
    assert pump.run(name, 4.0)


@pytest.mark.slow
@pytest.mark.alone
def test_what_is_quadratic_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that scans all earlier lines for each line is found."""

    def quadratic(data: bytes) -> None:
        seen = b""
        for line in data.split(b"\n"):
            seen += line
            seen.count(b"x")

    monkeypatch.setitem(TARGETS, "quadratic", Target(quadratic, (b"",)))
    with pytest.raises(Finding, match="cost is linear"):
        pump.check("quadratic", b"", b"a\n", b"")
