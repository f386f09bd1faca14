"""Responses and events of many megabytes, which take several times their size to convert."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import grpc

from aibridge.v1 import chat_pb2, raw_pb2
from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.gateway import Exchange, Script

_MIB: Final = 1 << 20
_OPTIONS: Final = (("grpc.max_receive_message_length", -1),)
_CHAT: Final = "/aibridge.v1.ChatService/CreateChatCompletion"
_RAW: Final = "/aibridge.v1.RawService/"
_RAW_PATHS: Final = ("--raw-paths", "/x")
_HEAD: Final = b'{"choices":[{"index":0,"message":{"content":"'


def call(address: str, method: str, data: bytes, metadata: Any) -> str:
    """Make a call, and read its response to the end. Returns its status."""
    with grpc.insecure_channel(address, _OPTIONS) as channel:
        pending = channel.unary_stream(method)(data, timeout=60, metadata=metadata)
        try:
            for _ in pending:
                pass
        except grpc.RpcError:
            pass
        return str(pending.code().name)


def _response(pieces: Callable[[], Iterator[bytes]]) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.head()
        for piece in pieces():
            await exchange.send(piece)
        exchange.writer.close()

    return script


def _attack(name: str, method: str, ended: str, begin: bytes, unit: bytes, size: int, end: bytes) -> Attack:
    """A call whose response has `unit` again and again, so many MiB in all."""
    request: Any = raw_pb2.RawRequest(path="/x", body_json="{}")
    if method == _CHAT:
        request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "x"}])

    def pieces() -> Iterator[bytes]:
        yield begin
        for _ in range(size):
            yield unit * (_MIB // len(unit))
        yield end

    async def run(target: Target) -> None:
        for _ in range(2 if target.long else 1):
            code = await target.child(call, target.address, method, request.SerializeToString(), target.metadata)
            assert code == ended, code

    return Attack(name, run, options=_RAW_PATHS, script=_response(pieces))


ATTACKS = (
    _attack("response of 30 MiB that is not JSON", _CHAT, "INTERNAL", _HEAD, b"word, ", 30, b'"'),
    _attack("raw response of 127 MiB of text", f"{_RAW}Call", "INTERNAL", b'{"x":"', b"word, ", 127, b'"}'),
    _attack("raw response of 31 MiB of invalid UTF-8", f"{_RAW}Call", "INTERNAL", b'{"x":"', b"\xff", 31, b'"}'),
    _attack(
        "raw event of 31 MiB of invalid UTF-8",
        f"{_RAW}Stream",
        "INTERNAL",
        b'data: {"x":"',
        b"\xff",
        31,
        b'"}\n\ndata: [DONE]\n\n',
    ),
)
