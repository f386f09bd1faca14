"""What is fuzzed: functions of bytes that return, or raise because the bridge did what it must not do.

The first bytes of an input choose (a message type, a size, a status); the rest is what an upstream would send.
"""

import asyncio
import json
import re
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

import grpc
import httpx
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge import settings
from bridge.call import Call
from bridge.codec import build, decode, encode
from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError, dumps, loads
from bridge.status import status_of
from bridge.upstream import failures
from bridge.upstream.bodies import error_in, read
from bridge.upstream.client import parse
from bridge.upstream.decompress import decoder_for
from bridge.upstream.sse import Decoder, Event, EventTooLargeError
from bridge.upstream.stream import ChunkStream

TYPES: Final[tuple[type[Message], ...]] = (
    chat_pb2.CreateChatCompletionStreamResponse,
    chat_pb2.CreateChatCompletionResponse,
    chat_pb2.CreateChatCompletionRequest,
    embeddings_pb2.CreateEmbeddingResponse,
    embeddings_pb2.CreateEmbeddingRequest,
    models_pb2.ListModelsResponse,
    models_pb2.Model,
)
#: No run of so many characters of it may come back in an error.
SHARED: Final = 24
PROMPT: Final = 'Please tell "Anna Ångström" that room 4711\nis booked under the name Żółkiewski for Tuesday at 10:30.'
_REQUEST: Final = json.dumps({"model": "acme/m", "messages": [{"role": "user", "content": PROMPT}]}).encode()
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
_LOOP: Final = asyncio.new_event_loop()


class Finding(Exception):  # noqa: N818 # what a fuzzer looks for is no error of its own
    """The bridge did what it must not do."""


def must(condition: object, claim: str) -> None:
    """A claim that has to hold for each input."""
    if not condition:
        raise Finding(claim)


# --- event streams ----------------------------------------------------------------------------------------------------


def sse(data: bytes) -> None:
    """Events do not depend on where the network cuts; nothing is made up; the limit is kept."""
    step, limit, stream = 1 + data[0] % 7 if data else 1, (64, 1 << 20)[len(data) % 2], data[1:]
    whole, failed = _events(stream, len(stream) or 1, limit)
    pieces, pieces_failed = _events(stream, step, limit)
    must(sum(len(event.data) for event in whole) <= len(stream), "events are no longer than the stream")
    must(all(len(event.data) <= limit for event in whole if event.type != "error"), "no event is over the limit")
    if not (failed or pieces_failed):
        must(whole == pieces, "events are the same however the stream is cut")


def _events(stream: bytes, step: int, limit: int) -> tuple[list[Event], bool]:
    decoder = Decoder(limit)
    events: list[Event] = []
    try:
        for at in range(0, len(stream), step):
            events += decoder.feed(stream[at : at + step])
        events += decoder.close()
    except EventTooLargeError as error:
        return events + error.events, True
    return events, False


# --- the codec --------------------------------------------------------------------------------------------------------


def json_in(data: bytes) -> None:
    """Any bytes are a message or a `MalformedJSONError`; and a message comes back from its own JSON."""
    message_type, text = TYPES[data[0] % len(TYPES) if data else 0], data[1:]
    try:
        message = decode(message_type, text)
    except MalformedJSONError:
        return
    message.SerializeToString()
    again = decode(message_type, dumps(encode(message)))
    must(again == message, "a decoded message survives JSON")


def message_in(data: bytes) -> None:
    """Any message of a caller's makes JSON, or INVALID_REQUEST."""
    message = TYPES[data[0] % len(TYPES) if data else 0]()
    try:
        message.ParseFromString(data[1:])
    except DecodeError:
        return
    try:
        text = dumps(encode(message))
    except BridgeError as error:
        must(error.reason.name == "INVALID_REQUEST", "what cannot be encoded is the caller's fault")
        check_status(error, _call())
        return
    must(isinstance(loads(text), dict), "a message makes a JSON object")


# --- failures ---------------------------------------------------------------------------------------------------------


def error_body(data: bytes) -> None:
    """Any refusal, with any body and headers, makes a status that any client can read, without the prompt."""
    head, body = data[:4].ljust(4, b"\0"), data[4:]
    status = _STATUSES[head[0] % len(_STATUSES)]
    name = _HEADERS[head[1] % len(_HEADERS)]
    headers = httpx.Headers([(name.encode(), re.sub(rb"[\x00-\x1f\x7f]", b"", body[: head[2] % 32]))])
    call = _call(_METHODS[head[3] % len(_METHODS)])
    call.http_status = status
    read(body)
    check_status(failures.of_reply(status, headers, body, call, _REQUEST, own=bool(head[3] & 64)), call)
    check_status(failures.of_error(body, headers, body, call, _REQUEST, own=False), call)


def check_status(error: BridgeError, call: Call) -> None:
    """What each status that leaves the bridge keeps to."""
    answer = status_of(error, call)
    trailers = dict(answer.trailing_metadata)
    packed = trailers["grpc-status-details-bin"]
    status = Status.FromString(packed)  # type: ignore[arg-type]
    must(answer.code is not grpc.StatusCode.OK, "a failure is not OK")
    must((status.code, status.message) == (answer.code.value[0], answer.details), "the details are those of the status")
    must(len(packed) <= 2048, "all details are under 2 KiB")
    must(len(answer.details) <= 512, "a message has 512 characters at most")
    kinds = [detail.TypeName() for detail in status.details]
    must(len(kinds) == len(set(kinds)) and kinds[0] == "google.rpc.ErrorInfo", "one ErrorInfo, and no detail twice")
    info = ErrorInfo.FromString(status.details[0].value)
    must(info.reason == error.reason.name, "the reason is the error's")
    texts = [value for key, value in answer.trailing_metadata if isinstance(value, str)]
    must(all(text.isascii() and text.isprintable() for text in texts), "trailers are printable ASCII")
    pushback = trailers.get("grpc-retry-pushback-ms", "0")
    must(-1 <= int(pushback) <= 60_000, "pushback is a number of milliseconds, or no")
    shown = packed.decode("utf-8", "ignore") if isinstance(packed, bytes) else packed
    leaks = (shown[at : at + SHARED] for at in range(len(shown)) if shown[at : at + SHARED] in PROMPT)
    must(not any(len(leak) == SHARED for leak in leaks), "nothing of the prompt comes back")


