"""Text beside an error in one chunk, which is delivered before the status of the error."""

import json
from functools import partial
from typing import Any

from tests.dialects.field.case import (
    DONE,
    END,
    ERROR,
    FAILED,
    LIMIT,
    STREAM,
    UNARY,
    A,
    Case,
    chunk,
    data,
    events,
    http,
)

beside = partial(Case, "beside an error")
_B: dict[str, Any] = {"index": 0, "delta": {"content": "b"}, "finish_reason": "error"}
_MESSAGE: dict[str, Any] = {"index": 0, "message": {"content": "b"}, "finish_reason": "error"}
_USED = {"usage": {"total_tokens": 3}}
_HALVES = (
    'data: {"choices": [{"index": 0, "delta": {"content": "\\ud83d"}}]}\n\n',
    'data: {"choices": [{"index": 0, "delta": {"content": "\\ude00"}}], "error": {"code": 429, "message": "x"}}\n\n',
)


def _chunk(choice: dict[str, Any], **members: Any) -> str:
    return data({"id": "c", "choices": [choice], **members})


PARTIAL = [
    *(
        beside(name, STREAM, events(A, failed, A, END), LIMIT, "ab", message="x")
        for name, failed in (
            ("OpenRouter's", _chunk(_B, **ERROR)),
            ("in the choice", _chunk({**_B, **ERROR})),
            ("in the delta", _chunk({**_B, "delta": {"content": "b", **ERROR}})),
            ("MiniMax's", _chunk(_B, base_resp={"status_code": 1002, "status_msg": "x"})),
            ("outside the framing", json.dumps({"choices": [_B], **ERROR}) + "\n\n"),
            ("under a name", f"event: chunk\n{_chunk(_B, **ERROR)}"),
        )
    ),
    beside("Groq's", STREAM, events(A, _chunk(_B, x_groq={"error": "x"}), DONE), FAILED, "ab", message="x"),
    beside("no text", STREAM, events(A, _chunk({**_B, "delta": {"content": ""}}, **ERROR), DONE), LIMIT, "a"),
    beside("a role", STREAM, events(A, _chunk({**_B, "delta": {"role": "assistant"}}, **ERROR), DONE), LIMIT, "a"),
    beside("no delta", STREAM, events(A, _chunk({**_B, "delta": None}, **ERROR), DONE), LIMIT, "a"),
    beside("choices that are no list", STREAM, events(A, data({"choices": "b", **ERROR}), DONE), LIMIT, "a"),
    beside("another choice", STREAM, events(A, data({"choices": [{**_B, "index": 1}], **ERROR}), END), LIMIT, "ab"),
    beside("after many chunks", STREAM, events(*[A] * 300, _chunk(_B, **ERROR), A, END), LIMIT, "a" * 300 + "b"),
    beside("half of a character", STREAM, events(A, *_HALVES, DONE), LIMIT, "a\U0001f600"),
    beside("a completion", STREAM, events(_chunk({**_MESSAGE, **ERROR}), DONE), LIMIT, "b"),
    beside("a completion, after its text", STREAM, events(chunk("b"), _chunk({**_MESSAGE, **ERROR}), DONE), LIMIT, "b"),
    beside("in place of a stream", STREAM, http(json.dumps({"choices": [{**_MESSAGE, **ERROR}]})), LIMIT),
    beside("plain", UNARY, http(json.dumps({"choices": [{**_MESSAGE, **ERROR}]})), LIMIT),
    *(
        beside(f"usage, {name}", rpc, sent, LIMIT, text, trailers=("aibridge-usage",))
        for name, rpc, sent, text in (
            ("streamed", STREAM, events(A, _chunk(_B, **ERROR, **_USED), DONE), "ab"),
            ("alone", STREAM, events(A, data({"choices": [], **ERROR, **_USED}), DONE), "a"),
            ("plain", UNARY, http(json.dumps({"choices": [_MESSAGE], **ERROR, **_USED})), ""),
        )
    ),
]
