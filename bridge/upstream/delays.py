"""Reads the delay in seconds that an upstream asks for, from headers or the body of an error.

Headers and bodies may be long. A text over 64 characters is not a delay and is not parsed.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

_MAX_DELAY_CHARACTERS: Final = 64
#: Maximum number of members of an error body that are searched for a delay.
_MAX_NODES: Final = 256
_PART: Final = re.compile(
    r"(\d+\.?\d*|\.\d+) ?(ms|milliseconds?|us|µs|ns|h|hours?|m|min|minutes?|s|secs?|seconds?)(?![a-z]) ?"
)
_DURATION: Final = re.compile(f"(?:pt)?(?:{_PART.pattern})+")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
#: Members of an error that hold a delay, in lower case without `_`, and their unit in seconds.
_MEMBERS: Final = {
    "retrydelay": 1.0,  # google.rpc.RetryInfo
    "retryafterms": 1e-3,
    "retryafterseconds": 1.0,  # OpenRouter
    "retryafter": 1.0,
}
#: Members that may contain such a member, at any depth.
_HOLDERS: Final = ("details", "metadata", "headers", "retryInfo", "retry_info")


def in_headers(headers: Mapping[str, str]) -> float | None:
    """The delay in `retry-after-ms`, or else in `retry-after`, which is in seconds or a date."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        seconds = _number(_text(headers, name))
        if seconds:
            return seconds * unit
    return _until(_text(headers, "retry-after"))


def reset(headers: Mapping[str, str]) -> float | None:
    """The time until the exhausted rate limits reset; until all reset if the headers do not say which are exhausted."""
    kinds = ("requests", "tokens")
    used_up = [kind for kind in kinds if _text(headers, f"x-ratelimit-remaining-{kind}").strip() == "0"]
    waits = [duration(_text(headers, f"x-ratelimit-reset-{kind}")) or 0.0 for kind in used_up or kinds]
    wait = max(waits) or _number(_text(headers, "x-ratelimit-reset")) or 0.0
    if wait > 1e11:
        wait /= 1000  # OpenRouter sends a Unix time in milliseconds
    if wait > 1e8:
        wait -= time.time()
    return wait if wait > 0 else None


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
                seconds = duration(value) if unit is not None else None
                if unit is not None and seconds is not None:
                    return seconds * unit
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


def _until(date: str) -> float | None:
    """Seconds until an HTTP date; None if it has passed or is not a date."""
    try:
        moment = parsedate_to_datetime(date)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds > 0 else None
