"""Streams whose events take long to read: tool calls, halves of characters, names, log probabilities, odd indexes."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.gateway import Exchange, Script

_OPTIONS: Final = (("grpc.max_receive_message_length", -1),)
_MIB: Final = 1 << 20


def chat(address: str, count: int, seconds: float, metadata: Any, options: dict[str, Any]) -> list[str]:
    """Concurrent streams, read to their end, for some seconds. Returns how they ended."""

    async def one(stub: Any, end: float, ended: list[str]) -> None:
        request = chat_pb2.CreateChatCompletionRequest(
            model="m", messages=[{"role": "user", "content": "x"}], bridge_options=options
        )
        while time.monotonic() < end:
            call = stub.CreateChatCompletionStream(request, timeout=end + 0.1 - time.monotonic(), metadata=metadata)
            try:
                async for _ in call:
                    pass
            except grpc.aio.AioRpcError:
                pass
            ended.append((await call.code()).name)

    async def all_of_them() -> list[str]:
        ended: list[str] = []
        async with grpc.aio.insecure_channel(address, _OPTIONS) as channel:
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            await asyncio.gather(*(one(stub, time.monotonic() + seconds, ended) for _ in range(count)))
        return ended

    return asyncio.run(all_of_them())


def streams(pieces: Callable[[], Iterator[bytes]], *, media_type: str = "text/event-stream", **headers: str) -> Script:
    """An upstream that sends these pieces as fast as the bridge reads."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=media_type, **headers)
        for piece in pieces():
            await exchange.send(piece)
            await asyncio.sleep(0)
        exchange.writer.close()

    return script


def attack(
    name: str,
    pieces: Callable[[], Iterator[bytes]],
    *ended: str,
    options: dict[str, Any] | None = None,
    streams_at_once: int = 16,
    **more: str,
) -> Attack:
    """Streams of these pieces."""

    async def run(target: Target) -> None:
        count, seconds = (streams_at_once, 6.0) if target.long else (streams_at_once // 4, 1.5)
        codes = await target.child(chat, target.address, count, seconds, target.metadata, options or {})
        assert set(codes) <= {"DEADLINE_EXCEEDED", *ended}, codes

    return Attack(name, run, script=streams(pieces, **more))


def _event(value: Any) -> bytes:
    return b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"


def _chunk(**delta: Any) -> dict[str, Any]:
    return {"id": "x", "choices": [{"index": 0, "delta": delta}]}


_ONE_ID = _event(_chunk(tool_calls=[{"index": n, "id": "a", "function": {"name": "x"}} for n in range(9000)]))
_FINISH = _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}) + b"data: [DONE]\n\n"
_HALVES = _event(_chunk(tool_calls=[{"index": n, "function": {"arguments": "\ud83d"}} for n in range(9000)]))
_TOKEN: Final = {"token": "a", "logprob": -0.5, "bytes": [1]}


def _logprobs(tokens: int) -> bytes:
    """An event with log probabilities of so many tokens, which take 250 bytes each."""
    content = [{**_TOKEN, "top_logprobs": [_TOKEN] * 5}] * tokens
    return _event({"id": "x", "choices": [{"index": 0, "delta": {}, "logprobs": {"content": content}}]})


def _new_logprobs() -> Iterator[bytes]:
    """Small events of which none repeats the structure of another one."""
    number = 0
    while True:
        content = [{**_TOKEN, "top_logprobs": [_TOKEN] * (number % 3)}] * 6
        choices = [{"index": 0, "delta": {}, "logprobs": {"content": content}}]
        yield _event({"id": "x", "choices": choices, f"a{number}": 1})
        number += 1


