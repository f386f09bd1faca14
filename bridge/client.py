"""A synchronous client: stubs over a channel with sound options, and one exception for every way a call can fail.

Everything that does not depend on how calls are waited for stands on its own, for an asyncio client to use as it is:
`OPTIONS`, `SERVICE_CONFIG`, `caller_metadata` and `failure_of`, which reads synchronous and asyncio errors alike.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RequestInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1.health_pb2_grpc import HealthStub

from aibridge.v1.chat_pb2_grpc import ChatServiceStub
from aibridge.v1.embeddings_pb2_grpc import EmbeddingsServiceStub
from aibridge.v1.errors_pb2 import UpstreamError
from aibridge.v1.models_pb2_grpc import ModelsServiceStub
from bridge.status import DOMAIN

T = TypeVar("T")
M = TypeVar("M", bound=Message)


def _retries(attempts: int, *services: str) -> dict[str, Any]:
    policy = {
        "maxAttempts": attempts,
        "initialBackoff": "0.2s",
        "maxBackoff": "2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return {"name": [{"service": f"aibridge.v1.{service}"} for service in services], "retryPolicy": policy}


#: gRPC retries by itself only what cost nothing: UNAVAILABLE, and nothing that the bridge's pushback forbids. A chat
#: that fails twice would mostly fail a third time, and its prompt is sent anew with each attempt.
SERVICE_CONFIG: Final[Mapping[str, Any]] = {
    "methodConfig": [_retries(3, "ModelsService", "EmbeddingsService"), _retries(2, "ChatService")],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}
_SIZE: Final = 64 << 20  # the bridge's own default; gRPC's 4 MiB is less than a batch of embeddings
OPTIONS: Final[Sequence[tuple[str, Any]]] = (
    ("grpc.max_receive_message_length", _SIZE),
    ("grpc.max_send_message_length", _SIZE),
    # A model may think for minutes without a byte, and a connection that died in that time has to be noticed. Not more
    # often than a server tolerates (the bridge: 20 s), and only during a call.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.enable_http_proxy", 0),  # the bridge is near; HTTPS_PROXY is meant for the world outside
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
)


@dataclass(slots=True, eq=False)
class CallFailed(Exception):  # noqa: N818 # says what became of the call; there is nothing wrong with the program
    """A call that did not succeed. Decide by `code` and `reason`; `message` is for people.

    `reason` is `google.rpc.ErrorInfo.reason` (`bridge.errors.Reason` lists them all), empty where it was not a bridge
    that answered. `retry_delay` is in seconds, None where none was advised. `violations` are pairs of field path and
    description. `upstream` is what the gateway said, None where it said nothing.
    """

    code: grpc.StatusCode
    message: str
    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_delay: float | None = None
    request_id: str = ""
    violations: tuple[tuple[str, str], ...] = ()
    upstream: UpstreamError | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.code.name, self.reason) if part) + f": {self.message}"


def failure_of(error: Any, target: str = "") -> CallFailed:
    """The failure behind a `grpc.RpcError` or a `grpc.aio.AioRpcError` of a call to `target`."""
    code, text, trailers = error.code(), error.details() or "", error.trailing_metadata() or ()
    status = _status(trailers)
    info, retry = _detail(status, ErrorInfo), _detail(status, RetryInfo)
    request, wrong = _detail(status, RequestInfo), _detail(status, BadRequest)
    if info is not None and info.domain != DOMAIN:  # a proxy's, say
        info = None
    if code is grpc.StatusCode.UNAVAILABLE and not status.details:
        # gRPC's own words are a chain of "failed to …: [ipv4:…: …]" of which the last link is the cause.
        text = f"no connection to a bridge at {target}: {text.rpartition(': ')[2].rstrip(']')}"
    return CallFailed(
        code,
        text or "the server says no more than that",
        reason=info.reason if info else "",
        metadata=dict(info.metadata) if info else {},
        retry_delay=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        request_id=request.request_id if request else _first(trailers, "x-request-id"),
        violations=tuple((item.field, item.description) for item in wrong.field_violations) if wrong else (),
        upstream=_detail(status, UpstreamError),
    )


def caller_metadata(token: str | None) -> tuple[tuple[str, str], ...]:
    """The metadata of each call: the caller's credential, if there is one.

    Raises:
        ValueError: the token cannot be sent.
    """
    token = (token or "").strip()
    if not (token.isascii() and token.isprintable()):
        raise ValueError("the token has characters that metadata cannot hold")
    return (("authorization", f"Bearer {token}"),) if token else ()


def connect(
    target: str,
    *,
    token: str | None = None,
    timeout: float | None = None,
    credentials: grpc.ChannelCredentials | None = None,
    options: Sequence[tuple[str, Any]] = (),
) -> "Client":
    """A client of the bridge at `target`; nothing is sent before the first call.

    Args:
        target: HOST:PORT, unix:PATH, or any other name that gRPC resolves.
        token: the caller's own credential, for bridges that pass it on or ask for it.
        timeout: seconds that a call may take where it does not say so itself. Default: the bridge's limit.
        credentials: TLS; without them the connection is in the clear.
        options: channel options that win over `OPTIONS`.

    Raises:
        ValueError: the token cannot be sent.
    """
    metadata = caller_metadata(token)
    everything = list({**dict(OPTIONS), **dict(options)}.items())  # of two with one name gRPC takes the first
    if credentials is None:
        channel = grpc.insecure_channel(target, everything)
    else:
        channel = grpc.secure_channel(target, credentials, everything)
    return Client(channel, target=target, metadata=metadata, timeout=timeout)


class Client:
    """The bridge's services as stubs: `models`, `chat`, `embeddings`, `health`. Their calls raise `CallFailed`."""

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

    def trailing_metadata(self) -> dict[str, str | bytes]:
        """What came behind the last message: request ids, rate limits, usage. Waits for the end."""
        return dict(self._call.trailing_metadata() or ())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()


