"""A correct program for the generated stubs. It is type-checked, not run."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Literal

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc, models_pb2, models_pb2_grpc

Context = grpc.aio.ServicerContext[chat_pb2.CreateChatCompletionRequest, chat_pb2.CreateChatCompletionResponse]

request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
stop: Literal["stop", "stop_sequences"] | None = request.WhichOneof("stop_kind")


def synchronous() -> Iterator[str]:
    with grpc.insecure_channel("127.0.0.1:1") as channel:
        chat = chat_pb2_grpc.ChatServiceStub(channel)
        yield chat.CreateChatCompletion(request, timeout=5).choices[0].message.content
        for chunk in chat.CreateChatCompletionStream(request, metadata=(("x-request-id", "1"),)):
            yield chunk.choices[0].delta.content
        for model in models_pb2_grpc.ModelsServiceStub(channel).ListModels(models_pb2.ListModelsRequest()).data:
            yield model.id
        response, call = chat.CreateChatCompletion.with_call(request)
        yield response.id + str(call.code())


async def asynchronous() -> AsyncIterator[str]:
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        chat = chat_pb2_grpc.ChatServiceStub(channel)
        yield (await chat.CreateChatCompletion(request, timeout=5)).choices[0].message.content
        async for chunk in chat.CreateChatCompletionStream(request):
            yield chunk.choices[0].delta.content
        embeddings = embeddings_pb2_grpc.EmbeddingsServiceStub(channel)
        vectors = await embeddings.CreateEmbedding(embeddings_pb2.CreateEmbeddingRequest(model="m", input="x"))
        yield str(sum(vectors.data[0].embedding))


def annotated(chat: chat_pb2_grpc.ChatServiceStub) -> str:
    return chat.CreateChatCompletion(request).id


async def annotated_too(chat: "chat_pb2_grpc.ChatServiceAsyncStub") -> str:
    return (await chat.CreateChatCompletion(request)).id


class Service(chat_pb2_grpc.ChatServiceServicer):
    """Implements one RPC; the other one is UNIMPLEMENTED."""

    async def CreateChatCompletion(
        self, request: chat_pb2.CreateChatCompletionRequest, context: Context
    ) -> chat_pb2.CreateChatCompletionResponse:
        return chat_pb2.CreateChatCompletionResponse(id=request.model)


async def serve() -> None:
    server = grpc.aio.server()
    chat_pb2_grpc.add_ChatServiceServicer_to_server(Service(), server)
    await server.start()


asyncio.run(serve())
