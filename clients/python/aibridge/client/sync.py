"""The synchronous client: stubs over a channel, whose calls raise `CallFailed`."""

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import grpc
from google.protobuf.message import Message
from grpc_health.v1.health_pb2_grpc import HealthStub

from aibridge.client.calls import Trailers, trailers_of
from aibridge.client.channel import Metadata, Option, TlsChoice, caller_metadata, channel_arguments
from aibridge.client.failures import failure_of
from aibridge.v1.chat_pb2_grpc import ChatServiceStub
from aibridge.v1.embeddings_pb2_grpc import EmbeddingsServiceStub
from aibridge.v1.models_pb2_grpc import ModelsServiceStub

T = TypeVar("T")


def connect(
    target: str,
    *,
    token: str | None = None,
    tls: TlsChoice = False,
    timeout: float | None = None,
    options: Sequence[Option] = (),
) -> "Client":
    """A client of the bridge at `target`; nothing is sent before the first call.

    Args:
        target: HOST:PORT, unix:PATH, or any other name that gRPC resolves.
        token: the caller's own credential, for bridges that pass it on or ask for it.
        tls: True, the file of the authorities to trust, or a `Tls` with more to say. Default: in the clear.
        timeout: seconds that a call may take where it does not say so itself. Default: the bridge's limit.
        options: channel options that win over `OPTIONS`.

    Raises:
        ValueError: the token cannot be sent, or `tls` is not complete.
        OSError: a file of `tls` cannot be read.
    """
    metadata = caller_metadata(token)
    credentials, everything = channel_arguments(tls, options)
    if credentials is None:
        channel = grpc.insecure_channel(target, everything)
    else:
        channel = grpc.secure_channel(target, credentials, everything)
    return Client(channel, target=target, metadata=metadata, timeout=timeout)


class Client:
    """The bridge's services as stubs: `models`, `chat`, `embeddings`, `health`. Their calls raise `CallFailed`.

    A unary call gives the reply; its `with_trailers` gives the reply and the trailing metadata.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        *,
        target: str = "",
        metadata: Sequence[tuple[str, str]] = (),
        timeout: float | None = None,
    ) -> None:
        self._channel = channel
        calls: Any = _Calls(channel, target, tuple(metadata), timeout)
        self.models = ModelsServiceStub(calls)
        self.chat = ChatServiceStub(calls)
        self.embeddings = EmbeddingsServiceStub(calls)
        self.health = HealthStub(calls)

    def close(self) -> None:
        """Close the channel; calls that are under way are cancelled."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Stream(Generic[T]):
    """The messages of a streamed reply. As a context manager it cancels, at its end, what was not read."""

    def __init__(self, call: Any, target: str) -> None:
        self._call = call
        self._target = target

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        try:
            message: T = next(self._call)
        except grpc.RpcError as error:
            raise failure_of(error, self._target) from None
        return message

    def cancel(self) -> None:
        """Give the reply up; the model stops. Nothing happens once it has ended."""
        self._call.cancel()

    def trailing_metadata(self) -> Trailers:
        """What came behind the last message: request ids, rate limits, usage. Waits for the end."""
        return trailers_of(self._call.trailing_metadata())

    def __enter__(self) -> Self:
        return self

    def __exit__(
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

    def __call__(self, request: Message, timeout: float | None = None, metadata: Sequence[tuple[str, str]] = ()) -> Any:
        try:
            return self._call(request, timeout=timeout or self._timeout, metadata=(*self._metadata, *metadata))
        except grpc.RpcError as error:
            raise failure_of(error, self._target) from None

    def with_trailers(
        self, request: Message, timeout: float | None = None, metadata: Sequence[tuple[str, str]] = ()
    ) -> tuple[Any, Trailers]:
        """The reply, and the metadata that came behind it."""
        pairs = (*self._metadata, *metadata)
        try:
            reply, call = self._call.with_call(request, timeout=timeout or self._timeout, metadata=pairs)
        except grpc.RpcError as error:
            raise failure_of(error, self._target) from None
        return reply, trailers_of(call.trailing_metadata())


class _Calls:
    """As much of `grpc.Channel` as stubs use: adds the client's metadata and timeout, translates failures.

    Not an interceptor: gRPC wraps what those raise, and a streamed reply would lose its `cancel`.
    """

    def __init__(self, channel: grpc.Channel, target: str, metadata: Metadata, timeout: float | None) -> None:
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
