"""A compressed body may unpack only in proportion to its size. Real data is read whatever its size."""

import asyncio
import gzip
import json
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aibridge.v1 import chat_pb2, raw_pb2
from bridge.errors import BridgeError
from bridge.upstream.decompress import Unpacker
from tests.support.bridge import Bridge, Start
from tests.support.details import failed, failed_stream
from tests.support.gateway import Exchange, Script
from tests.support.payloads import COMPLETION

HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
MIB = 1 << 20
#: Concurrent streams, and the memory of all of them. One event of `max_event_bytes` alone is 32 MiB.
STREAMS, ROOM = 10, 40 * MIB


def packed(head: bytes, piece: bytes, times: int, tail: bytes = b"") -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = (packer.compress(part) for part in (head, *([piece] * times), tail))
    return b"".join([*pieces, packer.flush()])


def sends(body: bytes, content_type: str, size: int = 1 << 12) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=content_type, content_encoding="gzip")
        for at in range(0, len(body), size):
            await exchange.send(body[at : at + size])
            await asyncio.sleep(0)
        exchange.writer.close()

    return script


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def unary(bridge: Bridge) -> str:
    return (await failed(bridge.chat.CreateChatCompletion(HELLO))).reason


async def stream(bridge: Bridge) -> str:
    return (await failed_stream(bridge.chat.CreateChatCompletionStream(HELLO)))[1].reason


async def raw(bridge: Bridge) -> str:
    events = bridge.raw.Stream(raw_pb2.RawRequest(path="/responses", body_json="{}"))
    return (await failed_stream(events))[1].reason


EVENTS, PLAIN = "text/event-stream", "application/json"
LINE = b"a" * 1000
#: RPC, content type, and the repeated content.
BOMBS: dict[str, tuple[Callable[[Bridge], Any], str, bytes, bytes, int]] = {
    "line": (stream, EVENTS, b"data: ", LINE * 1000, 64),
    "lines": (stream, EVENTS, b"", (b"data: " + LINE + b"\n") * 1000, 64),
    "stray": (stream, EVENTS, b"", (b"[" + b"1," * 500 + b"\n") * 1000, 64),
    "under the limit": (stream, EVENTS, b'data: {"x":"', LINE * 1000, 31),
    "plain": (stream, PLAIN, b'{"x":"', LINE * 1000, 64),
    "unary": (unary, PLAIN, b'{"x":"', LINE * 1000, 64),
    "raw": (raw, EVENTS, b"data: ", LINE * 1000, 64),
}


@pytest.mark.usefixtures("_traced")
@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb(name: str, start: Start) -> None:
    """64 MiB in 64 KiB, in several calls at once, are refused before they take that memory."""
    call, content_type, head, piece, times = BOMBS[name]
    body = packed(head, piece, times, b'"}\n\ndata: [DONE]\n\n')
    async with start(raw_paths="/responses") as bridge:
        bridge.gateway.script(sends(body, content_type))
        before, _ = tracemalloc.get_traced_memory()
        reasons = await asyncio.gather(*(call(bridge) for _ in range(STREAMS)))
        _, most = tracemalloc.get_traced_memory()
    assert set(reasons) == {"UPSTREAM_RESPONSE_TOO_LARGE"}
    assert most - before < ROOM


def words(size: int = 3 * MIB) -> str:
    """Text like a model's: words from a list, which gzip compresses to a third at most."""
    chance = random.Random(20261127)  # noqa: S311 # the same text each time
    vocabulary = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(1, 9))) for _ in range(2000)]
    return " ".join(chance.choices(vocabulary, k=size // 6))


REAL: dict[str, Callable[[], str]] = {
    "words": words,
    "binary": lambda: random.Random(1).randbytes(MIB).hex(),  # noqa: S311 # as above
    "lines": lambda: words(2000) * 500,  # the same page repeatedly: 1 MB
    "short": lambda: "a" * 900_000,
}


@pytest.mark.parametrize("name", REAL)
async def test_what_is_large_and_real(name: str, bridge: Bridge) -> None:
    """Megabytes in one event, or in a response that is no stream, are read."""
    text = REAL[name]()
    event = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]}
    body = gzip.compress(b"data: " + json.dumps(event).encode() + b"\n\ndata: [DONE]\n\n")
    bridge.gateway.script(sends(body, "text/event-stream", 1 << 16))
    chunks = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(HELLO)]
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == text
    completion = json.loads(json.dumps(COMPLETION))
    completion["choices"][0]["message"]["content"] = text
    bridge.gateway.script(sends(gzip.compress(json.dumps(completion).encode()), "application/json", 1 << 16))
    assert (await bridge.chat.CreateChatCompletion(HELLO)).choices[0].message.content == text


async def test_events_that_are_complete_do_not_count(bridge: Bridge) -> None:
    """A long stream of small events may compress as well as it can, as none of them is kept."""
    event = {"choices": [{"index": 0, "delta": {"content": "a" * 1000}}]}
    last = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    body = packed(b"", b"data: " + json.dumps(event).encode() + b"\n\n", 3000, last)
    assert len(body) * 100 < 3_000_000
    bridge.gateway.script(sends(body, "text/event-stream"))
    texts = [chunk.choices[0].delta.content async for chunk in bridge.chat.CreateChatCompletionStream(HELLO)]
    assert "".join(texts) == "a" * 3_000_000


def test_the_proportion() -> None:
    """The first MiB is free; after that each byte of the body allows a hundred."""
    unpacker = Unpacker()
    body = packed(b"", bytes(MIB), 20)
    unpacker.step(body[:10_000])
    unpacker.keep(MIB)
    with pytest.raises(BridgeError):
        unpacker.keep(MIB + 1)
    unpacker.step(body[10_000:15_000])
    unpacker.keep(1_500_000)
    with pytest.raises(BridgeError, match="1500000"):
        unpacker.keep(1_500_001)
