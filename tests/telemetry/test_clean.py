"""Recorded or shown texts have bounds."""

from math import inf, nan
from typing import Any

import pytest

from bridge.clean import MAX_COUNT, NO_TOKENS, Tokens, number, shown, tokens, word


@pytest.mark.parametrize(
    ("text", "recorded"),
    [
        ("openai/gpt-5", "openai/gpt-5"),
        ("größe 模型", "größe 模型"),
        ("", ""),
        ("x" * 128, "x" * 128),
        ("x" * 129, "x" * 127 + "…"),
        ("x" * (5 << 20), "x" * 127 + "…"),
        ("a\x1b[2Jb\x07", "a\ufffd[2Jb\ufffd"),
        ("a\nb\rc\0d\te", "a\ufffdb\ufffdc\ufffdd\ufffde"),
        ("a\x9b31m", "a\ufffd31m"),
        ("a\u202egnp\u2066\u2028\u200b\u200f", "a\ufffdgnp\ufffd\ufffd\ufffd\ufffd"),
        ("a\ud800b", "a\ufffdb"),
        ("a\U000e0041", "a\ufffd"),  # an invisible tag
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_a_word(text: str, recorded: str) -> None:
    """A word is one printable line of at most 128 characters, in which removed characters leave a mark."""
    assert word(text) == recorded
    assert word(text).isprintable()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 11, "completion_tokens": 0}, Tokens(11, 0, None, None)),
        ({"prompt_tokens": MAX_COUNT}, Tokens(MAX_COUNT, None, None, None)),
        ({"prompt_tokens": MAX_COUNT + 1, "completion_tokens": 2}, Tokens(None, 2, None, None)),
        ({"prompt_tokens": 10**30}, NO_TOKENS),
        ({"prompt_tokens": -1}, NO_TOKENS),
        ({"prompt_tokens": True, "completion_tokens": 1.0}, NO_TOKENS),
        ({"prompt_tokens": nan, "completion_tokens": inf}, NO_TOKENS),
        ({"prompt_tokens": "5", "completion_tokens": [5]}, NO_TOKENS),
        (
            {"prompt_tokens_details": {"cached_tokens": 5}, "completion_tokens_details": {"reasoning_tokens": 1 << 64}},
            Tokens(None, None, 5, None),
        ),
        ({"prompt_tokens_details": [1]}, NO_TOKENS),
        ([], NO_TOKENS),
        (None, NO_TOKENS),
        ("usage", NO_TOKENS),
    ],
    ids=repr,
)
def test_tokens(usage: Any, expected: Tokens) -> None:
    """Token counts have 63 bits. Any other value is left out."""
    assert tokens(usage) == expected


@pytest.mark.parametrize("value", [nan, inf, -inf, 1 << 63, -(1 << 64)])
def test_numbers_that_nobody_can_write(value: float) -> None:
    assert number(value) is None


@pytest.mark.parametrize("value", [0, -1, 0.5, 1e308, MAX_COUNT])
def test_numbers(value: float) -> None:
    """Numbers that every exporter can write are kept."""
    assert number(value) == value


def test_a_log_value() -> None:
    """Texts at any depth become one line without control characters. Other values stay."""
    assert shown({"a": ["x\x1b[2J\ny", 5], "b": None, "c": ("\u202e", 1.5)}) == {
        "a": ["x[2J y", 5],
        "b": None,
        "c": ["", 1.5],
    }
