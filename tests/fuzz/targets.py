"""The targets: functions of bytes that return, or raise if the bridge broke a claim.

The first bytes of an input choose a message type, a size or a status. The rest is an upstream's data.
"""

import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

import httpx
from google.protobuf.message import DecodeError, Message

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge.codec import build, decode, encode
from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError, dumps, loads, text_of
from bridge.upstream import failures
from bridge.upstream.bodies import read
from bridge.upstream.decompress import Unpacker, unpacker_for
from bridge.upstream.inside import error_in
from bridge.upstream.responses import object_of
from tests.fuzz.claims import MASK, call_of, check_status, must
from tests.fuzz.streams import coalesced, repeats, sse, stream
from tests.fuzz.wire import wire

TYPES: Final[tuple[type[Message], ...]] = (
    chat_pb2.CreateChatCompletionStreamResponse,
    chat_pb2.CreateChatCompletionResponse,
    chat_pb2.CreateChatCompletionRequest,
    embeddings_pb2.CreateEmbeddingResponse,
    embeddings_pb2.CreateEmbeddingRequest,
    models_pb2.ListModelsResponse,
    models_pb2.Model,
)
_HEADERS: Final = (
    "retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset", "x-should-retry", "content-type", "x-request-id",
)  # fmt: skip
_STATUSES: Final = (400, 401, 403, 404, 409, 413, 422, 429, 498, 500, 502, 503, 504, 529, 530, 301, 999, 100)
_METHODS: Final = tuple(
    f"/aibridge.v1.{name}"
    for name in ("ChatService/CreateChatCompletion", "ModelsService/RetrieveModel", "ModelsService/ListModels")
)
_ANSWER_LIMIT: Final = 1 << 20
_STEP_LIMIT: Final = 1 << 16


# --- the codec --------------------------------------------------------------------------------------------------------


def json_in(data: bytes) -> None:
    """Any bytes are a message or a `MalformedJSONError`, and a message survives its own JSON.

    So does a message with bytes fields, and its JSON is the same.
    """
    message_type, text = TYPES[data[0] % len(TYPES) if data else 0], data[1:]
    try:
        message = decode(message_type, text)
    except MalformedJSONError:
        return
    message.SerializeToString()
    again = decode(message_type, dumps(encode(message)))
    must(again == message, "a decoded message survives JSON")
    value = loads(dumps(encode(build(message_type, loads(text), inline=True))))
    must(text_of(value) == text_of(loads(dumps(encode(message)))), "bytes give back the text that they were made of")


def message_in(data: bytes) -> None:
    """Any message of a caller makes JSON, or INVALID_REQUEST."""
    message = TYPES[data[0] % len(TYPES) if data else 0]()
    try:
        message.ParseFromString(data[1:])
    except DecodeError:
        return
    try:
        text = dumps(encode(message))
    except BridgeError as error:
        must(error.reason.name == "INVALID_REQUEST", "what cannot be encoded is the caller's fault")
        check_status(error, call_of())
        return
    must(isinstance(loads(text), dict), "a message makes a JSON object")


# --- failures ---------------------------------------------------------------------------------------------------------


def error_body(data: bytes) -> None:
    """Any refusal, with any body and headers, makes a status that any client can read, without the prompt."""
    head, body = data[:4].ljust(4, b"\0"), data[4:]
    status = _STATUSES[head[0] % len(_STATUSES)]
    name = _HEADERS[head[1] % len(_HEADERS)]
    headers = httpx.Headers([(name.encode(), re.sub(rb"[\x00-\x1f\x7f]", b"", body[: head[2] % 32]))])
    call = call_of(_METHODS[head[3] % len(_METHODS)])
    call.record.http_status = status
    read(body)
    check_status(
        failures.of_response(status, headers, body, call, MASK, uses_bridge_credential=bool(head[3] & 64)), call
    )
    check_status(failures.of_error(body, headers, body, call, MASK, uses_bridge_credential=False), call)


# --- unary responses -------------------------------------------------------------------------------------------------


def plain_response(data: bytes) -> None:
    """Any body of a 200 response, compressed or not, is a JSON object or a clean error."""
    encoding, body = ("", "gzip", "deflate", "br")[data[0] % 4 if data else 0], data[1:]
    try:
        unpacker = unpacker_for(encoding)
        if unpacker is not None:
            body = _unpacked(unpacker, body)
        response = object_of(loads(body.strip()))
        must(isinstance(response, dict), "a response is an object")
        problem = error_in(response)
        if problem is not None:
            raise failures.of_error(problem, httpx.Headers(), body, call_of(), MASK, uses_bridge_credential=True)
    except MalformedJSONError:
        return
    except BridgeError as error:
        check_status(error, call_of())
        return
    with suppress(MalformedJSONError):  # nested too deeply, which the service turns into a status
        build(chat_pb2.CreateChatCompletionResponse, response)


def _unpacked(unpacker: Unpacker, body: bytes) -> bytes:
    text = b""
    for half in (body[: len(body) // 2], body[len(body) // 2 :]):
        step = unpacker.step(half)
        must(len(step) <= _STEP_LIMIT, "a step is bounded")
        text += step
        while unpacker.has_more and len(text) < _ANSWER_LIMIT:
            text += unpacker.step()
    unpacker.close()
    return text


class Target(NamedTuple):
    """A function of bytes, and the first bytes of its seeds."""

    run: Callable[[bytes], None]
    heads: tuple[bytes, ...]


def _types() -> tuple[bytes, ...]:
    return tuple(bytes([number]) for number in range(len(TYPES)))


TARGETS: Final[dict[str, Target]] = {
    "sse": Target(sse, (b"\x00", b"\x03")),
    "stream": Target(stream, (b"\x00\x00", b"\xff\x40", b"\x10\x02")),
    "repeats": Target(repeats, (b"\xff\x00",)),
    "coalesced": Target(coalesced, (b"\xff\x00",)),
    "json-in": Target(json_in, _types()),
    "message-in": Target(message_in, _types()),
    "error-body": Target(error_body, (b"\x00\x00\x00\x00", b"\x07\x01\x10\x40")),
    "unary-response": Target(plain_response, (b"\x00", b"\x01")),
    "http": Target(wire, (b"\x00\x00", b"\xff\x00", b"\x03\x01", b"\x80\x03")),
}


def compressed(data: bytes) -> bytes:
    """For a seed of a compressed response."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return packer.compress(data) + packer.flush()
