"""One HTTP/1.1 connection to the upstream, with one request at a time.

The parser is llhttp, the one of Node.js, through httptools. It refuses ambiguous input. This module decides what a
parser cannot know: whether a body was complete when the connection ended, how many bytes may wait to be read, and
whether another request may follow. Failures are httpx's exceptions. Bytes that arrived before a break are read first.
"""

import asyncio
import select
from collections.abc import Callable
from typing import Final, cast

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from bridge.upstream.heads import Fields, ResponseHead
from bridge.upstream.phases import NEXT, OVER, RECEIVING, Phase, Step

#: The connection stops reading when this many bytes of a body wait to be read.
_MAX_UNREAD_BYTES: Final = 1 << 16
#: Larger requests are written in pieces of this size, so that a slow upstream stops the writer.
_PIECE_BYTES: Final = 1 << 16
#: A read of a body may have this many bytes for each byte of the body, besides `max_header_bytes`.
_MAX_FRAMING_RATIO: Final = 32
_UNUSED: Final = frozenset({Phase.CONNECTING, Phase.IDLE})


class Connection(asyncio.Protocol):
    """The protocol of one connection.

    `max_header_bytes` is the maximum length of a line in a response's head. `on_end` is called when the connection
    ends, and when bytes arrive while it is idle.
    """

    def __init__(self, max_header_bytes: int, on_end: Callable[["Connection"], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._max_header_bytes = max_header_bytes
        self._on_end = on_end
        self.phase = Phase.CONNECTING
        self._error: httpx.TransportError  # why the phase is FAILED
        self.head = ResponseHead(max_header_bytes)
        self.on_header = self.head.add  # the parser calls it for each line of the head and of the trailers
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        # Some servers end lines or chunk sizes in unusual ways, or send headers that are not text. None of this is
        # ambiguous, except a NUL, and a space after a header's name, which `heads` refuses.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._transport: asyncio.Transport | None = None  # None until connected, and after the close
        self._wire: asyncio.Transport = cast("asyncio.Transport", None)
        self._poll = select.poll()
        self._waiter: asyncio.Future[None] | None = None
        # Flow control, independent of the phase: whether the transport's buffer is full, and whether reading is paused.
        self._full = self.is_paused = False
        self.idle_until = 0.0
        self._clear()

    def _clear(self) -> None:
        """Forget the last response."""
        self.head.clear()
        self._pieces: list[bytes] = []
        self.unread_bytes = self._unparsed_bytes = 0  # the latter counts those since the parser made progress
        self._max_unread_bytes = _MAX_UNREAD_BYTES
        self._may_wait: Callable[[bytes], bool] | None = None
        self._parsed = 0  # parsed heads and pieces of a body

    def _step(self, step: Step) -> None:
        self.phase = NEXT[self.phase, step]

    async def ask(self, head: bytes, body: bytes) -> tuple[int, Fields]:
        """Send a request, until its response begins. Returns the status and the fields of the response's head.

        Raises:
            httpx.ConnectError: the connection had ended, or bytes had arrived, before the request. Nothing was sent.
            httpx.WriteError: the connection broke before the whole request was sent.
            httpx.ReadError: it broke before the response's head was complete.
            httpx.RemoteProtocolError: the response is not HTTP, or its head is over the limits.
        """
        transport = self._transport
        if transport is None or self.phase is not Phase.IDLE:
            raise httpx.ConnectError("the connection ended before the request")
        self._step(Step.REQUESTED)
        if len(body) <= _PIECE_BYTES:
            transport.write(head + body)
            self._step(Step.WRITTEN)
        else:
            transport.write(head)
            await self._send(transport, body)
        while (status := self.head.status) is None:
            await self._changed()
        return status, self.head.fields

    async def _send(self, transport: asyncio.Transport, body: bytes) -> None:
        for at in range(0, len(body), _PIECE_BYTES):
            while self._full and self.phase is Phase.SENDING:
                await self._changed()
            if self.phase is not Phase.SENDING:
                return
            transport.write(body[at : at + _PIECE_BYTES])
        self._step(Step.WRITTEN)

    def expect(self, size: int) -> None:
        """Set how many bytes of the response's body may wait to be read before the connection stops reading."""
        self._max_unread_bytes = size
        if self.unread_bytes <= size:
            self._resume()

    def hold(self, may_wait: Callable[[bytes], bool] | None) -> bool:
        """Do not wake the reader for pieces of this body that `may_wait`; None wakes it. Returns whether any wait."""
        self._may_wait = may_wait
        if self._pieces and may_wait is None:
            self._wake()
        return bool(self._pieces)

    def is_over(self) -> bool:
        """Whether the whole body has arrived and was read."""
        return self.phase in OVER and not self._pieces

    async def read(self) -> bytes:
        """The bytes of the response's body that have arrived since the last call, at least one; `b""` at its end.

        Raises:
            httpx.ReadError: the connection broke, or was closed, before the body was complete.
            httpx.RemoteProtocolError: the body's framing is broken.
        """
        while not self._pieces:
            if self.phase in OVER:
                return b""
            await self._changed()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self.unread_bytes = [], 0
        self._resume()
        return data

    def _resume(self) -> None:
        if self.is_paused and self._transport is not None:
            self.is_paused = False
            self._wire.resume_reading()

    def is_reusable(self) -> bool:
        """Whether the connection is open and nothing has arrived since the last response.

        This asks the kernel, which knows of new bytes and of the end before the event loop does.
        """
        return not self._wire.is_closing() and not self._poll.poll(0)

    def check_new(self) -> None:
        """Check that a new connection is `is_reusable`. Not with TLS, where the server sends session tickets.

        Raises:
            ConnectionError: it is not.
        """
        if self._transport is None or (self._transport is self._wire and not self.is_reusable()):
            raise ConnectionError("the other side sent bytes, or closed the connection, before any request")

    def release(self) -> bool:
        """Finish with the response. Returns whether another request may follow; if not, the connection is closed."""
        if self.phase is Phase.COMPLETE and not self._full and not self.is_paused:
            self._step(Step.RELEASED)
            self._clear()
            return True
        self.abort()
        return False

    def abort(self) -> None:
        """Close the connection at once. Reading an incomplete body then fails."""
        self._fail(httpx.ReadError("the connection was closed on this side"))
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def _fail(self, error: httpx.TransportError) -> None:
        """End the connection. A task that waits for an incomplete response gets the error."""
        was_failed = self.phase is Phase.FAILED
        self._step(Step.ENDED)
        self._parser = self._may_wait = None  # nothing more is parsed, and they form reference cycles with this object
        if self.phase is Phase.FAILED and not was_failed:
            self._error = error
        self._wake()

    def _changed(self) -> asyncio.Future[None]:
        """Done at the next change. Raises the error of a failed connection."""
        if self.phase is Phase.FAILED:
            raise self._error
        self._waiter = self._loop.create_future()
        return self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected, without TLS."""
        self.secured(transport, transport)

    def secured(self, transport: asyncio.BaseTransport, wire: asyncio.BaseTransport) -> None:
        """Connected, and the TLS handshake is over.

        Reading is paused on `wire`, below TLS: uvloop loses what TLS decrypts during a pause if the other side closes.
        """
        self._transport = cast("asyncio.Transport", transport)
        self._wire = cast("asyncio.Transport", wire)
        self._poll.register(wire.get_extra_info("socket").fileno(), select.POLLIN)
        self._step(Step.CONNECTED)

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        parser = self._parser
        if parser is None:
            return  # the connection is about to close
        if self.phase in _UNUSED:
            self._on_end(self)  # unsolicited: these bytes must not become the response to the next request
            self._refuse()
            return
        parsed, pieces = self._parsed + self.head.lines, len(self._pieces)
        body = self.unread_bytes if len(data) > self._max_header_bytes and self.phase in RECEIVING else None
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._refuse()
        else:
            if self._parsed + self.head.lines == parsed:
                self._unparsed_bytes += len(data)
                excess = self._unparsed_bytes
            else:
                self._unparsed_bytes = 0
                excess = 0 if body is None else len(data) - _MAX_FRAMING_RATIO * (self.unread_bytes - body)
            if excess > self._max_header_bytes and self.phase not in OVER:
                self._refuse()
        if self.unread_bytes > self._max_unread_bytes and not self.is_paused and self.phase in RECEIVING:
            self.is_paused = True
            self._wire.pause_reading()
        elif self._may_wait is not None and self.phase in RECEIVING and all(map(self._may_wait, self._pieces[pieces:])):
            return
        self._wake()

    def _refuse(self) -> None:
        """Malformed, oversized or unsolicited bytes."""
        self._fail(httpx.RemoteProtocolError("not HTTP/1.1"))
        self._loop.call_soon(self.abort)  # aborting re-entrantly breaks the TLS layer, which has called this

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._full = True

    def resume_writing(self) -> None:
        """The transport's buffer has room again."""
        self._full = False
        self._wake()

    def eof_received(self) -> None:
        """The upstream has closed its side. The transport closes once its buffer is sent."""
        is_unused = self.phase in _UNUSED
        self._end(None)
        if is_unused:
            self._on_end(self)
            self._loop.call_soon(self.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._transport = None
        self._end(exc)
        self._on_end(self)

    def _end(self, exc: Exception | None) -> None:
        """Handle the end of the incoming bytes."""
        if self.phase in RECEIVING and exc is None and not self.head.is_framed:
            self._step(Step.DONE_LAST)  # the end of the connection ends the body
        # The transport buffers a little. The request counts as sent unless the buffer is full.
        is_sent = self.phase in RECEIVING or (self.phase is Phase.WAITING and not self._full)
        kind = httpx.ReadError if is_sent else httpx.WriteError
        self._fail(kind("the connection was closed" if exc is None else "the connection broke"))

    # Called by the parser.

    def on_message_begin(self) -> None:
        """A status line begins. After a complete response it is unsolicited."""
        if self.head.status is not None:
            raise httpx.RemoteProtocolError("a second response")

    def on_headers_complete(self) -> None:
        """The head of the response is complete, or that of an informational one."""
        self._parsed += 1 + self.head.lines
        if self.head.end(cast("HttpResponseParser", self._parser).get_status_code()):
            self._step(Step.ANSWERED)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._parsed += 1
        self._pieces.append(body)
        self.unread_bytes += len(body)

    def on_message_complete(self) -> None:
        """The response is complete, or an informational one is."""
        if (status := self.head.status) is not None:
            # Another protocol follows a 101.
            keeps = status >= 200 and cast("HttpResponseParser", self._parser).should_keep_alive()
            self._step(Step.DONE if keeps else Step.DONE_LAST)
