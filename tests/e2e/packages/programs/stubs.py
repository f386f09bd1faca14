"""A caller with only the stubs, synchronous and asyncio, which prints what it receives."""

import asyncio
import importlib.util
import sys

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc

for module in (chat_pb2, chat_pb2_grpc):
    assert module.__file__.startswith(sys.prefix), module.__file__
for other in ("aibridge.client", "bridge"):
    assert importlib.util.find_spec(other) is None, other

target = sys.argv[1]
request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


async def stream() -> str:
    async with grpc.aio.insecure_channel(target) as channel:
        chunks = chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletionStream(request)
        return "".join([choice.delta.content async for chunk in chunks for choice in chunk.choices])


with grpc.insecure_channel(target) as channel:
    print(chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(request).choices[0].message.content)
print(asyncio.run(stream()))
