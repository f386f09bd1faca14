"""A call of every kind and with every kind of end, in sequence."""

from contextlib import suppress
from typing import Any

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc, models_pb2, models_pb2_grpc
from tests.support.gateway import Exchange, Gateway, respond, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
#: Number of calls that `every_kind` makes.
COUNT = 9


async def every_kind(gateway: Gateway, channel: grpc.aio.Channel, model: str = "m") -> None:
    """The bridge has to retry once. Other tests check the responses."""
    chat = chat_pb2_grpc.ChatServiceStub(channel)
    hello = chat_pb2.CreateChatCompletionRequest(model=model, messages=[{"role": "user", "content": "hi"}])
    embed = embeddings_pb2.CreateEmbeddingRequest(model=model)
    embed.input_texts.items.append("a")

    async def waits(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await exchange.wait_closed()

    gateway.script(respond_json({**COMPLETION, "usage": USAGE}))
    await chat.CreateChatCompletion(hello)
    gateway.script(sse(CHUNK, CHUNK, {**LAST, "usage": USAGE}))
    await _ended(chat.CreateChatCompletionStream(hello))
    gateway.script(respond_json({"data": [{"index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 4}}))
    await embeddings_pb2_grpc.EmbeddingsServiceStub(channel).CreateEmbedding(embed)
    await models_pb2_grpc.ModelsServiceStub(channel).ListModels(models_pb2.ListModelsRequest())
    gateway.script(respond(b"", 503, retry_after="0"), respond_json(COMPLETION))
    await chat.CreateChatCompletion(hello)
    gateway.script(sse(CHUNK, done=False))
    await _ended(chat.CreateChatCompletionStream(hello))
    gateway.script(respond_json({"error": {"message": "no"}}, 400))
    await _ended(chat.CreateChatCompletionStream(hello))
    await _ended(chat.CreateChatCompletionStream(chat_pb2.CreateChatCompletionRequest(model=model)))
    gateway.script(waits)
    number = len(gateway.exchanges)
    call = chat.CreateChatCompletionStream(hello)
    await call.read()
    call.cancel()
    await (await gateway.exchange(number)).wait_closed()


async def _ended(call: Any) -> None:
    with suppress(grpc.aio.AioRpcError):
        while await call.read() is not grpc.aio.EOF:
            pass
