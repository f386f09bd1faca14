"""Payloads of the gateway for the commands: a list of models, and chunks of a stream."""

from typing import Any

MODELS = {
    "object": "list",
    "data": [
        {"id": "a/embed", "object": "model", "owned_by": "a", "type": "embedding", "context_window": 8192},
        {"id": "a/chat", "object": "model", "owned_by": "a", "type": "language", "context_window": 200000},
        {"id": "b/chat", "object": "model", "owned_by": "b", "context_length": 4096},
    ],
}


def chunk(text: str | None = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    delta = {"content": text} if text is not None else {}
    return {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **more}


HELLO = (
    chunk("hel"),
    chunk("lo"),
    chunk(reason="stop"),
    {"id": "c", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
)
