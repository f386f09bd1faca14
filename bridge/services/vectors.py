"""Converts embedding vectors from JSON to protobuf, if possible without work per number.

Base64 text decodes to little-endian float32. That is the wire format of a packed `repeated float`, and of a `bytes`
field with the same number. So the response is built as a message with a `bytes` field for each vector.
"""

import re
import struct
from binascii import Error as Base64Error
from secrets import token_hex
from typing import Any, Final

import pybase64
from google.protobuf import duration_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from aibridge.v1 import common_pb2, embeddings_pb2
from bridge.jsontext import MalformedJSONError, loads, loads_strict
from bridge.upstream.failures import malformed

_URL_SAFE: Final = str.maketrans("-_", "+/")


def _wire_type() -> Any:
    pool = DescriptorPool()
    for file in (duration_pb2, common_pb2, embeddings_pb2):
        proto = FileDescriptorProto()
        file.DESCRIPTOR.CopyToProto(proto)
        for message in proto.message_type:
            for field in message.field:
                if field.type == FieldDescriptorProto.TYPE_FLOAT and field.label == FieldDescriptorProto.LABEL_REPEATED:
                    field.type, field.label = FieldDescriptorProto.TYPE_BYTES, FieldDescriptorProto.LABEL_OPTIONAL
        pool.Add(proto)
    return GetMessageClass(pool.FindMessageTypeByName(embeddings_pb2.CreateEmbeddingResponse.DESCRIPTOR.full_name))


#: `CreateEmbeddingResponse` on the wire, with `bytes` in place of each vector.
RESPONSE_TYPE: Final = _wire_type()

#: A member with a list of numbers. It does not match inside a string, where a backslash precedes each quote.
_LIST: Final = re.compile(rb'"embedding"[ \t\r\n]*:[ \t\r\n]*(\[[-+0-9.eE, \t\r\n]*+\])')
#: The start of a member with text, and its name, which is faster to search for.
_TEXT: Final = re.compile(rb'"embedding"[ \t\r\n]*:[ \t\r\n]*"')
_NAME: Final = b'"embedding"'
#: The key of the object that replaces a vector. It is random, so that nobody outside can know it.
_MARK: Final = f"aibridge-{token_hex(16)}"

#: One vector as packed floats; None if it stays in the JSON.
Block = bytes | None


class Vectors:
    """The vectors of one response, which are cut out of its text before it is parsed.

    That leaves little text to scan and parse. For a vector of 1536 numbers, base64 text takes 1 µs to cut out and a
    list takes 100 µs, so thousands of lists would block the event loop.

    `is_float32` says that base64 text contains 32-bit floats.
    """

    def __init__(self, *, is_float32: bool) -> None:
        self.is_float32 = is_float32
        self._places: list[tuple[bytes, int, int]] = []  # of each vector: the text it is in, start, end
        self._blocks: list[bytes] = []
        self._given: set[int] = set()

    def take_texts(self, data: bytes) -> bytes:
        """The text of a response, with a mark in place of each vector that is base64 text."""
        if not self.is_float32:
            return data
        pieces: list[bytes] = []
        view, end, at = memoryview(data), 0, 0
        while (at := data.find(_NAME, at)) >= 0:
            match = _TEXT.match(data, at)
            at += len(_NAME)
            if match is None:
                continue
            begin, at = match.end() - 1, data.find(b'"', match.end()) + 1
            if not at:
                break
            block = _floats(view[begin + 1 : at - 1])
            if block:
                pieces += [data[end:begin], self._mark(data, begin, at, block)]
                end = at
        return b"".join([*pieces, data[end:]]) if pieces else data

    def take_lists(self, data: bytes) -> bytes:
        """The text of a response, with a mark in place of each vector that is a list of numbers."""
        pieces: list[bytes] = []
        end = 0
        for match in _LIST.finditer(data):
            block = _packed(match[1])
            if block is not None:
                pieces += [data[end : match.start(1)], self._mark(data, *match.span(1), block)]
                end = match.end(1)
        return b"".join([*pieces, data[end:]])

    def _mark(self, data: bytes, begin: int, end: int, block: bytes) -> bytes:
        self._places.append((data, begin, end))
        self._blocks.append(block)
        return b'{"%b":%d}' % (_MARK.encode(), len(self._blocks) - 1)

    def block(self, value: Any) -> Block:
        """The vector for the value of an `embedding`; None if it is not a vector of 32-bit floats.

        Raises:
            BridgeError: UPSTREAM_MALFORMED_RESPONSE for base64 text that is not whole 32-bit floats.
        """
        number = value.get(_MARK) if isinstance(value, dict) else None
        if number is None:
            return _block(value, is_float32=self.is_float32)
        self._given.add(number)
        return self._blocks[number]

    def restore(self, value: Any) -> None:
        """Put back the values of members named `embedding` that are not vectors of the response."""
        pending = [value] if len(self._given) < len(self._blocks) else []
        while pending:
            node = pending.pop()
            for key, item in list(node.items() if isinstance(node, dict) else enumerate(node)):
                if isinstance(item, dict) and _MARK in item:
                    data, begin, end = self._places[item[_MARK]]
                    node[key] = loads(data[begin:end])
                elif isinstance(item, dict | list):
                    pending.append(item)


