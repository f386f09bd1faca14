"""Errors inside objects with any name, in bodies that are no result, and notices that are no errors."""

import json
from functools import partial
from typing import Any

from tests.dialects.field.case import (
    DONE,
    END,
    ERROR,
    EVENTS,
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
    http,
)

place = partial(Case, "place")
#: Objects with an error inside that has no place of its own.
_INSIDE: tuple[dict[str, Any], ...] = (
    {"result": ERROR},
    {"Response": {"Error": {"Code": "429", "Message": "x"}}},
    {"throttlingException": {"message": "x"}},
    {"data": ERROR},
    {"header": {"code": 429, "message": "x"}},
)
INSIDE = [
    *(
        place(f"{name}, {json.dumps(value)}", rpc, sent, LIMIT, text, message="x")
        for value in _INSIDE
        for body in (json.dumps(value),)
        for name, rpc, sent, text in (
            ("text", UNARY, http(body, media="text/plain"), ""),
            ("a page", STREAM, http(body, media="text/html"), ""),
            ("lines", STREAM, http(f"{body}\n", media="application/x-ndjson"), ""),
            ("an event in place of JSON", UNARY, http(data(body)), ""),
            ("a stream in place of JSON", UNARY, http(f"event: error\n{data(body)}", media=EVENTS), ""),
            ("under the name of an error", STREAM, events(A, f"event: error\n{data(body)}", DONE), "a"),
            ("refused", UNARY, http(body, status=429), ""),
        )
    ),
    place("refused, money", UNARY, http('{"data": {"error": {"code": "insufficient_quota"}}}', status=500), QUOTA),
    place("choices that are empty, and a message", UNARY, http('{"choices": [], "message": "x"}'), FAILED, message="x"),
    place("choices, and a message", UNARY, http(json.dumps({**FINISHED, "message": "x"})), OK, "a"),
    place("a result as text", UNARY, http(json.dumps(FINISHED), media="text/plain"), MALFORMED),
]

#: Objects that servers write among the chunks, and beside a result. None of them is an error.
_NOTICES: tuple[dict[str, Any], ...] = (
    *({"type": "ping"}, {"status": "processing"}, {"status": "running", "message": "x"}, {"message": "x"}),
    *({"type": "rate_limits.updated", "rate_limits": []}, {"warning": "x"}, {"code": 0, "message": "success"}),
    *({"error_count": 0}, {"debug": {"error": None}}, {"errors": {}}, {"detail": None}, {"success": True}),
    *({"status": 200, "message": "ok"}, {"log": {"level": "error", "message": "x"}}, {"is_error": False}),
    *({"hook_results": {"checks": [{"error": {"name": "x"}}]}}, {"errno": 0, "errmsg": "ok"}, {"fault": {}}),
    *({"openrouter_metadata": {"attempts": [{"status": 429}]}}, {"type": "tool_error", "message": "x"}),
    *({"providerMetadata": {"gateway": {"attempts": [{"success": False, "error": "x"}]}}}, {"exception": None}),
    *({"title": "Error handling"}, {"type": "info", "message": "x"}, {"previous_error": "timeout"}, {"done": False}),
    *({"last_error": {"message": "x", "code": 429}}, {"fallback": {"error": {"message": "x"}}}, {"failures": []}),
    *({"type": "response.created", "response": {"error": None}}, {"limits": {"rate_limit_exceeded": False}}),
)
notice = partial(Case, "notice")
NOTICES = [
    notice(f"{name}, {json.dumps(value)}", rpc, sent, OK, text)
    for value in _NOTICES
    for name, rpc, sent, text in (
        ("first", STREAM, events(data(value), A, END), "a"),
        ("among chunks", STREAM, events(A, data(value), A, END), "aa"),
        ("last", STREAM, events(A, STOP, data(value)), "a"),
        ("under a name", STREAM, events(A, f"event: info\n{data(value)}", A, END), "aa"),
        ("beside a chunk", STREAM, events(data({**json.loads(A[6:]), **value}), END), "a"),
        ("beside a result", UNARY, http(json.dumps({**FINISHED, **value})), "a"),
    )
]
_TEXT = json.dumps(json.dumps(ERROR))
_QUOTA = json.dumps(json.dumps({"error": {"message": "x", "code": "insufficient_quota"}}))
encoded_twice = partial(Case, "encoded twice")
#: An error whose JSON text is a JSON string.
TWICE = [
    encoded_twice("in an event", STREAM, events(A, data(_TEXT), DONE), LIMIT, "a", message="x"),
    encoded_twice("in a named event", STREAM, events(A, f"event: error\n{data(_TEXT)}", DONE), LIMIT, "a", message="x"),
    encoded_twice("as a response", UNARY, http(_TEXT), LIMIT, message="x", pushback="1000"),
    encoded_twice("as a response to a stream", STREAM, http(_TEXT), LIMIT, message="x"),
    encoded_twice("refused", UNARY, http(_QUOTA, status=429), QUOTA, message="x", error_code="insufficient_quota"),
    encoded_twice("a chunk", STREAM, events(data(json.dumps(A[6:-2])), END), MALFORMED),
    encoded_twice("text", UNARY, http('"{not JSON"'), MALFORMED),
]

wrapped = partial(Case, "wrapped")
_NO_LIST = "the upstream's response has no list of choices"
#: A wrapper that says success has no error to report, but is not a completion either.
WRAPPED = [
    wrapped(json.dumps(value), UNARY, http(json.dumps({**value, "data": FINISHED})), MALFORMED, message=_NO_LIST)
    for value in ({"code": 0, "message": "success"}, {"code": 200, "msg": "OK", "success": True})
]
PLACES = [*INSIDE, *NOTICES, *TWICE, *WRAPPED]
