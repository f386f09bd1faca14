"""Statuses that a code does not override, delays in the body, exhausted credit."""

import json
from functools import partial
from typing import Any

from tests.dialects.field.case import (
    DONE,
    FAILED,
    LIMIT,
    QUOTA,
    STREAM,
    UNARY,
    A,
    Case,
    data,
    events,
    http,
    recorded,
    refused,
)

status = partial(Case, "status")
STATUSES = [
    status(
        "recorded, 424",
        UNARY,
        recorded("failed-dependency"),
        "UPSTREAM_DEPENDENCY_FAILED",
        code="FAILED_PRECONDITION",
        pushback="-1",
    ),
    status("424 with a delay", UNARY, refused(424, "retry-after: 1"), "UPSTREAM_DEPENDENCY_FAILED", pushback="-1"),
    status(
        "424 in a stream",
        STREAM,
        events(A, data({"error": {"message": "x", "code": 424}}), DONE),
        "UPSTREAM_DEPENDENCY_FAILED",
        "a",
        pushback="-1",
    ),
    status(
        "failed_dependency",
        UNARY,
        http('{"error": {"message": "x", "type": "failed_dependency"}}'),
        "UPSTREAM_DEPENDENCY_FAILED",
        pushback="-1",
    ),
    status(
        "recorded, 413",
        UNARY,
        recorded("too-large-by-rate-limit"),
        "REQUEST_TOO_LARGE",
        code="INVALID_ARGUMENT",
        pushback="-1",
    ),
    status(
        "413, throttling",
        UNARY,
        refused(413, "retry-after: 1", type="throttling_error"),
        "REQUEST_TOO_LARGE",
        pushback="-1",
    ),
    status(
        "413 in a stream",
        STREAM,
        events(data({"error": {"message": "x", "code": 413, "type": "rate_limit_exceeded"}}), DONE),
        "REQUEST_TOO_LARGE",
        pushback="-1",
    ),
    status("413, no money", UNARY, refused(413, code="insufficient_quota"), QUOTA, pushback="-1"),
    status(
        "413, too long", UNARY, refused(413, code="context_length_exceeded"), "CONTEXT_LENGTH_EXCEEDED", pushback="-1"
    ),
    *(
        status(
            f"{http_status}, rate limit", UNARY, refused(http_status, code="rate_limit_exceeded"), reason, pushback="-1"
        )
        for http_status, reason in (
            (405, "UPSTREAM_NOT_SUPPORTED"),
            (410, "MODEL_RETIRED"),
            (414, "UPSTREAM_CLIENT_ERROR"),
            (415, "BRIDGE_REQUEST_REJECTED"),
            (431, "BRIDGE_REQUEST_REJECTED"),
            (451, "LEGAL_RESTRICTION"),
            (501, "UPSTREAM_NOT_SUPPORTED"),
        )
    ),
]

_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo"}


def waits(delay: Any, *headers: str, wrap: Any = None) -> bytes:
    details = [{"@type": "type.googleapis.com/google.rpc.Help", "links": []}, {**_INFO, "retryDelay": delay}]
    return refused(429, *headers, status="RESOURCE_EXHAUSTED", details=wrap(details) if wrap else details)


