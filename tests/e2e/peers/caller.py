"""A real bridge in front of an upstream, a caller over a real channel, and a description of what the caller sees."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc, models_pb2_grpc
from aibridge.v1.errors_pb2 import UpstreamError
from bridge import settings
from bridge.server.app import App

#: Seconds after which a call hangs, even on a busy machine.
LIMIT: Final = 60.0

Chunk = chat_pb2.CreateChatCompletionStreamResponse


class Caller:
    """The five RPCs of one bridge."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.chat = chat_pb2_grpc.ChatServiceStub(channel)
        self.models = models_pb2_grpc.ModelsServiceStub(channel)
        self.embeddings = embeddings_pb2_grpc.EmbeddingsServiceStub(channel)


@asynccontextmanager
async def calling(upstream_url: str, **options: Any) -> AsyncIterator[Caller]:
    """Run a bridge before this upstream, with these settings, and call it."""
    app = App(settings.load(**{"listen": "127.0.0.1:0", "upstream_url": upstream_url, **options}))
    address = await app.start()
    channel = grpc.aio.insecure_channel(address)
    try:
        yield Caller(channel)
    finally:
        await channel.close()
        await app.stop()


def ask(model: str, text: str = "What is a lighthouse?", **fields: Any) -> chat_pb2.CreateChatCompletionRequest:
    """A question with a short, deterministic response."""
    return chat_pb2.CreateChatCompletionRequest(
        model=model, messages=[{"role": "user", "content": text}], **{"max_tokens": 12, "temperature": 0, **fields}
    )


async def unary(
    caller: Caller, request: chat_pb2.CreateChatCompletionRequest, seconds: float = LIMIT
) -> chat_pb2.CreateChatCompletionResponse:
    """A unary completion.

    Raises:
        grpc.aio.AioRpcError: the call failed.
    """
    response: chat_pb2.CreateChatCompletionResponse = await caller.chat.CreateChatCompletion(request, timeout=seconds)
    return response


@dataclass
class Stream:
    """The result of a stream."""

    chunks: list[Chunk] = field(default_factory=list)

    def text(self, index: int = 0) -> str:
        """The text of one choice."""
        return "".join(choice.delta.content for choice in self.choices(index))

    def finish_reason(self, index: int = 0) -> str:
        """The finish_reason of one choice; empty if there is none."""
        return "".join(choice.finish_reason for choice in self.choices(index))

    def choices(self, index: int) -> list[chat_pb2.ChunkChoice]:
        """All pieces of one choice."""
        return [choice for chunk in self.chunks for choice in chunk.choices if choice.index == index]


async def streamed(caller: Caller, request: chat_pb2.CreateChatCompletionRequest, seconds: float = LIMIT) -> Stream:
    """The whole stream.

    Raises:
        grpc.aio.AioRpcError: the call failed.
    """
    call = caller.chat.CreateChatCompletionStream(request, timeout=seconds)
    return Stream([chunk async for chunk in call])


async def embedded(caller: Caller, model: str, *texts: str, **fields: Any) -> embeddings_pb2.CreateEmbeddingResponse:
    """The vectors of these texts.

    Raises:
        grpc.aio.AioRpcError: the call failed.
    """
    request = embeddings_pb2.CreateEmbeddingRequest(model=model, input_texts={"items": texts}, **fields)
    response: embeddings_pb2.CreateEmbeddingResponse = await caller.embeddings.CreateEmbedding(request, timeout=LIMIT)
    return response


def refusal(error: grpc.aio.AioRpcError) -> str:
    """A status in words: code, reason, the HTTP status, and the retry advice."""
    words = [error.code().name]
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        for kind in (ErrorInfo, UpstreamError, RetryInfo):
            message: Any = kind()
            if detail.Unpack(message):
                words.append(_words(message))
    return ", ".join(words)


def _words(detail: ErrorInfo | UpstreamError | RetryInfo) -> str:
    if isinstance(detail, ErrorInfo):
        return str(detail.reason)
    return f"HTTP {detail.http_status}" if isinstance(detail, UpstreamError) else "retry after a delay"
