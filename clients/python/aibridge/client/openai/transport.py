"""The transports: an HTTP request goes in, an RPC is made, an HTTP response comes out, streamed as the chunks come.

They are made for one of two libraries with the same interface, httpx and httpx2, whose module they are given. A
response that is closed before its end cancels its RPC.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

from aibridge.client import aio
from aibridge.client.channel import Metadata, Option, TlsChoice, channel_arguments
from aibridge.client.failures import CallFailed
from aibridge.client.openai import replies
from aibridge.client.openai.patience import AsyncPatient, Patient
from aibridge.client.openai.requests import RefusedError, Rpc, metadata_of, rpc_of
from aibridge.client.sync import connect

#: The library that calls the transport has retries of its own.
_NO_RETRIES: Final[Sequence[Option]] = (("grpc.enable_retries", 0),)


class _Transport:
    """What both transports do alike."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def _rpc(self, request: Any, body: bytes) -> tuple[Rpc, Metadata, float | None]:
        """The RPC of a request, its metadata, and the seconds that a read may take.

        Raises:
            RefusedError: there is no such RPC.
        """
        try:
            metadata = metadata_of(request.headers.multi_items())
        except ValueError as error:
            raise self._library.LocalProtocolError(str(error), request=request) from None
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        return rpc_of(request.method, path, body), metadata, request.extensions.get("timeout", {}).get("read")

    def _response(self, reply: replies.Reply) -> Any:
        """A response that is still to be read, as one from the network: `content=` would give one already closed."""
        headers = {**reply.headers, "content-length": str(len(reply.body))}
        return self._library.Response(reply.status, headers=headers, stream=self._library.ByteStream(reply.body))

    def _whole(self, event: bytes) -> Any:
        """A stream of one event."""
        return self._library.Response(200, headers=replies.EVENT_STREAM, stream=self._library.ByteStream(event))

    def _failed(self, failure: CallFailed, request: Any) -> Any:
        """The response that a failure is, if somebody answered; else the library's own exception is raised."""
        reply = replies.error_reply(failure)
        if reply is None:
            raise self.broken(failure, request) from failure
        return self._response(reply)

    def broken(self, failure: CallFailed, request: Any) -> Exception:
        """The library's own exception for a connection that broke."""
        error: Exception = getattr(self._library, replies.transport_error(failure))(failure.message, request=request)
        return error


class SyncTransport(_Transport):
    """The transport of a synchronous client; any number of threads may use it."""

    def __init__(self, target: str, library: Any, tls: TlsChoice, options: Sequence[Option]) -> None:
        super().__init__(library)
        self._client = connect(target, tls=tls, options=(*_NO_RETRIES, *options))
        self._events: Any = type("Events", (_Events, library.SyncByteStream), {})

    def handle_request(self, request: Any) -> Any:
        """The response to a request; of a stream, once its first chunk has come."""
        try:
            rpc, metadata, patience = self._rpc(request, request.read())
        except RefusedError as error:
            return self._response(error.reply)
        call = getattr(getattr(self._client, rpc.stub), rpc.method)
        try:
            if rpc.streams:
                return self._streamed(Patient(call(rpc.message, metadata=metadata), patience), request)
            message, trailers = call.with_trailers(rpc.message, timeout=patience, metadata=metadata)
        except CallFailed as failure:
            return self._failed(failure, request)
        return self._response(replies.reply_of(message, trailers, base64=rpc.base64))

    def _streamed(self, chunks: Patient, request: Any) -> Any:
        try:
            first = next(chunks, None)
        except CallFailed as failure:
            if replies.is_event(failure):
                return self._whole(replies.error_event(failure))
            raise
        if first is None:
            return self._whole(replies.DONE)
        events = self._events(replies.event_of(first), chunks, self, request)
        return self._library.Response(200, headers=replies.EVENT_STREAM, stream=events)

    def close(self) -> None:
        """Close the channel."""
        self._client.close()


class _Events:
    """The body of a streamed response."""

    def __init__(self, first: bytes, chunks: Patient, transport: _Transport, request: Any) -> None:
        self._first = first
        self._chunks = chunks
        self._transport = transport
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        try:
            for chunk in self._chunks:
                yield replies.event_of(chunk)
        except CallFailed as failure:
            if replies.transport_error(failure):
                raise self._transport.broken(failure, self._request) from failure
            yield replies.error_event(failure)
        else:
            yield replies.DONE

    def close(self) -> None:
        """Cancel the RPC; nothing happens once it has ended."""
        self._chunks.cancel()


class AsyncTransport(_Transport):
    """The transport of an asyncio client. Its channel belongs to the event loop of the request that opens it."""

    def __init__(self, target: str, library: Any, tls: TlsChoice, options: Sequence[Option]) -> None:
        super().__init__(library)
        self._target = target
        self._credentials, self._options = channel_arguments(tls, (*_NO_RETRIES, *options))
        self._client: aio.Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._events: Any = type("AsyncEvents", (_AsyncEvents, library.AsyncByteStream), {})

    async def handle_async_request(self, request: Any) -> Any:
        """The response to a request; of a stream, once its first chunk has come."""
        try:
            rpc, metadata, patience = self._rpc(request, await request.aread())
        except RefusedError as error:
            return self._response(error.reply)
        call = getattr(getattr(self._connected(), rpc.stub), rpc.method)
        try:
            if rpc.streams:
                return await self._streamed(AsyncPatient(call(rpc.message, metadata=metadata), patience), request)
            message, trailers = await call.with_trailers(rpc.message, timeout=patience, metadata=metadata)
        except CallFailed as failure:
            return self._failed(failure, request)
        return self._response(replies.reply_of(message, trailers, base64=rpc.base64))

    def _connected(self) -> aio.Client:
        """The client of the running loop; of a loop that came before there is nothing left to use."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            tls = self._credentials or False
            self._client, self._loop = aio.connect(self._target, tls=tls, options=self._options), loop
        return self._client

    async def _streamed(self, chunks: AsyncPatient, request: Any) -> Any:
        try:
            first = await anext(chunks, None)
        except CallFailed as failure:
            if replies.is_event(failure):
                return self._whole(replies.error_event(failure))
            raise
        if first is None:
            return self._whole(replies.DONE)
        events = self._events(replies.event_of(first), chunks, self, request)
        return self._library.Response(200, headers=replies.EVENT_STREAM, stream=events)

    async def aclose(self) -> None:
        """Close the channel."""
        if self._client is not None:
            await self._client.close()


class _AsyncEvents:
    """The body of a streamed response."""

    def __init__(self, first: bytes, chunks: AsyncPatient, transport: _Transport, request: Any) -> None:
        self._first = first
        self._chunks = chunks
        self._transport = transport
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._first
        try:
            async for chunk in self._chunks:
                yield replies.event_of(chunk)
        except CallFailed as failure:
            if replies.transport_error(failure):
                raise self._transport.broken(failure, self._request) from failure
            yield replies.error_event(failure)
        else:
            yield replies.DONE

    async def aclose(self) -> None:
        """Cancel the RPC; nothing happens once it has ended."""
        self._chunks.cancel()
