"""Variants: names for exhausted credit, formats of delays, values that mean success, events about tools."""

import json
from functools import partial
from typing import Any

from tests.dialects.field.case import (
    DONE,
    END,
    ERROR,
    FAILED,
    FINISHED,
    LIMIT,
    MALFORMED,
    OK,
    QUOTA,
    STOP,
    STREAM,
    UNARY,
    A,
    Case,
    data,
    events,
    failing,
    http,
    refused,
)

_TEXT = json.dumps(ERROR)

within = partial(Case, "within")
#: Events whose data is not only JSON. They always fail, so the upstream's own error is expected.
WITHIN = [
    *(
        within(f"{before!r}", STREAM, events(A, f"data: {before}{_TEXT}\n\n", DONE), LIMIT, "a", message="x")
        for before in ("error: ", "Error: ", "ERROR ", "data: ", "upstream_error: ")
    ),
    within("the next field", STREAM, events(A, f"data: {_TEXT}data: [DONE]\n\n"), LIMIT, "a", message="x"),
    within("the next field, of a chunk", STREAM, events(A, f"{A[:-2]}data: [DONE]\n\n"), MALFORMED, "a"),
    within("a word before what is no error", STREAM, events(A, 'data: note: {"a": 1}\n\n', END), MALFORMED, "a"),
    within("a word after the end", STREAM, events(A, STOP, f"data: note: {_TEXT}\n\n", DONE), OK, "a"),
]

_NAMES = (
    *("credit_limit_exceeded", "payment_required_error", "payment_error", "BillingError", "billing_quota_exceeded"),
    *("InsufficientBalanceError", "credit_balance_too_low", "account_balance_insufficient", "BalanceNotEnough"),
    *("CREDITS_DEPLETED", "no-credits", "ResourceUnavailable.InArrears", "PrepaidBillOverdue", "ExceededBudget"),
    *("BudgetExceededError", "monthly_spend_limit_reached", "InsufficientFundsException", "out_of_funds"),
)
_OTHERS = (
    *("load_balancer_error", "credential_expired", "credits_api_error", "thinking_budget_exceeded", "no_balancer"),
    *("BillingServiceUnavailable", "payment_internal_error"),
)
money = partial(Case, "money")
MONEY = [
    *(money(f"{name}, code", UNARY, refused(403, code=name), QUOTA, pushback="-1") for name in _NAMES),
    *(money(f"{name}, type", UNARY, refused(429, type=name), QUOTA, pushback="-1") for name in _NAMES),
    *(money(f"{name}, about something else", UNARY, refused(403, code=name), "ACCESS_DENIED") for name in _OTHERS),
    *(
        money(f"{name}, in a stream", STREAM, events(A, data({"code": name, "message": "x"}), DONE), QUOTA, "a")
        for name in _NAMES
    ),
    money("a sentence", UNARY, refused(403, message="the payment page has no credits link"), "ACCESS_DENIED"),
    money("413", UNARY, refused(413, code="credits_exceeded"), QUOTA, pushback="-1"),
]

_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo"}
delay = partial(Case, "delay")
DELAYS = [
    delay(
        repr(given),
        UNARY,
        refused(429, details=[{"@type": "type.googleapis.com/google.rpc.Help"}, {**_INFO, "retryDelay": given}]),
        LIMIT,
        pushback=pushback,
    )
    for given, pushback in (
        *(("0.5s", "500"), (".5s", "500"), ("2.s", "2000"), ("34.074824224s", "34075"), ("500ms", "500")),
        *((" 5s ", "5000"), ("5 s", "5000"), ("5S", "5000"), ("5sec", "5000"), ("5 seconds", "5000")),
        *(("1 minute", "60000"), ("60s", "60000"), ("60.001s", "-1"), ("1m1s", "-1"), ("PT5S", "5000")),
        *(("0.0001s", "1"), ("0s", "1000"), ("5 sleeps", "1000"), ("s", "1000"), ("-5s", "1000"), ("5", "5000")),
        *((5.5, "5500"), ({"seconds": 0, "nanos": 500_000_000}, "500"), (None, "1000"), ([], "1000")),
    )
]

empty_error = partial(Case, "empty error")
_NONE: tuple[Any, ...] = (
    *({}, None, "", [], False, "Success.", "no_error", "NoError", "N/A", "-", "000", "200 "),
    *({"code": "00000"}, {"code": "Success", "message": "Success!"}, {"message": "completed", "code": 0}, [[]]),
)
_SOME: tuple[Any, ...] = (
    "2.0.4",
    "-200",
    "no errors were found in it, but",
    {"code": "00001"},
    {"message": "ok?"},
    "错误",
)
EMPTY = [
    empty_error(f"{value!r}, {name}", rpc, http(json.dumps({**FINISHED, "error": value})), reason, text)
    for values, reason, text in ((_NONE, OK, "a"), (_SOME, FAILED, ""))
    for value in values
    for name, rpc in (("plain", UNARY), ("in place of a stream", STREAM))
]

tool = partial(Case, "event of a tool")
_RESULT = {"error": "file not found"}
TOOLS = [
    *(
        tool(f"{name}, {position}", STREAM, events(*parts), OK, "a")
        for name in ("tool_result", "tool_error", "tool.failed", "Tool-Call")
        for event in (f"event: {name}\n{data(_RESULT)}",)
        for position, parts in (("first", (event, A, END)), ("last", (A, END[: -len(DONE)], event, DONE)))
    ),
    tool(
        "toolbox_error",
        STREAM,
        events(A, f"event: toolbox_error\n{data(_RESULT)}", DONE),
        FAILED,
        "a",
    ),
    tool("an empty error", STREAM, events(A, f"event: status\n{data({'error': {'code': None}})}", END), OK, "a"),
]

nested = failing("in data", {"data": {"error": {"message": "x", "code": 429}}}, LIMIT, message="x")
VARIANTS = [*WITHIN, *MONEY, *DELAYS, *EMPTY, *TOOLS, *nested]
