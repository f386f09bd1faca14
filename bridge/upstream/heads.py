"""The heads of HTTP/1.1 messages: writes that of a request, and collects that of a response within limits."""

from typing import Final

import httpx

#: The fields of a head: names and values, as Latin-1 text. The names that a response has are in lower case.
Fields = list[tuple[str, str]]

#: Maximum number of lines in the heads of a response (informational ones and its own), and in its trailers. LiteLLM
#: passes on each header of its upstream twice, and each proxy adds some: over 128 were seen. Envoy allows 100 unless
#: configured, Node.js 2000, curl 5000.
_MAX_LINES: Final = 512
#: Maximum size of all these lines together, in lines of the maximum length: 1 MiB by default. Go allows as much.
_MAX_LONG_LINES: Final = 64
#: Maximum number of informational responses (1xx) before a response.
MAX_INFORMATIONAL: Final = 128
#: Maximum number of characters of `keep-alive` fields that are read.
_MAX_KEEP_ALIVE: Final = 512


def head_of(method: str, target: str, fields: Fields) -> bytes:
    """The request line and the fields, as bytes.

    Raises:
        httpx.LocalProtocolError: a field contains a line break.
    """
    lines = [f"{method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in fields], "\r\n"]
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) or head.count("\r") != len(lines):
        raise httpx.LocalProtocolError("a line break in a header")
    return head.encode("latin-1")


class ResponseHead:
    """Collects the lines of a response's head. `status` is None until the head is complete.

    `max_bytes` is the maximum length of a line. `lines` counts those of the head, and then those of the trailers.
    """

    __slots__ = ("_earlier", "_informational", "_max_bytes", "_size", "fields", "lines", "status")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Begin the next response."""
        self.lines = self._size = 0
        self._informational = self._earlier = 0  # informational responses, and the lines of their heads
        self.status: int | None = None
        self.fields: Fields = []

    def add(self, name: bytes, value: bytes) -> None:
        """Add a line of the head. A line of the trailers is only checked.

        Raises:
            httpx.RemoteProtocolError: it exceeds the limits, or is ambiguous.
        """
        self.lines += 1
        size = len(name) + len(value)
        self._size += size
        is_over = self.lines + self._earlier > _MAX_LINES or self._size > _MAX_LONG_LINES * self._max_bytes
        if is_over or size > self._max_bytes or b"\0" in value or b" " in name:
            raise httpx.RemoteProtocolError("a header that is malformed or over the limits")
        if self.status is None:
            text = value.decode("latin-1").rstrip(" \t")  # llhttp skips only the white space before a value
            self.fields.append((name.lower().decode("latin-1"), text))

    def end(self, status: int) -> bool:
        """All lines have arrived. Returns False for an informational response, whose head is dropped.

        Raises:
            httpx.RemoteProtocolError: there are too many informational responses, or one has a body.
        """
        lines, self.lines = self.lines, 0
        if not 100 <= status < 200 or status == httpx.codes.SWITCHING_PROTOCOLS:
            self.status, self._earlier = status, 0
            return True
        self._informational += 1
        self._earlier += lines
        if self._informational > MAX_INFORMATIONAL:
            raise httpx.RemoteProtocolError("too many informational responses")
        if any(name == "transfer-encoding" for name, _ in self.fields):
            raise httpx.RemoteProtocolError("an informational response with a body")
        self.fields = []
        return False

    @property
    def keep_alive(self) -> str:
        """The values of the `keep-alive` fields, which may name a timeout."""
        return ",".join([value for name, value in self.fields if name == "keep-alive"])[:_MAX_KEEP_ALIVE]

    @property
    def is_framed(self) -> bool:
        """As the function, for this head."""
        return is_framed(self.fields)


def is_framed(fields: Fields) -> bool:
    """Whether a head says where the body ends. If not, the end of the connection ends it.

    Old servers send `Transfer-Encoding: identity`, which does not say it.
    """
    return any(
        name == "content-length" or (name == "transfer-encoding" and value.strip().lower() != "identity")
        for name, value in fields
    )
