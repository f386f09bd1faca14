"""Errors without a text, members with other names, and the trailers of a response with many headers."""

import json
from functools import partial
from typing import Any

from tests.dialects.field.case import (
    DONE,
    EMBEDDINGS,
    END,
    FAILED,
    FINISHED,
    LIMIT,
    MALFORMED,
    OK,
    STOP,
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

_BLANK = {"message": "", "type": "", "param": "", "code": None}
_NOERRORS: tuple[Any, ...] = (
    *(
        _BLANK,
        {"message": "", "code": 0},
        {"message": "success", "code": 200},
        {"code": "0", "message": "OK", "details": []},
    ),
    *({"message": None, "metadata": {}}, "success", "none", [_BLANK], 0, [None]),
)
empty_error = partial(Case, "empty error")
EMPTY = [
    empty_error("recorded", UNARY, recorded("empty-error"), OK, "hi"),
    *(
        empty_error(f"{json.dumps(error)}, {rpc}", rpc, sent, OK, "a")
        for error in _NOERRORS
        for rpc, sent in (
            (UNARY, http(json.dumps({**FINISHED, "error": error}))),
            (
                STREAM,
                events(
                    *(each.replace('"choices"', f'"error": {json.dumps(error)}, "choices"') for each in (A, STOP)),
                    data({"choices": [], "usage": {"total_tokens": 1}, "error": error}),
                    DONE,
                ),
            ),
        )
    ),
    empty_error(
        "in a choice", UNARY, http(json.dumps({"choices": [{**FINISHED["choices"][0], "error": _BLANK}]})), OK, "a"
    ),  # type: ignore[dict-item]
    empty_error(
        "Groq's", STREAM, events(A, data({"id": "c", "x_groq": {"id": "r", "error": ""}, "choices": []}), END), OK, "a"
    ),
    empty_error("alone", STREAM, events(A, data({"error": _BLANK}), DONE), FAILED, "a"),
    empty_error("alone, plain", UNARY, http(json.dumps({"error": _BLANK})), FAILED),
    empty_error("a code alone", UNARY, http(json.dumps({**FINISHED, "error": {**_BLANK, "code": 429}})), LIMIT),
    empty_error(
        "a type alone",
        STREAM,
        events(A, data({"choices": [], "error": {**_BLANK, "type": "overloaded_error"}}), DONE),
        "UPSTREAM_OVERLOADED",
        "a",
    ),
]

words = partial(Case, "words")
WORDS = [
    words(
        "recorded",
        UNARY,
        recorded("error-msg-and-error-code"),
        LIMIT,
        message="Too many requests",
        error_code="A.81101.429",
    ),
    words(
        "in an error, in a 200",
        UNARY,
        http('{"error": {"error_msg": "x", "error_code": "A.81101.429"}}'),
        LIMIT,
        message="x",
        error_code="A.81101.429",
    ),
    words(
        "flat",
        UNARY,
        http('{"error_msg": "x", "error_code": "ModelArts.4603"}', status=403),
        "ACCESS_DENIED",
        message="x",
        error_code="ModelArts.4603",
    ),
    words(
        "errMsg",
        UNARY,
        http('{"errCode": 12, "errMsg": "x"}', status=400),
        "INVALID_REQUEST",
        message="x",
        error_code="12",
    ),
    words(
        "Message",
        UNARY,
        http('{"Code": "Throttling", "Message": "x"}', status=429),
        LIMIT,
        message="x",
        error_code="Throttling",
    ),
    words(
        "fault",
        UNARY,
        http('{"fault": {"faultstring": "x", "detail": {"errorcode": "a"}}}', status=429),
        LIMIT,
        message="x",
    ),
    words(
        "status_msg",
        UNARY,
        http('{"base_resp": {"status_code": 2013, "status_msg": "x"}}', status=400),
        "INVALID_REQUEST",
        message="x",
        error_code="2013",
    ),
]

request_id = partial(Case, "request id")
IDS = [
    request_id(
        "recorded", UNARY, recorded("request-id-behind-many-headers"), OK, "hi", trailers=("x-upstream-request-id",)
    ),
    *(
        request_id(f"{prefix}, {rpc}", rpc, sent, OK, "a", trailers=("x-upstream-request-id", *also))
        for prefix, also in (
            ("llm_provider-x-ratelimit-", ("x-litellm-call-id",)),
            ("llm-provider-x-ratelimit-", ("x-litellm-call-id",)),
            ("x-ratelimit-", ()),
        )
        for headers in (
            [*(f"{prefix}{number}: {'v' * 90}" for number in range(100)), "x-litellm-call-id: l", "X-Request-Id: rid"],
        )
        for rpc, sent in (
            (UNARY, http(json.dumps(FINISHED), *headers)),
            (STREAM, events(A, END, headers=tuple(headers))),
        )
    ),
    request_id(
        "of a refusal",
        UNARY,
        refused(500, *(f"llm_provider-x-ratelimit-{number}: {'v' * 90}" for number in range(100)), "x-request-id: rid"),
        FAILED,
        trailers=("x-upstream-request-id",),
    ),
]

vectors = partial(Case, "vectors")
VECTORS = [vectors("recorded", EMBEDDINGS, recorded("one-vector-for-two-inputs"), MALFORMED)]
halves = partial(Case, "halves")
HALVES = [halves("recorded", STREAM, recorded("surrogate-halves"), OK, "\U0001f600")]
