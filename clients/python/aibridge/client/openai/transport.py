"""The transports: an HTTP request becomes an RPC, and its result an HTTP response, streamed as chunks arrive.

They serve httpx and httpx2, which have the same interface: the response is an object of the library that made the
request. The shared code is coroutines, which the synchronous transport runs to their end in one step. Closing a
response early cancels its RPC.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, Protocol, Self

from aibridge.client import asynchronous, sync
from aibridge.client.calls import Trailers, finish
from aibridge.client.channel import Metadata, Option, TlsChoice, channel_arguments, check_target
from aibridge.client.failures import CallFailed
from aibridge.client.openai import raw, responses
from aibridge.client.openai.requests import NoRpcError, Rpc, metadata_of, rpc_of
from aibridge.client.openai.timeouts import AsyncChunks, Chunks, SyncChunks
from aibridge.v1.raw_pb2 import RawRequest, RawResponse

#: The library that calls the transport retries by itself.
_NO_RETRIES: Final[Sequence[Option]] = (("grpc.enable_retries", 0),)
_LIBRARIES: Final = frozenset({"httpx", "httpx2"})


class Caller(Protocol):
    """Makes RPCs with either client."""

    async def unary(self, rpc: Rpc, metadata: Metadata, read_timeout: float | None) -> tuple[Any, Trailers]:
        """The response and its trailers, within `read_timeout` seconds. Raises `CallFailed`."""

    def stream(self, rpc: Rpc, metadata: Metadata, read_timeout: float | None) -> Chunks:
        """The chunks, each within `read_timeout` seconds."""


class _SyncCaller:
    def __init__(self, client: sync.Client) -> None:
        self._client = client

    async def unary(self, rpc: Rpc, metadata: Metadata, read_timeout: float | None) -> tuple[Any, Trailers]:
        result: tuple[Any, Trailers] = rpc.of(self._client).with_trailers(rpc.message, read_timeout, metadata)
        return result

    def stream(self, rpc: Rpc, metadata: Metadata, read_timeout: float | None) -> Chunks:
        return SyncChunks(rpc.of(self._client)(rpc.message, metadata=metadata), read_timeout)


class _AsyncCaller:
    def __init__(self, client: asynchronous.Client) -> None:
        self._client = client

    async def unary(self, rpc: Rpc, metadata: Metadata, read_timeout: float | None) -> tuple[Any, Trailers]:
        result: tuple[Any, Trailers] = await rpc.of(self._client).with_trailers(rpc.message, read_timeout, metadata)
        return result

    def stream(self, rpc: Rpc, metadata: Metadata, read_timeout: float | None) -> Chunks:
        return AsyncChunks(rpc.of(self._client)(rpc.message, metadata=metadata), read_timeout)


class _Exchange:
    """One HTTP request and the response to it."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._library = _library_of(request)

    async def respond(self, caller: Caller, body: bytes) -> Any:
        """The response; for a stream, after its first chunk has arrived."""
        try:
            rpc, metadata, timeout = self._rpc(body)
        except NoRpcError as error:
            return self._response(error.response)
        try:
            if rpc.streams:
                return await self._streamed(caller.stream(rpc, metadata, timeout), rpc)
            message, trailers = await caller.unary(rpc, metadata, timeout)
        except CallFailed as failure:
            response = raw.not_allowed(rpc.message, failure) if isinstance(rpc.message, RawRequest) else None
            response = response or responses.error_response(failure)
            if response is None:
                raise self._broken(failure) from failure
            return self._response(response)
        if isinstance(message, RawResponse):
            return self._response(raw.raw_response(message, trailers))
        return self._response(responses.response_of(message, trailers, base64=rpc.base64))

    def _rpc(self, body: bytes) -> tuple[Rpc, Metadata, float | None]:
        """The RPC of the request, its metadata, and the read timeout in seconds.

        Raises:
            NoRpcError: there is no such RPC.
        """
        request = self._request
        try:
            metadata = metadata_of(request.headers.multi_items())
        except ValueError as error:
            raise self._library.LocalProtocolError(str(error), request=request) from None
        target = request.url.raw_path.decode("ascii")
        rpc = rpc_of(request.method, target, body, request.headers.get("content-type", ""))
        return rpc, metadata, request.extensions.get("timeout", {}).get("read")

    async def _streamed(self, chunks: Chunks, rpc: Rpc) -> Any:
        written: responses.EventWriter = (
            raw.RawEvents() if isinstance(rpc.message, RawRequest) else responses.ChatEvents()
        )
        try:
            first = await chunks.read()
            while first is not None and not first.ListFields():  # a heartbeat: the response has not started
                first = await chunks.read()
        except CallFailed as failure:
            if not responses.is_event(failure):
                raise
            return self._stream(self._library.ByteStream(written.error(failure)))
        if first is None:
            return self._stream(self._library.ByteStream(written.end()))
        kind = type("Events", (_Events, self._library.SyncByteStream, self._library.AsyncByteStream), {})
        return self._stream(kind(first, chunks, written, self._broken))

    def _response(self, response: responses.HttpResponse) -> Any:
        """An unread response, as from the network: `content=` would make a closed one."""
        headers = {**response.headers, "content-length": str(len(response.body))}
        return self._library.Response(response.status, headers=headers, stream=self._library.ByteStream(response.body))

    def _stream(self, events: Any) -> Any:
        return self._library.Response(200, headers=responses.EVENT_STREAM, stream=events)

    def _broken(self, failure: CallFailed) -> Exception:
        """The library's exception for a broken connection."""
        kind = getattr(self._library, responses.transport_error(failure))
        error: Exception = kind(failure.explanation, request=self._request)
        return error


