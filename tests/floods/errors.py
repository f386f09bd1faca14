"""Responses that take long to read: error bodies of many shapes, and heads with a number of many digits."""

import asyncio
import itertools
import json
import time
import zlib
from typing import Any, Final

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.gateway import Exchange, Script, respond

_KIB: Final = 1 << 10
_SIZE: Final = 256 * _KIB


def chat(address: str, count: int, seconds: float, metadata: Any, streams: bool) -> list[str]:  # noqa: FBT001
    """Concurrent calls for some seconds. Returns how they ended."""

    async def one(stub: Any, end: float, ended: list[str]) -> None:
        request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "x"}])
        while time.monotonic() < end:
            timeout = end + 0.1 - time.monotonic()
            call: Any
            if streams:
                call = stub.CreateChatCompletionStream(request, timeout=timeout, metadata=metadata)
                try:
                    async for _ in call:
                        pass
                except grpc.aio.AioRpcError:
                    pass
            else:
                call = stub.CreateChatCompletion(request, timeout=timeout, metadata=metadata)
            code = (await call.code()).name
            ended.append(code)

    async def all_of_them() -> list[str]:
        ended: list[str] = []
        async with grpc.aio.insecure_channel(address) as channel:
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            await asyncio.gather(*(one(stub, time.monotonic() + seconds, ended) for _ in range(count)))
        return ended

    return asyncio.run(all_of_them())


def attack(name: str, script: Script, *ended: str, streams: bool = False) -> Attack:
    """Calls, again and again, that end in one of these ways."""

    async def run(target: Target) -> None:
        count, seconds = (16, 6.0) if target.long else (8, 1.5)
        codes = await target.child(chat, target.address, count, seconds, target.metadata, streams)
        assert set(codes) <= {"DEADLINE_EXCEEDED", *ended}, codes

    return Attack(name, run, script=script)


