"""The comparison of OpenAI's libraries with and without a bridge finds each difference, and reports no others."""

from typing import Any

import pytest

from tests.e2e.openai.cases import Case, load
from tests.e2e.openai.compare import problems, request_problems
from tests.support.gateway import Request

CASE = Case("c", "", "chat", "")
BODY = b'{"model": "c", "temperature": 0}'


def request(body: bytes = BODY, **headers: str) -> Request:
    return Request("POST", "/v1/chat/completions", headers, body)


@pytest.mark.parametrize(
    ("direct", "bridge"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {}),
        ({}, {"a": 1}),
        ({"a": 1}, {"a": True}),
        ({"a": [1, 2]}, {"a": [1]}),
        ({"a": [{"b": "x"}]}, {"a": [{"b": "y"}]}),
        ({"embedding": [0.1]}, {"embedding": [0.2]}),
        ({"data": [{"index": 0, "embedding": [1.0]}]}, {"data": [{"index": 1, "embedding": [1.0]}]}),
        ({"raised": "A"}, {"raised": "B"}),
        ({"request_id": "a"}, {"request_id": "b"}),
        ({}, {"a": "nothing"}),
        ([{"delta": {"tool_calls": [{"index": 0}]}}], [{"delta": {"tool_calls": [{"id": "a"}]}}]),
        ([{"delta": {"tool_calls": [{"index": 0}]}}], [{"delta": {"tool_calls": [{"index": 99}]}}]),
    ],
)
def test_a_difference_is_seen(direct: Any, bridge: Any) -> None:
    assert list(problems(CASE, {"c sync direct": direct, "c sync bridge": bridge}))


@pytest.mark.parametrize(
    ("direct", "bridge"),
    [
        ({"a": None}, {}),
        ({"a": 1}, {"a": 1.0}),
        ({"embedding": [0.1]}, {"embedding": [0.10000000149011612]}),
        ({"data": [{"index": 1, "embedding": [1.0]}, {"index": 0, "embedding": [0.0]}]},
         {"data": [{"index": 0, "embedding": [0.0]}, {"index": 1, "embedding": [1.0]}]}),
        ({}, {"request_id": "the bridge's"}),
        ([{"delta": {"tool_calls": [{"id": "a"}]}}], [{"delta": {"tool_calls": [{"id": "a", "index": 0}]}}]),
    ],
)  # fmt: skip
def test_what_is_documented_is_none(direct: Any, bridge: Any) -> None:
    assert not list(problems(CASE, {"c sync direct": direct, "c sync bridge": bridge}))


def test_a_case_that_did_not_run_is_wrong() -> None:
    assert list(problems(CASE, {"other sync direct": 1, "other sync bridge": 1})) == ["did not run"]


def test_a_case_that_differs_has_to_fail_over_the_bridge() -> None:
    case = Case("c", "", "chat", "", differs="so")
    assert list(problems(case, {"c sync direct": {}, "c sync bridge": {}}))
    assert not list(problems(case, {"c sync direct": {}, "c sync bridge": {"raised": "E"}}))


@pytest.mark.parametrize(
    "other",
    [
        request(b'{"model": "c", "temperature": 1}'),
        request(b'{"model": "c"}'),
        request(authorization="Bearer x"),
    ],
)
def test_a_request_that_differs_is_seen(other: Request) -> None:
    assert list(request_problems(CASE, [request(), other], 1, obeys=True))
    assert not list(request_problems(CASE, [request(), request(x_else="1")], 1, obeys=True))


def test_attempts_are_counted() -> None:
    case = Case("c", "", "chat", "", retries=1)
    assert not list(request_problems(case, [request()] * 4, 1, obeys=True))
    assert list(request_problems(case, [request()] * 2, 1, obeys=True)) == ["2 requests instead of 4"]
    case = Case("c", "", "chat", "", retries=1, headers={"x-should-retry": "false"})
    assert not list(request_problems(case, [request()] * 2, 1, obeys=True))
    assert not list(request_problems(case, [request()] * 4, 1, obeys=False))


def test_the_cases_are_those_that_were_promised() -> None:
    names = {case.name for case in load()}
    assert len(names) == len(load())
    assert {f"E{number}" for number in range(1, 20)} <= {name.rstrip("abcdefg") for name in names}
