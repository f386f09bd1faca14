"""Reads the delay in seconds that an upstream asks for, from headers or the body of an error.

Headers and bodies may be long. A text over 64 characters is not a delay and is not parsed.
"""

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, Final

_MAX_DELAY_CHARACTERS: Final = 64
#: Maximum number of members of an error body that are searched for a delay.
_MAX_NODES: Final = 256
_PART: Final = re.compile(
    r"(\d+\.?\d*|\.\d+) ?(ms|milliseconds?|us|µs|ns|h|hours?|m|min|minutes?|s|secs?|seconds?)(?![a-z]) ?"
)
_DURATION: Final = re.compile(f"(?:pt)?(?:{_PART.pattern})+")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
#: Members of an error that hold a delay or a time, in lower case without `_`, and their unit in seconds.
_MEMBERS: Final = {
    "retrydelay": 1.0,  # google.rpc.RetryInfo
    "retryafterms": 1e-3,
    "retryafterseconds": 1.0,  # OpenRouter
    "retryafter": 1.0,
    "resetsinseconds": 1.0,  # ChatGPT's limit of a plan, as the next
    "resetsat": 1.0,
    "estimatedtime": 1.0,  # Hugging Face, while a model is loaded
}
#: Members that may contain such a member, at any depth.
_HOLDERS: Final = ("details", "metadata", "headers", "retryInfo", "retry_info")
_RESET: Final = "x-ratelimit-reset"
_STRUCTURED: Final = re.compile(r"(?:^|[;, ])(?:t|reset) ?= ?([0-9]+)")
_REMAINING: Final = "x-ratelimit-remaining"
#: The limits that count if the headers do not say which is exhausted. Others may be those of a whole day.
_KINDS: Final = ("-requests", "-tokens")
#: Maximum number of headers in a body that are read.
_MAX_HEADERS: Final = 128
#: Larger numbers are Unix times, in seconds or milliseconds.
_UNIX_TIME: Final = 1e8
_UNIX_MILLISECONDS: Final = 1e11


def in_headers(headers: Mapping[str, str]) -> float | None:
    """The delay in `retry-after-ms`, or else in `retry-after`, which is in seconds or a date.

    Some gateways (Azure's among them) write these names with a prefix.
    """
    milliseconds = _number(_text(headers, "retry-after-ms")) or _number(_text(headers, "x-ms-retry-after-ms"))
    if milliseconds:
        return milliseconds * 1e-3
    return _wait(_text(headers, "retry-after")) or _wait(_text(headers, "x-retry-after"))


def reset(headers: Mapping[str, str]) -> float | None:
    """The time until the exhausted rate limits reset; until all reset if the headers do not say which are exhausted."""
    waits = [_wait(_text(headers, _RESET + kind)) or 0.0 for kind in _used_up(headers) or _KINDS]
    wait = max(waits) or _wait(_text(headers, _RESET)) or _wait(_text(headers, _RESET + "-after"))
    return wait or _wait(_text(headers, "ratelimit-reset")) or _structured(_text(headers, "ratelimit"))


def _structured(text: str) -> float | None:
    """The reset in the IETF's `RateLimit`: `"default";r=0;t=7`, or in earlier drafts `remaining=0, reset=7`."""
    found = _STRUCTURED.search(text)
    return _wait(found[1]) if found else None


def _used_up(headers: Mapping[str, str]) -> list[str]:
    """The limits of which nothing remains, such as `-tokens`; an empty name for the only limit of a server."""
    names = [name for name in headers if name.startswith(_REMAINING)]
    return [name[len(_REMAINING) :] for name in names if _is_zero(_text(headers, name))]


def _relayed(given: Any) -> float | None:
    """The delay in headers that a body quotes, as OpenRouter's do for its own limits and its provider's."""
    if not isinstance(given, Mapping):
        return None
    items = islice(given.items(), _MAX_HEADERS)
    headers = {name.lower(): str(value) for name, value in items if isinstance(value, str) or _is_small(value)}
    return in_headers(headers) or (reset(headers) if _used_up(headers) else None)


def in_body(error: Mapping[str, Any]) -> float | None:
    """The delay in an error object: `google.rpc.RetryInfo` in its details, or OpenRouter's metadata."""
    pending: list[Any] = [error]
    for _ in range(_MAX_NODES):
        if not pending:
            break
        item = pending.pop()
        if isinstance(item, Mapping):
            for key, value in item.items():
                unit = _MEMBERS.get(key.lower().replace("_", "").replace("-", ""))
                seconds = None if unit is None else _wait(value) if unit == 1.0 else duration(value)
                if unit is not None and seconds is not None:
                    return seconds * unit
            seconds = _relayed(item.get("headers"))
            if seconds is not None:
                return seconds
            pending += [item[key] for key in _HOLDERS if key in item]
        elif isinstance(item, list):
            pending += reversed(item[:_MAX_NODES])
    return None


def duration(value: Any) -> float | None:
    """Seconds in a number, also as text, Go's `1h2m3s`, protobuf's `{"seconds", "nanos"}`, ISO's `PT5S`, `5 sec`."""
    if isinstance(value, Mapping):
        return ((_number(value.get("seconds")) or 0.0) + (_number(value.get("nanos")) or 0.0) * 1e-9) or None
    text = value.strip().lower() if isinstance(value, str) and len(value) <= _MAX_DELAY_CHARACTERS else ""
    if _DURATION.fullmatch(text):
        return sum(float(number) * _unit(name) for number, name in _PART.findall(text)) or None
    return _number(value)


def _unit(name: str) -> float:
    """A unit in seconds, by its symbol or word."""
    return _UNITS[name if len(name) <= 2 else "ms" if name.startswith("milli") else name[0]]


def _text(headers: Mapping[str, str], name: str) -> str:
    text = headers.get(name, "")
    return text if len(text) <= _MAX_DELAY_CHARACTERS else ""


def _number(value: Any) -> float | None:
    """A positive number, or one as text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if isinstance(value, str) and len(value) > _MAX_DELAY_CHARACTERS:
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < float("inf") else None


def _is_small(value: Any) -> bool:
    """Whether a value is a number whose text is short: Python does not write integers of thousands of digits."""
    return type(value) in {int, float} and abs(value) < _UNIX_MILLISECONDS * 100


def _is_zero(text: str) -> bool:
    try:
        return float(text) <= 0
    except ValueError:
        return False


def _wait(value: Any) -> float | None:
    """Seconds until what a value names: a duration, a Unix time or a date. Of several durations the first counts."""
    text = value.strip(' "') if isinstance(value, str) and len(value) <= _MAX_DELAY_CHARACTERS else ""
    seconds = duration(text or value) or duration(text.partition(",")[0])
    if seconds is None:
        return _until(text)
    if seconds > _UNIX_MILLISECONDS:
        seconds /= 1000
    if seconds > _UNIX_TIME:
        seconds -= time.time()
    return seconds if seconds > 0 else None


def _until(date: str) -> float | None:
    """Seconds until a date of HTTP or RFC 3339; None if it has passed or is not a date."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, TypeError, OverflowError):
            moment = read(date)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time()
            return seconds if seconds > 0 else None
    return None
