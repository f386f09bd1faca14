"""The synchronous client: typed calls over a channel, which raise `CallFailed`."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from aibridge.client.calls import Defaults, Method, Services, Trailers, readable, trailers_of
from aibridge.client.channel import Balance, Option, TlsChoice, caller_metadata, open_channel
from aibridge.client.failures import CallFailed, failure_of
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
    """A client of the bridge at `target`; nothing is sent before the first call.

    Args:
        target: HOST:PORT, unix:PATH, or any other name that gRPC resolves.
        token: the caller's own credential, for bridges that pass it on or require it.
        tls: True, a file with the CA certificates to trust, or a `Tls` with more options. Default: no TLS.
        timeout: seconds that a call may take if it does not set its own. Default: the bridge's limit.
        balance: "headless" for a target with an address for each pod (a headless Service in Kubernetes): the client
            checks the health of each, and leaves those that are not SERVING.
        options: channel options, which override `OPTIONS`.

    Raises:
        ValueError: the target is no address, the token cannot be sent, `tls` is incomplete, or `balance` is unknown.
        OSError: a file of `tls` cannot be read.
    """
    metadata = caller_metadata(token)
    return Client(open_channel(grpc, target, tls, options, balance), target=target, metadata=metadata, timeout=timeout)


class Stream(Generic[R]):
    """The messages of a streamed response. As a context manager it cancels the rest of the stream on exit."""

    def __init__(self, call: Any, target: str) -> None:
        self._call = call
        self._target = target

    def __iter__(self) -> Iterator[R]:
        return self

    def __next__(self) -> R:
        try:
            message: R = readable(next(self._call))
        except grpc.RpcError as error:
            raise failure_of(error, self._target) from None
        except CallFailed:
            self._call.cancel()
            raise
        return message

    def cancel(self) -> None:
        """Cancel the call; the model stops. Does nothing once the call has ended."""
        self._call.cancel()

    def trailing_metadata(self) -> Trailers:
        """The trailing metadata: request ids, rate limits, usage. Waits for the end of the stream."""
        return trailers_of(self._call.trailing_metadata())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()


class Unary(Method, Generic[Q, R]):
    """An RPC with one response."""

    def __call__(self, request: Q, timeout: float | None = None, metadata: Sequence[tuple[str, str]] = ()) -> R:
        """The response; `timeout` is in seconds and becomes the call's deadline."""
        try:
            response: R = readable(self._call(request, **self._defaults.arguments(timeout, metadata)))
        except grpc.RpcError as error:
            raise failure_of(error, self._defaults.target) from None
        return response

    def with_trailers(
        self, request: Q, timeout: float | None = None, metadata: Sequence[tuple[str, str]] = ()
    ) -> tuple[R, Trailers]:
        """The response and the trailing metadata."""
        try:
            response, call = self._call.with_call(request, **self._defaults.arguments(timeout, metadata))
        except grpc.RpcError as error:
            raise failure_of(error, self._defaults.target) from None
        return readable(response), trailers_of(call.trailing_metadata())


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
        channel: grpc.Channel,
        *,
        target: str = "",
        metadata: Sequence[tuple[str, str]] = (),
        timeout: float | None = None,
    ) -> None:
        self._channel = channel
        services = Services(channel, Defaults(target, tuple(metadata), timeout), Unary, Streaming)
        self.models, self.chat = services.models, services.chat
        self.embeddings, self.raw, self.health = services.embeddings, services.raw, services.health

    def close(self) -> None:
        """Close the channel; calls in progress are cancelled."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
