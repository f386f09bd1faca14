"""More cases of each kind, with spellings, places and names that differ from the recorded ones."""

import gzip
import json
import zlib
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
    chunk,
    data,
    events,
    failing,
    http,
    refused,
)

_TEXT = json.dumps(ERROR)
spelling = partial(Case, "spelling")
#: Lines that are not a field by the standard, but contain an error.
SPELLINGS = [
    *(
        spelling(f"{before!r}, an error", STREAM, events(A, f"{before}{_TEXT}\n\n", DONE), LIMIT, "a", message="x")
        for before in (
            *("Error: ", "ERROR ", "Error:", "DATA: ", "Data:", " data: ", "\tdata: ", "data : ", "data ", "message: "),
            *("upstream_error: ", "\0", "\ufeff", "\ufeffdata: ", "   ", "payload:"),
        )
    ),
    *(
        spelling(f"{before!r}, chunks", STREAM, events(*(f"{before}{each[6:]}" for each in (A, STOP)), DONE), OK, "a")
        for before in (" data: ", "DATA: ", "data : ", "Data:")
    ),
    spelling("error: an array", STREAM, events(A, f"error: [{_TEXT}]\n\n", DONE), LIMIT, "a", message="x"),
    spelling(
        "pretty, after a word",
        STREAM,
        events(A, f"Error: {json.dumps(ERROR, indent=1)}\n\n", DONE),
        LIMIT,
        "a",
        message="x",
    ),
    spelling("the size of a chunk", STREAM, events(A, f"3c\r\n{_TEXT}\r\n\r\n", DONE), LIMIT, "a", message="x"),
    spelling(
        "the response of another server",
        STREAM,
        events(A, f"HTTP/1.1 429 Too Many\r\ncontent-type: application/json\r\n\r\n{_TEXT}\r\n"),
        LIMIT,
        "a",
        message="x",
    ),
    spelling("a comment", STREAM, events(A, f": {_TEXT}\n\n", END), OK, "a"),
    spelling("words with brackets", STREAM, events(A, "see [1] and {x}\n", "queue: [3]\n\n", END), OK, "a"),
    spelling("a long word", STREAM, events(A, f"{'a' * 40}: {_TEXT}\n\n", END), OK, "a"),
    spelling("an id that looks like one", STREAM, events(A, f"id: {_TEXT}\n\n", END), OK, "a"),
]

inner = partial(Case, "inner")
_DELTA = {"index": 0, "finish_reason": None}
_RESULT = {"type": "tool_result", "result": {"error": "file not found"}}
#: Errors outside any known member.
INNER = [
    *failing("Error", {"Error": {"Code": "429", "Message": "x"}}, LIMIT, message="x"),
    *failing("in a result", {"result": {"error": {"message": "x", "code": 429}}}, LIMIT, message="x"),
    *failing("in a response", {"response": {"error": {"code": "rate_limit_exceeded", "message": "x"}}}, LIMIT),
    *failing("Tencent's", {"Response": {"Error": {"Code": "InternalError", "Message": "x"}, "RequestId": "r"}}, FAILED),
    *(
        case
        for code, reason in (
            ("AuthFailure.SecretIdNotFound", "BRIDGE_CREDENTIALS_REJECTED"),
            ("UnauthorizedOperation", "ACCESS_DENIED"),
            ("LimitExceeded.Tokens", LIMIT),
        )
        for case in failing(f"Tencent's {code}", {"Response": {"Error": {"Code": code, "Message": "x"}}}, reason)
    ),
    *failing("in a header", {"header": {"code": 10013, "message": "x", "sid": "s"}}, FAILED, message="x"),
    *failing("retcode", {"retcode": 1001, "retmsg": "x"}, FAILED, message="x", error_code="1001"),
    *failing("AWS's, of a limit", {"throttlingException": {"message": "x"}}, LIMIT, message="x"),
    *failing("AWS's, of a stream", {"modelStreamErrorException": {"message": "x"}}, FAILED, message="x"),
    *failing("failure", {"failure": {"message": "x"}}, FAILED, message="x"),
    *failing("a number", {"error": 429}, LIMIT),
    *failing("a code alone", {"code": "insufficient_quota"}, QUOTA, pushback="-1"),
    *failing("JSON-RPC", {"jsonrpc": "2.0", "error": {"code": -32000, "message": "x"}, "id": 1}, FAILED, message="x"),
    *failing("GraphQL", {"data": None, "errors": [{"message": "x"}]}, FAILED, message="x"),
    *failing("__type", {"__type": "ThrottlingException", "message": "x"}, LIMIT, message="x"),
    *failing("a problem", {"type": "about:blank", "title": "Slow down", "status": 429, "detail": "x"}, LIMIT),
    *(
        inner(
            f"in a {place}, {rpc}",
            rpc,
            events(A, data(value), DONE) if rpc == STREAM else http(json.dumps(value)),
            LIMIT,
            "a" if rpc == STREAM else "",
            message="x",
        )
        for place in ("delta", "message")
        for rpc in (STREAM, UNARY)
        for value in ({"choices": [{**_DELTA, place: {"content": "", **ERROR}}]},)
    ),
    inner("an empty one in a delta", STREAM, events(A, chunk(finish="stop", error=None), DONE), OK, "a"),
    inner("a tool's, among chunks", STREAM, events(A, data(_RESULT), A, END), OK, "aa"),
    inner("a tool's, after the answer", STREAM, events(A, STOP, data(_RESULT), DONE), OK, "a"),
    inner(
        "a header of a success", STREAM, events(A, data({"header": {"code": 0, "message": "Success"}}), DONE), OK, "a"
    ),
    inner("timings", STREAM, events(A, data({"timings": {"predicted_ms": 3, "error_rate": 0}}), DONE), OK, "a"),
    inner("no errors inside", STREAM, events(A, data({"stats": {"errors": 0, "last_error": None}}), DONE), OK, "a"),
    inner(
        "in a wide object", STREAM, events(A, data({"a": {str(number): {} for number in range(5000)}}), DONE), OK, "a"
    ),
]


