"""Embedding vectors between JSON and protobuf with no work per number where that can be avoided.

Base64 text decodes to little-endian float32, which is exactly what a packed `repeated float` holds on the wire, and
a `bytes` field with the same number looks the same there. So the reply is built as a message that has such a field.
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
REPLY: Final = _wire_type()

#: A member that holds a list of numbers. It is none within a string, where a backslash would stand before each quote.
_NUMBERS: Final = re.compile(rb'"embedding"[ \t\r\n]*:[ \t\r\n]*(\[[-+0-9.eE, \t\r\n]*+\])')
#: The key of the object that stands for a list. Nobody outside can know it.
_MARK: Final = f"aibridge-{token_hex(16)}"

#: One vector as packed floats; None where it stays in the JSON.
Block = bytes | None


class Numbers:
    """The vectors of a reply as lists of numbers, taken out of its text before that is parsed.

    A list of 1536 numbers is parsed in a moment. A reply with thousands of them is not, and holds up everybody else.
    """

    def __init__(self) -> None:
        self._data = b""
        self._places: list[tuple[int, int]] = []
        self._blocks: list[bytes] = []
        self._given: set[int] = set()

    def take(self, data: bytes) -> bytes:
        """The text of a reply with a mark in place of each vector."""
        self._data = data
        pieces: list[bytes] = []
        end = 0
        for match in _NUMBERS.finditer(data):
            block = _packed(match[1])
            if block is not None:
                pieces += [data[end : match.start(1)], b'{"%b":%d}' % (_MARK.encode(), len(self._blocks))]
                end = match.end(1)
                self._places.append(match.span(1))
                self._blocks.append(block)
        return b"".join([*pieces, data[end:]])

    def block(self, value: Any) -> Block:
        """The vector that a mark stands for, None for what is no mark."""
        number = value.get(_MARK) if isinstance(value, dict) else None
        if number is None:
            return None
        self._given.add(number)
        return self._blocks[number]

    def restore(self, value: Any) -> None:
        """Put the lists back whose vectors nobody asked for: members of the same name elsewhere."""
        pending = [value] if len(self._given) < len(self._blocks) else []
        while pending:
            node = pending.pop()
            for key, item in list(node.items() if isinstance(node, dict) else enumerate(node)):
                if isinstance(item, dict) and _MARK in item:
                    begin, end = self._places[item[_MARK]]
                    node[key] = loads(self._data[begin:end])
                elif isinstance(item, dict | list):
                    pending.append(item)


def _packed(text: bytes) -> Block:
    try:
        return _block(loads(text), is_float32=True)
    except MalformedJSONError:
        return None


def lift(value: dict[str, Any], numbers: Numbers, *, is_float32: bool) -> tuple[dict[str, Any], list[Block]]:
    """The reply without its vectors, and the vectors in the order of the reply.

    What is no vector of 32-bit floats (several vectors for one input, other number formats) stays where it is.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE for base64 text that is not whole 32-bit floats.
    """
    items = value.get("data")
    if not isinstance(items, list):
        numbers.restore(value)
        return value, []
    vectors = [item.get("embedding") if isinstance(item, dict) else None for item in items]
    blocks = [numbers.block(vector) or _block(vector, is_float32=is_float32) for vector in vectors]
    if any(block is not None for block in blocks):
        items = [
            item if block is None else {**item, "embedding": None} for item, block in zip(items, blocks, strict=True)
        ]
        value = {**value, "data": items}
    numbers.restore(value)
    return value, blocks


def inputs_of(request: embeddings_pb2.CreateEmbeddingRequest) -> int | None:
    """How many vectors the reply to a request has to have; None if nobody can tell."""
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
    """See that a reply has a list with a vector for each input.

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


def put(reply: Any, blocks: list[Block]) -> None:
    """Give each embedding of a `REPLY` its vector, and bring the embeddings into the order of their `index`."""
    for embedding, block in zip(reply.data, blocks, strict=True):
        if block is not None:
            embedding.embedding = block
    indexes = [embedding.index for embedding in reply.data]
    if all(embedding.HasField("index") for embedding in reply.data) and indexes != sorted(indexes):
        reply.data.sort(key=lambda embedding: embedding.index)


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
