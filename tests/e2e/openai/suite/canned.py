"""What the upstream of openai-python's tests answers where a test mocks nothing: an example of each type, complete."""

import json
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


def reply(method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the response to a request."""
    match method, path.removeprefix("/v1"):
        case "GET", "/models":
            return _json({"object": "list", "data": [MODEL]})
        case "GET", model if model.startswith("/models/"):
            return _json(MODEL)
        case "POST", "/embeddings":
            return _json(EMBEDDINGS)
        case "POST", "/chat/completions" if json.loads(body).get("stream"):
            events = f"data: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n"
            return 200, {"content-type": "text/event-stream"}, events.encode()
        case "POST", "/chat/completions":
            return _json(COMPLETION)
    return _json({"error": {"message": f"no such path: {method} {path}"}}, 418)


def _json(value: Any, status: int = 200) -> tuple[int, dict[str, str], bytes]:
    return status, {"content-type": "application/json"}, json.dumps(value).encode()
