"""The heads of HTTP/1.1 messages: writes that of a request, and collects that of a response within limits."""

from typing import Final

import httpx

Headers = list[tuple[bytes, bytes]]

#: Maximum number of lines in the head and trailers of a response.
_MAX_LINES: Final = 128
#: Maximum number of informational responses (1xx) before a response.
_MAX_INFORMATIONAL: Final = 128
#: Maximum number of bytes of `keep-alive` headers that are kept.
_MAX_KEEP_ALIVE: Final = 512
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


def head_of(method: str, target: bytes, headers: Headers) -> bytes:
    """The request line and the headers, as bytes.

    Raises:
        httpx.LocalProtocolError: a header contains a line break.
    """
    lines = [b"%b %b HTTP/1.1" % (method.encode("ascii"), target)]
    lines += [b"%b: %b" % field for field in headers]
    head = b"\r\n".join(lines)
    if head.count(b"\n") != len(headers) or head.count(b"\r") != len(headers):
        raise httpx.LocalProtocolError("a line break in a header")
    return head + b"\r\n\r\n"


class ResponseHead:
    """Collects the lines of a response's head. `status` is None until the head is complete.

    `max_bytes` is the maximum length of a line. `keep_alive` has the `keep-alive` headers, which may name a timeout.
    """

    __slots__ = ("_informational", "_lines", "_max_bytes", "headers", "keep_alive", "status")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lines = 0
        self._informational = 0
        self.status: int | None = None
        self.headers: Headers = []
        self.keep_alive = b""

    def add(self, name: bytes, value: bytes) -> None:
        """Add a line of the head. A line of the trailers is only checked.

        Raises:
            httpx.RemoteProtocolError: it exceeds the limits, or is ambiguous.
        """
        self._lines += 1
        if self._lines > _MAX_LINES or len(name) + len(value) > self._max_bytes or b"\0" in value or b" " in name:
            raise httpx.RemoteProtocolError("a header that is malformed or over the limits")
        if self.status is None:
            self.headers.append((name, value))
            if name.lower() == b"keep-alive":
                self.keep_alive = (self.keep_alive + b"," + value)[:_MAX_KEEP_ALIVE]

    def end(self, status: int) -> bool:
        """All lines have arrived. Returns False for an informational response, whose head is dropped.

        Raises:
            httpx.RemoteProtocolError: there are too many informational responses, or one has a body.
        """
        self._lines = 0
        if not 100 <= status < 200 or status == httpx.codes.SWITCHING_PROTOCOLS:
            self.status = status
            return True
        self._informational += 1
        if self._informational > _MAX_INFORMATIONAL:
            raise httpx.RemoteProtocolError("too many informational responses")
        if any(name.lower() == b"transfer-encoding" for name, _ in self.headers):
            raise httpx.RemoteProtocolError("an informational response with a body")
        self.headers = []
        return False

    @property
    def is_framed(self) -> bool:
        """Whether the head says where the body ends. If not, the end of the connection ends it."""
        return any(name.lower() in _FRAMING for name, _ in self.headers)
