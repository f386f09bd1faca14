"""What is recorded of a call, or shown on a terminal, brought into bounds: text, counts and numbers from outside.

A caller chooses the model's name, an upstream says what was used. What cannot be written costs more than itself: an
integer over 64 bits loses the log line, a name of megabytes makes the collector refuse the spans of a whole batch. So
whatever is recorded passes here once, where it is noted: `services.entry` and `Observer.end`.
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final, NamedTuple

#: Characters of a name that is recorded.
MAX_WORD: Final = 128
#: Counts are recorded as signed 64-bit integers, which is what OTLP has.
MAX_COUNT: Final = (1 << 63) - 1
#: What a terminal could take for a command, or shows in another order than it stands: C0, C1, separators of lines,
#: controls of direction, lone surrogates. Not tabs and line feeds: they shape text.
_COMMANDS: Final = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff]"
)


class Tokens(NamedTuple):
    """How many tokens an upstream says that a call took; None where it does not say."""

    input: int | None
    output: int | None
    cached: int | None
    reasoning: int | None


NO_TOKENS: Final = Tokens(None, None, None, None)


def word(text: str, limit: int = MAX_WORD) -> str:
    """A name in one line of at most `limit` characters, each of which is printable: others become U+FFFD."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def printable(text: str) -> str:
    """Text without the characters that command a terminal. It may have several lines."""
    return _COMMANDS.sub("", text)


def shown(value: Any) -> Any:
    """A value of a log line, with every text in it as `printable` and in one line."""
    if isinstance(value, str):
        return value if value.isprintable() else printable(value).replace("\n", " ")
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return value


def count(value: Any) -> int | None:
    """A number of things, as tokens; None for what is none: another type, negative, over 63 bits."""
    return value if type(value) is int and 0 <= value <= MAX_COUNT else None


def number(value: float) -> float | None:
    """A number that every exporter can write; None for NaN, infinities and integers over 64 bits."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if -MAX_COUNT <= value <= MAX_COUNT else None


def tokens(usage: Any) -> Tokens:
    """The counts in an upstream's `usage`, whatever it is."""
    if not isinstance(usage, Mapping):
        return NO_TOKENS
    prompt, completion = ("prompt_tokens", "completion_tokens")
    if prompt not in usage and "input_tokens" in usage:  # OpenAI's responses and images, Anthropic's messages
        prompt, completion = ("input_tokens", "output_tokens")
    read, made = usage.get(f"{prompt}_details"), usage.get(f"{completion}_details")
    return Tokens(
        count(usage.get(prompt)),
        count(usage.get(completion)),
        count(read.get("cached_tokens")) if isinstance(read, Mapping) else None,
        count(made.get("reasoning_tokens")) if isinstance(made, Mapping) else None,
    )
