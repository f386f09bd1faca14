"""Undoes a `content-encoding` that a server used although the bridge asks for none, without trusting its size."""

import zlib
from collections.abc import Callable

from bridge.upstream import failures

Decode = Callable[[bytes], bytes]


def decoder_for(encoding: str, limit: int) -> Decode | None:
    """The decoder for a header's value, None where there is nothing to undo. It takes `b""` at the end of the body.

    A piece may not grow over `limit` bytes, so that a few kilobytes cannot fill the memory.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE for an encoding that the bridge does not know.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise failures.malformed("is compressed in a way that was not asked for")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, whichever it is

    def decode(data: bytes) -> bytes:
        if not data:
            if not inflate.eof:
                raise failures.interrupted("the reply's compressed body was cut off")
            return b""
        if inflate.eof:
            return b""  # padding; zlib would keep it, however much comes
        try:
            text = inflate.decompress(data, limit)
        except zlib.error:
            raise failures.malformed("is compressed, and broken") from None
        if inflate.unconsumed_tail:
            raise failures.too_large("the decompressed reply", limit)
        return text

    return decode
