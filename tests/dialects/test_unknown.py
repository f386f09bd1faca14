"""Unknown members arrive from every place, in both directions.

What a caller writes is sent byte for byte: white space, order and the notation of numbers. What an upstream writes
keeps its value and the order of its members.
"""

import json
from typing import Any

import pytest

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from tests.support.bridge import Bridge
from tests.support.gateway import raw_sse, respond, respond_json

pytestmark = pytest.mark.asyncio(loop_scope="module")

Request = chat_pb2.CreateChatCompletionRequest
MODE = '"quantum_mode":{"b": 1, "a": 2.50}'
EXTRA = f"{{{MODE}}}"
RECEIVED = '{"quantum_mode":{"b":1,"a":2.5}}'
HI = {"role": "user", "content": "hi"}
VECTOR = '"AACAPwAAAAAAAAAA"'

REQUESTS = {
    "top": {"messages": [HI], "extra_json": EXTRA},
    "message": {"messages": [{**HI, "extra_json": EXTRA}]},
    "part": {
        "messages": [{"role": "user", "content_parts": {"items": [{"type": "text", "text": "x", "extra_json": EXTRA}]}}]
    },
    "image": {
        "messages": [
            {
                "role": "user",
                "content_parts": {"items": [{"type": "image_url", "image_url": {"url": "x", "extra_json": EXTRA}}]},
            }
        ]
    },
    "tool": {"messages": [HI], "tools": [{"type": "function", "extra_json": EXTRA}]},
    "function": {"messages": [HI], "tools": [{"function": {"name": "f", "extra_json": EXTRA}}]},
    "tool-call": {"messages": [{"role": "assistant", "tool_calls": [{"id": "x", "extra_json": EXTRA}]}]},
    "reasoning": {"messages": [HI], "reasoning": {"extra_json": EXTRA}},
    "reasoning-detail": {"messages": [{"role": "assistant", "reasoning_details": [{"extra_json": EXTRA}]}]},
    "provider-options": {"messages": [HI], "provider_options": {"extra_json": EXTRA}},
    "gateway-options": {"messages": [HI], "provider_options": {"gateway": {"extra_json": EXTRA}}},
    "stream-options": {"messages": [HI], "stream_options": {"extra_json": EXTRA}},
    "response-format": {"messages": [HI], "response_format": {"type": "novel", "extra_json": EXTRA}},
}


@pytest.mark.parametrize("place", REQUESTS)
async def test_request(bridge: Bridge, place: str) -> None:
    """An unknown member is sent once, in the object where the caller put it."""
    bridge.gateway.script(respond_json({"choices": []}))
    await bridge.chat.CreateChatCompletion(Request(model="m", **REQUESTS[place]))
    body = bridge.gateway.last.body.decode()
    assert body.count(MODE) == 1
    assert _holders(json.loads(body)) == 1


async def test_embedding_request(bridge: Bridge) -> None:
    """The same in a request for embeddings."""
    bridge.gateway.script(respond_json({"object": "list", "data": [{"index": 0, "embedding": [1.0]}]}))
    request = embeddings_pb2.CreateEmbeddingRequest(model="m", input="x", extra_json=EXTRA)
    await bridge.embeddings.CreateEmbedding(request)
    assert MODE in bridge.gateway.last.body.decode()


def _holders(value: Any) -> int:
    """The number of objects with the unknown member."""
    if isinstance(value, list):
        return sum(map(_holders, value))
    if isinstance(value, dict):
        return ("quantum_mode" in value) + sum(map(_holders, value.values()))
    return 0


