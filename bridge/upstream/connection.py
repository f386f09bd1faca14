"""One HTTP/1.1 connection to the upstream: a request, the reply to it, and then the next.

The parser is llhttp, Node.js's own, through httptools: it refuses what could be read in two ways. What is decided here
is what a parser cannot know: whether a body that just ended was complete, how much may pile up before anybody reads
it, and whether the connection is fit for another request. Failures are httpx's exceptions, each meaning what its name
says. What arrived before the connection broke is read before the break is told.
"""

import asyncio
import select
from collections.abc import Callable
from typing import Final, cast

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

Headers = list[tuple[bytes, bytes]]

#: Lines in the head of a reply, and in the trailers behind its body, at most.
_MOST_LINES: Final = 128
#: Informational replies (1xx) before a reply.
_MAX_INFORMATIONAL: Final = 128
#: Bytes of a body that wait to be read, from where on the upstream has to wait.
_HIGH: Final = 1 << 16
#: Larger requests go out in pieces: a slow upstream then holds up the writer, and not a buffer of the whole body.
_PIECE: Final = 1 << 16
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class Connection(asyncio.Protocol):
    """The protocol of one connection. `ended` is told of its end, and of whatever comes in while it is idle.

    `longest` bounds a line of a reply's head, in bytes.
    """

    def __init__(self, longest: int, ended: Callable[["Connection"], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._longest = longest
        self._ended = ended
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        # Some servers end a line, or the size of a chunk, in a way of their own, or put what is no text into a header.
        # None of it can be read in two ways, but for a NUL, and a space behind a name: see `on_header`.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._wire = self._transport
        self._poll = select.poll()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = True
        self._full = False  # the transport's buffer for writing
        self._held = False  # nothing is read for now
        self.idle_until = 0.0
        self._clear()

    def _clear(self) -> None:
        """Nothing has been asked yet, and nothing answered."""
        self._busy = False
        self._handed = False  # all of the request, to the transport
        self._begun = False  # the reply's head is complete
        self._complete = False
        self._reusable = False
        self._error: httpx.TransportError | None = None
        self._headers: Headers = []
        self.keep_alive = b""  # the header, which says how long the server keeps an idle connection
        self._lines = 0
        self._informational = 0
        self._pieces: list[bytes] = []
        self._size = 0
        self._high = _HIGH
        self._seen = 0  # lines and pieces: what shows that the parser gets on
        self._unseen = 0  # bytes since the last of them

    async def ask(self, head: bytes, body: bytes) -> tuple[int, Headers]:
        """Send a request; the status and the headers of the reply. A reply that comes early ends the sending.

        Raises:
            httpx.ConnectError: the connection had ended, or said something, before anybody asked. Nothing was sent.
            httpx.WriteError: the connection broke before all was sent.
            httpx.ReadError: it broke before the reply's head was complete.
            httpx.RemoteProtocolError: the reply is not HTTP, or its head is over the limits.
        """
        if self._error is not None:
            raise httpx.ConnectError("the connection was of no use")
        self._busy = True
        if len(body) <= _PIECE:
            self._transport.write(head + body)
            self._handed = True
        else:
            self._transport.write(head)
            await self._send(body)
        while not self._begun:
            if self._error is not None:
                raise self._error
            await self._news()
        return self._status, self._headers

    async def _send(self, body: bytes) -> None:
        for at in range(0, len(body), _PIECE):
            while self._full and not self._begun and self._error is None:
                await self._news()
            if self._begun or self._error is not None:
                return
            self._transport.write(body[at : at + _PIECE])
        self._handed = True

    def _sent(self) -> bool:
        """Whether all of the request has left, but for the little that a transport buffers."""
        return self._handed and not self._full

    def expect(self, size: int) -> None:
        """Let so many bytes of the reply's body wait to be read, before the upstream has to wait."""
        self._high = size

    async def read(self) -> bytes:
        """The bytes of the reply's body that have arrived since the last call, at least one; `b""` at its end.

        Raises:
            httpx.ReadError: the connection broke, or was closed, before the body was complete.
            httpx.RemoteProtocolError: the body's framing is broken.
        """
        while not self._pieces:
            if self._complete:
                return b""
            if self._error is not None:
                raise self._error
            await self._news()
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces = []
        self._size = 0
        if self._held and not self._closed:
            self._held = False
            self._wire.resume_reading()
        return data

    def quiet(self) -> bool:
        """Whether the connection has not ended, and the other side has said nothing since the last response.

        The kernel knows of bytes, and of the end, before the event loop tells.
        """
        return not self._wire.is_closing() and not self._poll.poll(0)

    def check_silence(self) -> None:
        """See that a connection that was just made is `quiet`. With TLS it is not: the other side sends tickets.

        Raises:
            ConnectionError: it is not.
        """
        if self._transport is self._wire and not self.quiet():
            raise ConnectionError("the other side spoke or hung up before it was asked")

    def release(self) -> bool:
        """The exchange is over. Whether the connection can serve another; else it is closed, at once."""
        fit = self._complete and self._reusable and self._sent() and not self._held and not self._closed
        self._clear()
        if not fit:
            self.abort()
        return fit

    def abort(self) -> None:
        """Close the connection, whatever is under way. A body that is not complete now never is."""
        if not self._complete and self._error is None:
            self._error = httpx.ReadError("the connection was closed on this side")
        if not self._closed:
            self._closed = True
            self._transport.abort()
        self._wake()

    async def _news(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected, without TLS."""
        self.secured(transport, transport)

    def secured(self, transport: asyncio.BaseTransport, wire: asyncio.BaseTransport) -> None:
        """Connected, and the TLS handshake is over.

        Reading pauses below TLS, on `wire`: what TLS has decrypted while its reader pauses is lost with uvloop, should
        the other side close.
        """
        self._transport = cast("asyncio.Transport", transport)
        self._wire = cast("asyncio.Transport", wire)
        self._poll.register(wire.get_extra_info("socket").fileno(), select.POLLIN)
        self._closed = False

    def data_received(self, data: bytes) -> None:
        """Bytes have come in."""
        parser = self._parser
        if parser is None or not self._busy:
            self._ended(self)  # nobody asked for them: the next caller must not get them for an answer
            self._broken()
            return
        seen = self._seen
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._broken()
        else:
            if self._seen != seen:
                self._unseen = 0
            elif not self._complete:
                self._unseen += len(data)
                if self._unseen > self._longest:
                    self._broken()
        self._wake()
        if self._size > self._high and not self._held and not self._complete and not self._closed:
            self._held = True
            self._wire.pause_reading()

    def _broken(self) -> None:
        """What comes in is not HTTP, not within the limits, or nobody's."""
        self._reusable = False
        if not self._complete and self._error is None:
            self._error = httpx.RemoteProtocolError("not HTTP/1.1")
        self._loop.call_soon(self.abort)  # the layer of TLS that is calling takes it amiss

    def pause_writing(self) -> None:
        """The other side does not take what is sent."""
        self._full = True

    def resume_writing(self) -> None:
        """It does again."""
        self._full = False
        self._wake()

    def eof_received(self) -> None:
        """The other side sends no more; the transport closes once it has got rid of what it has to send."""
        self._over(None)
        if not self._busy:
            self._ended(self)
            self._loop.call_soon(self.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, in whatever way."""
        self._closed = True
        self._parser = None  # it holds this object, and this object it
        self._over(exc)
        self._ended(self)

    def _over(self, exc: Exception | None) -> None:
        """Nothing more comes in."""
        self._reusable = False
        if not self._complete and self._error is None:
            if self._begun and exc is None and not any(name.lower() in _FRAMING for name, _ in self._headers):
                self._complete = True  # a body that the end of the connection ends
            else:
                kind = httpx.ReadError if self._begun or self._sent() else httpx.WriteError
                self._error = kind("the connection was closed" if exc is None else "the connection broke")
        self._wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A status line begins. Behind a complete reply nobody has asked for it."""
        if self._complete:
            raise httpx.RemoteProtocolError("a second reply")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of the head, or of the trailers, which nobody needs; refused where others may read it otherwise."""
        self._seen += 1
        self._lines += 1
        if self._lines > _MOST_LINES or len(name) + len(value) > self._longest or b"\0" in value or b" " in name:
            raise httpx.RemoteProtocolError("a header that is none, or over the limits")
        if not self._begun:
            self._headers.append((name, value))
            if name.lower() == b"keep-alive":
                self.keep_alive = self.keep_alive or value

    def on_headers_complete(self) -> None:
        """The head is complete; that of an informational reply is passed over."""
        self._seen += 1
        self._lines = 0
        status = cast("HttpResponseParser", self._parser).get_status_code()
        if 100 <= status < 200 and status != httpx.codes.SWITCHING_PROTOCOLS:
            self._informational += 1
            if self._informational > _MAX_INFORMATIONAL:
                raise httpx.RemoteProtocolError("informational replies without end")
            if any(name.lower() == b"transfer-encoding" for name, _ in self._headers):
                raise httpx.RemoteProtocolError("a body that is nobody's")
            self._headers = []
        else:
            self._begun = True
            self._status = status

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._seen += 1
        self._pieces.append(body)
        self._size += len(body)

    def on_message_complete(self) -> None:
        """The reply is complete, or an informational one is."""
        if self._begun:
            self._complete = True
            # Behind 101 there may be anything.
            self._reusable = self._status >= 200 and cast("HttpResponseParser", self._parser).should_keep_alive()


def head_of(method: str, target: bytes, headers: Headers) -> bytes:
    """The request line and the headers as they are sent.

    Raises:
        httpx.LocalProtocolError: a header has a line break in it, and would be two.
    """
    lines = [b"%b %b HTTP/1.1" % (method.encode("ascii"), target)]
    lines += [b"%b: %b" % field for field in headers]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(headers) or head.count(b"\r") != len(headers):
        raise httpx.LocalProtocolError("a line break in a header")
    return head + b"\r\n\r\n"
