"""The asyncio client: the counterpart of `aibridge.client.sync` for one event loop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from aibridge.client.calls import Defaults, Method, Services, Trailers, readable, trailers_of
from aibridge.client.channel import Balance, Option, TlsChoice, caller_metadata, open_channel
from aibridge.client.failures import CallFailed, cancelled, failure_of
from aibridge.v1.chat_pb2 import (
    CreateChatCompletionRequest,
    CreateChatCompletionResponse,
    CreateChatCompletionStreamResponse,
)
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest, CreateEmbeddingResponse
from aibridge.v1.models_pb2 import ListModelsRequest, ListModelsResponse, Model, RetrieveModelRequest
from aibridge.v1.raw_pb2 import RawEvent, RawRequest, RawResponse

Q = TypeVar("Q")
R = TypeVar("R")


def connect(
    target: str,
    *,
    token: str | None = None,
    tls: TlsChoice = False,
    timeout: float | None = None,
    balance: Balance = "service",
    options: Sequence[Option] = (),
) -> "Client":
    """A client of the bridge at `target`, for the running event loop; otherwise as `aibridge.client.connect`.

    Raises:
        ValueError: the target is no address, the token cannot be sent, `tls` is incomplete, or `balance` is unknown.
        OSError: a file of `tls` cannot be read.
    """
    metadata = caller_metadata(token)
    return Client(
        open_channel(grpc.aio, target, tls, options, balance), target=target, metadata=metadata, timeout=timeout
    )


class Stream(Generic[R]):
    """The messages of a streamed response. As a context manager it cancels the rest of the stream on exit."""

    def __init__(self, call: Any, target: str) -> None:
        self._call = call
        self._target = target

    def __aiter__(self) -> AsyncIterator[R]:
        return self

    async def __anext__(self) -> R:
        try:
            message = await self._call.read()
        except grpc.aio.AioRpcError as error:
            raise failure_of(error, self._target) from None
        except asyncio.CancelledError:
            if _is_own_task_cancelled():
                raise
            raise cancelled() from None  # by `cancel`
        if message is grpc.aio.EOF:
            raise StopAsyncIteration
        try:
            result: R = readable(message)
        except CallFailed:
            self._call.cancel()
            raise
        return result

    def cancel(self) -> None:
        """Cancel the call; the model stops. Does nothing once the call has ended."""
        self._call.cancel()

    async def trailing_metadata(self) -> Trailers:
        """The trailing metadata: request ids, rate limits, usage. Waits for the end of the stream."""
        return trailers_of(await self._call.trailing_metadata())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()


class Unary(Method, Generic[Q, R]):
    """An RPC with one response. Cancelling the waiting task cancels the call."""

    async def __call__(
        self,
        request: Q,
        timeout: float | None = None,  # noqa: ASYNC109 # gRPC's name; it becomes the deadline that the bridge sees
        metadata: Sequence[tuple[str, str]] = (),
    ) -> R:
        """The response; `timeout` is in seconds and becomes the call's deadline."""
        return (await self.with_trailers(request, timeout, metadata))[0]

    async def with_trailers(
        self,
        request: Q,
        timeout: float | None = None,  # noqa: ASYNC109 # as above
        metadata: Sequence[tuple[str, str]] = (),
    ) -> tuple[R, Trailers]:
        """The response and the trailing metadata."""
        call = self._call(request, **self._defaults.arguments(timeout, metadata))
        try:
            return readable(await call), trailers_of(await call.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            raise failure_of(error, self._defaults.target) from None
        except asyncio.CancelledError:
            if _is_own_task_cancelled():
                raise
            raise cancelled() from None  # the channel was closed


class Streaming(Method, Generic[Q, R]):
    """An RPC with a stream of responses."""

    def __call__(self, request: Q, timeout: float | None = None, metadata: Sequence[tuple[str, str]] = ()) -> Stream[R]:
        """The stream; `timeout` is in seconds and becomes the deadline of the whole call."""
        return Stream(self._call(request, **self._defaults.arguments(timeout, metadata)), self._defaults.target)


class ModelsService:
    """The gateway's models."""

    ListModels: Unary[ListModelsRequest, ListModelsResponse]
    RetrieveModel: Unary[RetrieveModelRequest, Model]


class ChatService:
    """Chat with a model."""

    CreateChatCompletion: Unary[CreateChatCompletionRequest, CreateChatCompletionResponse]
    CreateChatCompletionStream: Streaming[CreateChatCompletionRequest, CreateChatCompletionStreamResponse]


class EmbeddingsService:
    """Embeddings."""

    CreateEmbedding: Unary[CreateEmbeddingRequest, CreateEmbeddingResponse]


class RawService:
    """Endpoints without an RPC, if the bridge allows their path."""

    Call: Unary[RawRequest, RawResponse]
    Stream: Streaming[RawRequest, RawEvent]


class Health:
    """The health of the bridge or of one of its services."""

    Check: Unary[HealthCheckRequest, HealthCheckResponse]
    Watch: Streaming[HealthCheckRequest, HealthCheckResponse]


class Client:
    """The bridge's services: `models`, `chat`, `embeddings`, `raw`, `health`. Their calls raise `CallFailed`."""

    models: ModelsService
    chat: ChatService
    embeddings: EmbeddingsService
    raw: RawService
    health: Health

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        target: str = "",
        metadata: Sequence[tuple[str, str]] = (),
        timeout: float | None = None,
    ) -> None:
        self._channel = channel
        services = Services(channel, Defaults(target, tuple(metadata), timeout), Unary, Streaming)
        self.models, self.chat = services.models, services.chat
        self.embeddings, self.raw, self.health = services.embeddings, services.raw, services.health

    async def close(self) -> None:
        """Close the channel; calls in progress are cancelled."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _is_own_task_cancelled() -> bool:
    """Whether a `CancelledError` is for the running task, and not from the call that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
