"""Python callers that call continuously until SIGTERM, and then print the failures as one line of JSON."""

import argparse
import asyncio
import json
import signal
import time
from contextlib import AsyncExitStack
from typing import Any

import grpc

from aibridge.client import CallFailed, aio
from aibridge.v1 import chat_pb2, chat_pb2_grpc

CHUNKS = 40
#: Pause after a failure in seconds, so that an outage does not become a busy loop.
PAUSE = 0.2


class Load:
    """Counts calls, and records each failure: kind, time, code and progress."""

    def __init__(self, chat: Any, **given: Any) -> None:
        self.chat = chat
        self.given = given
        self.succeeded = 0
        self.failures: list[list[Any]] = []
        self.longest = 0.0
        self.over = asyncio.Event()

    async def run(self, streams: int, unary: int) -> None:
        async with asyncio.TaskGroup() as group:
            for method, count in ((self.stream, streams), (self.unary, unary)):
                for _ in range(count):
                    group.create_task(self.repeat(method))

    async def repeat(self, method: Any) -> None:
        request = chat_pb2.CreateChatCompletionRequest(
            model="m", max_tokens=CHUNKS, messages=[{"role": "user", "content": "hi"}]
        )
        while not self.over.is_set():
            began = time.time()
            try:
                problem = await method(request)
            except CallFailed as error:
                problem = f"{error.code.name} {error.reason} {error.message}"
            except grpc.aio.AioRpcError as error:
                problem = f"{error.code().name} {error.details()}"
            self.longest = max(self.longest, time.time() - began)
            if problem:
                self.failures.append([method.__name__, round(time.time(), 2), problem[:200]])
                await asyncio.sleep(PAUSE)
            else:
                self.succeeded += 1

    async def stream(self, request: Any) -> str:
        count, finished = 0, False
        async for message in self.chat.CreateChatCompletionStream(request, timeout=60, **self.given):
            count += bool(message.choices[0].delta.content)
            finished = finished or bool(message.choices[0].finish_reason)
        return "" if (count, finished) == (CHUNKS, True) else f"OK with {count} chunks, finished {finished}"

    async def unary(self, request: Any) -> str:
        response = await self.chat.CreateChatCompletion(request, timeout=60, **self.given)
        return "" if response.choices[0].message.content == "hello" else "OK with another text"


async def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("target", "token", "ca", "balance", "config", "dns"):
        parser.add_argument(f"--{name}", default="")
    for name in ("streams", "unary"):
        parser.add_argument(f"--{name}", type=int, default=2)
    parser.add_argument("--plain", action="store_true", help="a channel of gRPC with its defaults")
    given = parser.parse_args()
    options = [("grpc.use_local_subchannel_pool", 1)]
    if given.config:
        options.append(("grpc.service_config", given.config))
    if given.dns:
        options.append(("grpc.dns_min_time_between_resolutions_ms", int(given.dns)))
    async with AsyncExitStack() as stack:
        if given.plain:
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(given.target, options=options))
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            load = Load(stub, metadata=(("authorization", f"Bearer {given.token}"),))
        else:
            chosen = {"balance": given.balance} if given.balance else {}
            client = aio.connect(given.target, token=given.token, tls=given.ca or False, options=options, **chosen)
            load = Load((await stack.enter_async_context(client)).chat)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, load.over.set)
        await load.run(given.streams, given.unary)
    print(json.dumps({"ok": load.succeeded, "failures": load.failures, "longest": round(load.longest, 1)}))


if __name__ == "__main__":
    asyncio.run(main())