def _cut(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return data[:_SIZE]


def _nested(levels: int, leaf: str = "x") -> str:
    text = leaf
    for _ in range(levels):
        text = json.dumps(dict.fromkeys(("message", "error", "detail", "msg"), text))
    return text


BODIES: Final[dict[str, bytes]] = {
    "events": b"data: x\n\n" * (_SIZE // 9),
    "events of half objects": b"data: {\n\n" * (_SIZE // 9),
    "events of no objects": b'data: "\n\n' * (_SIZE // 9),
    "lines of objects": b"{}\n" * (_SIZE // 3),
    "lines of half objects": b'x:{"\n' * (_SIZE // 5),
    "objects": b"{" * _SIZE,
    "lists": b"[" * _SIZE,
    "depth": b'{"error":' + b"[" * 400 + b"]" * 400 + b"}",
    "messages": json.dumps({"errors": [{"message": "x"}] * 16000}).encode(),
    "details": json.dumps({"detail": [{"loc": ["body", 1], "msg": "x"}] * 7000}).encode(),
    "details of text": json.dumps({"detail": ['{"'] * 30000}).encode(),
    "errors in errors": _cut(_nested(4, "x" * 100)),
    "fields": json.dumps({f"error{n}": "" for n in range(16000)}).encode(),
    "violations": json.dumps(
        {"error": {"details": [{"fieldViolations": [{"field": "a.b[0]" * 20, "description": "d"}] * 1500}]}}
    ).encode(),
    "path": json.dumps({"error": {"param": "[" * 100_000, "message": "."}}).encode(),
    "code": json.dumps({"error": {"code": "4.4" * 60_000, "type": "_-" * 20000}}).encode(),
    "hostile text": json.dumps({"error": {"message": "sk-" * 80_000}}).encode(),
    "stars": json.dumps({"error": {"message": "*" * 250_000}}).encode(),
    "backslashes": json.dumps({"error": {"message": "\\" * 120_000}}).encode(),
    "entities": json.dumps({"error": {"message": "&amp;" * 50_000}}).encode(),
    "percent": json.dumps({"error": {"message": "%25" * 80_000}}).encode(),
    "html": b"<!doctype" + b"<" * (_SIZE - 9),
    "salvage": b'{"message" ' + b" " * 4000 + b'"message":"' * 20000,
    "salvage backslashes": b'{"message":"' + b"\\" * (_SIZE - 12),
    "delays": json.dumps(
        {"error": {"details": [{"metadata": {"details": [{"retry_after": "1" * 60}] * 100}}] * 100}}
    ).encode(),
    "digits": b'{"error":{"code":' + b"1" * (_SIZE - 18) + b"}}",
    "halves": b'{"error":{"message":"' + b"\\ud83d" * 43000 + b'"}}',
    "controls": json.dumps({"error": {"message": "\x00\u202e" * 20000}}).encode(),
}

_HEADERS: Final = (
    *("retry-after", "retry-after-ms", "x-ratelimit-reset", "x-ratelimit-reset-tokens", "x-ratelimit-reset-requests"),
    *("x-ratelimit-remaining-tokens", "x-ratelimit-remaining-requests", "keep-alive", "server-timing", "x-request-id"),
    *("x-should-retry", "content-type", "content-encoding", "set-cookie", "date", "openai-processing-ms"),
)
_VALUES: Final = (
    "1" * 16000,
    "1h" * 8000,
    "timeout=" * 2000,
    "timeout=" + "9" * 15000,
    "," * 16000,
    ";" * 16000,
    "a=" * 8000,
    " " * 15000 + "1",
    "%25" * 5000,
    "gzip," * 3000,
    "Mon, " * 3000,
)


def turns(*scripts: Script) -> Script:
    """One of these after the other."""
    again = itertools.cycle(scripts)

    async def script(exchange: Exchange) -> None:
        await next(again)(exchange)

    return script


def _head(status: int, name: str, value: str) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.send(f"HTTP/1.1 {status} X\r\n{name}: {value}\r\ncontent-length: 2\r\n\r\n{{}}")

    return script


def _lines(count: int, line: str) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.send("HTTP/1.1 429 X\r\ncontent-length: 2\r\n" + line * count + "\r\n{}")

    return script


def _raw(data: bytes) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.send(data)

    return script


_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
_CHUNKED = _OK + b"transfer-encoding: chunked\r\n\r\n"
ODD_HTTP: Final = (
    _OK + b"content-length: " + b"0" * 15000 + b"2\r\n\r\n{}",
    _OK + b"content-length: " + b"9" * 15000 + b"\r\n\r\n{}",
    _OK + b"content-length: 2\r\n" * 100 + b"\r\n{}",
    _OK + b"content-length: -2\r\n\r\n{}",
    _CHUNKED + b"0" * 100_000 + b"2\r\n{}\r\n0\r\n\r\n",
    _CHUNKED + b"f" * 17 + b"\r\n{}",
    _CHUNKED + b"2;" + b"x" * 100_000 + b"\r\n{}\r\n0\r\n\r\n",
    _CHUNKED + b"2\r\n{}\r\n0\r\n" + b"x: y\r\n" * 100_000 + b"\r\n",
    _CHUNKED + b"2\r\n{}\r\n0\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
    _OK + b"set-cookie: a=b\r\n" * 100_000 + b"\r\n{}",
    b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n{}",
    b"HTTP/1.1 " + b"2" * 100_000 + b" x\r\n\r\n{}",
    b"HTTP/" + b"1" * 100_000,
    b"\r\n" * 100_000,
    b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"x:\r\n" * 100_000,
    b"HTTP/1.1 200 OK\r\nx: y\r\n" + b" folded\r\n" * 100_000 + b"\r\n",
)


def _bomb(wbits: int, size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return b"".join(packer.compress(b" " * (1 << 20)) for _ in range(size)) + packer.flush()


BOMBS: Final = (
    respond(_bomb(31, 200), content_encoding="gzip"),
    respond(_bomb(15, 200), content_encoding="deflate"),
    respond(_bomb(-15, 200), content_encoding="deflate"),
    respond(_bomb(31, 200), 400, content_encoding="gzip"),
    respond(_bomb(31, 10), content_encoding="br"),
    respond(_bomb(31, 10), content_encoding="zstd"),
    respond(_bomb(31, 10), content_encoding="gzip, gzip, gzip"),
    respond(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\0\0\0\xff\xff" * 100_000, content_encoding="gzip"),
)

_REFUSED: Final = ("INVALID_ARGUMENT", "INTERNAL", "RESOURCE_EXHAUSTED")
_STATUSES: Final = (400, 429, 500)

ATTACKS = (
    attack("errors", turns(*(respond(body, status) for body in BODIES.values() for status in _STATUSES)), *_REFUSED),
    attack("errors with a status of 200", turns(*map(respond, BODIES.values())), "OK", *_REFUSED),
    attack(
        "errors as pages",
        turns(*(respond(body, content_type="text/html") for body in BODIES.values())),
        "OK",
        *_REFUSED,
        streams=True,
    ),
    attack(
        "headers of digits",
        turns(*(_head(status, name, value) for name in _HEADERS for value in _VALUES for status in (200, 429, 503))),
        "UNAVAILABLE",
        *_REFUSED,
    ),
    attack(
        "many headers",
        turns(_lines(60, f"x-ratelimit-limit-x: {'1' * 16000}\r\n"), _lines(500, f"retry-after: {'1' * 2000}\r\n")),
        *_REFUSED,
    ),
    attack("odd HTTP", turns(*map(_raw, ODD_HTTP)), "UNAVAILABLE", *_REFUSED),
    attack("compressed responses", turns(*BOMBS), "UNAVAILABLE", *_REFUSED),
)
