"""A correct program for the client. It is type-checked, not run."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from aibridge.client import CallFailed, Conversation, Tls, aio, collect, connect, run_tools
from aibridge.v1.chat_pb2 import CreateChatCompletionRequest
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest
from aibridge.v1.models_pb2 import ListModelsRequest

request = CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


def tide(harbour: str) -> dict[str, str]:
    return {"harbour": harbour, "high": "14:02"}


def synchronous() -> Iterator[str]:
    with connect("127.0.0.1:1", tls=Tls(ca="ca.pem"), timeout=60) as client:
        try:
            yield client.chat.CreateChatCompletion(request).choices[0].message.content
            response, trailers = client.chat.CreateChatCompletion.with_trailers(request, timeout=5)
            yield response.id + str(trailers.get("x-request-id"))
            with client.chat.CreateChatCompletionStream(request) as chunks:
                for chunk in chunks:
                    yield chunk.choices[0].delta.content
            yield collect(client.chat.CreateChatCompletionStream(request)).choices[0].message.content
        except CallFailed as error:
            yield f"{error.code.name} {error.reason} {error.retry_delay or 0:.1f}"
        for model in client.models.ListModels(ListModelsRequest(), metadata=(("a", "b"),)).data:
            yield model.id
        yield str(
            sum(client.embeddings.CreateEmbedding(CreateEmbeddingRequest(model="m", input="x")).data[0].embedding)
        )
        conversation: Conversation = run_tools(client, request, {"tide": tide}, rounds=3, on_chunk=print)
        yield conversation.message.content


async def asynchronous() -> AsyncIterator[str]:
    async with aio.connect("127.0.0.1:1") as client:
        yield (await client.chat.CreateChatCompletion(request)).choices[0].message.content
        response, trailers = await client.chat.CreateChatCompletion.with_trailers(request)
        yield response.id + str(trailers.get("x-request-id"))
        async with client.chat.CreateChatCompletionStream(request) as chunks:
            async for chunk in chunks:
                yield chunk.choices[0].delta.content
        yield (await aio.collect(client.chat.CreateChatCompletionStream(request))).id
        yield (await aio.run_tools(client, request, {"tide": tide})).message.content


async def main() -> None:
    async for text in asynchronous():
        print(text)


print(list(synchronous()))
asyncio.run(main())
