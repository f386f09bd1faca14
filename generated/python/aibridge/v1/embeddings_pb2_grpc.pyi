"""Typed stubs and servicers of aibridge/v1/embeddings.proto. Made by tools/stubs.py; do not edit."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, overload

import grpc
import grpc.aio

from aibridge.v1 import embeddings_pb2


class _Context(grpc.ServicerContext, grpc.aio.ServicerContext[Any, Any]):  # type: ignore[misc]
    """Either context, so that a servicer can name the one of its server."""

class EmbeddingsServiceStub:
    """Turns inputs into vectors."""
    @overload
    def __new__(cls, channel: grpc.aio.Channel) -> EmbeddingsServiceAsyncStub: ...
    @overload
    def __new__(cls, channel: grpc.Channel) -> EmbeddingsServiceStub: ...
    CreateEmbedding: grpc.UnaryUnaryMultiCallable[embeddings_pb2.CreateEmbeddingRequest, embeddings_pb2.CreateEmbeddingResponse]
    """Embeds one input or a batch. The vectors of the response are ordered by `index`, which is the order of the inputs.
    POST /embeddings.
    """

class EmbeddingsServiceAsyncStub(EmbeddingsServiceStub):  # type: ignore[misc]
    """`EmbeddingsServiceStub` on a `grpc.aio.Channel`. For annotations only: the class does not exist at run time."""
    CreateEmbedding: grpc.aio.UnaryUnaryMultiCallable[embeddings_pb2.CreateEmbeddingRequest, embeddings_pb2.CreateEmbeddingResponse]  # type: ignore[assignment]
    """Embeds one input or a batch. The vectors of the response are ordered by `index`, which is the order of the inputs.
    POST /embeddings.
    """

class EmbeddingsServiceServicer:
    """Turns inputs into vectors."""
    def CreateEmbedding(self, request: embeddings_pb2.CreateEmbeddingRequest, context: _Context) -> embeddings_pb2.CreateEmbeddingResponse | Awaitable[embeddings_pb2.CreateEmbeddingResponse]:
        """Embeds one input or a batch. The vectors of the response are ordered by `index`, which is the order of the inputs.
        POST /embeddings.
        """

def add_EmbeddingsServiceServicer_to_server(servicer: EmbeddingsServiceServicer, server: grpc.Server | grpc.aio.Server) -> None: ...