def _once(*pieces: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(pieces)


def _again(piece: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        while True:
            yield piece

    return pieces


def _new_halves() -> Iterator[bytes]:
    number = 0
    while True:
        yield b"".join(_event(_chunk(**{f"{number + n}-{m}": "\ud83d" for m in range(100)})) for n in range(50))
        number += 50


def _text_of_halves() -> Iterator[bytes]:
    """One event of 30 MiB."""
    yield b'data: {"choices":[{"index":0,"delta":{"content":"'
    for _ in range(30):
        yield b"\\ud83da" * (_MIB // 7)
    yield b'"}}]}\n\n' + _FINISH


def _usages() -> Iterator[bytes]:
    while True:
        yield b"".join(
            b'data: {"choices":[],"usage":{"prompt_tokens":%b,"completion_tokens":-%b,"total_tokens":1e400}}\n\n'
            % (b"9" * 1000, b"9" * 1000)
            for _ in range(30)
        )


def _indexes() -> Iterator[bytes]:
    for index in (b"1e9", b"-1", b"1.5", b"1" * 5000, b'"x"', b"null", b"[]", b"1000000000"):
        yield b"".join(
            b'data: {"choices":[{"index":%b,"delta":{"tool_calls":[{"index":%b,"id":"%d"}]}}]}\n\n' % (index, index, n)
            for n in range(500)
        )
    yield _FINISH


def _chunked(piece: bytes, extension: bytes) -> Callable[[], Iterator[bytes]]:
    """Each byte in a chunk of its own."""
    part = b"".join(b"%b%b\r\n%b\r\n" % (b"0000001", extension, piece[at : at + 1]) for at in range(len(piece)))
    return _again(part)


async def _silence(exchange: Exchange) -> None:
    """An upstream that begins a stream, and then sends nothing."""
    await exchange.head(content_type="text/event-stream")
    await exchange.wait_closed()


_WORD = _event(_chunk(content="word"))
_WORDS = b"".join(_event(_chunk(content=f"word {n}")) for n in range(500))
_COALESCED: Final[dict[str, Any]] = {
    "coalesce": True,
    "coalesce_window": {"nanos": 50_000_000},
    "heartbeat": {"nanos": 100_000_000},
}

ATTACKS = (
    attack("stream of tool calls of one id", _once(_ONE_ID, _FINISH), "INTERNAL"),
    attack("stream of halves of characters", _once(_HALVES, _FINISH), "INTERNAL"),
    attack("stream of ever new halves", _new_halves),
    attack("stream of a text of halves", _text_of_halves, "OK", streams_at_once=4),
    attack("stream of a long name", _once(b"event: " + b"a-" * (4 * _MIB), b"\ndata: {}\n\n"), "INTERNAL"),
    attack("stream of log probabilities", _again(_logprobs(1500))),
    attack("100 streams of log probabilities", _again(_logprobs(1500)), streams_at_once=100),
    attack("64 streams of 15 KiB of log probabilities", _again(_logprobs(62)), streams_at_once=64),
    attack("64 streams of small log probabilities", _new_logprobs, streams_at_once=64),
    attack("stream of words", _again(_WORDS)),
    attack("stream of words, coalesced", _again(_WORDS), options=_COALESCED),
    attack("600 streams of single words", _again(_WORD), streams_at_once=600),
    attack("600 streams of 200 words at a time", _again(_WORD * 200), streams_at_once=600),
    attack("600 streams of comments", _again(b": still here\n\n"), streams_at_once=600),
    replace(attack("600 silent streams", _once(), streams_at_once=600), script=_silence),
    attack("stream of usages", _usages),
    attack("stream of odd indexes", _indexes, "OK"),
    attack("stream of chunks of one byte", _chunked(_WORDS, b""), transfer_encoding="chunked"),
    attack(
        "stream of chunk extensions", _chunked(_WORDS, b";" + b"x" * 200), "UNAVAILABLE", transfer_encoding="chunked"
    ),
    attack("stream of stray lines", _again(b"{}\n" * 20_000)),
    attack("stream of half lines", _again(b"x:{\n" * 20_000), "INTERNAL"),
)
