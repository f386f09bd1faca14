"""The gateway's responses to the programs of this folder."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.gateway import Script, respond_json, sse


def says(content: str, **message: Any) -> Script:
    return respond_json({"choices": [{"index": 0, "message": {"role": "assistant", "content": content, **message}}]})


def streams(*texts: str, last: Mapping[str, Any] | None = None, more: Iterable[Mapping[str, Any]] = ()) -> Script:
    """A stream of these texts, then a delta with `last` and the end of the choice, then `more` chunks."""
    deltas = [{"content": text} for text in texts]
    choices = [{"index": 0, "delta": delta} for delta in deltas]
    end = {"index": 0, "delta": dict(last or {}), "finish_reason": "stop"}
    return sse(*({"choices": [choice]} for choice in (*choices, end)), *more)


def calls(name: str, arguments: str) -> Script:
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return says("", tool_calls=[call])
