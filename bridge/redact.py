"""Text from outside made safe to show: no keys, no URLs, no control characters, nothing of the prompt.

Upstreams quote what they were sent: a validation error repeats the input, a rejected key comes back in part.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from bridge.jsontext import escaped, text_of

_SECRET: Final = re.compile(
    r"(?:\b|(?<=\\[nrtbf]))(?:"  # JSON text may have `\n` before a key, which looks like a letter
    r"(?:sk|aib|pk|rk|vck|gsk|csk|xai|hf|r8|fw|pplx|nvapi|key)[-_][A-Za-z0-9_*.-]{3,}[A-Za-z0-9_*-]"  # OpenAI, Vercel …
    r"|AIza[A-Za-z0-9_*-]{8,}"  # Google
    r"|(?:AKIA|ASIA)[A-Z0-9*]{8,}"  # AWS
    r"|eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}"  # a JSON web token
    r"|(?i:bearer|basic)\s+(?:(?=[^\s\"',;}]*[0-9A-Z_~+/=-])[^\s\"',;}]{4,}|[^\s\"',;}]{20,}))"  # no `bearer token`
)
_URL: Final = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s\"'<>]+|\bdata:[a-z]+/[^\s\"'<>]+")
#: With those that change the direction of text, which make a log line read as another.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")

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
    text = _CONTROL.sub(" ", text)  # as `safe` will do: what differs in a line feed is shared all the same
    long = [_CONTROL.sub(" ", prompt) for prompt in prompts if len(prompt) >= _WINDOW]
    for prompt in long:
        text = text.replace(prompt, "[…]")
    for prompt in long:
        text = _cut(text, prompt)
    return text


def strings(value: Any) -> Iterator[str]:
    """All texts in a request's JSON value, without those that name a model or a type; bounded in total size.

    Each as it is and as JSON writes it, with and without letters beyond ASCII: errors quote both.
    """
    left = _PROMPT_BYTES
    pending = [value]
    while pending and left > 0:
        item = pending.pop()
        if isinstance(item, str):
            text = item[:left]
            left -= len(text)
            yield from dict.fromkeys((escaped(text), text_of(text)[1:-1], text))
        elif isinstance(item, dict):
            pending += [member for key, member in item.items() if key not in _NAMES]
        elif isinstance(item, list):
            pending += item


def _cut(text: str, prompt: str) -> str:
    at = 0
    while at + _WINDOW <= len(text):
        begin, end = _shared(text, at, prompt) if text[at : at + _WINDOW] in prompt else (0, 0)
        if end:
            text = f"{text[:begin]}[…]{text[end:]}"
            at = max(0, begin + 3 - _SHARED)  # the mark may be part of the prompt too
        else:
            at += _SHARED - _WINDOW  # of any run, one window is met
    return text


def _shared(text: str, at: int, prompt: str) -> tuple[int, int]:
    """Where a run of at least `_SHARED` characters begins and ends that holds the window at `at`; (0, 0) for none."""
    for begin in range(max(0, at + _WINDOW - _SHARED), min(at, len(text) - _SHARED) + 1):
        found = prompt.find(text[begin : begin + _SHARED])
        if found >= 0:
            end, high = begin + _SHARED, found + _SHARED
            while end < len(text) and high < len(prompt) and text[end] == prompt[high]:
                end, high = end + 1, high + 1
            return begin, end
    return 0, 0
