"""`make check` runs every check and names the fix for each failure; `make docs` knows every generated page."""

import sys
from pathlib import Path

import pytest

from tools import check, docs
from tools.check import CHECKS, MAX_LINES, Check

ROOT = Path(__file__).parents[2]
FAKES = (
    Check("first", "echo wrong; exit 1", "mend the first", is_quick=True),
    Check("second", "true", "nothing"),
    Check("third", "seq 1 50000; exit 3", "mend the third"),
)


def test_all_checks_run_and_all_failures_are_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Checks run after a failure too, and the output ends with the list of fixes."""
    monkeypatch.setattr(sys, "argv", ["check"])
    assert check.main(FAKES) == 1
    output = capsys.readouterr().out
    assert output.endswith("To fix:\n  first: mend the first\n  third: mend the third\n")
    assert "wrong" in output
    assert f"({50000 - MAX_LINES} lines left out)" in output
    assert len(output) < 2000


@pytest.mark.parametrize(("arguments", "code"), [(["second"], 0), (["--quick"], 1), (["second", "third"], 1)])
def test_checks_can_be_picked(arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["check", *arguments])
    assert check.main(FAKES) == code


def test_an_unknown_check_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt name does not count as a passed check."""
    monkeypatch.setattr(sys, "argv", ["check", "lintt"])
    with pytest.raises(SystemExit, match="2"):
        check.main(FAKES)


def test_commands_of_checks_exist() -> None:
    """A missing tool fails its check."""
    assert check.run(Check("gone", "no-such-tool", "")).returncode == 127
    assert all(item.fix for item in CHECKS)
    assert len({item.name for item in CHECKS}) == len(CHECKS)


def test_a_stale_page_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A failing generator is named with its page, and the next one still runs."""
    monkeypatch.setattr(docs, "PAGES", {"docs/first.md": "no_such_generator", "docs/gone.md": "no_such_generator"})
    monkeypatch.setattr(sys, "argv", ["docs", "--check"])
    assert docs.main() == 1
    lines = capsys.readouterr().err.splitlines()
    assert "docs/first.md: stale (tools/no_such_generator.py)" in lines
    assert lines[-1] == "docs/gone.md: stale (tools/no_such_generator.py)"


def test_every_page_that_a_tool_makes_is_in_the_list() -> None:
    """Every generator is in the list of `make docs` and `make check`."""
    makers = {path.stem for path in (ROOT / "tools").glob("*.py") if "--check" in path.read_text("utf-8")}
    elsewhere = {"check", "docs", "versions", "vendor", "fetch"}
    assert makers - elsewhere == set(docs.PAGES.values())
