"""Odd statuses, framing and content types of HTTP/1.1, and what the parts of a stream may look like."""

import gzip
import json
from functools import partial

from tests.dialects.field.case import (
    DONE,
    END,
    ERROR,
    EVENTS,
    FINISHED,
    LIMIT,
    MALFORMED,
    OK,
    STOP,
    STREAM,
    UNARY,
    A,
    Case,
    chunk,
    data,
    events,
    http,
)

CUT = "UPSTREAM_STREAM_INTERRUPTED"
LOST = "UPSTREAM_CONNECTION_LOST"
REDIRECT = "UPSTREAM_UNEXPECTED_REDIRECT"
SERVER = "UPSTREAM_SERVER_ERROR"
_BODY = json.dumps(FINISHED)
_JSON, _EVENTS = "content-type: application/json", f"content-type: {EVENTS}"
_SIZE = f"content-length: {len(_BODY)}"
_CHUNKED = "transfer-encoding: chunked"


def head(status: str, *headers: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"HTTP/{version} {status} X", *headers, "", ""]).encode("latin-1")


def chunks(*parts: str, end: str = "0\r\n\r\n") -> bytes:
    return "".join([*(f"{len(part):x}\r\n{part}\r\n" for part in parts), end]).encode()


GOOD = head("200", _JSON, _SIZE) + _BODY.encode()
status = partial(Case, "status")
STATUSES = [
    *(status(f"{number}, empty", UNARY, head(number, "connection: close"), MALFORMED) for number in ("204", "205")),
    *(
        status(f"{number}, a result", UNARY, http(_BODY, status=number), OK, "a")
        for number in (201, 202, 203, 206, 207, 246)
    ),
    status("202, later", UNARY, http('{"request_id": "r", "status": "IN_QUEUE"}', status=202), MALFORMED),
    *(
        status(f"{number}, {rpc}", rpc, head(number, "location: https://x/", "content-length: 0"), REDIRECT)
        for number in ("300", "301", "302", "303", "304", "305", "307", "308", "399")
        for rpc in (UNARY, STREAM)
    ),
    *(
        status(
            number, UNARY, head(number, _JSON, _SIZE) + _BODY.encode(), SERVER, message=f"HTTP {int(number)}: {words}"
        )
        for number in ("000", "099", "600", "999")
        for words in ("Any other server error (5xx).",)
    ),
    *(status(number, UNARY, head(number, _JSON, _SIZE) + _BODY.encode(), MALFORMED) for number in ("20", "1000", "")),
    *(
        status(f"{number}, and then 200", UNARY, head(number, "link: </a>") * 2 + GOOD, OK, "a")
        for number in ("100", "102", "103", "104", "199")
    ),
    status("103, and then 429", UNARY, head("103") + http(json.dumps(ERROR), status=429), LIMIT),
    status("100 alone", UNARY, head("100"), LOST),
    status("101", UNARY, head("101", "upgrade: h2c", "connection: upgrade"), MALFORMED),
    status("200 that offers an upgrade", UNARY, GOOD.replace(b" X", b" X\r\nupgrade: h2c", 1), OK, "a"),
]

