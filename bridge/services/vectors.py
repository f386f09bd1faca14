"""Embedding vectors between JSON and protobuf with no work per number where that can be avoided.

Base64 text decodes to little-endian float32, which is exactly what a packed `repeated float` holds on the wire, and
a `bytes` field with the same number looks the same there. So the response is built as a message that has such a field.
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

#: A member that holds a list of numbers. It is none within a string, where a backslash would stand before each quote.
_LIST: Final = re.compile(rb'"embedding"[ \t\r\n]*:[ \t\r\n]*(\[[-+0-9.eE, \t\r\n]*+\])')
#: The beginning of a member that holds text, and its name, which is faster to look for.
_TEXT: Final = re.compile(rb'"embedding"[ \t\r\n]*:[ \t\r\n]*"')
_NAME: Final = b'"embedding"'
#: The key of the object that stands for a vector. Nobody outside can know it.
_MARK: Final = f"aibridge-{token_hex(16)}"

#: One vector as packed floats; None where it stays in the JSON.
Block = bytes | None


class Vectors:
    """The vectors of one response, taken out of its text before that is parsed.

    Without them little is left to scan and to parse. Text is taken out in a moment, 1 µs for each vector of 1536
    numbers. A list of 1536 numbers takes 100 µs, so thousands of lists would hold up everybody else.

    `is_float32` says that base64 text stands for 32-bit floats.
    """

    def __init__(self, *, is_float32: bool) -> None:
        self.is_float32 = is_float32
        self._places: list[tuple[bytes, int, int]] = []  # the text from which each was taken, its begin and its end
        self._blocks: list[bytes] = []
        self._given: set[int] = set()

    def take_texts(self, data: bytes) -> bytes:
        """The text of a response with a mark in place of each vector that is base64 text."""
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
        """The text of a response with a mark in place of each vector that is a list of numbers."""
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
        """The vector that an `embedding` is; None for what is none of 32-bit floats.

        Raises:
            BridgeError: UPSTREAM_MALFORMED_RESPONSE for base64 text that is not whole 32-bit floats.
        """
        number = value.get(_MARK) if isinstance(value, dict) else None
        if number is None:
            return _block(value, is_float32=self.is_float32)
        self._given.add(number)
        return self._blocks[number]

    def restore(self, value: Any) -> None:
        """Put the values back whose vectors nobody asked for: members of the same name elsewhere."""
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
    """The packed floats of base64 text that is written in the usual way."""
    try:
        block = pybase64.b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return None
    return None if len(block) % 4 else block


def lift(value: dict[str, Any], vectors: Vectors) -> tuple[dict[str, Any], list[Block]]:
    """The response without its vectors, and the vectors in the order of the response.

    What is no vector of 32-bit floats (several vectors for one input, other number formats) stays where it is.

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
    """How many vectors the response to a request must have; None if the request does not tell."""
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
        return 1 if request.HasField("messages_json") else None  # vLLM embeds a conversation
    return None if request.input == "" and kind == "input" else 1  # of an empty text Ollama makes nothing


def check_count(value: dict[str, Any], inputs: int | None) -> None:
    """Check that a response has a list with a vector for each input.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE.
    """
    items = value.get("data", ...)
    if not isinstance(items, list | None):
        raise malformed("has no list of embeddings")
    items = items or []  # null is Ollama's way to say "none"
    found = sum(isinstance(item, dict) and item.get("embedding") is not None for item in items)
    if inputs is not None and not found == len(items) == inputs:
        raise malformed(f"has {found} embeddings for {inputs} inputs")


def put(response: Any, blocks: list[Block]) -> None:
    """Give each embedding of a `RESPONSE_TYPE` its vector, and bring the embeddings into the order of their `index`."""
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
    except (struct.error, OverflowError):  # several vectors, or a number that would become infinite in 32 bits
        return None


def _odd_base64(text: str) -> bytes:
    """Base64 without padding, or in the alphabet for URLs."""
    padded = text if "=" in text else text + "=" * (-len(text) % 4)
    try:
        return bytes(pybase64.b64decode(padded.translate(_URL_SAFE), validate=True))
    except (Base64Error, ValueError):
        raise malformed("has an embedding that is not base64") from None
