"""Typed stubs and servicers of aibridge/v1/chat.proto. Made by tools/stubs.py; do not edit."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, overload

import grpc
import grpc.aio

from aibridge.v1 import chat_pb2


class _Context(grpc.ServicerContext, grpc.aio.ServicerContext[Any, Any]):  # type: ignore[misc]
    """Either context, so that a servicer can name the one of its server."""

class ChatServiceStub:
    """Runs chat models."""
    @overload
    def __new__(cls, channel: grpc.aio.Channel) -> ChatServiceAsyncStub: ...
    @overload
    def __new__(cls, channel: grpc.Channel) -> ChatServiceStub: ...
    CreateChatCompletion: grpc.UnaryUnaryMultiCallable[chat_pb2.CreateChatCompletionRequest, chat_pb2.CreateChatCompletionResponse]
    """Runs a chat completion and returns it whole. POST /chat/completions.

    Both RPCs are one REST endpoint with one body, so they share the request. Which RPC is called decides `stream`.
    """
    CreateChatCompletionStream: grpc.UnaryStreamMultiCallable[chat_pb2.CreateChatCompletionRequest, chat_pb2.CreateChatCompletionStreamResponse]
    """Runs a chat completion and returns it while it is generated, one message per upstream event. POST
    /chat/completions with `stream: true`. Status OK means that the stream is complete.

    Both RPCs are one REST endpoint with one body, so they share the request. Which RPC is called decides `stream`.
    """

class ChatServiceAsyncStub(ChatServiceStub):  # type: ignore[misc]
    """`ChatServiceStub` on a `grpc.aio.Channel`. For annotations only: the class does not exist at run time."""
    CreateChatCompletion: grpc.aio.UnaryUnaryMultiCallable[chat_pb2.CreateChatCompletionRequest, chat_pb2.CreateChatCompletionResponse]  # type: ignore[assignment]
    """Runs a chat completion and returns it whole. POST /chat/completions.

    Both RPCs are one REST endpoint with one body, so they share the request. Which RPC is called decides `stream`.
    """
    CreateChatCompletionStream: grpc.aio.UnaryStreamMultiCallable[chat_pb2.CreateChatCompletionRequest, chat_pb2.CreateChatCompletionStreamResponse]  # type: ignore[assignment]
    """Runs a chat completion and returns it while it is generated, one message per upstream event. POST
    /chat/completions with `stream: true`. Status OK means that the stream is complete.

    Both RPCs are one REST endpoint with one body, so they share the request. Which RPC is called decides `stream`.
    """

class ChatServiceServicer:
    """Runs chat models."""
    def CreateChatCompletion(self, request: chat_pb2.CreateChatCompletionRequest, context: _Context) -> chat_pb2.CreateChatCompletionResponse | Awaitable[chat_pb2.CreateChatCompletionResponse]:
        """Runs a chat completion and returns it whole. POST /chat/completions.

        Both RPCs are one REST endpoint with one body, so they share the request. Which RPC is called decides `stream`.
        """
    def CreateChatCompletionStream(self, request: chat_pb2.CreateChatCompletionRequest, context: _Context) -> Iterator[chat_pb2.CreateChatCompletionStreamResponse] | AsyncIterator[chat_pb2.CreateChatCompletionStreamResponse] | Awaitable[None]:
        """Runs a chat completion and returns it while it is generated, one message per upstream event. POST
        /chat/completions with `stream: true`. Status OK means that the stream is complete.

        Both RPCs are one REST endpoint with one body, so they share the request. Which RPC is called decides `stream`.
        """

def add_ChatServiceServicer_to_server(servicer: ChatServiceServicer, server: grpc.Server | grpc.aio.Server) -> None: ...
