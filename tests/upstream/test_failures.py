"""The parts of `failures` that need no socket: field paths, exceptions, errors in their class."""

import ssl

import httpx
import pytest

from bridge.errors import Reason, Retry
from bridge.upstream import failures
from bridge.upstream.failures import json_path, of_exception


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
    """Upstreams write field paths in several ways; callers get one."""
    assert json_path(param) == path


def caused(error: httpx.TransportError, cause: Exception) -> httpx.TransportError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (caused(httpx.ConnectError("x"), OSError(111, "refused")), Reason.UPSTREAM_UNREACHABLE),
        (caused(httpx.ConnectError("x"), OSError(-2, "unknown")), Reason.UPSTREAM_UNREACHABLE),
        (caused(httpx.ConnectTimeout("443"), TimeoutError()), Reason.UPSTREAM_UNREACHABLE),
        (caused(httpx.ConnectError("x"), ssl.SSLError(1, "x")), Reason.UPSTREAM_TLS_ERROR),
        (caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError(1, "x")), Reason.UPSTREAM_TLS_ERROR),
        (caused(httpx.ConnectError("x"), ssl.SSLEOFError(8, "x")), Reason.UPSTREAM_UNREACHABLE),
        (httpx.ReadError("reset"), Reason.UPSTREAM_CONNECTION_LOST),
        (httpx.WriteError("Cannot"), Reason.UPSTREAM_WRITE_FAILED),
        (httpx.RemoteProtocolError("443"), Reason.UPSTREAM_MALFORMED_RESPONSE),
        (httpx.LocalProtocolError("443"), Reason.BRIDGE_INTERNAL),
    ],
    ids=repr,
)
def test_exception_before_the_response(error: httpx.TransportError, reason: Reason) -> None:
    """Each exception of the transport has a reason, and its text is not shown."""
    result = of_exception(error, has_response=False)
    assert result.reason is reason
    assert result.response is None
    for part in ("Errno", "reset", "Cannot", "443"):
        assert part not in result.message


def test_exception_in_the_response() -> None:
    """After the response has begun, a broken connection is an interrupted response."""
    for error in (httpx.ReadError("x"), httpx.RemoteProtocolError("x"), httpx.WriteError("x")):
        assert of_exception(error, has_response=True).reason is Reason.UPSTREAM_STREAM_INTERRUPTED


def test_no_failure_of_ours_is_worth_a_blind_retry() -> None:
    """A malformed or too large response is not retried, as its work was done and billed."""
    for error in (failures.malformed("is odd"), failures.too_large("it", 5)):
        assert error.reason.retry is Retry.NO
