"""The heads of HTTP/1.1 messages: a request's, as bytes; a response's, kept within limits."""

from typing import Final

import httpx

Headers = list[tuple[bytes, bytes]]

#: Lines in the head of a response, and in the trailers behind its body.
_MAX_LINES: Final = 128
#: Informational responses (1xx) before a response.
_MAX_INFORMATIONAL: Final = 128
#: Bytes of the `keep-alive` headers that are read.
_MAX_KEEP_ALIVE: Final = 512
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


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


class ResponseHead:
    """Takes in the lines of a response's head. `status` is None until the head is complete.

    `max_bytes` bounds each line. `keep_alive` are the headers that say how long the server keeps an idle connection.
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
        """Take in a line of the head, or of the trailers, which nobody needs.

        Raises:
            httpx.RemoteProtocolError: it is over the limits, or others may read it otherwise.
        """
        self._lines += 1
        if self._lines > _MAX_LINES or len(name) + len(value) > self._max_bytes or b"\0" in value or b" " in name:
            raise httpx.RemoteProtocolError("a header that is malformed or over the limits")
        if self.status is None:
            self.headers.append((name, value))
            if name.lower() == b"keep-alive":
                self.keep_alive = (self.keep_alive + b"," + value)[:_MAX_KEEP_ALIVE]

    def end(self, status: int) -> bool:
        """The lines are complete. Whether the head is: that of an informational response is passed over.

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
        """Whether the head says where the body ends. If not, the end of the connection is the end of the body."""
        return any(name.lower() in _FRAMING for name, _ in self.headers)
