"""What a gateway sends if all is well: the first chunk of a stream, its last, a whole completion."""

#: What a gateway sends if all is well: the first chunk of a stream, its last, a whole completion.
CHUNK = {"id": "c", "choices": [{"index": 0, "delta": {"content": "one"}, "finish_reason": None}]}
LAST = {"id": "c", "choices": [{"index": 0, "delta": {"content": "two"}, "finish_reason": "stop"}]}
COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1790000000,
    "model": "m-2026",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
