"""No input costs more than its size: the targets of the fuzzer, with inputs in which one piece is there many times."""

import pytest

from tests.fuzz import pump
from tests.fuzz.claims import Finding
from tests.fuzz.targets import TARGETS, Target


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("name", TARGETS)
def test_cost_is_linear(name: str) -> None:
    """For a few seconds each; `make fuzz` goes on."""
    assert pump.run(name, 4.0)


@pytest.mark.alone
def test_what_is_quadratic_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that looks back at all that came before it, for each line."""

    def quadratic(data: bytes) -> None:
        seen = b""
        for line in data.split(b"\n"):
            seen += line
            seen.count(b"x")

    monkeypatch.setitem(TARGETS, "quadratic", Target(quadratic, (b"",)))
    with pytest.raises(Finding, match="cost is linear"):
        pump.check("quadratic", b"", b"a\n", b"")
