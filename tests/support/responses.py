"""Responses that end badly, or not at all."""

import json

from aibridge.v1 import chat_pb2
from tests.support.gateway import Exchange, Script
from tests.support.payloads import CHUNK, COMPLETION, LAST

Hello = chat_pb2.CreateChatCompletionRequest
EVENTS = "text/event-stream"
ONE = f"data: {json.dumps(CHUNK)}\n\n"
TWO = f"data: {json.dumps(LAST)}\n\n"
DONE = "data: [DONE]\n\n"
BODY = json.dumps(COMPLETION).encode()


async def close(exchange: Exchange) -> None:
    exchange.writer.close()


async def reset(exchange: Exchange) -> None:
    exchange.reset()


def after(data: bytes | str, end: Script, content_type: str = "application/json", **headers: str) -> Script:
    """A response that begins with `data` and then ends in this way."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=content_type, **headers)
        await exchange.send(data)
        await end(exchange)

    return script


def then_wait(data: bytes | str = b"", content_type: str = EVENTS, *, head: bool = True) -> Script:
    async def script(exchange: Exchange) -> None:
        if head:
            await exchange.head(content_type=content_type)
        await exchange.send(data)
        await exchange.wait_closed()

    return script


def choices(*reasons: tuple[int, str | None]) -> str:
    """An event with a delta for each choice."""
    value = {"choices": [{"index": at, "delta": {}, "finish_reason": why} for at, why in reasons]}
    return f"data: {json.dumps(value)}\n\n"


def chunked(*pieces: str) -> str:
    return "".join(f"{len(piece):x}\r\n{piece}\r\n" for piece in pieces)
