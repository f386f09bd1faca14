"""The asyncio client: what `aibridge.client` has for threads, for one event loop.

async with connect("127.0.0.1:50051") as client:
    async with client.chat.CreateChatCompletionStream(request) as chunks:
        completion = await collect(chunks)
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import grpc
from google.protobuf.message import Message
from grpc_health.v1.health_pb2_grpc import HealthStub

from aibridge.client.accumulate import collect_async as collect
from aibridge.client.calls import Trailers, trailers_of
from aibridge.client.channel import Metadata, Option, TlsChoice, caller_metadata, channel_arguments
from aibridge.client.failures import cancelled, failure_of
from aibridge.client.tools import run_tools_async as run_tools
from aibridge.v1.chat_pb2_grpc import ChatServiceStub
from aibridge.v1.embeddings_pb2_grpc import EmbeddingsServiceStub
from aibridge.v1.models_pb2_grpc import ModelsServiceStub

__all__ = ["Client", "Stream", "collect", "connect", "run_tools"]

T = TypeVar("T")


def connect(
    target: str,
    *,
    token: str | None = None,
    tls: TlsChoice = False,
    timeout: float | None = None,
    options: Sequence[Option] = (),
) -> "Client":
    """A client of the bridge at `target`, for the event loop that runs; all else is as with `aibridge.client.connect`.

    Raises:
        ValueError: the token cannot be sent, or `tls` is not complete.
        OSError: a file of `tls` cannot be read.
    """
    metadata = caller_metadata(token)
    credentials, everything = channel_arguments(tls, options)
    if credentials is None:
        channel = grpc.aio.insecure_channel(target, everything)
    else:
        channel = grpc.aio.secure_channel(target, credentials, everything)
    return Client(channel, target=target, metadata=metadata, timeout=timeout)


class Client:
    """The bridge's services as stubs: `models`, `chat`, `embeddings`, `health`. Their calls raise `CallFailed`.

    A unary call is awaited for the reply; its `with_trailers` gives the reply and the trailing metadata. A task that is
    cancelled while it waits cancels its call.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        target: str = "",
        metadata: Sequence[tuple[str, str]] = (),
        timeout: float | None = None,
    ) -> None:
        self._channel = channel
        calls: Any = _Calls(channel, target, tuple(metadata), timeout)
        self.models: Any = ModelsServiceStub(calls)
        self.chat: Any = ChatServiceStub(calls)
        self.embeddings: Any = EmbeddingsServiceStub(calls)
        self.health: Any = HealthStub(calls)

    async def close(self) -> None:
        """Close the channel; calls that are under way are cancelled."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class Stream(Generic[T]):
    """The messages of a streamed reply. As a context manager it cancels, at its end, what was not read."""

    def __init__(self, call: Any, target: str) -> None:
        self._call = call
        self._target = target

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
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
        result: T = message
        return result

    def cancel(self) -> None:
        """Give the reply up; the model stops. Nothing happens once it has ended."""
        self._call.cancel()

    async def trailing_metadata(self) -> Trailers:
        """What came behind the last message: request ids, rate limits, usage. Waits for the end."""
        return trailers_of(await self._call.trailing_metadata())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()


class _Unary:
    """A method with one reply, as stubs have it."""

    def __init__(self, call: Any, target: str, metadata: Metadata, timeout: float | None) -> None:
        self._call = call
        self._target = target
        self._metadata = metadata
        self._timeout = timeout

    async def __call__(
        self,
        request: Message,
        timeout: float | None = None,  # noqa: ASYNC109 # gRPC's name; it becomes the deadline that the bridge sees
        metadata: Sequence[tuple[str, str]] = (),
    ) -> Any:
        return (await self.with_trailers(request, timeout, metadata))[0]

    async def with_trailers(
        self,
        request: Message,
        timeout: float | None = None,  # noqa: ASYNC109 # as above
        metadata: Sequence[tuple[str, str]] = (),
    ) -> tuple[Any, Trailers]:
        """The reply, and the metadata that came behind it."""
        call = self._call(request, timeout=timeout or self._timeout, metadata=(*self._metadata, *metadata))
        try:
            return await call, trailers_of(await call.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            raise failure_of(error, self._target) from None
        except asyncio.CancelledError:
            if _is_own_task_cancelled():
                raise
            raise cancelled() from None  # the channel was closed


class _Calls:
    """As much of `grpc.aio.Channel` as stubs use: adds the client's metadata and timeout, translates failures."""

    def __init__(self, channel: grpc.aio.Channel, target: str, metadata: Metadata, timeout: float | None) -> None:
        self._channel = channel
        self._target = target
        self._metadata = metadata
        self._timeout = timeout

    def unary_unary(self, method: str, **form: Any) -> _Unary:
        return _Unary(self._channel.unary_unary(method, **form), self._target, self._metadata, self._timeout)

    def unary_stream(self, method: str, **form: Any) -> Callable[..., Stream[Any]]:
        call = self._channel.unary_stream(method, **form)

        def invoke(
            request: Message, timeout: float | None = None, metadata: Sequence[tuple[str, str]] = ()
        ) -> Stream[Any]:
            reply = call(request, timeout=timeout or self._timeout, metadata=(*self._metadata, *metadata))
            return Stream(reply, self._target)

        return invoke


def _is_own_task_cancelled() -> bool:
    """Whether a `CancelledError` is meant for the task that runs, and not the end of the call that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
