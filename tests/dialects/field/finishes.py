"""Values of `finish_reason` that are none, whole completions as events of a stream, members with odd names."""

import json
from functools import partial
from typing import Any

from tests.dialects.field.case import (
    DONE,
    END,
    FAILED,
    FINISHED,
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
finish = partial(Case, "finish_reason")
FINISHES = [
    *(
        case
        for word in ("null", "None", "NULL", "undefined", " null ")
        for case in (
            finish(f"{word!r}, and a cut", STREAM, events(chunk("a", word), chunk("b", word)), CUT, "ab"),
            finish(f"{word!r}, and the end", STREAM, events(chunk("a", word), chunk("b", word), STOP), OK, "ab"),
            finish(f"{word!r}, and [DONE]", STREAM, events(chunk("a", word), chunk("b", word), DONE), OK, "ab"),
        )
    ),
    *(
        case
        for word in ("error", "ERROR", "Error")
        for case in (
            finish(f"{word}, streamed", STREAM, events(chunk("a", word), DONE), FAILED, "a"),
            finish(
                f"{word}, plain",
                UNARY,
                http(json.dumps({"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": word}]})),
                FAILED,
            ),
        )
    ),
    finish("abort", STREAM, events(A, chunk(finish="abort")), OK, "a"),
]

whole = partial(Case, "whole completion")
_CHOICE: dict[str, Any] = FINISHED["choices"][0]  # type: ignore[assignment]
_WHOLE = {**FINISHED, "object": "chat.completion"}


def _beside(**members: Any) -> dict[str, Any]:
    return {**_WHOLE, "choices": [{**_CHOICE, **members}]}


WHOLE = [
    whole("as the only event", STREAM, events(data(_WHOLE), DONE), OK, "a"),
    whole("without [DONE]", STREAM, events(data(_WHOLE)), OK, "a"),
    whole("in a named event", STREAM, events(f"event: completion\n{data(_WHOLE)}", DONE), OK, "a"),
    whole("after a chunk without choices", STREAM, events(data({"id": "c", "choices": []}), data(_WHOLE)), OK, "a"),
    whole("with an empty delta", STREAM, events(data(_beside(delta={})), DONE), OK, "a"),
    whole("with usage after it", STREAM, events(data(_WHOLE), data({"choices": [], "usage": {}}), DONE), OK, "a"),
    whole("without a finish_reason", STREAM, events(data(_beside(finish_reason=None))), CUT, "a"),
    whole(
        "of each choice",
        STREAM,
        events(data(_beside(index=0)), data(_beside(index=1)), data(_beside(index=0))),
        OK,
        "aa",
    ),
    whole("again after the deltas", STREAM, events(A, data(_WHOLE), DONE), OK, "a"),
    whole("beside each delta", STREAM, events(data(_beside(delta={"content": "b"})), DONE), OK, "b"),
    whole("with a delta, in place of a stream", STREAM, http(json.dumps(_beside(delta={"content": ""}))), OK, "a"),
]

member = partial(Case, "member")
MEMBERS = [
    member("a default is no fault", STREAM, events(A, data({"settings": {"default": "x"}}), DONE), OK, "a"),
    member("a fault is one", STREAM, events(A, data({"serverFault": {"message": "x"}}), DONE), FAILED, "a"),
    member("a default and the end", STREAM, events(data({"is_default": True}), A, END), OK, "a"),
]