framing = partial(Case, "framing")
FRAMING = [
    framing("HTTP/1.0", UNARY, head("200", _JSON, version="1.0") + _BODY.encode(), OK, "a"),
    framing("HTTP/0.9", UNARY, _BODY.encode(), MALFORMED),
    *(
        framing(name, UNARY, sent, MALFORMED)
        for name, sent in (
            ("HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
            ("TLS", b"\x15\x03\x01\x00\x02\x02\x46"),
            ("SSH", b"SSH-2.0-OpenSSH_9\r\n"),
            ("Redis", b"-ERR unknown command 'POST'\r\n"),
            ("a head without a colon", GOOD.replace(b" X", b" X\r\nfoo", 1)),
            ("two lengths", GOOD.replace(b" X", b" X\r\ncontent-length: 3", 1)),
            ("a negative length", GOOD.replace(_SIZE.encode(), b"content-length: -1")),
            ("a length of twenty digits", GOOD.replace(_SIZE.encode(), b"content-length: " + b"9" * 20)),
            ("half of the body", GOOD.replace(_SIZE.encode(), b"content-length: 20")),
        )
    ),
    framing("no reason phrase", UNARY, GOOD.replace(b" X", b"", 1), OK, "a"),
    framing("line feeds alone", UNARY, GOOD.replace(b"\r\n", b"\n"), OK, "a"),
    framing("400 lines", UNARY, GOOD.replace(b" X", b" X" + b"\r\nx-a: b" * 400, 1), OK, "a"),
    framing("600 lines", UNARY, GOOD.replace(b" X", b" X" + b"\r\nx-a: b" * 600, 1), MALFORMED),
    framing("too long a body", UNARY, head("200", _JSON, "content-length: 999") + _BODY.encode(), CUT),
    framing(
        "a refusal that is cut off",
        UNARY,
        head("429", _JSON, "content-length: 999") + json.dumps(ERROR).encode(),
        LIMIT,
    ),
    framing("chunks", UNARY, head("200", _JSON, _CHUNKED) + chunks(_BODY[:9], _BODY[9:]), OK, "a"),
    framing("trailers", STREAM, head("200", _EVENTS, _CHUNKED) + chunks(A, END, end="0\r\nx: y\r\n\r\n"), OK, "a"),
    framing("no last chunk", UNARY, head("200", _JSON, _CHUNKED) + chunks(_BODY, end=""), CUT),
    framing("no last chunk, after [DONE]", STREAM, head("200", _EVENTS, _CHUNKED) + chunks(A, END, end=""), OK, "a"),
    framing("no last chunk, no [DONE]", STREAM, head("200", _EVENTS, _CHUNKED) + chunks(A, STOP, end=""), CUT, "a"),
    framing(
        "a wrong chunk, no [DONE]", STREAM, head("200", _EVENTS, _CHUNKED) + chunks(A, STOP, end="zz\r\n"), CUT, "a"
    ),
    framing(
        "a shorter length", STREAM, head("200", _EVENTS, f"content-length: {len(A)}") + (A + END).encode(), CUT, "a"
    ),
]

body = partial(Case, "body")
BODIES = [
    *(
        body(f"{media}, plain", UNARY, http(_BODY, media=media), OK, "a")
        for media in ("application/json; charset=utf-16", "Application/JSON", "application/vnd.api+json", "text/json")
    ),
    body("text/json, in place of a stream", STREAM, http(_BODY, media="text/json; charset=utf-8"), OK, "a"),
    body("a byte order mark", UNARY, http(b"\xef\xbb\xbf" + _BODY.encode()), OK, "a"),
    body("UTF-16", UNARY, http(_BODY.encode("utf-16")), MALFORMED),
    body("gzip that nobody names", UNARY, http(gzip.compress(_BODY.encode())), MALFORMED),
    *(
        body(f"{sent!r:.40}", UNARY, http(sent), MALFORMED)
        for sent in (
            *("", "null", "42", "true", '"a"', "{}", "[]", f"[{_BODY}]", f"{_BODY}x", f"{_BODY}\n{_BODY}", A + END),
            *(f"cb({_BODY})", f")]}}'\n{_BODY}", "<html>", _BODY.replace("}", ",}", 1), f'{{"data": {_BODY}}}'),
            *('{"choices": null}', '{"choices": {}}', '{"choices": [null]}', '{"candidates": []}', '{"output": []}'),
        )
    ),
    body("a login page", STREAM, http("<!DOCTYPE html><html>", media="text/html"), MALFORMED),
    body("lines of chunks", STREAM, http(A[6:-1] + STOP[6:-1], media="application/x-ndjson"), MALFORMED),
    body("an array of chunks", STREAM, http(f"[{A[6:-2]},{STOP[6:-2]}]"), MALFORMED),
]

part = partial(Case, "part of a stream")
_USAGE = data({"choices": [], "usage": {"total_tokens": 3}})
PARTS = [
    part("usage, no [DONE]", STREAM, events(A, STOP, _USAGE), OK, "a"),
    part("usage, and a cut", STREAM, events(A, _USAGE), CUT, "a"),
    part("text after the end", STREAM, events(A, STOP, chunk("b")), OK, "ab"),
    part("a new choice after the end", STREAM, events(A, STOP, chunk("b", index=1)), CUT, "ab"),
    part("the end of another choice", STREAM, events(A, chunk(finish="stop", index=1)), CUT, "a"),
    *(
        part(
            f"an index of {index!r}",
            STREAM,
            events(chunk("a", index=index), chunk(finish="stop", index=index)),
            OK,
            "a",
        )
        for index in (None, "0", 0.0, 1, -1, 10**25, True)
    ),
    *(part(f"no end: {end!r}", STREAM, events(A, chunk(finish=end)), CUT, "a") for end in (0, False, [], {}, "")),
    *(part(f"an end: {end!r}", STREAM, events(A, chunk(finish=end)), OK, "a") for end in (1, True, ["stop"])),
    *(
        part(f"no end: {json.dumps(value)}", STREAM, events(A, data(value)), CUT, "a")
        for value in (
            {"choices": [{"index": 0, "delta": {"finish_reason": "stop"}}]},
            {"choices": [{"index": 0, "delta": {}, "finishReason": "stop"}]},
            {"choices": [{"index": 0, "delta": {}, "stop_reason": "stop"}]},
            {"choices": [], "finish_reason": "stop"},
            {"done": True},
        )
    ),
    *(
        part(f"among chunks: {text[:30]}", STREAM, events(A, data(text), END), MALFORMED, "a")
        for text in ("null", "[]", "42", '"x"', "ping", "[PING]", "[done]", '{"choices": "x"}', '{"choices": [null]}')
    ),
    *(
        part(f"among chunks: {text[:30]}", STREAM, events(A, data(text), END), OK, "a")
        for text in ("{}", '{"choices": null}', '{"id": "c"}', '{"choices": [{"index": 0, "delta": null}]}')
    ),
    part("[DONE] and a word", STREAM, events(A, "data:  [DONE] bye\n\n"), OK, "a"),
    part("an error after [DONE]", STREAM, events(A, DONE, data(ERROR)), OK, "a"),
    part("comments without end", STREAM, events(": ka\n\n" * 2000, A, ":\n" * 2000, END), OK, "a"),
    part("CR", STREAM, http((A + END).replace("\n", "\r"), media=EVENTS), OK, "a"),
    part("CR LF", STREAM, http((A + END).replace("\n", "\r\n"), media=EVENTS), OK, "a"),
    part("an end that is cut in [DONE]", STREAM, events(A, STOP, "data: [DO"), OK, "a"),
    part("a cut in [DONE]", STREAM, events(A, "data: [DO"), CUT, "a"),
    part("a page after a chunk", STREAM, events(A, "<html><h1>502 Bad Gateway</h1></html>"), CUT, "a"),
    part("words after a chunk", STREAM, events(A, "Internal Server Error"), CUT, "a"),
    part(
        "a member twice", STREAM, events(A[:-5] + ', "finish_reason": "stop", "finish_reason": null}]}\n\n'), CUT, "a"
    ),
    part("NUL", STREAM, events(chunk("a\0b"), END), OK, "a\0b"),
    part(
        "half a character",
        STREAM,
        events(r'data: {"choices": [{"delta": {"content": "\ud83d"}}]}', "\n\n", END),
        OK,
        "\ufffd",
    ),
]
TRANSPORTS = [*STATUSES, *FRAMING, *BODIES, *PARTS]