def _encoded(name: str, body: bytes, media: str = "application/json") -> bytes:
    return http(body, f"content-encoding: {name}", media=media)


_WHOLE = json.dumps(FINISHED).encode()
coding = partial(Case, "coding")
CODINGS = [
    *(
        coding(f"{name}, {rpc}", rpc, _encoded(name, *sent), OK, "a")
        for name in ("UTF-16", "text/plain", "application/json", "*", "aws-chunked", "unicode", "en", "x-foo, none")
        for rpc, sent in ((UNARY, (_WHOLE,)), (STREAM, ((A + END).encode(), EVENTS)))
    ),
    *(coding(f"{name}, which is one", UNARY, _encoded(name, _WHOLE), MALFORMED) for name in ("zstd", "br, none", "xz")),
    *(
        coding(
            f"deflate, {window}, {rpc}",
            rpc,
            _encoded("deflate", zlib.compress(*sent[:1], wbits=window), *sent[1:]),
            OK,
            "a",
        )
        for window in (-15, 15, 31)
        for rpc, sent in ((UNARY, (_WHOLE,)), (STREAM, ((A + END).encode(), EVENTS)))
    ),
    coding(
        "two lines of the header",
        STREAM,
        http(gzip.compress((A + END).encode()), "content-encoding: gzip", "content-encoding: none", media=EVENTS),
        OK,
        "a",
    ),
    coding("deflate that is none", UNARY, _encoded("deflate", b"no such thing"), MALFORMED),
    coding("deflate of one byte", UNARY, _encoded("deflate", b"x"), "UPSTREAM_STREAM_INTERRUPTED"),
]


def _money(status: int, name: str, *more: Any) -> Case:
    return Case("money", f"{name}, {status}", UNARY, refused(status, *more, code=name), QUOTA, pushback="-1")


MONEY = [
    _money(403, "AllocationQuota.FreeTierOnly"),
    _money(403, "NOT_ENOUGH_BALANCE"),
    _money(429, "out_of_credits", "retry-after: 3"),
    _money(403, "credits-exhausted"),
    _money(400, "FailedOperation.ResourcePackExhausted"),
    _money(429, "spend_limit_exceeded", "x-ratelimit-reset-requests: 5s"),
    Case(
        "status",
        "424 at a limit",
        UNARY,
        refused(424, code="rate_limit_exceeded"),
        "UPSTREAM_DEPENDENCY_FAILED",
        pushback="-1",
    ),
    Case(
        "status",
        "413 of nginx",
        UNARY,
        http("<html><h1>413</h1></html>", media="text/html", status=413),
        "REQUEST_TOO_LARGE",
        pushback="-1",
    ),
    Case(
        "status",
        "413 in a 200",
        UNARY,
        http(json.dumps({"error": {"message": "x", "code": 413, "type": "tokens"}})),
        "REQUEST_TOO_LARGE",
    ),
]
FURTHER = [*SPELLINGS, *INNER, *CODINGS, *MONEY]
