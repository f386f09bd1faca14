"""A gateway that responds to any request: models, chats, embeddings, responses, and one call of the first tool."""

from typing import Any, Final

from tests.support.gateway import Exchange, respond_json

_ANSWER: Final = "The sky is blue."
_USAGE: Final = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
_FRAME: Final = {"id": "chatcmpl-1", "created": 1, "model": "example/model"}
_MODELS: Final = {"object": "list", "data": [{"id": "example/model", "object": "model"}]}


async def respond(exchange: Exchange) -> None:
    """A gateway that calls the first function of a request once, and otherwise always sends the same text."""
    request = exchange.request
    if request.path.endswith("/models"):
        await respond_json(_MODELS)(exchange)
    elif request.path.endswith("/embeddings"):
        vectors = [{"index": at, "embedding": [0.5, 0.25]} for at in range(len(request.json["input"]))]
        await respond_json({"data": vectors})(exchange)
    elif request.path.endswith("/responses"):
        await responses(exchange)
    elif request.json.get("stream"):
        chunk = {**_FRAME, "object": "chat.completion.chunk"}
        await exchange.head(content_type="text/event-stream")
        for word in ("The sky ", "is blue."):
            await exchange.event({**chunk, "choices": [{"index": 0, "delta": {"content": word}}]})
        await exchange.event({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if request.json.get("stream_options", {}).get("include_usage"):
            await exchange.event({**chunk, "choices": [], "usage": _USAGE})
        await exchange.event("[DONE]")
        exchange.writer.close()
    else:
        choice = {"index": 0, "message": message(request.json), "finish_reason": "stop"}
        await respond_json({**_FRAME, "object": "chat.completion", "choices": [choice], "usage": _USAGE})(exchange)


def message(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("tools") and body["messages"][-1]["role"] == "user":
        function = {"name": body["tools"][0]["function"]["name"], "arguments": '{"harbour": "Brest"}'}
        return {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    return {"role": "assistant", "content": _ANSWER}


async def responses(exchange: Exchange) -> None:
    text = {"type": "output_text", "text": _ANSWER, "annotations": []}
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [text]}
    whole = {
        "id": "r", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": [item],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
    }  # fmt: skip
    if not exchange.request.json.get("stream"):
        await respond_json(whole)(exchange)
        return
    await exchange.head(content_type="text/event-stream")
    delta = {"type": "response.output_text.delta", "delta": _ANSWER, "item_id": "m", "output_index": 0,
             "content_index": 0, "sequence_number": 1, "logprobs": []}  # fmt: skip
    for event in (delta, {"type": "response.completed", "response": whole, "sequence_number": 2}):
        await exchange.send(f"event: {event['type']}\n")
        await exchange.event(event)
    exchange.writer.close()
