"""Compressed bodies are restored step by step, wherever they are cut and however large they are."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BridgeError
from bridge.upstream.decompress import Unpacker, unpacker_for

STEP = 1 << 16
PACKED = gzip.compress(b"text" * 100, mtime=0)


def unpack(body: bytes, size: int) -> bytes:
    unpacker = Unpacker()
    text = b""
    for at in range(0, len(body), size):
        piece = unpacker.step(body[at : at + size])
        assert len(piece) <= STEP
        text += piece
        while unpacker.has_more:
            piece = unpacker.step()
            assert len(piece) <= STEP
            text += piece
    unpacker.close()
    return text


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda text: gzip.compress(text, 0)])
@pytest.mark.parametrize("length", [0, 1, 1000, STEP - 1, STEP, STEP + 1, 2 * STEP, 10 * STEP + 7])
@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
@pytest.mark.parametrize("letters", [b"a", bytes(range(256)) * 3 + b"z"])
def test_whole(pack: object, length: int, size: int, letters: bytes) -> None:
    """A step may end at the end of the body, or within repeated data."""
    text = (letters * (length // len(letters) + 1))[:length]
    body = pack(text)  # type: ignore[operator]
    if len(body) / size < 5000:
        assert unpack(body, size) == text
        assert unpack(body + b"padding" * 100, size) == text


@pytest.mark.parametrize("size", [1, 7, 1000, 1 << 20])
@pytest.mark.parametrize("count", [1, 2, 17, 300])
def test_members(count: int, size: int) -> None:
    """Gzip may consist of several members: some servers make one of each event. What follows the last is padding."""
    texts = [b"data: %d\n\n" % number * (number % 3) * 50 for number in range(count)]
    body = b"".join(map(gzip.compress, texts))
    for padding in (b"", b"\0\0", b"\x1f", b"\x1e\x8b"):
        assert unpack(body + padding, size) == b"".join(texts)
    with pytest.raises(BridgeError, match="cut off"):
        unpack(body + PACKED[:-1], size)


def test_too_many_members() -> None:
    """Empty members take time, so their number is limited in proportion to the bytes."""
    empty = gzip.compress(b"")
    assert unpack(empty * 40, 1 << 20) == b""
    with pytest.raises(BridgeError, match="corrupt"):
        unpack(empty * 200, 1 << 20)


@given(st.lists(st.binary(max_size=40).map(lambda data: data * 3000), max_size=6))
def test_what_was_flushed_comes_out(pieces: list[bytes]) -> None:
    """A flushed event is delivered before the next one arrives."""
    packer, unpacker = zlib.compressobj(9, zlib.DEFLATED, 31), Unpacker()
    for piece in pieces:
        text = unpacker.step(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH))
        while unpacker.has_more:
            text += unpacker.step()
        assert text == piece


@pytest.mark.parametrize("body", [b"", b"\x1f", PACKED[:-1], PACKED[:20]])
def test_cut_off(body: bytes) -> None:
    """A body that ends early is distinguished from a complete one."""
    unpacker = Unpacker()
    unpacker.step(body)
    with pytest.raises(BridgeError, match="cut off"):
        unpacker.close()


@pytest.mark.parametrize("body", [b"plain text", PACKED.replace(b"\x1f\x8b", b"\x1f\x8c"), b"{}"])
def test_broken(body: bytes) -> None:
    """Data that is not compressed, or is damaged, is malformed."""
    with pytest.raises(BridgeError, match="corrupt"):
        Unpacker().step(body)


def test_encodings() -> None:
    """Two encodings are known, under three names, and `identity`; all others are refused."""
    assert [unpacker_for(name) is None for name in ("gzip", " X-GZIP ", "deflate", "", "identity")] == [
        *(False, False, False),
        *(True, True),
    ]
    with pytest.raises(BridgeError, match="not requested"):
        unpacker_for("br")
