"""Requests that take longer to convert than to send: many small parts, and errors that quote them."""

from collections.abc import Callable
from typing import Any, Final

import grpc

from aibridge.v1 import chat_pb2, embeddings_pb2
from tests.floods.attack import Attack
from tests.floods.target import Target
from tests.support.gateway import Exchange, respond_json

_CHAT: Final = "/aibridge.v1.ChatService/CreateChatCompletion"
_EMBED: Final = "/aibridge.v1.EmbeddingsService/CreateEmbedding"
_OPTIONS: Final = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
_MIB: Final = 1 << 20


def _chat(**fields: Any) -> bytes:
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "x"}], **fields)
    return request.SerializeToString()


def messages(size: int) -> bytes:
    """Empty messages of two bytes each."""
    return _chat() + b"\x12\x00" * (size // 2)


def parts(size: int) -> bytes:
    """Empty content parts of one message."""
    return (
        _chat()
        + chat_pb2.CreateChatCompletionRequest(
            messages=[{"role": "user", "content_parts": {"items": [{}] * (size // 2)}}]
        ).SerializeToString()
    )


def lists(size: int) -> bytes:
    """JSON text with empty lists."""
    return _chat(extra_json='{"a":[' + "[]," * (size // 3) + "1]}")


def members(size: int) -> bytes:
    """JSON text with members."""
    return _chat(extra_json="{" + ",".join(f'"{number:05x}":1' for number in range(size // 10)) + "}")


def tokens(size: int) -> bytes:
    """Tokens of one byte each."""
    return embeddings_pb2.CreateEmbeddingRequest(model="m", input_tokens={"items": [1] * size}).SerializeToString()


def quoted(size: int) -> bytes:
    """Many short inputs, all of which an upstream may quote."""
    texts = [f'é"{number:05d}abcdefgh' for number in range(size)]
    request = embeddings_pb2.CreateEmbeddingRequest(model="m", dimensions=99999, input_texts={"items": texts})
    return request.SerializeToString()


def alike(size: int) -> bytes:
    """One long, uniform input."""
    return embeddings_pb2.CreateEmbeddingRequest(model="m", input="ab" * (size // 2)).SerializeToString()


async def quotes(exchange: Exchange) -> None:
    """An upstream that refuses a request and quotes it, as FastAPI does."""
    problem = {"type": "less_than_equal", "loc": ["body", "dimensions"], "msg": "Input should be less than 4096"}
    detail = [{**problem, "input": exchange.request.json}]
    await respond_json({"detail": detail, "error": {"message": "ab" * 4000}}, 422)(exchange)


def send(address: str, method: str, make: Callable[[int], bytes], size: int, count: int, metadata: Any) -> list[str]:
    """Make concurrent calls with a serialized request. Returns their statuses."""
    data = make(size)
    with grpc.insecure_channel(address, _OPTIONS) as channel:
        call = channel.unary_unary(method)
        pending = [call.future(data, timeout=60, metadata=metadata) for _ in range(count)]
        return [each.code().name for each in pending]


def _requests(make: Callable[[int], bytes], size: int, ended: str, method: str = _CHAT) -> Callable[[Target], Any]:
    async def attack(target: Target) -> None:
        count = 4 if target.long else 1
        codes = await target.child(send, target.address, method, make, size, count, target.metadata)
        assert set(codes) == {ended}, codes

    return attack


ATTACKS = (
    Attack("16 MiB of empty messages", _requests(messages, 16 * _MIB, "INVALID_ARGUMENT")),
    Attack("240,000 empty messages", _requests(messages, 480_000, "OK")),
    Attack("200,000 content parts", _requests(parts, 400_000, "OK")),
    Attack("16 MiB of empty lists in JSON text", _requests(lists, 16 * _MIB, "INVALID_ARGUMENT")),
    Attack("8 MiB of members in JSON text", _requests(members, 8 * _MIB, "INVALID_ARGUMENT")),
    Attack("200,000 members in JSON text", _requests(members, 2_000_000, "OK")),
    Attack("32 MiB of tokens", _requests(tokens, 32 * _MIB, "INVALID_ARGUMENT", _EMBED)),
    Attack("3 MiB of tokens", _requests(tokens, 3 * _MIB, "INTERNAL", _EMBED)),
    Attack("16,000 inputs quoted in a 422", _requests(quoted, 16_000, "INVALID_ARGUMENT", _EMBED), script=quotes),
    Attack("100,000 inputs quoted in a 422", _requests(quoted, 100_000, "INVALID_ARGUMENT", _EMBED), script=quotes),
    Attack("8 MiB of one input quoted in a 422", _requests(alike, 8 * _MIB, "INVALID_ARGUMENT", _EMBED), script=quotes),
)
