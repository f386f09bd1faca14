"""Callers that never pause, and the gateway for them: a call that fails is an error of the test."""

import asyncio
from collections import Counter

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from tests.support.gateway import Exchange, respond_json
from tests.support.payloads import COMPLETION

WORDS = [f"word{index} " for index in range(5)]


async def script(exchange: Exchange) -> None:
    if not exchange.request.json.get("stream"):
        await respond_json(COMPLETION)(exchange)
        return
    await exchange.head(content_type="text/event-stream")
    for word in WORDS:
        await exchange.event({"choices": [{"index": 0, "delta": {"content": word}}]})
        await asyncio.sleep(0.02)
    await exchange.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    await exchange.event("[DONE]")
    exchange.writer.close()


class Load:
    """Callers that do not cease to call. A call that fails is an error of the test, and ends it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = chat_pb2_grpc.ChatServiceStub(channel)
        self._request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
        self.done: Counter[str] = Counter()
        self._stop = False

    async def run(self, callers: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(self._unary())
                group.create_task(self._stream())

    def stop(self) -> None:
        self._stop = True

    async def _unary(self) -> None:
        while not self._stop:
            assert (await self._stub.CreateChatCompletion(self._request)).choices[0].message.content == "hello"
            self.done["unary"] += 1
            await asyncio.sleep(0.005)  # the bridges that start meanwhile share the machine

    async def _stream(self) -> None:
        while not self._stop:
            words = [
                item.choices[0].delta.content async for item in self._stub.CreateChatCompletionStream(self._request)
            ]
            assert words == [*WORDS, ""]
            self.done["stream"] += 1
