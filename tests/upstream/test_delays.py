"""How long an upstream asks to wait: each notation, and that none takes long to read."""

import time
from email.utils import formatdate
from typing import Any

import pytest

from bridge.upstream import delays
from bridge.upstream.delays import in_body, in_headers, reset

NOW = 1_790_000_000.0


@pytest.fixture
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delays.time, "time", lambda: NOW)


@pytest.mark.usefixtures("_now")
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": formatdate(NOW + 42, usegmt=True)}, 42.0),
        ({"retry-after": formatdate(NOW + 42, usegmt=True).replace("GMT", "-0000")}, 42.0),
        ({"retry-after": formatdate(NOW + 42, usegmt=True).replace("GMT", "")}, 42.0),
        ({"retry-after": formatdate(NOW, usegmt=True)}, None),
        ({"retry-after": formatdate(NOW - 42, usegmt=True)}, None),
        ({"x-ratelimit-reset": str(NOW + 42)}, 42.0),
        ({"x-ratelimit-reset": str((NOW + 42) * 1000)}, 42.0),
        ({"x-ratelimit-reset": str(NOW - 42)}, None),
        ({"x-ratelimit-reset-requests": "1h2m3s"}, 3723.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "12ms"}, 0.012),
        ({"x-ratelimit-reset-requests": "2m59.56s"}, 179.56),
        ({"x-ratelimit-reset-requests": "7.66s"}, 7.66),
        ({"x-ratelimit-reset-requests": "5µs"}, 5e-6),
        ({"x-ratelimit-reset-requests": "0s"}, None),
        ({"x-ratelimit-reset-requests": "-1s"}, None),
        ({"x-ratelimit-reset-requests": "1d"}, None),
        ({"retry-after-ms": "1e999"}, None),
        ({"retry-after": "30s"}, 30.0),
        ({"retry-after": "1m30s"}, 90.0),
        ({"retry-after": "500ms"}, 0.5),
        ({"retry-after": '"30"'}, 30.0),
        ({"retry-after": "2, 9"}, 2.0),
        ({"retry-after": "30s garbage"}, None),
        ({"retry-after": str(NOW + 42)}, 42.0),
        ({"retry-after": "2026-09-21T14:14:02Z"}, 42.0),
        ({"retry-after": "2026-09-21T16:14:02.5+02:00"}, 42.5),
        ({"retry-after": "2026-09-21 14:14:02"}, 42.0),
        ({"retry-after": "2026-09-21T14:12:00Z"}, None),
        ({"retry-after": "9999-99-99T00:00:00Z"}, None),
        ({"retry-after": "Mon Sep 21 14:14:02 2026"}, 42.0),
        ({"retry-after": "Monday, 21-Sep-26 14:14:02 GMT"}, 42.0),
        ({"x-ratelimit-reset-requests": "2026-09-21T14:14:02Z"}, 42.0),
        ({"x-ratelimit-reset": "7s"}, 7.0),
        ({"ratelimit-reset": "37"}, 37.0),
        ({"ratelimit-reset": "37", "x-ratelimit-reset": "5"}, 5.0),
        ({"x-ratelimit-remaining-tokens-minute": "0", "x-ratelimit-reset-tokens-minute": "11.4"}, 11.4),
        (
            {
                "x-ratelimit-remaining-requests-day": "14",
                "x-ratelimit-reset-requests-day": "33011.4",
                "x-ratelimit-remaining-tokens-minute": "-3",
                "x-ratelimit-reset-tokens-minute": "11.4",
            },
            11.4,
        ),
        ({"x-ratelimit-remaining-requests-day": "14", "x-ratelimit-reset-requests-day": "33011.4"}, None),
        ({"x-ratelimit-remaining-tokens_usage_based": "0", "x-ratelimit-reset-tokens_usage_based": "9s"}, 9.0),
        ({"x-ratelimit-remaining-minute": "0", "ratelimit-reset": "12"}, 12.0),
        ({}, None),
    ],
)
def test_headers(headers: dict[str, str], seconds: float | None) -> None:
    """Delays come as milliseconds, seconds, dates, Go durations and Unix times."""
    assert (in_headers(headers) or reset(headers)) == (None if seconds is None else pytest.approx(seconds))


RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


