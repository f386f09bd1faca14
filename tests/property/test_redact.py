"""Whatever the text: the limit holds."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.redact import safe


@given(text=st.text(max_size=60), limit=st.integers(1, 40))
def test_clip(text: str, limit: int) -> None:
    """The limit holds for any text, and only what is over it is cut, with a mark."""
    clipped = safe(text, limit)
    assert len(clipped) <= limit
    whole = safe(text, 10_000)
    if len(text) <= limit:
        assert clipped == whole
    elif clipped != whole:
        assert clipped.endswith("…") or clipped == safe(text[: limit * 4], 10_000)
