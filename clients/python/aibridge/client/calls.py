"""What the synchronous and the asyncio client share: how calls are made."""

import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from google.protobuf.message import DecodeError
from grpc_health.v1.health_pb2_grpc import HealthStub

from aibridge.client.channel import Metadata
from aibridge.client.failures import unreadable
from aibridge.v1.chat_pb2_grpc import ChatServiceStub
from aibridge.v1.embeddings_pb2_grpc import EmbeddingsServiceStub
from aibridge.v1.models_pb2_grpc import ModelsServiceStub
from aibridge.v1.raw_pb2_grpc import RawServiceStub

R = TypeVar("R")

_KEY: Final = re.compile(r"[0-9a-z_.-]+")

#: Marks a message that cannot be parsed, for which gRPC would return None or an error without a reason.
_UNREADABLE: Final = object()
#: Trailing metadata: request ids, rate limits, usage.
Trailers = dict[str, str | bytes]


class Defaults(NamedTuple):
    """What a client adds to each call. `timeout` is in seconds, or None."""

    target: str
    metadata: Metadata
    timeout: float | None

    def arguments(self, timeout: float | None, metadata: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """The arguments of the gRPC call.

        Raises:
            ValueError: metadata that cannot be sent.
        """
        chosen = self.timeout if timeout is None else timeout
        return {"timeout": chosen, "metadata": (*self.metadata, *map(_sendable, metadata))}


def _sendable(item: tuple[str, str]) -> tuple[str, str]:
    """A pair with its key in lower case, as gRPC requires it. gRPC does not say which pair it refuses."""
    key, value = item[0].lower(), item[1]
    if not _KEY.fullmatch(key):
        raise ValueError(f"metadata: {key!r} is not a key: it may have letters, digits, `-`, `_` and `.`")
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        raise ValueError(f"metadata: the value of {key!r} is not printable ASCII")
    return key, value


class Method:
    """An RPC, as gRPC's callable."""

    def __init__(self, call: Any, defaults: Defaults) -> None:
        self._call = call
        self._defaults = defaults


class Services:
    """The services of a bridge on a channel.

    `unary` and `streaming` are the classes of RPCs with one response and with a stream of responses. The generated
    stubs get them from a channel of this module, not from an interceptor: gRPC wraps what interceptors raise, and a
    streamed response would lose its `cancel`.
    """

    def __init__(self, channel: Any, defaults: Defaults, unary: type[Method], streaming: type[Method]) -> None:
        calls: Any = _Channel(channel, defaults, unary, streaming)
        self.models: Any = ModelsServiceStub(calls)
        self.chat: Any = ChatServiceStub(calls)
        self.embeddings: Any = EmbeddingsServiceStub(calls)
        self.raw: Any = RawServiceStub(calls)
        self.health: Any = HealthStub(calls)


class _Channel:
    """The part of a channel that stubs use."""

    def __init__(self, channel: Any, defaults: Defaults, unary: type[Method], streaming: type[Method]) -> None:
        self._channel = channel
        self._defaults = defaults
        self._unary = unary
        self._streaming = streaming

    def unary_unary(self, method: str, *, response_deserializer: Any, **form: Any) -> Method:
        read = _reader(response_deserializer)
        call = self._channel.unary_unary(method, response_deserializer=read, **form)
        return self._unary(call, self._defaults)

    def unary_stream(self, method: str, *, response_deserializer: Any, **form: Any) -> Method:
        read = _reader(response_deserializer)
        call = self._channel.unary_stream(method, response_deserializer=read, **form)
        return self._streaming(call, self._defaults)


def _reader(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        try:
            return parse(data)
        except DecodeError:
            return _UNREADABLE

    return read


def readable(message: R) -> R:
    """Check a received message.

    Raises:
        CallFailed: INTERNAL with the reason RESPONSE_UNREADABLE if the call ended without a message, or if it cannot be
        parsed, for example because it is nested too deeply.
    """
    if message is None or message is _UNREADABLE:
        raise unreadable()
    return message


def trailers_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> Trailers:
    """Trailing metadata, which may be None, as a dictionary. Of repeated keys the last value is kept.

    Not `dict(metadata)`: asyncio's `Metadata` has keys that older grpcio (1.72) gives as pairs.
    """
    return {key: value for key, value in metadata or ()}  # noqa: C416 # see above


def finish(coroutine: Coroutine[Any, Any, R]) -> R:
    """The result of a coroutine that never waits, so that both clients share one implementation.

    Raises:
        RuntimeError: it waits, which needs an event loop.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: R = done.value
        return result
    coroutine.close()
    raise RuntimeError("a coroutine waits, and the synchronous client has no event loop: use aibridge.client.aio")
