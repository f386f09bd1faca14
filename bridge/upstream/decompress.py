"""Undoes a `content-encoding` that a server used although the bridge asks for none, without trusting its size.

64 KiB of gzip can hold 64 MiB of text. It is unpacked in steps, as nobody else gets a turn while a step is taken and
its text is read. What has to be kept until it is complete, a response or an event, has to be in proportion to the bytes
that it came from.
"""

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import Final

from bridge.upstream import failures

#: Bytes that a step may give.
_STEP_BYTES: Final = 1 << 16
#: Bytes of text that may be kept whatever they came from, and for each byte of the body. Real text comes to 30.
_FREE_BYTES: Final = 1 << 20
_MAX_RATIO: Final = 100
#: Values that name no coding: words for "none", and charsets that stand in the wrong header.
_NO_CODINGS: Final = frozenset(
    (
        *("", "identity", "none", "null", "no", "false", "off", "plain", "text", "raw", "unencoded", "undefined"),
        *("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1", "7bit", "8bit", "binary"),
    )
)
_ZLIB: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_MAGIC: Final = b"\x1f\x8b"
#: Bytes of a compressed error that are undone at once: what came before a broken piece is kept.
_PIECE_BYTES: Final = 512
_BINARY: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Unpacker:
    """Unpacks one body, gzip or zlib, whichever it is."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        #: Whether the next step needs no further bytes of the body: this one was full.
        self.has_more = False
        self._taken = 0  # bytes of the body so far

    def step(self, data: bytes = b"") -> bytes:
        """The next part of the text, which may be empty; `data` are further bytes of the body, if there are any.

        Raises:
            BridgeError: UPSTREAM_MALFORMED_RESPONSE for a body that is broken.
        """
        if self._inflate.eof:
            self.has_more = False
            return b""  # padding; zlib would keep it, however much comes
        self._taken += len(data)
        try:
            text = self._inflate.decompress(self._inflate.unconsumed_tail + data, _STEP_BYTES)
        except zlib.error:
            raise failures.malformed("is compressed, and broken") from None
        self.has_more = len(text) == _STEP_BYTES
        return text

    def keep(self, size: int) -> None:
        """See that so many bytes of text may be kept.

        Raises:
            BridgeError: UPSTREAM_RESPONSE_TOO_LARGE for a bomb.
        """
        limit = max(_FREE_BYTES, _MAX_RATIO * self._taken)
        if size > limit:
            raise failures.too_large("what the reply unpacks to", limit)

    def close(self) -> None:
        """The body has ended.

        Raises:
            BridgeError: UPSTREAM_STREAM_INTERRUPTED for a body that was not complete.
        """
        if not self._inflate.eof:
            raise failures.interrupted("the reply's compressed body was cut off")


def unpacker_for(encoding: str) -> Unpacker | None:
    """The unpacker for a header's value, None where there is nothing to undo.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE for an encoding that the bridge does not know.
    """
    names = _codings(encoding)
    if not names:
        return None
    if len(names) > 1 or names[0] not in _ZLIB:
        raise failures.malformed("is compressed in a way that was not asked for")
    return Unpacker()


def readable(data: bytes, encoding: str, limit: int) -> bytes:
    """The body of an error as far as it can be read, `limit` bytes at most, whatever its encoding is called.

    What is compressed is undone up to where it breaks, what is not is taken as it is; what is neither is dropped.
    """
    names = _codings(encoding)
    if data.startswith(_GZIP_MAGIC) or not _ZLIB.isdisjoint(names):
        text = b"".join(_inflated(data, limit))
        if text:
            return text[:limit]
    return data if not names or _is_text(data) else b""


def _codings(encoding: str) -> list[str]:
    names = (name.partition(";")[0].strip(" \t\"'").lower() for name in encoding.split(","))
    return [name for name in names if name not in _NO_CODINGS]


def _inflated(data: bytes, limit: int) -> Iterator[bytes]:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    left = limit
    for at in range(0, len(data), _PIECE_BYTES):
        try:
            text = inflate.decompress(data[at : at + _PIECE_BYTES], left)
        except zlib.error:
            return
        yield text
        left -= len(text)
        if left <= 0 or inflate.eof:
            return


def _is_text(data: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)  # the last character may be cut off
    except UnicodeDecodeError:
        return False
    return _BINARY.search(text) is None
