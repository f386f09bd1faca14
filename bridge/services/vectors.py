"""Converts embedding vectors from JSON to protobuf, if possible without work per number.

Base64 text decodes to little-endian float32. That is the wire format of a packed `repeated float`, and of a `bytes`
field with the same number. So the response is built as a message with a `bytes` field for each vector, and the codec
passes the bytes on that `place` has put into the JSON.
"""

import re
import struct
from binascii import Error as Base64Error
from secrets import randbelow
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
#: The name of a member, what usually follows it if the value is text, and what may follow it.
_NAME: Final = b'"embedding"'
_USUAL: Final = b':"'
_TEXT: Final = re.compile(rb'[ \t\r\n]*:[ \t\r\n]*"')
#: The numbers that replace vectors start here. It is random, so that nobody outside can know it, and has 18 digits:
#: longer numbers take longer to parse.
_FIRST: Final = 10**17 + randbelow(8 * 10**17)

#: Values of an `embedding` that are no vector.
_EMPTY: Final[tuple[Any, ...]] = (None, [], "")

#: One vector as packed floats; None if it stays in the JSON.
Block = bytes | None
#: A vector that was cut out of a text, the text, and the vector's start and end in it.
_Cut = tuple[bytes, bytes, int, int]


class Vectors:
    """The vectors of one response, which are cut out of its text before it is parsed.

    That leaves little text to scan and parse. For a vector of 1536 numbers, base64 text takes 2 µs to cut out and a
    list takes 100 µs, so thousands of lists would block the event loop.

    `is_float32` says that base64 text contains 32-bit floats.
    """

    def __init__(self, *, is_float32: bool) -> None:
        self.is_float32 = is_float32
        self._cuts: dict[int, _Cut] = {}  # by mark, those that are not placed yet

    def take_texts(self, data: bytes) -> bytes:
        """The text of a response, with a mark in place of each vector that is base64 text."""
        if not self.is_float32:
            return data
        pieces: list[bytes] = []
        view, end, at = memoryview(data), 0, 0
        while (at := data.find(_NAME, at)) >= 0:
            at += len(_NAME)
            if data.startswith(_USUAL, at):
                begin = at + 1
            elif (match := _TEXT.match(data, at)) is not None:
                begin = match.end() - 1
            else:
                continue
            at = data.find(b'"', begin + 1) + 1
            if not at:
                break
            block = _floats(view[begin + 1 : at - 1])
            if block:
                pieces += data[end:begin], self._mark(data, begin, at, block)
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
        mark = _FIRST + len(self._cuts)
        self._cuts[mark] = block, data, begin, end
        return b"%d" % mark

    def place(self, response: dict[str, Any]) -> None:
        """Put the vectors of a response in their places, as packed floats for `RESPONSE_TYPE`.

        Anything but a vector of 32-bit floats (several vectors for one input, other number formats) stays as it is.

        Raises:
            BridgeError: UPSTREAM_MALFORMED_RESPONSE for base64 text that is not whole 32-bit floats.
        """
        items = response.get("data")
        if isinstance(items, list) and all(isinstance(item, dict) for item in items):
            for item in items:
                block = self._taken(item.get("embedding"))
                if block is not None:
                    item["embedding"] = block
        if self._cuts:
            self._restore(response)

    def _taken(self, value: Any) -> Block:
        """The vector for the value of an `embedding`, whether it was cut out or not."""
        cut = self._cuts.pop(value, None) if type(value) is int else None
        return _block(value, is_float32=self.is_float32) if cut is None else cut[0]

    def _restore(self, response: dict[str, Any]) -> None:
        """Put back the values of members named `embedding` that are not vectors of the response."""
        pending: list[Any] = [response]
        while pending:
            node = pending.pop()
            for key, item in list(node.items() if isinstance(node, dict) else enumerate(node)):
                if type(item) is int and item in self._cuts:
                    _, data, begin, end = self._cuts[item]
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
    """Check that a response has a vector for each input. Several vectors for one, or another JSON value, count as one.

    Raises:
        BridgeError: UPSTREAM_MALFORMED_RESPONSE.
    """
    items = value.get("data", ...)
    if not isinstance(items, list | None):
        raise malformed("has no list of embeddings")
    items = items or []  # Ollama writes null for an empty list
    vectors = [item["embedding"] for item in items if isinstance(item, dict) and item.get("embedding") not in _EMPTY]
    if any(isinstance(vector, list) and any(map(_is_no_number, vector)) for vector in vectors):
        raise malformed("has an embedding with values that are not numbers")
    found = len(vectors)
    if inputs is not None and not found == len(items) == inputs:
        raise malformed(f"has {found} embeddings for {inputs} inputs")


def _is_no_number(value: Any) -> bool:
    """Whether an element spoils a vector. JSON servers write null for a number that is not one."""
    return value is None or isinstance(value, str)


def sort(response: Any) -> None:
    """Sort the embeddings of a `RESPONSE_TYPE` message by `index`, if each has one."""
    indexes = [embedding.index for embedding in response.data if embedding.HasField("index")]
    if len(indexes) == len(response.data) and indexes != sorted(indexes):
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
