"""Errors outside the framing, and streams without any choice."""

import json
from functools import partial

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
    recorded,
)

beside_the_framing = partial(Case, "beside the framing")
BESIDE = [
    beside_the_framing("recorded", STREAM, recorded("error-beside-the-framing"), LIMIT, message="x"),
    Case(
        "beside the framing",
        "recorded, after a chunk",
        STREAM,
        recorded("error-beside-the-framing-behind-a-chunk"),
        LIMIT,
        "a",
        message="x",
    ),
    beside_the_framing("pretty", STREAM, events(A, json.dumps(ERROR, indent=2), "\n\n", DONE), LIMIT, "a"),
    beside_the_framing(
        "pretty, CR LF",
        STREAM,
        events(A, json.dumps(ERROR, indent=2).replace("\n", "\r\n"), "\r\n\r\n", DONE),
        LIMIT,
        "a",
    ),
    beside_the_framing("in an array", STREAM, events(A, json.dumps([ERROR], indent=1), "\n\n", DONE), LIMIT, "a"),
    beside_the_framing("in two arrays", STREAM, events(A, json.dumps([[ERROR]]), "\n\n", DONE), LIMIT, "a"),
    beside_the_framing(
        "no blank line before", STREAM, events(A.rstrip("\n"), "\n", json.dumps(ERROR), "\n\n", DONE), LIMIT, "a"
    ),
    beside_the_framing("no blank line behind", STREAM, events(A, json.dumps(ERROR), "\n", DONE), LIMIT, "a"),
    beside_the_framing("no line feed behind", STREAM, events(A, json.dumps(ERROR), DONE), LIMIT, "a"),
    beside_the_framing("two lines", STREAM, events(A, '{"trace": 1}\n', json.dumps(ERROR), "\n\n", DONE), LIMIT, "a"),
    beside_the_framing("with white space before", STREAM, events(A, "  ", json.dumps(ERROR), "\n\n", DONE), LIMIT, "a"),
    beside_the_framing(
        "under a name", STREAM, events(A, "event: error\n", json.dumps(ERROR), "\n\n", DONE), LIMIT, "a"
    ),
    beside_the_framing("after the finish_reason", STREAM, events(A, STOP, json.dumps(ERROR), "\n\n", DONE), LIMIT, "a"),
    beside_the_framing("the name of an error alone", STREAM, events(A, "event: error\n\n", DONE), FAILED, "a"),
    beside_the_framing("a chunk", STREAM, events(A[6:], END), OK, "a"),
    beside_the_framing("lines of JSON", STREAM, events(A[6:-1], STOP[6:-1]), OK, "a"),
    beside_the_framing("a completion", STREAM, events(json.dumps(FINISHED, indent=2)), OK, "a"),
    beside_the_framing("text", STREAM, events("hello\n", A, "note: [1]\n", END), OK, "a"),
    beside_the_framing("an object that is no error", STREAM, events(A, '{"took": 5}\n\n', END), OK, "a"),
    beside_the_framing(
        "a refusal in the form of a stream",
        UNARY,
        http(data({"error": {"message": "x", "code": "insufficient_quota"}}) + DONE, status=429, media=EVENTS),
        QUOTA,
        message="x",
    ),
    beside_the_framing(
        "a refusal in lines", UNARY, http(json.dumps(ERROR) + '\n{"done": true}\n', status=429), LIMIT, message="x"
    ),
    beside_the_framing(
        "a refusal as an event of text",
        UNARY,
        http("event: error\ndata: slow down\n\n", status=429, media=EVENTS),
        LIMIT,
        message="slow down",
    ),
    beside_the_framing("a plain call, a stream", UNARY, events(data(ERROR), DONE), LIMIT, message="x"),
    beside_the_framing(
        "a plain call, another content type", UNARY, http(json.dumps(ERROR), media="text/plain"), LIMIT, message="x"
    ),
    beside_the_framing("a plain call, lines", UNARY, http(json.dumps(ERROR) + "\n{}\n"), LIMIT, message="x"),
    beside_the_framing("another content type", STREAM, http(json.dumps(ERROR), media="text/html"), LIMIT, message="x"),
]

no_choice = partial(Case, "no choice")
NO_CHOICE = [
    no_choice("recorded", STREAM, recorded("done-alone"), MALFORMED),
    no_choice("usage alone", STREAM, events(data({"choices": [], "usage": {"total_tokens": 3}}), DONE), MALFORMED),
    no_choice("null", STREAM, events(data({"id": "c", "choices": None}), DONE), MALFORMED),
    no_choice("an object without any", STREAM, events(data({"id": "c"}), DONE), MALFORMED),
    no_choice("a comment", STREAM, events(": hello\n\n", DONE), MALFORMED),
    no_choice("a ping", STREAM, events("event: ping\ndata: {}\n\n", DONE), MALFORMED),
    no_choice("lines that are no field", STREAM, events("Internal Server Error\n\n", DONE), MALFORMED),
    no_choice("a completion without any", STREAM, http('{"id": "c", "choices": []}'), MALFORMED),
    no_choice("the end of the body", STREAM, events(": hello\n\n"), "UPSTREAM_STREAM_INTERRUPTED"),
    no_choice("but one", STREAM, events(data({"choices": [{}]}), DONE), OK),
]
