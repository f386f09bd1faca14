"""Upstreams that flood the bridge: responses of many small parts, and streams without content."""

import asyncio
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc
from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.gateway import Exchange, Script, respond

_OPTIONS: Final = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
_MIB: Final = 1 << 20
_VECTORS: Final = 1000
_HEAD: Final = b'{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}],"x":'
_VECTOR: Final = b"[" + b"0.0123456789012345," * 1535 + b"1]"
_NOTHING: Final = "HTTP/1.1 100 Continue\r\n\r\n"


def chat(address: str, count: int, seconds: float, metadata: Any, *, streams: bool) -> list[str]:
    """Concurrent calls, whose responses are read to the end. Returns their statuses."""
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "x"}])
    with grpc.insecure_channel(address, _OPTIONS) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        if not streams:
            calls = [
                stub.CreateChatCompletion.future(request, timeout=seconds, metadata=metadata) for _ in range(count)
            ]
            return [call.code().name for call in calls]
        calls = [stub.CreateChatCompletionStream(request, timeout=seconds, metadata=metadata) for _ in range(count)]
        for call in calls:
            with suppress(grpc.RpcError):
                for _ in call:
                    pass
        return [call.code().name for call in calls]


def embed(address: str, count: int, seconds: float, metadata: Any) -> list[str]:
    """The same for embeddings."""
    request = embeddings_pb2.CreateEmbeddingRequest(model="m", input_texts={"items": ["x"] * _VECTORS})
    with grpc.insecure_channel(address, _OPTIONS) as channel:
        stub = embeddings_pb2_grpc.EmbeddingsServiceStub(channel)
        calls = [stub.CreateEmbedding.future(request, timeout=seconds, metadata=metadata) for _ in range(count)]
        return [call.code().name for call in calls]


def _plain(ended: str, *, streams: bool = False) -> Callable[[Target], Any]:
    async def attack(target: Target) -> None:
        count = 4 if target.long else 1
        codes = await target.child(_chat, target.address, count, 30.0, target.metadata, streams)
        assert set(codes) == {ended}, codes

    return attack


def _chat(address: str, count: int, seconds: float, metadata: Any, streams: bool) -> list[str]:  # noqa: FBT001
    return chat(address, count, seconds, metadata, streams=streams)


async def _vectors(target: Target) -> None:
    codes = await target.child(embed, target.address, 2 if target.long else 1, 30.0, target.metadata)
    assert set(codes) == {"OK"}, codes


async def _endless(target: Target) -> None:
    """Endless streams, until the deadline or a limit of the bridge ends them."""
    count, seconds = (16, 6.0) if target.long else (4, 1.5)
    codes = await target.child(_chat, target.address, count, seconds, target.metadata, True)
    assert set(codes) <= {"DEADLINE_EXCEEDED", "INTERNAL"}, codes


def _stream(pieces: Callable[[], Iterator[bytes]], **headers: str) -> Script:
    """An upstream that sends endlessly, as fast as the bridge reads."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream", **headers)
        end = time.monotonic() + 10
        for piece in pieces():
            if time.monotonic() > end:
                return
            await exchange.send(piece)
            await asyncio.sleep(0)

    return script


def _again(piece: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        while True:
            yield piece

    return pieces


def _packed(head: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    """The same character endlessly: each kilobyte decompresses to one MiB."""

    def pieces() -> Iterator[bytes]:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        yield packer.compress(head)
        while True:
            yield packer.compress(piece * _MIB) + packer.flush(zlib.Z_SYNC_FLUSH)

    return pieces


def _indexes() -> Iterator[bytes]:
    """Endlessly many choices."""
    number = 0
    while True:
        yield b"".join(
            b'data: {"choices":[{"index":%d,"finish_reason":"stop"}]}\n\n' % each
            for each in range(number, number + 500)
        )
        number += 500


async def informational(exchange: Exchange) -> None:
    """Endless informational responses."""
    with suppress(ConnectionError):
        for _ in range(10_000):
            await exchange.send(_NOTHING * 2000)
            await asyncio.sleep(0)


def _lists(size: int) -> bytes:
    return _HEAD + b"[" + b"[]," * (size // 3) + b"1]}"


ATTACKS = (
    Attack("response of 900,000 elements", _plain("OK"), script=respond(_lists(1_350_000))),
    Attack("response of 900,000 elements to a stream", _plain("OK", streams=True), script=respond(_lists(1_350_000))),
    Attack("response of 16 MiB of empty lists", _plain("INTERNAL"), script=respond(_lists(16 * _MIB))),
    Attack(
        "response of 200,000 choices",
        _plain("OK"),
        script=respond(b'{"choices":[' + b'{"index":1},' * 200_000 + b"{}]}"),
    ),
    Attack(
        "response of 32 MiB of text", _plain("OK"), script=respond(_HEAD + b'"' + b"word, " * (32 * _MIB // 6) + b'"}')
    ),
    Attack(
        "response of 1000 vectors of numbers",
        _vectors,
        script=respond(b'{"data":[' + b",".join([b'{"embedding":' + _VECTOR + b"}"] * _VECTORS) + b"]}"),
    ),
    Attack("informational responses without end", _plain("INTERNAL"), script=informational),
    Attack("stream of line feeds", _endless, script=_stream(_again(b"\n" * 65536))),
    Attack("stream of comments", _endless, script=_stream(_again(b":\n" * 32768))),
    Attack("stream of empty data", _endless, script=_stream(_again(b"data:\n\n" * 9000))),
    Attack("stream of one event without end", _endless, script=_stream(_again(b"data:\n" * 10_000))),
    Attack("stream of empty objects", _endless, script=_stream(_again(b"data: {}\n\n" * 6000))),
    Attack("stream of line feeds in gzip", _endless, script=_stream(_packed(b"", b"\n"), content_encoding="gzip")),
    Attack("stream of one event in gzip", _endless, script=_stream(_packed(b"data: ", b"a"), content_encoding="gzip")),
    Attack("stream of new choices", _endless, script=_stream(_indexes)),
)
