"""The parts of `failures` that need no socket: delays by the clock, field paths, exceptions, errors in their class."""

import ssl
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import pytest

from bridge.errors import Reason, Retry
from bridge.upstream import failures
from bridge.upstream.failures import json_path, of_exception, retry_delay

NOW = 1_790_000_000.0


@pytest.fixture
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures.time, "time", lambda: NOW)


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
        ({}, None),
    ],
)
def test_retry_delay(headers: dict[str, str], seconds: float | None) -> None:
    """Delays come in milliseconds, seconds, dates, Go durations and Unix times."""
    assert retry_delay(headers) == (None if seconds is None else pytest.approx(seconds))


def test_reset_of_a_limit_that_was_not_hit() -> None:
    """The reset of a limit tells nothing where no limit was hit."""
    assert retry_delay({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset": "1"}, is_limit=False) is None


@pytest.mark.parametrize(
    ("param", "path"),
    [
        ("model", "model"),
        ("messages[0].content[1].text", "messages[0].content[1].text"),
        ("messages.0.content", "messages[0].content"),
        ("messages.[0].content", "messages[0].content"),
        ("$.tools[3]", "tools[3]"),
        ("[0]", "[0]"),
        ("", ""),
        ("...", ""),
    ],
)
def test_proto_path(param: str, path: str) -> None:
    """Upstreams write paths in several ways; callers get one."""
    assert json_path(param) == path


KEY: Any = SimpleNamespace(host="h", port=443, is_ssl=True, ssl=True)


def caused(error: Exception) -> Exception:
    """As the transport raises it: an httpx exception with aiohttp's behind it."""
    outer = httpx.ConnectTimeout("x")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize("wrap", [caused, lambda error: error], ids=["httpx", "aiohttp"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (aiohttp.ClientConnectorError(KEY, OSError(111, "refused")), Reason.UPSTREAM_UNREACHABLE),
        (aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "unknown")), Reason.UPSTREAM_UNREACHABLE),
        (aiohttp.ConnectionTimeoutError(), Reason.UPSTREAM_UNREACHABLE),
        (aiohttp.ClientConnectorSSLError(KEY, OSError(1, "x")), Reason.UPSTREAM_TLS_ERROR),
        (aiohttp.ClientConnectorCertificateError(KEY, Exception("x")), Reason.UPSTREAM_TLS_ERROR),
        (ssl.SSLError(1, "x"), Reason.UPSTREAM_TLS_ERROR),
        (aiohttp.ServerDisconnectedError(), Reason.UPSTREAM_CONNECTION_LOST),
        (aiohttp.ClientOSError(104, "reset"), Reason.UPSTREAM_CONNECTION_LOST),
        (ConnectionResetError(104, "reset"), Reason.UPSTREAM_CONNECTION_LOST),
        (aiohttp.ClientOSError(32, "Can not write request body"), Reason.UPSTREAM_WRITE_FAILED),
        (aiohttp.ClientConnectionResetError("Cannot write to closing transport"), Reason.UPSTREAM_WRITE_FAILED),
        (BrokenPipeError(32, "broken"), Reason.UPSTREAM_WRITE_FAILED),
        (aiohttp.ClientResponseError(Any, (), status=400, message="x"), Reason.UPSTREAM_MALFORMED_RESPONSE),
    ],
    ids=repr,
)
def test_exception_before_the_reply(wrap: Any, error: Exception, reason: Reason) -> None:
    """What the HTTP client raises is told apart by aiohttp's exception: httpx's name for it may be wrong."""
    result = of_exception(wrap(error), answered=False)
    assert result.reason is reason
    assert result.reply is None
    for part in ("refused", "reset", "Cannot", "443"):
        assert part not in result.message


def test_exception_in_the_reply() -> None:
    """Once the reply has begun, a broken connection is an interrupted reply."""
    for error in (aiohttp.ClientPayloadError("x"), aiohttp.ServerDisconnectedError(), aiohttp.ClientOSError(32, "x")):
        assert of_exception(error, answered=True).reason is Reason.UPSTREAM_STREAM_INTERRUPTED


def test_no_failure_of_ours_is_worth_a_blind_retry() -> None:
    """Malformed and oversized replies are not retried: the work was done and billed."""
    for error in (failures.malformed("is odd"), failures.too_large("it", 5)):
        assert error.reason.retry is Retry.NO
