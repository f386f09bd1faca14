"""The numbers of the retry policy: backoff, bucket, deadline. `test_retry` has what is retried."""

import asyncio
import random
from typing import Any

import pytest

from bridge.call import CallContext, CallRecord
from bridge.errors import BridgeError, Reason
from bridge.upstream.retry import Retries

UNREACHABLE = BridgeError(Reason.UPSTREAM_UNREACHABLE, "no connection")


def failed(*, seconds: float = 600.0, may_retry: bool = True) -> CallContext:
    """A call whose latest attempt has failed, this many seconds before its deadline."""
    deadline = asyncio.get_running_loop().time() + seconds
    method = "/aibridge.v1.ChatService/CreateChatCompletion"
    record = CallRecord(method, (), "r")
    return CallContext(record, method, (), deadline, may_retry=may_retry)


async def test_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backoff with full jitter: from zero to half a second, doubling to eight seconds."""
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", uniform)
    retries = Retries(10)
    delays = [retries.delay(UNREACHABLE, failed(), count) for count in range(7)]
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert asked == [(0, delay) for delay in delays]


async def test_a_wait_that_the_upstream_names_is_kept_to() -> None:
    error = BridgeError(Reason.UPSTREAM_UNREACHABLE, "no connection", delay=12.5)
    assert Retries(1).delay(error, failed(), 0) == 12.5


@pytest.mark.parametrize(("seconds", "delay"), [(12.0, None), (13.0, 12.5)])
async def test_a_wait_beyond_the_deadline_is_not_begun(seconds: float, delay: float | None) -> None:
    error = BridgeError(Reason.UPSTREAM_UNREACHABLE, "no connection", delay=12.5)
    assert Retries(1).delay(error, failed(seconds=seconds), 0) == delay


def spend(retries: Retries) -> int:
    """Spend all retries of the bucket, and return their number."""
    count = 0
    while retries.delay(UNREACHABLE, failed(), 0) is not None:
        count += 1
    return count


async def test_the_bucket_holds_ten() -> None:
    """The bucket holds ten retries, however many requests have succeeded."""
    retries = Retries(1)
    for _ in range(1000):
        retries.succeeded()
    assert spend(retries) == 10
    assert spend(retries) == 0


async def test_ten_successes_earn_a_retry() -> None:
    retries = Retries(1)
    spend(retries)
    for _ in range(55):
        retries.succeeded()
    assert spend(retries) == 5


@pytest.mark.parametrize(
    ("limit", "retries", "more", "spent"),
    [
        (2, 0, {}, True),  # it retries
        (2, 2, {}, True),  # it has retried
        (0, 0, {}, False),  # it never does
        (2, 0, {"may_retry": False}, False),  # the caller has switched retries off
    ],
)
async def test_whether_the_retries_are_spent(limit: int, retries: int, more: dict[str, Any], *, spent: bool) -> None:
    """If the bridge has spent its retries, gRPC must not retry; otherwise the client's policy decides."""
    call = failed(**more)
    Retries(limit).delay(UNREACHABLE, call, retries)
    assert call.record.retries_spent is spent


async def test_what_is_not_retried_spends_nothing() -> None:
    call = failed()
    assert Retries(2).delay(BridgeError(Reason.UPSTREAM_TLS_ERROR, "no"), call, 0) is None
    assert call.record.retries_spent is False
