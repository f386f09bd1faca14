"""Chat through real sockets: the gateway's response, and what the caller receives."""

import json

from aibridge.v1 import chat_pb2
from tests.support.bridge import Bridge
from tests.support.gateway import respond_json, sse
from tests.support.leaks import PROMPT
from tests.support.payloads import COMPLETION


async def test_unary(bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A completion arrives, and the request had the bridge's key."""
    bridge.gateway.script(respond_json(COMPLETION))
    hello.temperature = 0
    response = await bridge.chat.CreateChatCompletion(hello)
    assert response.choices[0].message.content == "hello"
    assert response.usage.total_tokens == 3
    assert bridge.gateway.last.path == "/v1/chat/completions"
    assert bridge.gateway.last.json == {
        "model": "m",
        "messages": [{"role": "user", "content": PROMPT}],
        "temperature": 0,
    }
    assert bridge.gateway.last.headers["authorization"] == "Bearer sk-bridge-test-key"


async def test_stream(bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """Each chunk arrives as a message, and the request says `stream: true`."""
    chunks = [
        {"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]} for text in "abc"
    ]
    chunks[-1]["choices"][0]["finish_reason"] = "stop"
    bridge.gateway.script(sse(*chunks))
    received = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello)]
    assert [chunk.choices[0].delta.content for chunk in received] == ["a", "b", "c"]
    assert json.loads(bridge.gateway.last.body)["stream"] is True
