"""Text from outside made safe to show: no keys, no URLs, no control characters, nothing of the prompt.

Upstreams quote what they were sent: a validation error repeats the input, a rejected key comes back in part.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

_SECRET: Final = re.compile(
    r"\b(?:sk|pk|rk|vck|gsk|xai|hf|key)[-_][A-Za-z0-9_*.-]{4,}"  # OpenAI, Vercel, Groq, xAI, Hugging Face …
    r"|\bAIza[A-Za-z0-9_*-]{8,}"  # Google
    r"|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}"  # a JSON web token
    r"|\b(?i:bearer|basic)\s+[^\s\"',;}]{4,}"
)
_URL: Final = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s\"'<>]+|\bdata:[a-z]+/[^\s\"'<>]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+")

#: Shared runs of this many characters between a prompt and an error are what `without` is sure to find.
_SHARED: Final = 24
_WINDOW: Final = 12
_PROMPT_BYTES: Final = 1 << 18
#: Request members that name things instead of carrying the caller's text.
_NAMES: Final = frozenset({"model", "models", "type", "role", "object", "format", "encoding_format"})


def safe(text: str, limit: int = 512) -> str:
    """One line of at most `limit` characters with secrets and URLs masked."""
    text = text[: limit * 4]  # before the searches: an upstream may send megabytes
    text = _URL.sub("[url]", _SECRET.sub("[secret]", text))
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def without(text: str, prompts: Iterable[str]) -> str:
    """`text` with what it shares with a prompt masked: whole prompts, and any 24 characters of longer ones."""
    for prompt in prompts:
        if len(prompt) >= _WINDOW:
            text = _cut(text.replace(prompt, "[…]"), prompt)
    return text


def strings(value: Any) -> Iterator[str]:
    """All texts in a request's JSON value, without those that name a model or a type; bounded in total size."""
    left = _PROMPT_BYTES
    pending = [value]
    while pending and left > 0:
        item = pending.pop()
        if isinstance(item, str):
            left -= len(item)
            yield item[:_PROMPT_BYTES]
        elif isinstance(item, dict):
            pending += [member for key, member in item.items() if key not in _NAMES]
        elif isinstance(item, list):
            pending += item


def _cut(text: str, prompt: str) -> str:
    at = 0
    while at + _WINDOW <= len(text):
        found = prompt.find(text[at : at + _WINDOW])
        if found < 0:
            at += _SHARED - _WINDOW
            continue
        begin, end = _extend(text, at, prompt, found)
        if end - begin < _SHARED:
            at += _SHARED - _WINDOW
            continue
        text = f"{text[:begin]}[…]{text[end:]}"
        at = begin + 3
    return text


def _extend(text: str, at: int, prompt: str, found: int) -> tuple[int, int]:
    begin, end = at, at + _WINDOW
    low, high = found, found + _WINDOW
    while begin and low and text[begin - 1] == prompt[low - 1]:
        begin, low = begin - 1, low - 1
    while end < len(text) and high < len(prompt) and text[end] == prompt[high]:
        end, high = end + 1, high + 1
    return begin, end
