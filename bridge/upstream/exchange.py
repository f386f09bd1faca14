"""One request under way, and the reply to it.

Reply bodies are read from aiohttp's own reader: the transport's stream cuts them into pieces of 16 KiB through two
layers of generators, and forgets, when the connection breaks, what had arrived and nobody had read.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final, cast

import aiohttp

from bridge.call import Call
from bridge.errors import BridgeError, Reason
from bridge.metadata import reply_trailers
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.clock import Clock
from bridge.upstream.decompress import Decode, decoder_for

#: As much of an error's body is waited for, in bytes and in seconds.
_ERROR_BODY: Final = 1 << 18
_ERROR_BODY_SECONDS: Final = 2.0


class Exchange:
    """One request under way and the reply to it, whose headers have arrived."""

    def __init__(
        self, raw: aiohttp.ClientResponse, call: Call, request: bytes, clock: Clock, settings: Settings, *, own: bool
    ) -> None:
        self.call = call
        self.clock = clock
        self._request = request
        self._own = own
        self._raw = raw
        self._decode: Decode | None = None
        self._content = raw.content
        connection = raw.connection
        protocol = connection.protocol if connection is not None else None
        self._closed = protocol.closed if protocol is not None else None
        if self._closed is not None:
            self._closed.add_done_callback(self._lost)
        self._stall = settings.stall_timeout
        self._broken: BridgeError | None = None
        call.http_status = raw.status
        call.upstream_request_id = raw.headers.get("x-request-id", "")
        call.trailers = reply_trailers(raw.headers.items())

    async def check(self, limit: int) -> None:
        """See that the reply is a success, in an encoding that can be undone; its pieces may grow to `limit` bytes.

        Raises:
            BridgeError: what a status other than 2xx means for the caller; UPSTREAM_MALFORMED_RESPONSE for an encoding
                that was not asked for and is not known.
        """
        status = self._raw.status
        if status < 200:
            raise failures.malformed("switches to a protocol that nobody asked for")
        if status >= 300:
            raise await self._refusal()
        self._decode = decoder_for(self._raw.headers.get("content-encoding", ""), limit)

    @property
    def media_type(self) -> str:
        """The reply's content type without parameters, in lower case."""
        return self._raw.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def read(self) -> bytes:
        """The bytes that have arrived since the last call, at least one; `b""` at the end of the body.

        Raises:
            BridgeError: UPSTREAM_STREAM_INTERRUPTED, once all that had arrived before the cut has been read.
        """
        while True:
            if self._broken is not None:
                raise self._broken
            if self._closed is not None and self._closed.done():
                self._lost(self._closed)  # its turn as a callback may come after this task's
            try:
                data = await self._content.readany()
            except (aiohttp.ClientError, OSError) as error:
                self._broken = failures.of_exception(error, answered=True)
                data = _rescue(self._content)
                if not data:
                    raise self._broken from error
            if self._decode is None:
                return data
            text = self._decode(data)
            if text or not data:  # a compressed piece may hold nothing yet
                return text

    async def read_all(self, limit: int) -> bytes:
        """The rest of the body.

        Raises:
            BridgeError: UPSTREAM_RESPONSE_TOO_LARGE over `limit` bytes; as `read`.
        """
        pieces = []
        size = 0
        self.clock.phase(self._stall, Reason.UPSTREAM_TIMEOUT, "the reply stopped in the middle")
        self._content.set_read_chunk_size(limit)  # all of it is wanted: reading need not pause
        while data := await self.read():
            pieces.append(data)
            size += len(data)
            self.clock.resume()
            if size > limit:
                raise failures.too_large("the reply", limit)
        return b"".join(pieces)

    def failure(self, error: Any, data: bytes) -> BridgeError:
        """What an error in the body of a 200 reply means for the caller."""
        return failures.of_error(error, self._raw.headers, data, self.call, self._request, own=self._own)

    async def _refusal(self) -> BridgeError:
        """The status is the news: a body that is cut off, stops or does not end takes nothing from it."""
        headers = self._raw.headers
        pieces: list[bytes] = []
        self.clock.pause()
        with suppress(BridgeError, TimeoutError):
            self._decode = decoder_for(headers.get("content-encoding", ""), _ERROR_BODY)
            async with asyncio.timeout(_ERROR_BODY_SECONDS):
                while sum(map(len, pieces)) < _ERROR_BODY and (data := await self.read()):
                    pieces.append(data)
        return failures.of_reply(self._raw.status, headers, b"".join(pieces), self.call, self._request, own=self._own)

    def _lost(self, _: asyncio.Future[None]) -> None:
        """On a broken chunked encoding aiohttp closes the connection, and leaves the reader of the body waiting."""
        content = self._content
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError("the connection was closed"))

    def close(self) -> None:
        """Give the connection back if the body was read to its end; else close it, at once."""
        if self._closed is not None:
            self._closed.remove_done_callback(self._lost)
        if self._content.at_eof():
            self._raw.release()
        else:
            self._raw.close()


def _rescue(content: aiohttp.StreamReader) -> bytes:
    """What had arrived before the connection broke. aiohttp reports the break first and would drop it."""
    content.set_exception(cast("BaseException", None))
    return content.read_nowait()