@pytest.mark.usefixtures("_now")
@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        ({"details": [{"@type": RETRY_INFO, "retryDelay": "34.07s"}]}, 34.07),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": "34s"}]}, 34.0),
        ({"details": [{"retryDelay": "1s"}, {"retryDelay": "9s"}]}, 1.0),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": "0.400s"}]}, 0.4),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": "1m30s"}]}, 90.0),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": {"seconds": "34", "nanos": 70_000_000}}]}, 34.07),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": {"nanos": 500_000_000}}]}, 0.5),
        ({"details": [{"@type": RETRY_INFO, "retry_delay": {"seconds": 3}}]}, 3.0),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": 7}]}, 7.0),
        ({"details": [{"@type": "x", "links": []}, {"@type": RETRY_INFO, "retryDelay": "2s"}]}, 2.0),
        ({"details": [[{"@type": "x"}, [{"@type": RETRY_INFO, "retryDelay": "2s"}]]]}, 2.0),
        ({"details": {"@type": RETRY_INFO, "retryDelay": "2s"}}, 2.0),
        ({"details": {"retryInfo": {"retryDelay": "2s"}}}, 2.0),
        ({"metadata": {"retry_after_seconds": 3}}, 3.0),
        ({"metadata": {"headers": {"Retry-After": "3"}}}, 3.0),
        ({"metadata": {"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str((NOW + 42) * 1000)}}}, 42.0),
        ({"metadata": {"headers": {"X-RateLimit-Remaining": 0, "X-RateLimit-Reset": NOW + 42}}}, 42.0),
        ({"metadata": {"headers": {"X-RateLimit-Remaining": "9", "X-RateLimit-Reset": "42"}}}, None),
        ({"metadata": {"headers": {"X-RateLimit-Remaining": 0, "X-RateLimit-Reset": 10**400}}}, None),
        ({"metadata": {"headers": {"retry-after": "Mon, 21 Sep 2026 14:14:02 GMT"}}}, 42.0),
        ({"metadata": {"headers": [["retry-after", "3"]]}}, None),
        ({"retry_after": "2026-09-21T14:14:02Z"}, 42.0),
        ({"retryAfter": NOW + 42}, 42.0),
        ({"retryAfter": (NOW + 42) * 1000}, 42.0),
        ({"retry_after": "Mon, 21 Sep 2026 14:14:02 GMT" + " " * 9}, 42.0),
        ({"retry_after": "Mon, 21 Sep 2026 14:14:02 GMT" + " " * 99}, None),
        ({"type": "usage_limit_reached", "resets_in_seconds": 42}, 42.0),
        ({"type": "usage_limit_reached", "resets_at": NOW + 42}, 42.0),
        ({"error": "Model m is currently loading", "estimated_time": 20.5}, 20.5),
        ({"retry_after": 1.5}, 1.5),
        ({"retryAfter": "4"}, 4.0),
        ({"retry_after_ms": 250}, 0.25),
        ({"details": [{"@type": RETRY_INFO}]}, None),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": "soon"}]}, None),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": "0s"}]}, None),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": "-3s"}]}, None),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": "infs"}]}, None),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": True}]}, None),
        ({"details": [{"@type": RETRY_INFO, "retryDelay": ["3s"]}]}, None),
        ({"details": "retryDelay: 3s"}, None),
        ({"message": "Please retry in 34.07s."}, None),
        ({"retry_after": 10**400}, None),
    ],
    ids=str,
)
def test_body(error: dict[str, Any], seconds: float | None) -> None:
    """`google.rpc.RetryInfo` in each of its JSON forms, at any depth, and the similar forms of others."""
    assert in_body(error) == (None if seconds is None else pytest.approx(seconds))


def nested(depth: int) -> dict[str, Any]:
    error: dict[str, Any] = {"retryDelay": "3s"}
    for _ in range(depth):
        error = {"details": [error]}
    return error


def test_a_body_is_looked_into_so_far() -> None:
    """A body of any depth and width is searched, with a bound."""
    assert in_body(nested(50)) == 3.0
    assert in_body(nested(5000)) is None
    assert in_body({"details": [{}] * 100_000}) is None


NAMES = (
    "retry-after-ms",
    "retry-after",
    "x-ratelimit-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-remaining-tokens",
)
LONG = {"digits": "1", "durations": "1h", "fractions": "1.", "date": "Wed, 21 Oct ", "signs": "-", "units": "ms"}


@pytest.mark.parametrize("unit", LONG.values(), ids=LONG)
@pytest.mark.parametrize("name", NAMES)
def test_long_values_take_no_time(name: str, unit: str) -> None:
    """A megabyte in a header gives no delay, and takes no more time than a kilobyte."""
    for size in (1_000, 1_000_000):
        headers = {name: unit * (size // len(unit))}
        began = time.thread_time()
        assert (in_headers(headers) or reset(headers)) is None
        assert in_body({"details": [{"retryDelay": headers[name]}]}) is None
        assert time.thread_time() - began < 0.01