#: The place of the member in a completion, and in its message.
RESPONSES = {
    "top": ('{"choices":[{"index":0}],Q}', lambda respond: respond),
    "choice": ('{"choices":[{"index":0,Q}]}', lambda respond: respond.choices[0]),
    "message": ('{"choices":[{"message":{"content":"x",Q}}]}', lambda respond: respond.choices[0].message),
    "part": (
        '{"choices":[{"message":{"content":[{"type":"text",Q}]}}]}',
        lambda respond: respond.choices[0].message.content_parts.items[0],
    ),
    "tool-call": (
        '{"choices":[{"message":{"tool_calls":[{"index":0,"id":"x",Q}]}}]}',
        lambda respond: respond.choices[0].message.tool_calls[0],
    ),
    "function": (
        '{"choices":[{"message":{"tool_calls":[{"index":0,"function":{Q}}]}}]}',
        lambda respond: respond.choices[0].message.tool_calls[0].function,
    ),
    "logprob": (
        '{"choices":[{"logprobs":{"content":[{"token":"x",Q}]}}]}',
        lambda respond: respond.choices[0].logprobs.content[0],
    ),
    "annotation": (
        '{"choices":[{"message":{"annotations":[{"url_citation":{Q}}]}}]}',
        lambda respond: respond.choices[0].message.annotations[0].url_citation,
    ),
    "reasoning-detail": (
        '{"choices":[{"message":{"reasoning_details":[{Q}]}}]}',
        lambda respond: respond.choices[0].message.reasoning_details[0],
    ),
    "usage": ('{"choices":[],"usage":{"total_tokens":1,Q}}', lambda respond: respond.usage),
    "usage-details": (
        '{"choices":[],"usage":{"prompt_tokens_details":{Q}}}',
        lambda respond: respond.usage.prompt_tokens_details,
    ),
}


@pytest.mark.parametrize("place", RESPONSES)
async def test_response(bridge: Bridge, place: str) -> None:
    """An unknown member of a response is in the `extra_json` of its message."""
    text, holder = RESPONSES[place]
    bridge.gateway.script(respond(text.replace("Q", MODE)))
    received = await bridge.chat.CreateChatCompletion(Request(model="m", messages=[HI]))
    assert holder(received).extra_json == RECEIVED


@pytest.mark.parametrize("place", RESPONSES)
async def test_chunk(bridge: Bridge, place: str) -> None:
    """The same places in a chunk, where `message` is `delta`."""
    text, holder = RESPONSES[place]
    chunk = text.replace("message", "delta").replace("Q", MODE)
    bridge.gateway.script(raw_sse(f'data: {chunk}\n\ndata: {{"choices":[{{"index":0}}]}}\n\ndata: [DONE]\n\n'))
    received, _ = [
        message async for message in bridge.chat.CreateChatCompletionStream(Request(model="m", messages=[HI]))
    ]
    assert holder(_AsReply(received)).extra_json == RECEIVED


class _AsReply:
    """A chunk with the names of a whole response."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        if name == "choices":
            return [_AsReply(choice) for choice in self._wrapped.choices]
        return getattr(self._wrapped, "delta" if name == "message" else name)


@pytest.mark.parametrize("vector", [VECTOR, "[1,0.0, 0]", "[[1.0]]"], ids=["base64", "floats", "vectors"])
async def test_embedding(bridge: Bridge, vector: str) -> None:
    """Cutting out the vectors leaves other members unchanged."""
    text = f'{{"data": [{{{MODE}, "embedding": {vector}, "index": 0}}], "usage": {{{MODE}}}, {MODE}}}'
    bridge.gateway.script(respond(text))
    received = await bridge.embeddings.CreateEmbedding(embeddings_pb2.CreateEmbeddingRequest(model="m", input="x"))
    assert received.extra_json == RECEIVED
    assert received.usage.extra_json == RECEIVED
    assert received.data[0].extra_json == RECEIVED
    assert list(received.data[0].embedding) == ([] if vector.startswith("[[") else [1.0, 0.0, 0.0])


async def test_model(bridge: Bridge) -> None:
    """The same in a model and in its prices."""
    bridge.gateway.script(respond(f'{{"id": "m", {MODE}, "pricing": {{{MODE}}}}}'))
    model = await bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="m"))
    assert model.extra_json == model.pricing.extra_json == RECEIVED


async def test_list_of_models(bridge: Bridge) -> None:
    """The same in a list of models."""
    bridge.gateway.script(respond(f'{{"data": [{{"id": "m", {MODE}}}], {MODE}}}'))
    models = await bridge.models.ListModels(models_pb2.ListModelsRequest())
    assert models.extra_json == models.data[0].extra_json == RECEIVED