class _Calls:
    """As much of `grpc.Channel` as stubs use: adds the client's metadata and timeout, translates failures.

    Not an interceptor: gRPC wraps what those raise, and a streamed reply would lose its `cancel`.
    """

    def __init__(
        self, channel: grpc.Channel, target: str, metadata: tuple[tuple[str, str], ...], timeout: float | None
    ) -> None:
        self._channel = channel
        self._target = target
        self._metadata = metadata
        self._timeout = timeout

    def unary_unary(self, method: str, **form: Any) -> Callable[..., Any]:
        call = self._channel.unary_unary(method, **form)

        def invoke(request: Message, timeout: float | None = None, metadata: Sequence[tuple[str, str]] = ()) -> Any:
            try:
                return call(request, timeout=timeout or self._timeout, metadata=(*self._metadata, *metadata))
            except grpc.RpcError as error:
                raise failure_of(error, self._target) from None

        return invoke

    def unary_stream(self, method: str, **form: Any) -> Callable[..., Stream[Any]]:
        call = self._channel.unary_stream(method, **form)

        def invoke(
            request: Message, timeout: float | None = None, metadata: Sequence[tuple[str, str]] = ()
        ) -> Stream[Any]:
            reply = call(request, timeout=timeout or self._timeout, metadata=(*self._metadata, *metadata))
            return Stream(reply, self._target)

        return invoke


def _status(trailers: Any) -> Any:
    """The `google.rpc.Status` in the trailers; an empty one where there is none."""
    for key, value in trailers:
        if key == "grpc-status-details-bin":
            try:
                return Status.FromString(value)
            except DecodeError:  # a proxy's, or cut off: the code and the message still stand
                break
    return Status()


def _detail(status: Any, kind: type[M]) -> M | None:
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):
            try:
                return kind.FromString(packed.value)
            except DecodeError:
                return None
    return None


def _first(trailers: Any, name: str) -> str:
    return next((value for key, value in trailers if key == name), "")
