"""The asyncio client: the counterpart of `aibridge.client` for one event loop.

async with connect("127.0.0.1:50051") as client:
    async with client.chat.CreateChatCompletionStream(request) as chunks:
        completion = await collect(chunks)
"""

from aibridge.client.accumulate import collect_async as collect
from aibridge.client.asynchronous import Client, Stream, connect
from aibridge.client.tools import run_tools_async as run_tools

__all__ = ["Client", "Stream", "collect", "connect", "run_tools"]
