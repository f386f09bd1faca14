"""Whatever the text and the prompt: the limit holds, and nothing of the prompt comes through."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.redact import safe, without


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


def runs(text: str, size: int = 24) -> set[str]:
    return {text[at : at + size] for at in range(len(text) - size + 1)}


_few = st.text(alphabet="ab ", min_size=0, max_size=120)


@given(prompt=_few, before=_few, places=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 60), _few), max_size=3))
def test_no_run_of_the_prompt_survives(prompt: str, before: str, places: list[tuple[int, int, str]]) -> None:
    """No 24 characters that stand in the prompt stand in the text, however often parts of both repeat."""
    text = before + "".join(prompt[at : at + size] + between for at, size, between in places)
    assert not runs(without(text, [prompt])) & runs(prompt)


@given(prompts=st.lists(st.text(alphabet="abc", max_size=80), max_size=3), text=st.text(alphabet="abc", max_size=200))
def test_no_run_of_any_prompt_survives(prompts: list[str], text: str) -> None:
    """The same for several prompts."""
    masked = without(text, prompts)
    assert not any(runs(masked) & runs(prompt) for prompt in prompts)


@given(prompt=st.text(alphabet="ab…[] ", min_size=24, max_size=80), text=st.text(alphabet="ab…[] ", max_size=120))
def test_the_mark_may_be_in_the_prompt(prompt: str, text: str) -> None:
    """A conversation about an earlier error contains the mark; that ends, and hides nothing."""
    assert not runs(without(text + prompt + text, [prompt])) & runs(prompt)


@given(prompt=_few, text=st.text(alphabet="cdefg", max_size=80))
def test_what_is_not_shared_stays(prompt: str, text: str) -> None:
    """Text that has nothing of the prompt is not changed."""
    assert without(text, [prompt]) == text
