"""The errors page matches the code."""

import runpy
from pathlib import Path

from bridge.errors import Reason, Retry

ROOT = Path(__file__).parent.parent.parent


def test_page_is_fresh() -> None:
    """docs/errors.md is up to date with tools/errors.py."""
    made = runpy.run_path(str(ROOT / "tools" / "errors.py"))
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    is_fresh = page == made["document"]().rstrip("\n") + "\n"
    assert is_fresh, "run: make docs"


def test_reasons_by_aip_193() -> None:
    """Every reason is UPPER_SNAKE_CASE of at most 63 characters, and none is an alias of another."""
    names = list(Reason.__members__)
    assert len(names) == len(list(Reason))
    for reason in Reason:
        assert len(reason.name) <= 63
        assert reason.name.replace("_", "").isalpha()
        assert reason.name == reason.name.upper()
        assert reason.meaning.endswith(".")
        assert reason.retry in Retry


def test_each_reason_is_on_the_page() -> None:
    """The page lists every reason."""
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    assert all(f"| `{reason.name}` |" in page for reason in Reason)
