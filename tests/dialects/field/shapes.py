"""Errors of many shapes in responses with HTTP 200."""

import json
from functools import partial

from tests.dialects.field.case import (
    DONE,
    END,
    FAILED,
    FINISHED,
    LIMIT,
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
    recorded,
)

shape = partial(Case, "shape")
SHAPES = [
    shape(
        "recorded, base_resp in a stream",
        STREAM,
        recorded("base-resp-in-a-stream"),
        QUOTA,
        message="insufficient balance",
        pushback="-1",
    ),
    shape("recorded, base_resp", UNARY, recorded("base-resp"), QUOTA, message="no", pushback="-1"),
    *(
        shape(
            f"base_resp {number}",
            UNARY,
            http(json.dumps({"base_resp": {"status_code": number, "status_msg": "x"}})),
            to,
        )
        for number, to in ((1042, "INVALID_REQUEST"), (2045, LIMIT), (2056, LIMIT), (1033, FAILED))
    ),
    shape("recorded, code and message", STREAM, recorded("code-and-message"), FAILED, message="x"),
    shape(
        "base_resp of a success",
        UNARY,
        http(json.dumps({**FINISHED, "base_resp": {"status_code": 0, "status_msg": ""}})),
        OK,
        "a",
    ),
    shape(
        "base_resp of a success, in a stream",
        STREAM,
        events(
            A,
            data(
                {
                    "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                    "base_resp": {"status_code": 0, "status_msg": "success"},
                }
            ),
            DONE,
        ),
        OK,
        "a",
    ),
    shape(
        "base_resp beside a choice",
        STREAM,
        events(
            A,
            data(
                {
                    "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                    "base_resp": {"status_code": 1027, "status_msg": "x"},
                }
            ),
            DONE,
        ),
        "CONTENT_FILTERED",
        "a",
        message="x",
    ),
    shape(
        "base_resp under a refusal",
        UNARY,
        http('{"base_resp": {"status_code": 1008, "status_msg": "x"}}', status=401),
        QUOTA,
        message="x",
    ),
    shape(
        "a success in code and message", UNARY, http(json.dumps({**FINISHED, "code": 0, "message": "success"})), OK, "a"
    ),
    shape(
        "a success in code and message, in a stream",
        STREAM,
        events(A, data({"code": 200, "message": "ok"}), END),
        OK,
        "a",
    ),
    shape("a message alone, and no more", STREAM, events(A, data({"message": "x"}), DONE), FAILED, "a", message="x"),
    shape("a message alone, and the end", STREAM, events(A, data({"message": "x"})), FAILED, "a", message="x"),
    shape("a message alone first", STREAM, events(data({"msg": "x"}), DONE), FAILED, message="x"),
    shape("a message alone as a response", UNARY, http('{"message": "x"}'), FAILED, message="x"),
    shape("a message, and then the answer", STREAM, events(data({"message": "x"}), A, DONE), OK, "a"),
    shape("a message after the answer", STREAM, events(A, STOP, data({"message": "x"}), DONE), OK, "a"),
    shape("a message among chunks", STREAM, events(A, data({"type": "tool", "message": "x"}), A, END), OK, "aa"),
    shape("a type that sounds like one", STREAM, events(data({"type": "InvalidX", "message": "x"}), A, END), FAILED),
    shape("a notice", STREAM, events(A, data({"type": "status", "message": "searching"}), END), OK, "a"),
    *failing(
        "base_resp, rate limit",
        {"base_resp": {"status_code": 1002, "status_msg": "x"}},
        LIMIT,
        message="x",
        error_code="1002",
    ),
    *failing(
        "base_resp, key",
        {"base_resp": {"status_code": 1004, "status_msg": "x"}},
        "BRIDGE_CREDENTIALS_REJECTED",
        message="x",
    ),
    *failing("base_resp, another number", {"base_resp": {"status_code": 1000, "status_msg": "x"}}, FAILED, message="x"),
    *failing("code and message", {"code": 503, "message": "x", "data": None}, "UPSTREAM_UNAVAILABLE", message="x"),
    *failing("code and message, as text", {"code": "429", "message": "x"}, LIMIT, message="x"),
    *failing("code and message, the server's own", {"id": "r", "code": 10013, "message": "x"}, FAILED, message="x"),
    *failing("code and msg", {"code": 400, "msg": "x"}, "INVALID_REQUEST", message="x"),
    *failing("errcode", {"errcode": 40001, "errmsg": "x"}, FAILED, message="x", error_code="40001"),
    *failing("error_code", {"error_code": 18, "error_msg": "x", "id": "r"}, FAILED, message="x", error_code="18"),
    *failing("error_code of a status", {"error_code": "A.81101.429", "error_msg": "x"}, LIMIT, message="x"),
    *failing("ErrorMsg", {"ErrorMsg": {"Code": 429, "Msg": "x"}}, LIMIT, message="x"),
    *failing("errorCode", {"errorCode": "insufficient_balance", "errorMessage": "x"}, QUOTA, message="x"),
    *failing("success", {"success": False, "errors": [{"code": 1, "message": "x"}]}, FAILED, message="x"),
    *failing("success, no errors", {"success": False, "errors": [], "message": "x"}, FAILED, message="x"),
    *failing("success, texts", {"success": False, "errors": ["x"]}, FAILED, message="x"),
    *failing("errors", {"errors": [{"message": "x", "status": 429}]}, LIMIT, message="x"),
    *failing("error is true", {"error": True, "message": "x"}, FAILED, message="x"),
    *failing(
        "error is true, with a code", {"error": True, "code": "rate_limit_exceeded", "msg": "x"}, LIMIT, message="x"
    ),
    *failing("error is text", {"error": "x"}, FAILED, message="x"),
    *failing("a status in an object", {"error": {"status": {"code": 429, "message": "x"}}}, LIMIT, message="x"),
    *failing("a status alone", {"error": {"status": {"code": 429}}}, LIMIT, message="HTTP 429 Too Many Requests"),
    *failing("a status in a code", {"error": {"message": "x", "code": {"status": 429}}}, LIMIT, message="x"),
    *failing("the response of another", {"error": {"message": "x", "response": {"status": 429}}}, LIMIT, message="x"),
    *failing("a flat status in an object", {"status": {"code": 429, "description": "x"}}, LIMIT, message="x"),
    *failing("Baidu's", {"error": {"code": "rpm_rate_limit_exceeded", "type": "invalid_request_error"}}, LIMIT),
    *failing("error is text, with a status", {"error": "x", "status": 429}, LIMIT, message="x"),
    *failing("error is JSON as text", {"error": '{"message": "x", "code": 429}'}, LIMIT, message="x"),
    *failing("error is a list", {"error": [{"message": "x", "code": 429}]}, LIMIT, message="x"),
    *failing("error in an error", {"error": {"error": {"message": "x", "code": 429}}}, LIMIT, message="x"),
    *failing("an array", [{"error": {"message": "x", "code": 429}}], LIMIT, message="x"),
    *failing("detail", {"detail": "x"}, FAILED, message="x"),
    *failing("detail, an object", {"detail": {"message": "x", "code": 429}}, LIMIT, message="x"),
    *failing("detail, a list", {"detail": [{"loc": ["body"], "msg": "x"}]}, FAILED, message="x"),
    *failing("status", {"status": "error", "message": "x"}, FAILED, message="x"),
    *failing("status, a number", {"status": 429, "message": "x"}, LIMIT, message="x"),
    *failing("event", {"event": "error", "message": "x"}, FAILED, message="x"),
    *failing("type", {"type": "error", "message": "x"}, FAILED, message="x"),
    *failing("object", {"object": "error", "message": "x", "code": 429}, LIMIT, message="x"),
    *failing(
        "an id beside",
        {"id": "c", "object": "chat.completion.chunk", "choices": [], "code": 503, "message": "x"},
        "UPSTREAM_UNAVAILABLE",
        message="x",
    ),
]