_RAW = json.dumps({"error": {"message": "x", "details": [{**_INFO, "retryDelay": "4s"}]}})
delay = partial(Case, "delay")
_LIMITED = {"error": {"message": "x"}}
_DETAILS = [{**_INFO, "retryDelay": "2s"}]
DELAYS = [
    delay(
        "beside the error",
        UNARY,
        http(json.dumps({**_LIMITED, "details": _DETAILS}), status=429),
        LIMIT,
        pushback="2000",
    ),
    delay("recorded", UNARY, recorded("retry-info"), LIMIT, pushback="34070"),
    delay("whole seconds", UNARY, waits("34s"), LIMIT, pushback="34000"),
    delay("milliseconds", UNARY, waits("0.250s"), LIMIT, pushback="250"),
    delay("seconds and nanos", UNARY, waits({"seconds": "34", "nanos": 70000000}), LIMIT, pushback="34070"),
    delay("a number", UNARY, waits(3), LIMIT, pushback="3000"),
    delay("in lists", UNARY, waits("2s", wrap=lambda details: [[details], []]), LIMIT, pushback="2000"),
    delay("no list", UNARY, waits("2s", wrap=lambda details: details[1]), LIMIT, pushback="2000"),
    delay("too long", UNARY, waits("61s"), LIMIT, pushback="-1"),
    delay("an hour", UNARY, waits("1h0m0s"), LIMIT, pushback="-1"),
    delay("no delay", UNARY, waits("soon"), LIMIT, pushback="1000"),
    delay("a header beside", UNARY, waits("34s", "retry-after: 2"), LIMIT, pushback="2000"),
    delay("a reset beside", UNARY, waits("34s", "x-ratelimit-reset-requests: 5s"), LIMIT, pushback="34000"),
    delay(
        "in a stream",
        STREAM,
        events(data([{"error": {"code": 429, "message": "x", "details": [{**_INFO, "retryDelay": "2s"}]}}]), DONE),
        LIMIT,
        pushback="2000",
    ),
    delay("in an error of an error", UNARY, refused(429, metadata={"raw": _RAW}), LIMIT, pushback="4000"),
    delay(
        "no money",
        UNARY,
        refused(429, code="insufficient_quota", details=[{**_INFO, "retryDelay": "2s"}]),
        QUOTA,
        pushback="-1",
    ),
]

_MONEY = (
    *("exceeded_current_quota_error", "insufficient_balance_error", "insufficient_balance", "INSUFFICIENT_BALANCE"),
    *("budget_exceeded", "billing_not_active", "billing_hard_limit_reached", "Arrearage", "InsufficientBalance"),
    *("insufficient-quota", "Insufficient Balance"),
)
money = partial(Case, "money")
_INNER = json.dumps({"error": {"message": "y", "code": "insufficient_quota"}})
_LIMIT = json.dumps({"error": {"message": "y", "code": "rate_limit_exceeded"}})
MONEY = [
    money("in an error of an error", UNARY, refused(502, metadata={"raw": _INNER}), QUOTA, message="y", pushback="-1"),
    money("in a message that is JSON", UNARY, refused(500, message=_INNER), QUOTA, message="y", pushback="-1"),
    money("a limit of an error of an error", UNARY, refused(500, metadata={"raw": _LIMIT}), FAILED, message="y"),
    money("a number of Z.AI's", UNARY, refused(429, code="1113"), QUOTA, pushback="-1"),
    money("a number of SiliconFlow's", UNARY, http('{"code": 30001, "msg": "x"}', status=403), QUOTA, pushback="-1"),
    money(
        "as the text of an error", UNARY, http('{"error": "INSUFFICIENT_BALANCE"}', status=403), QUOTA, pushback="-1"
    ),
    money("as a message", UNARY, refused(429, message="Insufficient Balance"), QUOTA, pushback="-1"),
    money("in a message", UNARY, refused(403, message="not about an insufficient balance"), "ACCESS_DENIED"),
    money("a limit as a message", UNARY, refused(500, message="rate limit exceeded"), FAILED),
    money("recorded, exceeded_current_quota_error", UNARY, recorded("exceeded-current-quota"), QUOTA, pushback="-1"),
    money("recorded, budget_exceeded", UNARY, recorded("budget-exceeded"), QUOTA, pushback="-1"),
    money("recorded, INSUFFICIENT_BALANCE", UNARY, recorded("insufficient-balance"), QUOTA, message="x", pushback="-1"),
    *(
        money(f"{name}, {status}", UNARY, http(json.dumps(body), status=status), QUOTA, message="x", pushback="-1")
        for number, name in enumerate(_MONEY)
        for status in ((400, 403, 500) if number % 2 else (401, 429, 503))
        for body in (
            {"error": {"message": "x", "type": name, "code": str(status)}},
            {"error": {"message": "x", "code": name}},
            {"code": name, "message": "x"},
            {"error": "x", "error_code": name},
        )
    ),
]