class _Events:
    """The body of a streamed response, for both kinds of client."""

    def __init__(self, first: Any, chunks: Chunks, written: responses.EventWriter, broken: Any) -> None:
        self._first = first
        self._chunks = chunks
        self._written = written
        self._broken = broken
        self._ended = False

    async def _read(self) -> bytes | None:
        """The next event, or None at the end."""
        if self._ended:
            return None
        if self._first is not None:
            chunk, self._first = self._first, None
            return self._written.event(chunk)
        try:
            chunk = await self._chunks.read()
        except CallFailed as failure:
            if responses.transport_error(failure):
                raise self._broken(failure) from failure
            self._ended = True
            return self._written.error(failure)
        self._ended = chunk is None
        return self._written.end() if chunk is None else self._written.event(chunk)

    def __iter__(self) -> Iterator[bytes]:
        while (event := finish(self._read())) is not None:
            yield event

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (event := await self._read()) is not None:
            yield event

    def close(self) -> None:
        """Cancel the RPC. Does nothing once it has ended."""
        self._chunks.cancel()

    async def aclose(self) -> None:
        """As `close`."""
        self._chunks.cancel()


class Transport:
    """The transport of a synchronous client; any number of threads may use it."""

    def __init__(self, target: str, tls: TlsChoice, options: Sequence[Option]) -> None:
        self._client = sync.connect(target, tls=tls, options=(*_NO_RETRIES, *options))
        self._caller = _SyncCaller(self._client)

    def handle_request(self, request: Any) -> Any:
        """The response to a request; for a stream, after its first chunk has arrived."""
        return finish(_Exchange(request).respond(self._caller, request.read()))

    def close(self) -> None:
        """Close the channel."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncTransport:
    """The transport of an asyncio client. Its channel belongs to the event loop of the request that opens it."""

    def __init__(self, target: str, tls: TlsChoice, options: Sequence[Option]) -> None:
        check_target(target, tls)
        self._target = target
        self._credentials, self._options = channel_arguments(tls, (*_NO_RETRIES, *options))
        self._client: asynchronous.Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def handle_async_request(self, request: Any) -> Any:
        """The response to a request; for a stream, after its first chunk has arrived."""
        body = await request.aread()
        return await _Exchange(request).respond(_AsyncCaller(self._connected()), body)

    def _connected(self) -> asynchronous.Client:
        """The client of the running loop. A client of an earlier loop cannot be used any more."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            tls = self._credentials or False
            self._client, self._loop = asynchronous.connect(self._target, tls=tls, options=self._options), loop
        return self._client

    async def aclose(self) -> None:
        """Close the channel."""
        if self._client is not None:
            await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _library_of(request: Any) -> Any:
    """The module, httpx or httpx2, that a request comes from."""
    names = (base.__module__.partition(".")[0] for base in type(request).__mro__)
    return sys.modules[next(name for name in names if name in _LIBRARIES)]
