"""Named events, event streams with another content type, missing blank lines, text after the end."""

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
    STOP,
    STREAM,
    UNARY,
    A,
    Case,
    chunk,
    data,
    events,
    http,
    recorded,
)


def named(name: str, value: Any) -> str:
    return f"event: {name}\n{data(value)}"


named_event = partial(Case, "named event")
NAMES = [
    named_event("recorded, ping", STREAM, recorded("ping-with-words"), OK, "a"),
    named_event("recorded, status", STREAM, recorded("status-with-a-message"), OK, "a"),
    named_event("heartbeat", STREAM, events(named("heartbeat", "1"), A, named("heartbeat", "null"), END), OK, "a"),
    named_event("metadata", STREAM, events(named("metadata", {"model": "m", "detail": {"a": 1}}), A, END), OK, "a"),
    named_event("a list", STREAM, events(A, named("sources", [{"url": "x"}]), END), OK, "a"),
    named_event("words", STREAM, events(A, "event: thinking\ndata: hm\ndata: hm\n\n", END), OK, "a"),
    named_event("words with a code", STREAM, events(A, named("progress", {"code": 102, "message": "x"}), END), OK, "a"),
    named_event("done", STREAM, events(A, STOP, named("done", {})), OK, "a"),
    named_event("done, with [DONE]", STREAM, events(A, named("done", "[DONE]")), OK, "a"),
    named_event("done is no end", STREAM, events(A, named("done", {})), "UPSTREAM_STREAM_INTERRUPTED", "a"),
    named_event("chunks", STREAM, events(*(f"event: completion\n{each}" for each in (A, A, STOP)), DONE), OK, "aa"),
    named_event("message", STREAM, events(f"event: message\n{A}event: message\n{STOP}event: message\n{DONE}"), OK, "a"),
    named_event("message that is no JSON", STREAM, events(A, named("message", "hm"), END), MALFORMED, "a"),
    named_event("choices in words", STREAM, events(A, named("status", 'it says "choices"'), END), OK, "a"),
    named_event(
        "error", STREAM, events(A, named("error", {"message": "x", "code": 429}), DONE), LIMIT, "a", message="x"
    ),
    named_event("ERROR", STREAM, events(A, named("ERROR", "x"), DONE), FAILED, "a", message="x"),
    named_event(
        "a longer name of an error",
        STREAM,
        events(A, named("response.failed", {"message": "x"}), DONE),
        FAILED,
        "a",
        message="x",
    ),
    named_event(
        "an error under another name",
        STREAM,
        events(A, named("chunk", {"error": {"message": "x", "code": 429}}), DONE),
        LIMIT,
        "a",
        message="x",
    ),
    named_event(
        "a flat error under another name",
        STREAM,
        events(A, named("status", {"code": 429, "message": "x"}), DONE),
        LIMIT,
        "a",
        message="x",
    ),
    named_event(
        "a failed call under another name",
        STREAM,
        events(A, named("end", {"success": False, "message": "x"}), DONE),
        FAILED,
        "a",
        message="x",
    ),
]

content_type = partial(Case, "content type")
CONTENT_TYPES = [
    content_type("recorded, JSON", STREAM, recorded("event-stream-under-json"), OK, "a"),
    *(
        content_type(f"{media or 'none'}, {name}", STREAM, events(first, A, END, media=media), OK, "a")
        for media in (
            "application/json",
            "text/plain; charset=utf-8",
            "application/octet-stream",
            "text/html",
            "",
            "application/x-ndjson",
        )
        for name, first in (
            ("data", ""),
            ("comment", ": hello\n\n"),
            ("event", "event: ping\ndata: x\n\n"),
            ("id", "id: 1\n"),
            ("retry", "retry: 10\n"),
            ("blank lines", "\n\r\n"),
            ("mark", "\ufeff"),
        )
    ),
    content_type(
        "an error field",
        STREAM,
        events('error: {"message": "x", "code": 429}\n\n', DONE, media="text/plain"),
        LIMIT,
        message="x",
    ),
    content_type("two in one header", UNARY, http(json.dumps(FINISHED), media="application/json, text/plain"), OK, "a"),
    content_type("an error event", STREAM, events(data(ERROR), DONE, media="application/json"), LIMIT, message="x"),
    content_type("a page", STREAM, http("<html>data: x</html>", media="text/html"), MALFORMED),
    content_type("text", STREAM, http("error: no such model", media="text/plain"), MALFORMED),
    content_type("text that begins like a field", STREAM, http("database is down", media="text/plain"), MALFORMED),
    content_type("half a field", STREAM, http("dat", media="text/plain"), MALFORMED),
    content_type("nothing", STREAM, http("", media="text/plain"), MALFORMED),
    content_type(
        "a stream that is cut", STREAM, events(A, media="application/json"), "UPSTREAM_STREAM_INTERRUPTED", "a"
    ),
    content_type("JSON", STREAM, http(" \n" + json.dumps(FINISHED)), OK, "a"),
    content_type("a completion as text", UNARY, http(json.dumps(FINISHED), media="text/plain"), MALFORMED),
]