def _call(method: str = _METHODS[0]) -> Call:
    return Call(method, (), "fuzz", 0.0, model="acme/m")


# --- a whole stream ---------------------------------------------------------------------------------------------------


class _Clock:
    def phase(self, *_: Any) -> None:
        """As the real one."""

    resume = pause = phase


class _Exchange:
    """Stands for `bridge.upstream.exchange.Exchange`: pieces of a body, and then its end or a cut."""

    def __init__(self, body: bytes, step: int, media_type: str, *, cut: bool) -> None:
        self._pieces = [body[at : at + step] for at in range(0, len(body), step)][::-1]
        self._cut = cut
        self.media_type = media_type
        self.clock = _Clock()
        self.call = _call("/aibridge.v1.ChatService/CreateChatCompletionStream")

    async def read(self) -> bytes:
        if self._pieces:
            return self._pieces.pop()
        if self._cut:
            raise failures.interrupted("cut")
        return b""

    async def read_all(self, _limit: int) -> bytes:
        data = b""
        while piece := await self.read():
            data += piece
        return data

    def failure(self, error: Any, data: bytes) -> BridgeError:
        return failures.of_error(error, httpx.Headers(), data, self.call, _REQUEST, own=True)


_SETTINGS: Final = settings.load(max_event_bytes=4096, upstream_url="http://127.0.0.1:1/v1")


def stream(data: bytes) -> None:
    """Any body of a stream makes messages, and then a clean end or a clean error; a cut one never ends cleanly."""
    head, body = data[:2].ljust(2, b"\0"), data[2:]
    media_type = ("text/event-stream", "text/event-stream", "application/json", "")[head[1] % 4]
    exchange = _Exchange(body, 1 + head[0], media_type, cut=bool(head[1] & 64))
    try:
        finished = _LOOP.run_until_complete(_messages(exchange))
    except BridgeError as error:
        check_status(error, exchange.call)
        return
    if media_type == "text/event-stream" and not body.lstrip(b"\xef\xbb\xbf \t\r\n\x0b\x0c").startswith((b"{", b"[")):
        must(finished or b"[DONE]" in body, "a stream that ends well had an end")


async def _messages(exchange: Any) -> bool:
    """Read to the end, as the service does; whether a choice finished."""
    chunks = ChunkStream(exchange, _SETTINGS)
    finished = False
    message, name = chat_pb2.CreateChatCompletionStreamResponse(), ""
    while batch := await chunks.read():
        for chunk in batch:
            if isinstance(chunk, str):  # repeats the last one, which did not finish
                setattr(message.choices[0].delta, name, chunk)
                message.SerializeToString()
                continue
            value, text, repeats = chunk
            latest = build(chat_pb2.CreateChatCompletionStreamResponse, value, text)
            latest.SerializeToString()
            message, name = (latest, repeats) if repeats else (message, name)
            finished = finished or any(choice.finish_reason for choice in latest.choices)
            finished = finished or b"finish_reason" in text
    return finished


# --- plain replies ----------------------------------------------------------------------------------------------------


def plain_reply(data: bytes) -> None:
    """Any body of a 200 reply, compressed or not, is a JSON object or a clean error."""
    encoding, body = ("", "gzip", "deflate", "br")[data[0] % 4 if data else 0], data[1:]
    try:
        undo = decoder_for(encoding, _ANSWER_LIMIT)
        if undo is not None:
            body = b"".join((undo(body[: len(body) // 2]), undo(body[len(body) // 2 :]), undo(b"")))
            must(len(body) <= 2 * _ANSWER_LIMIT, "what is decompressed is bounded")
        answer = parse(body)
        must(isinstance(answer.value, dict), "an answer is an object")
        problem = error_in(answer.value)
        if problem is not None:
            raise failures.of_error(problem, httpx.Headers(), body, _call(), _REQUEST, own=True)
    except BridgeError as error:
        check_status(error, _call())
        return
    with suppress(MalformedJSONError):  # nested too deeply, which the service turns into a status
        build(chat_pb2.CreateChatCompletionResponse, answer.value, answer.data)


class Target(NamedTuple):
    """A function of bytes, and the bytes that its seeds begin with."""

    run: Callable[[bytes], None]
    heads: tuple[bytes, ...]


def _types() -> tuple[bytes, ...]:
    return tuple(bytes([number]) for number in range(len(TYPES)))


TARGETS: Final[dict[str, Target]] = {
    "sse": Target(sse, (b"\x00", b"\x03")),
    "stream": Target(stream, (b"\x00\x00", b"\xff\x40", b"\x10\x02")),
    "json-in": Target(json_in, _types()),
    "message-in": Target(message_in, _types()),
    "error-body": Target(error_body, (b"\x00\x00\x00\x00", b"\x07\x01\x10\x40")),
    "plain-reply": Target(plain_reply, (b"\x00", b"\x01")),
}


def compressed(data: bytes) -> bytes:
    """For a seed of a reply that is compressed."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return packer.compress(data) + packer.flush()
