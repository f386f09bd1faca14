"""Values of `finish_reason` that are none or failures, whole completions as events, members with odd names."""

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
    http,
)

CUT = "UPSTREAM_STREAM_INTERRUPTED"
CLOSED = "UPSTREAM_CLOSED_REQUEST"
finish = partial(Case, "finish_reason")
_SHOWN = "the upstream ended a choice with finish_reason `{}`"
#: Values that say that the generation failed.
_FAILURES = (
    *("error", "ERROR", "Error", "network_error", "server_error", "internal_error", "upstream_error", "failed"),
    *("failure", "exception", "aborted", "interrupted", "user_cancel", "malformed_function_call", "model_unloaded"),
    *("MALFORMED_FUNCTION_CALL", "function_call_filter: UNEXPECTED_TOOL_CALL", "malformed_model_output"),
)
#: The same, with a reason of their own.
_REASONS = (
    *(("cancelled", CLOSED), ("CANCELED", CLOSED)),
    *(("timeout", "UPSTREAM_TIMEOUT"), ("TIMEOUT", "UPSTREAM_TIMEOUT"), ("engine_timeout", "UPSTREAM_TIMEOUT")),
    ("engine_overloaded", "UPSTREAM_OVERLOADED"),
    *(("overloaded", LIMIT), ("rate_limit_exceeded", LIMIT), ("insufficient_quota", QUOTA)),
)
#: Values of ordinary ends, also of those that callers may not like, and values that nobody knows.
_ENDS = (
    *("stop", "length", "tool_calls", "function_call", "content_filter", "eos", "eos_token", "stop_sequence"),
    *("end_turn", "max_tokens", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded", "model_length"),
    *("SAFETY", "recitation", "PROHIBITED_CONTENT", "content_filter: SAFETY", "OTHER", "BLOCKLIST", "sensitive"),
    *("guardrail_intervened", "content_filtered", "COMPLETE", "ERROR_LIMIT", "ERROR_TOXIC", "time_limit", "load"),
    *("repetition", "context_length_exceeded", "incomplete", "completed", "max_output_tokens", "terrors", "unheard of"),
    *("abort", "insufficient_system_resource", "interrupt"),
)


def _object(kind: str) -> dict[str, Any]:
    return {"type": kind, "message": "an error"}


def _completion(end: str) -> str:
    return json.dumps({"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": end}]})


def _each(word: str, reason: str) -> list[Case]:
    return [
        finish(f"{word}, streamed", STREAM, events(A, chunk(finish=word), DONE), reason, "a"),
        finish(f"{word}, without [DONE]", STREAM, events(chunk("a", word)), reason, "a"),
        finish(f"{word}, plain", UNARY, http(_completion(word)), reason, "" if reason else "a"),
    ]


FINISHES = [
    *(
        case
        for word in ("null", "None", "NULL", "undefined", " null ", " ")
        for case in (
            finish(f"{word!r}, and a cut", STREAM, events(chunk("a", word), chunk("b", word)), CUT, "ab"),
            finish(f"{word!r}, and the end", STREAM, events(chunk("a", word), chunk("b", word), STOP), OK, "ab"),
            finish(f"{word!r}, and [DONE]", STREAM, events(chunk("a", word), chunk("b", word), DONE), OK, "ab"),
        )
    ),
    *(
        finish(f"{word!r}, no end, and a cut", STREAM, events(chunk("a", word), chunk("b", word)), CUT, "ab")
        for word in ("not_finished", "NOT_FINISHED", "in_progress")
    ),
    *(case for word in _FAILURES for case in _each(word, FAILED)),
    *(case for word, reason in _REASONS for case in _each(word, reason)),
    *(case for word in _ENDS for case in _each(word, OK)),
    finish("of one of two choices", STREAM, events(A, chunk("b", "error", index=1), END), FAILED, "ab"),
    finish("an error after it", STREAM, events(A, chunk(finish="error"), data(ERROR), DONE), LIMIT, "a", message="x"),
    finish("as an object, error", STREAM, events(A, chunk(finish=_object("error")), DONE), FAILED, "a"),
    finish("as an object, stop", STREAM, events(A, chunk(finish=_object("stop")), DONE), OK, "a"),
    finish("in a completion in place of a stream", STREAM, http(_completion("error")), FAILED, "a"),
    finish("in a completion as an event", STREAM, events(data(_completion("error")), DONE), FAILED, "a"),
    finish("shown", UNARY, http(_completion("network_error")), FAILED, message=_SHOWN.format("network_error")),
    finish("not shown", UNARY, http(_completion("error 7f3a")), FAILED, message=_SHOWN.format("error")),
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