_BAD = json.dumps({"error": {"message": "x", "type": "BadRequestError", "code": 400}})
several_lines = partial(Case, "several lines")
LINES = [
    several_lines("recorded", STREAM, recorded("error-and-done-in-one-event"), "INVALID_REQUEST", message="x"),
    several_lines("chunks", STREAM, events(f"{A[:-1]}{A[:-1]}{STOP[:-1]}{DONE}"), OK, "aa"),
    several_lines("chunks without any blank line", STREAM, events(f"{A[:-1]}{A[:-1]}{STOP[:-1]}{DONE[:-1]}"), OK, "aa"),
    several_lines("chunk and error", STREAM, events(f"{A[:-1]}data: {_BAD}\n\n", DONE), "INVALID_REQUEST", "a"),
    several_lines("chunk and [DONE]", STREAM, events(f"{A[:-1]}{STOP[:-1]}data:[DONE]"), OK, "a"),
    several_lines("chunk and DONE", STREAM, events(f"{A[:-1]}{STOP[:-1]}data: DONE\n\n"), OK, "a"),
    several_lines(
        "of one chunk",
        STREAM,
        events('data: {"choices": [{"index": 0,\ndata: "delta": {"content": "a"}\ndata: }]}\n\n', END),
        OK,
        "a",
    ),
    several_lines(
        "pretty",
        STREAM,
        events("".join(f"data: {line}\n" for line in json.dumps(json.loads(A[6:]), indent=1).splitlines()), "\n", END),
        OK,
        "a",
    ),
    several_lines("an empty one among them", STREAM, events(f"{A[:-1]}data:\n\n", END), OK, "a"),
    several_lines("under a name", STREAM, events(f"event: x\n{A[:-1]}{A[:-1]}\n", END), OK, "aa"),
    several_lines("chunk and a named error", STREAM, events(f"{A[:-1]}event: error\n{data(ERROR)}", DONE), LIMIT, "a"),
    several_lines(
        "named chunk and a named error",
        STREAM,
        events(f"event: chunk\n{A[:-1]}event: error\n{data(ERROR)}", DONE),
        LIMIT,
        "a",
    ),
    several_lines("an error and its name", STREAM, events(A, f"{data(ERROR)[:-1]}event: error\n\n", DONE), LIMIT, "a"),
    several_lines("chunk and [DONE] under a name", STREAM, events(f"{A[:-1]}event: done\n{DONE}"), OK, "a"),
    several_lines("chunk and a ping", STREAM, events(f"{A[:-1]}event: ping\ndata: {{}}\n\n", END), OK, "a"),
    several_lines("name and chunk on one line", STREAM, events(f"event: message {A}event: x{A}", END), OK, "aa"),
    several_lines("name and error on one line", STREAM, events(A, f"event: error {data(ERROR)}"), LIMIT, "a"),
    several_lines("half a chunk and another", STREAM, events(A, f'data: {{"choices": [\n{A}', END), MALFORMED, "a"),
    several_lines("chunk and text", STREAM, events(f"{A[:-1]}data: hm\n\n", END), MALFORMED, "a"),
]

after_the_end = partial(Case, "after the end")
BEHIND = [
    after_the_end("recorded", STREAM, recorded("text-behind-the-end"), OK, "a"),
    *(
        after_the_end(text, STREAM, events(A, STOP, data(text), end), OK, "a")
        for text in ("[done]", "DONE", "<|endoftext|>", "bye", "{oops", '"DONE"', "null", "[]", "7")
        for end in ("", DONE)
    ),
    after_the_end(
        "usage behind text",
        STREAM,
        events(A, STOP, data("DONE"), data({"choices": [], "usage": {"total_tokens": 3}})),
        OK,
        "a",
        trailers=("aibridge-usage",),
    ),
    after_the_end("before the end", STREAM, events(A, data("DONE"), END), MALFORMED, "a"),
    after_the_end(
        "of one of two choices", STREAM, events(A, chunk("b", index=1), STOP, data("DONE"), DONE), MALFORMED, "ab"
    ),
    after_the_end("an error", STREAM, events(A, STOP, data(ERROR), DONE), LIMIT, "a"),
]
