"""A program for openai-python with the transport, which prints what it receives."""

import asyncio
import importlib.util
import sys

import openai

import aibridge.client.openai
from aibridge.client.openai import async_http_client, http_client

assert aibridge.client.openai.__file__.startswith(sys.prefix)
assert importlib.util.find_spec("bridge") is None

target = sys.argv[1]
request = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


async def stream() -> str:
    async with openai.AsyncOpenAI(http_client=async_http_client(target), api_key="k") as client:
        chunks = await client.chat.completions.create(**request, stream=True)
        return "".join([choice.delta.content or "" async for chunk in chunks for choice in chunk.choices])


with openai.OpenAI(http_client=http_client(target), api_key="k") as client:
    print(client.chat.completions.create(**request).choices[0].message.content)
print(asyncio.run(stream()))
