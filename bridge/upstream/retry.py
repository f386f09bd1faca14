"""Decides whether and when the bridge retries a request.

It retries only before anything was delivered to the caller, and only if the upstream cannot have billed the request:
the request was not sent, or it was refused with 429, 502, 503 or 529, or it was a GET whose connection was lost, as
when the upstream closes an idle connection at that moment. 408, 500, 504 and stalls are not retried. An upstream that
sends `x-should-retry` knows better, and decides for any status. A token bucket for the whole process prevents retry
storms: an upstream that is down gets a tenth more requests, not three times as many.

Decisions use the upstream's own headers (`ErrorResponse.should_retry`, `BridgeError.delay`), never the headers that are
passed on to the caller.
"""

import asyncio
import random
from typing import Final

from bridge.call import CallContext
from bridge.errors import BridgeError, Reason, Retry

_RETRIED_STATUSES: Final = frozenset({429, 502, 503, 529})
_FIRST_DELAY_SECONDS: Final = 0.5
_MAX_DELAY_SECONDS: Final = 8.0
_MAX_TOKENS: Final = 10.0
_TOKENS_PER_SUCCESS: Final = 0.1


class Retries:
    """The retry policy. `limit` is the number of retries per call; 0 switches them off."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tokens = _MAX_TOKENS

    def succeeded(self) -> None:
        """A request has succeeded: it earns a tenth of a retry."""
        self._tokens = min(_MAX_TOKENS, self._tokens + _TOKENS_PER_SUCCESS)

    def delay(self, error: BridgeError, call: CallContext, retries: int, *, is_get: bool = False) -> float | None:
        """Seconds until the next attempt after a failure; None to give up. `retries` is the number of them so far.

        A delay that the upstream asks for is used if the deadline allows it. Otherwise the delay is random (full
        jitter), up to 0.5 s for the first retry, doubling up to 8 s.
        """
        if not self._limit or not call.may_retry or not _is_retryable(error, is_get=is_get):
            return None
        if retries >= self._limit or self._tokens < 1:
            call.record.retries_spent = True
            return None
        seconds = error.delay
        if seconds is None:
            seconds = random.uniform(0, min(_MAX_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2**retries))  # noqa: S311 # jitter, not a secret
        if asyncio.get_running_loop().time() + seconds >= call.deadline:
            return None
        self._tokens -= 1
        call.record.retries_spent = True
        return seconds


def _is_retryable(error: BridgeError, *, is_get: bool) -> bool:
    if error.reason is Reason.UPSTREAM_UNREACHABLE:
        return True
    if error.reason is Reason.UPSTREAM_CONNECTION_LOST:
        return is_get
    if error.response is None:
        return False
    if error.response.should_retry is not None:
        return error.response.should_retry
    return error.response.http_status in _RETRIED_STATUSES and (error.retry or error.reason.retry) is not Retry.NO
