"""Embedding vectors between JSON and protobuf with no work per number where that can be avoided.

Base64 text decodes to little-endian float32, which is exactly what a packed `repeated float` holds on the wire. So a
vector is decoded once, and merged into its message as wire bytes: two copies, no Python float.
"""

import sys
from array import array
from binascii import Error as Base64Error
from typing import Any, Final

import pybase64

from aibridge.v1.embeddings_pb2 import CreateEmbeddingResponse, Embedding
from bridge.upstream.failures import malformed

_TAG: Final = bytes([Embedding.DESCRIPTOR.fields_by_name["embedding"].number << 3 | 2])
_SWAP: Final = sys.byteorder == "big"

#: One vector as packed floats; None where it stays in the JSON.
Block = bytes | None


def lift(value: dict[str, Any], data: bytes, *, is_float32: bool) -> tuple[dict[str, Any], bytes, list[Block]]:
    """The reply and its text without their vectors, and the vectors in the order of the reply.

    What is no vector of 32-bit floats (several vectors for one input, other number formats) stays where it is.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE for base64 text that is not whole 32-bit floats.
    """
    items = value.get("data")
    if not isinstance(items, list):
        return value, data, []
    blocks: list[Block] = []
    pieces: list[bytes] = []
    lifted: list[Any] = []
    at = 0
    for item in items:
        vector = item.get("embedding") if isinstance(item, dict) else None
        block = _block(vector, is_float32=is_float32)
        blocks.append(block)
        if block is None:
            lifted.append(item)
            continue
        lifted.append({**item, "embedding": None})
        begin, end = _place(data, vector, at)
        if begin >= 0:  # else its text is escaped in some way, and the codec will find out by itself
            pieces += [data[at:begin], b"null"]
            at = end
    return {**value, "data": lifted}, b"".join([*pieces, data[at:]]), blocks


def put(reply: CreateEmbeddingResponse, blocks: list[Block]) -> None:
    """Give each embedding its vector, and bring the embeddings into the order of their `index`."""
    for embedding, block in zip(reply.data, blocks, strict=True):
        if block is not None:
            embedding.MergeFromString(_TAG + _varint(len(block)) + block)
    indexes = [embedding.index for embedding in reply.data]
    if all(embedding.HasField("index") for embedding in reply.data) and indexes != sorted(indexes):
        reply.data.sort(key=lambda embedding: embedding.index)


def _block(vector: Any, *, is_float32: bool) -> Block:
    if isinstance(vector, str) and is_float32:
        try:
            block = pybase64.b64decode(vector, validate=True)
        except (Base64Error, ValueError):
            raise malformed("has an embedding that is not base64") from None
        if len(block) % 4:
            raise malformed("has an embedding that is not a row of 32-bit floats")
        return block
    if not isinstance(vector, list) or not vector:
        return None
    try:
        floats = array("f", vector)
    except (TypeError, OverflowError):
        return None
    if _SWAP:
        floats.byteswap()
    return floats.tobytes()


def _place(data: bytes, vector: Any, at: int) -> tuple[int, int]:
    """Where the text of the next vector begins and ends; -1 where it is not found."""
    if isinstance(vector, str):
        begin = data.find(b'"' + vector.encode() + b'"', at)
        return begin, begin + len(vector) + 2
    key = data.find(b'"embedding"', at)
    while key >= 0:
        begin = data.find(b"[", key)
        if begin >= 0 and data[key + 11 : begin].strip(b" \t\r\n") == b":":
            return begin, data.find(b"]", begin) + 1
        key = data.find(b'"embedding"', key + 11)
    return -1, -1


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
