"""Checks what proxies might cut off: a large message, and an error with all details."""

from typing import Final

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc
from tests.e2e.clients.checks import Check
from tests.e2e.clients.programs import TOKEN

_TIMEOUT: Final = 30.0
_TEXT: Final = "x" * (4 << 20)
_OPTIONS: Final = [("grpc.max_send_message_length", 64 << 20)]
_METADATA: Final = [("authorization", f"Bearer {TOKEN}")]


async def check(address: str) -> list[Check]:
    """Check both through the server at this address."""
    async with grpc.aio.insecure_channel(address, _OPTIONS) as channel:
        return [
            Check("a message of 8 MiB", await _large(embeddings_pb2_grpc.EmbeddingsServiceStub(channel))),
            Check("an error with 4 KiB of trailers", await _long(chat_pb2_grpc.ChatServiceStub(channel))),
        ]


async def _large(stub: embeddings_pb2_grpc.EmbeddingsServiceStub) -> str:
    texts = embeddings_pb2.InputTexts(items=[_TEXT, _TEXT])
    request = embeddings_pb2.CreateEmbeddingRequest(model="example/embed", input_texts=texts)
    try:
        response = await stub.CreateEmbedding(request, timeout=_TIMEOUT, metadata=_METADATA)
    except grpc.aio.AioRpcError as error:
        return f"{error.code().name}: {error.details()}"
    return "" if len(response.data) == 2 else f"{len(response.data)} vectors"


async def _long(stub: chat_pb2_grpc.ChatServiceStub) -> str:
    message = chat_pb2.ChatCompletionMessage(role="user", content="Hello!")
    request = chat_pb2.CreateChatCompletionRequest(model="example/long-error", messages=[message])
    try:
        await stub.CreateChatCompletion(request, timeout=_TIMEOUT, metadata=_METADATA)
    except grpc.aio.AioRpcError as error:
        size = sum(len(key) + len(value) for key, value in error.trailing_metadata())
        whole = error.code() is grpc.StatusCode.INVALID_ARGUMENT and size > 4096
        return "" if whole else f"{error.code().name} with {size} bytes of trailers: {error.details()}"
    return "the call succeeded"
