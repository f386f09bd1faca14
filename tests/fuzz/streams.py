"""Targets that are streams: the decoder of events, and all that becomes of a body until it is messages."""

import asyncio
from contextlib import suppress
from typing import Any, Final, NamedTuple

import httpx

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse
from bridge import settings
from bridge.codec import build
from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError, text_of
from bridge.upstream import failures
from bridge.upstream.repeats import Repeats
from bridge.upstream.sse import Decoder, Event, EventTooLargeError
from bridge.upstream.stream import ChunkStream
from tests.fuzz.claims import MASK, call_of, check_status, must

_LOOP: Final = asyncio.new_event_loop()
_SETTINGS: Final = settings.load(max_event_bytes=4096, upstream_url="http://127.0.0.1:1/v1")


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
        self.max_elements = 100_000
        self.call = call_of("/aibridge.v1.ChatService/CreateChatCompletionStream")

    async def read(self) -> bytes:
        if self._pieces:
            return self._pieces.pop()
        if self._cut:
            raise failures.interrupted("cut")
        return b""

    async def rest_from(self, _silent: int) -> None:
        """Nobody waits here."""

    async def read_all(self, _limit: int, start: bytes = b"") -> bytes:
        while piece := await self.read():
            start += piece
        return start

    async def beginning(self) -> bytes:
        with suppress(BridgeError):
            return await self.read_all(0)
        return b""

    async def failed(self, error: Any, data: bytes) -> BridgeError:
        return self.failure(error, data)

    def failure(self, error: Any, data: bytes) -> BridgeError:
        return failures.of_error(error, httpx.Headers(), data, self.call, MASK, own=True)


class _Never(Repeats):
    """Sees no repetition: each chunk is parsed."""

    def text(self, *_: Any) -> None:
        """As the real one, for chunks that are all new."""


class _Told(NamedTuple):
    """What a caller gets of a stream, and what the bridge notes of it."""

    messages: list[bytes]
    error: tuple[str, str] | None
    finish_reasons: dict[int, str] | None
    usage: str
    first: str


def stream(data: bytes) -> None:
    """Any body of a stream makes messages, and then a clean end or a clean error; a cut one never ends cleanly.

    And nobody can tell that chunks which repeat the one before are not parsed.
    """
    head, body = data[:2].ljust(2, b"\0"), data[2:]
    media_type = ("text/event-stream", "text/event-stream", "application/json", "")[head[1] % 4]
    parsed, quick = (
        _told(_Exchange(body, 1 + head[0], media_type, cut=bool(head[1] & 64)), repeats)
        for repeats in (_Never(), Repeats())
    )
    must(repr(quick) == repr(parsed), "what is not parsed says what parsing it says")
    if parsed.error or media_type != "text/event-stream":
        return
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n\x0b\x0c").startswith((b"{", b"[")):
        messages = map(CreateChatCompletionStreamResponse.FromString, parsed.messages)
        finished = any(choice.finish_reason for message in messages for choice in message.choices)
        must(finished or b"finish_reason" in body or b"[DONE]" in body, "a stream that ends well had an end")


def repeats(data: bytes) -> None:
    """The same for a stream of chunks that differ in one place: a frame with a gap, and what stands there in each."""
    frame, *texts = data[2:].split(b"\x00")
    begin, _, end = frame.partition(b"\x01")
    stream(data[:2].ljust(2, b"\0") + b"".join(b"data: %b%b%b\n\n" % (begin, text, end) for text in texts))


def _told(exchange: Any, repeats: Repeats) -> _Told:
    chunks = ChunkStream(exchange, _SETTINGS)
    chunks._repeats = repeats  # there is no setting for what nobody can tell
    messages: list[bytes] = []
    error, record = None, exchange.call.record
    try:
        _LOOP.run_until_complete(_read(chunks, messages))
    except MalformedJSONError as failure:  # nested too deeply, which the service turns into a status
        error = "", str(failure)
    except BridgeError as failure:
        check_status(failure, exchange.call)
        error = failure.reason.name, failure.message
    return _Told(messages, error, record.finish_reasons, text_of(record.usage), text_of(record.answer))


async def _read(chunks: ChunkStream, messages: list[bytes]) -> None:
    """Read to the end, as the service does."""
    message, name = CreateChatCompletionStreamResponse(), ""
    while batch := await chunks.read():
        for chunk in batch:
            if isinstance(chunk, str):
                setattr(message.choices[0].delta, name, chunk)
            else:
                message, name = build(CreateChatCompletionStreamResponse, chunk.value), chunk.repeats
            messages.append(message.SerializeToString(deterministic=True))
