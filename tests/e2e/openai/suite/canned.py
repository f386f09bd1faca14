"""Responses for openai-python's tests that mock nothing: a complete example of each type."""

import json
from fnmatch import fnmatchcase
from typing import Any

MODEL: dict[str, Any] = {"id": "gpt-6-astra", "object": "model", "created": 1, "owned_by": "openai"}
USAGE: dict[str, Any] = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
COMPLETION: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-6-astra",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": USAGE,
}
CHUNK: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1,
    "model": "gpt-6-astra",
    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
}
EMBEDDINGS: dict[str, Any] = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}
STORED_MESSAGE: dict[str, Any] = {"id": "msg_1", "role": "assistant", "content": "Hello", "refusal": None}
TEXT_COMPLETION: dict[str, Any] = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "gpt-6-astra",
    "choices": [{"index": 0, "text": "Hello", "logprobs": None, "finish_reason": "stop"}],
}
OUTPUT: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "gpt-6-astra",
    "output": [OUTPUT],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}
COMPACTED: dict[str, Any] = {
    "id": "resp_2",
    "object": "response.compaction",
    "created_at": 1,
    "output": [OUTPUT],
    "usage": {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2,
    },
}
RESPONSE_EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "sequence_number": 0, "response": {**RESPONSE, "output": []}},
    {"type": "response.completed", "sequence_number": 1, "response": RESPONSE},
]
_CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm"),
    *("self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic"),
)
MODERATION: dict[str, Any] = {
    "id": "modr-1",
    "model": "omni-moderation-latest",
    "results": [
        {
            "flagged": True,
            "categories": dict.fromkeys(_CATEGORIES, False),
            "category_applied_input_types": {category: ["text"] for category in _CATEGORIES},
            "category_scores": dict.fromkeys(_CATEGORIES, 0.5),
        }
    ],
}


def _page(*items: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": items, "first_id": items[0]["id"], "last_id": items[-1]["id"], "has_more": False}


#: Method, pattern of the path without its query, and the body. The first match counts.
_REPLIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/models", {"object": "list", "data": [MODEL]}),
    ("GET", "/models/*", MODEL),
    ("DELETE", "/models/*", {"id": "gpt-6-astra", "object": "model", "deleted": True}),
    ("POST", "/embeddings", EMBEDDINGS),
    ("GET", "/chat/completions", _page(COMPLETION)),
    ("GET", "/chat/completions/*/messages", _page(STORED_MESSAGE)),
    ("DELETE", "/chat/completions/*", {"id": "chatcmpl-1", "object": "chat.completion.deleted", "deleted": True}),
    ("*", "/chat/completions*", COMPLETION),
    ("POST", "/completions", TEXT_COMPLETION),
    ("POST", "/moderations", MODERATION),
    ("POST", "/responses/compact", COMPACTED),
    ("POST", "/responses/input_tokens", {"object": "response.input_tokens", "input_tokens": 1}),
    ("GET", "/responses/*/input_items", _page(OUTPUT)),
    ("*", "/responses*", RESPONSE),
)
#: The events of a stream.
_STREAMS: dict[str, list[dict[str, Any]]] = {
    "/chat/completions": [CHUNK],
    "/completions": [TEXT_COMPLETION],
    "/responses": RESPONSE_EVENTS,
}


def respond(method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the response to a request."""
    path, _, query = path.removeprefix("/v1").partition("?")
    if method == "DELETE" and path.startswith("/responses/"):
        return 204, {}, b""
    if (method == "POST" and json.loads(body or b"{}").get("stream")) or "stream=true" in query:
        return _events(_STREAMS["/responses" if path.startswith("/responses/") else path])
    for wanted, pattern, content in _REPLIES:
        if fnmatchcase(method, wanted) and fnmatchcase(path, pattern):
            return _json(content)
    return _json({"error": {"message": f"no such path: {method} {path}"}}, 418)


def _events(events: list[dict[str, Any]]) -> tuple[int, dict[str, str], bytes]:
    named = "type" in events[0]
    text = "".join(
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n" for event in events
    )
    return 200, {"content-type": "text/event-stream"}, (text + ("" if named else "data: [DONE]\n\n")).encode()


def _json(value: Any, status: int = 200) -> tuple[int, dict[str, str], bytes]:
    return status, {"content-type": "application/json"}, json.dumps(value).encode()
