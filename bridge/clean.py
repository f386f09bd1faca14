"""Bounds text, counts and numbers from outside, before they are recorded or shown on a terminal.

Callers choose the model's name, and upstreams report the usage. A single bad value can do much harm: an integer over 64
bits loses the whole log line, and a name of megabytes makes the collector refuse a batch of spans. So values are
bounded once, where they are recorded: in `services.entry` and `Observer.end`.
"""

import re
from math import isfinite
from typing import Any, Final, NamedTuple

#: Maximum number of characters of a recorded name.
MAX_WORD: Final = 128
#: Counts are signed 64-bit integers, as in OTLP.
MAX_COUNT: Final = (1 << 63) - 1
#: Control characters, for a class in a pattern: those that control a terminal or change the order of text, which could
#: disguise a log line. C0 without tab and line feed, C1, line separators, direction controls, lone surrogates.
CONTROLS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_CONTROL: Final = re.compile(f"[{CONTROLS}]")


class Tokens(NamedTuple):
    """Numbers of tokens that the upstream reports for a call; None if it does not."""

    input: int | None
    output: int | None
    cached: int | None
    reasoning: int | None


NO_TOKENS: Final = Tokens(None, None, None, None)


def word(text: str, limit: int = MAX_WORD) -> str:
    """A name in one line of at most `limit` characters. Unprintable characters become U+FFFD."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def printable(text: str) -> str:
    """Text without control characters. It may have tabs and several lines."""
    return _CONTROL.sub("", text)


def shown(value: Any) -> Any:
    """A value for a log line, with each text in it printable and in one line."""
    if isinstance(value, str):
        return value if value.isprintable() else printable(value).replace("\n", " ")
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return value


def count(value: Any) -> int | None:
    """A count, such as of tokens; None for another type, a negative number or one over 63 bits."""
    return value if type(value) is int and 0 <= value <= MAX_COUNT else None


def number(value: float) -> float | None:
    """A number that every exporter can write; None for NaN, infinities and integers over 64 bits."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if -MAX_COUNT <= value <= MAX_COUNT else None


def tokens(usage: Any) -> Tokens:
    """The counts in an upstream's `usage`, which may be any JSON value."""
    if type(usage) is not dict:
        return NO_TOKENS
    prompt, completion = ("prompt_tokens", "completion_tokens")
    if prompt not in usage and "input_tokens" in usage:  # OpenAI's responses and images, Anthropic's messages
        prompt, completion = ("input_tokens", "output_tokens")
    read, made = usage.get(f"{prompt}_details"), usage.get(f"{completion}_details")
    return Tokens(
        count(usage.get(prompt)),
        count(usage.get(completion)),
        count(read.get("cached_tokens")) if type(read) is dict else None,
        count(made.get("reasoning_tokens")) if type(made) is dict else None,
    )
