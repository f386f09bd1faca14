"""Which objects in a response with HTTP 200 are errors, and which only look like one."""

import json
from typing import Any

import pytest

from bridge.upstream.inside import error_in


@pytest.mark.parametrize(
    "value",
    [
        {"error": {"message": "m"}},
        {"error": "text"},
        {"error": [{"message": "m"}]},
        {"error": {"code": 429}, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}]},
        {"code": "c", "error": "text"},
        {"object": "error", "message": "m"},
        {"message": "m", "type": "t", "code": 1},
        {"error_type": "t", "error_message": "m"},
        {"id": "c", "x_groq": {"id": "r", "error": "over capacity"}},
        {"id": "c", "x_groq": {"error": "x"}, "choices": [{"index": 0, "delta": {}, "finish_reason": None}]},
        {"choices": [{"index": 0, "message": {}, "finish_reason": "error", "error": {"code": 502}}]},
        {"choices": [{"index": 0, "error": "text"}]},
        {"choices": [], "error": {"message": "m"}},
    ],
    ids=json.dumps,
)
def test_is_an_error(value: dict[str, Any]) -> None:
    """An error in a 200 response is recognised by its shape."""
    assert error_in(value) is not None


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"error": None, "choices": []},
        {"error": "", "choices": []},
        {"error": {}, "choices": []},
        {"error": [], "choices": []},
        {"error": False, "choices": []},
        {"choices": [{"index": 0, "delta": {"content": '{"error": {"message": "m"}}'}, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {"content": "error"}, "finish_reason": "error"}]},
        {"choices": [{"index": 0, "delta": {}, "error": None}, {"index": 1, "error": {}}, "no choice"]},
        {"id": "c", "x_groq": {"id": "r", "error": None}},
        {"id": "c", "x_groq": {"id": "r", "usage": {}}},
        {"id": "c", "object": "chat.completion.chunk", "message": "m", "type": "t"},
        {"object": "list", "data": [{"error": {"message": "m"}}], "message": "m", "type": "t"},
        {"usage": {"prompt_tokens": 1}},
        {"choices": None},
    ],
    ids=json.dumps,
)
def test_is_no_error(value: dict[str, Any]) -> None:
    """`"error": null` and the like are no errors, nor is text with this word."""
    assert error_in(value) is None