def _packed(text: bytes) -> Block:
    try:
        return _block(loads(text), is_float32=True)
    except MalformedJSONError:
        return None


def _floats(text: memoryview) -> Block:
    """The packed floats of base64 text in the usual form; None for any other text."""
    try:
        block = pybase64.b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return None if len(block) % 4 else block


def lift(value: dict[str, Any], vectors: Vectors) -> tuple[dict[str, Any], list[Block]]:
    """The response without its vectors, and the vectors in their order in the response.

    Anything but a vector of 32-bit floats (several vectors for one input, other number formats) stays where it is.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE for base64 text that is not whole 32-bit floats.
    """
    items = value.get("data")
    if not isinstance(items, list):
        vectors.restore(value)
        return value, []
    blocks = [vectors.block(item.get("embedding")) if isinstance(item, dict) else None for item in items]
    if any(block is not None for block in blocks):
        items = [
            item if block is None else {**item, "embedding": None} for item, block in zip(items, blocks, strict=True)
        ]
        value = {**value, "data": items}
    vectors.restore(value)
    return value, blocks


def inputs_of(request: embeddings_pb2.CreateEmbeddingRequest) -> int | None:
    """The number of vectors that the response to a request must have; None if the request does not determine it."""
    kind = request.WhichOneof("input_kind")
    if kind == "input_texts":
        return len(request.input_texts.items)
    if kind == "input_token_lists":
        return len(request.input_token_lists.items)
    if kind == "input_json":
        given = loads_strict(request.input_json)
        is_batch = isinstance(given, list) and not (given and all(isinstance(item, int) for item in given))
        return len(given) if is_batch else 1
    if kind is None:
        return 1 if request.HasField("messages_json") else None  # vLLM: one vector for a conversation
    return None if request.input == "" and kind == "input" else 1  # Ollama returns no vector for an empty text


def check_count(value: dict[str, Any], inputs: int | None) -> None:
    """Check that a response has a vector for each input.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE.
    """
    items = value.get("data", ...)
    if not isinstance(items, list | None):
        raise malformed("has no list of embeddings")
    items = items or []  # Ollama writes null for an empty list
    found = sum(isinstance(item, dict) and item.get("embedding") is not None for item in items)
    if inputs is not None and not found == len(items) == inputs:
        raise malformed(f"has {found} embeddings for {inputs} inputs")


def put(response: Any, blocks: list[Block]) -> None:
    """Set the vector of each embedding in a `RESPONSE_TYPE` message, and sort the embeddings by `index`."""
    for embedding, block in zip(response.data, blocks, strict=True):
        if block is not None:
            embedding.embedding = block
    indexes = [embedding.index for embedding in response.data]
    if all(embedding.HasField("index") for embedding in response.data) and indexes != sorted(indexes):
        response.data.sort(key=lambda embedding: embedding.index)


def _block(vector: Any, *, is_float32: bool) -> Block:
    if isinstance(vector, str) and is_float32:
        try:
            block = pybase64.b64decode(vector, validate=True)
        except (Base64Error, ValueError):
            block = _odd_base64(vector)
        if len(block) % 4:
            raise malformed("has an embedding that is not a row of 32-bit floats")
        return block
    if not isinstance(vector, list) or not vector:
        return None
    try:
        return struct.pack(f"<{len(vector)}f", *vector)
    except (struct.error, OverflowError):  # several vectors, or a number that is too large for 32 bits
        return None


def _odd_base64(text: str) -> bytes:
    """The bytes of base64 without padding, or in the alphabet for URLs."""
    padded = text if "=" in text else text + "=" * (-len(text) % 4)
    try:
        return bytes(pybase64.b64decode(padded.translate(_URL_SAFE), validate=True))
    except (Base64Error, ValueError):
        raise malformed("has an embedding that is not base64") from None
