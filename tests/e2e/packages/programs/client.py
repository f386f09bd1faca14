"""A caller with the Python client, synchronous and asyncio, which prints what it receives."""

import asyncio
import importlib.util
import sys

import aibridge.client
from aibridge.client import CallFailed, aio, connect, run_tools
from aibridge.v1 import chat_pb2

for module in (aibridge.client, chat_pb2):
    assert module.__file__.startswith(sys.prefix), module.__file__
assert importlib.util.find_spec("bridge") is None

target = sys.argv[1]
request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


async def stream() -> str:
    async with aio.connect(target) as client:
        return (await aio.collect(client.chat.CreateChatCompletionStream(request))).choices[0].message.content


with connect(target, timeout=10) as client:
    print(client.chat.CreateChatCompletion(request).choices[0].message.content)
    print(asyncio.run(stream()))
    print(run_tools(client, request, {"tide": lambda harbour: f"high in {harbour}"}).message.content)
    try:
        client.chat.CreateChatCompletion(request)
    except CallFailed as failure:
        print(failure.reason, failure.upstream.http_status)
