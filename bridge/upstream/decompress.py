"""Decodes a `content-encoding` that the bridge did not ask for. The decompressed size is limited.

64 KiB of gzip can contain 64 MiB of text. It is unpacked in steps, because no other task runs during a step. Text that
is buffered until a response or an event is complete must be in proportion to the compressed bytes.
"""

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import Final

from bridge.upstream import failures

#: Maximum number of bytes from one step.
_STEP_BYTES: Final = 1 << 16
#: Bytes of text that may be buffered in any case, and per compressed byte. Real text reaches 30 per byte.
_FREE_BYTES: Final = 1 << 20
_MAX_RATIO: Final = 100
#: Values that mean no coding: words for "none", and charsets in the wrong header.
_NO_CODINGS: Final = frozenset(
    (
        *("", "identity", "none", "null", "no", "false", "off", "plain", "text", "raw", "unencoded", "undefined"),
        *("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1", "7bit", "8bit", "binary"),
    )
)
_ZLIB: Final = frozenset({"gzip", "x-gzip", "deflate"})
#: The codings of HTTP. Other values are ignored, because servers write all sorts of words here.
_KNOWN: Final = _ZLIB | {
    "br",
    "brotli",
    "zstd",
    "zstandard",
    "compress",
    "x-compress",
    "lzma",
    "xz",
    "bzip2",
    "lz4",
    "snappy",
}
#: Length of zlib's header and of gzip's magic number.
_HEAD_BYTES: Final = 2
_GZIP_MAGIC: Final = b"\x1f\x8b"
#: Maximum number of gzip members in a body: some in any case, and one per this number of compressed bytes. An empty one
#: has 20.
_FREE_MEMBERS: Final = 16
_MEMBER_BYTES: Final = 32
#: A compressed error is unpacked in pieces of this many bytes. The text before a corrupt piece is kept.
_PIECE_BYTES: Final = 512
_BINARY: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Unpacker:
    """Unpacks one body: gzip, zlib, or the `deflate` without a header that some servers send.

    gzip may consist of several members (RFC 1952). Some servers make one of each event.
    """

    def __init__(self, *, may_be_raw: bool = False) -> None:
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._start: bytes | None = b"" if may_be_raw else None  # the first bytes, until the format is known
        #: Whether more text can be unpacked without further bytes of the body.
        self.has_more = False
        self._taken = 0  # bytes of the body so far
        self._members = 1
        self._after = b""  # the bytes after a member, as long as they may begin another

    def step(self, data: bytes = b"") -> bytes:
        """The next part of the text, which may be empty. `data` is the next part of the body.

        Raises:
            BridgeError: UPSTREAM_MALFORMED_RESPONSE for a corrupt body.
        """
        self._taken += len(data)
        if self._inflate.eof:
            data, self._after = self._after + data, b""
            if not data.startswith(_GZIP_MAGIC):
                self._after = data if data and _GZIP_MAGIC.startswith(data) else b""
                self.has_more = False
                return b""  # padding, which zlib would buffer without a limit
            self._members += 1
            if self._members > _FREE_MEMBERS + self._taken // _MEMBER_BYTES:
                raise failures.malformed("has a corrupt compressed body")
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        if self._start is not None:
            self._start += data
            if len(self._start) < _HEAD_BYTES:
                return b""
            data, self._start = self._start, None
            if not (
                data.startswith(_GZIP_MAGIC) or (data[0] & 15 == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0)
            ):
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            text = self._inflate.decompress(self._inflate.unconsumed_tail + data, _STEP_BYTES)
        except zlib.error:
            raise failures.malformed("has a corrupt compressed body") from None
        if self._inflate.eof:
            self._after = self._inflate.unused_data
        self.has_more = len(text) == _STEP_BYTES or self._after.startswith(_GZIP_MAGIC)
        return text

    def keep(self, size: int) -> None:
        """Check that this many bytes of text may be buffered.

        Raises:
            BridgeError: UPSTREAM_RESPONSE_TOO_LARGE for a decompression bomb.
        """
        limit = max(_FREE_BYTES, _MAX_RATIO * self._taken)
        if size > limit:
            raise failures.too_large("what the response unpacks to", limit)

    def close(self) -> None:
        """The body has ended.

        Raises:
            BridgeError: UPSTREAM_STREAM_INTERRUPTED for an incomplete body.
        """
        if not self._inflate.eof:
            raise failures.interrupted("the response's compressed body was cut off")


def unpacker_for(encoding: str) -> Unpacker | None:
    """The unpacker for a `content-encoding` header; None if there is nothing to decode.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE for an encoding that the bridge cannot decode.
    """
    names = [name for name in _codings(encoding) if name in _KNOWN] if encoding else []
    if not names:
        return None
    if len(names) > 1 or names[0] not in _ZLIB:
        raise failures.malformed("has a content encoding that was not requested")
    return Unpacker(may_be_raw=names[0] == "deflate")


def readable(data: bytes, encoding: str, limit: int) -> bytes:
    """The readable part of an error's body, at most `limit` bytes.

    A compressed body is unpacked up to the first error. Text is returned unchanged, whatever the header says. Other
    bytes are dropped.
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
