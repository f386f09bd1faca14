"""A streamed chat completion: bytes to JSON chunks, and the judgement of how the stream ended.

The stream is complete when `[DONE]` came, or when it ended after every choice that began had its `finish_reason`; some
servers never send `[DONE]`. Everything else is an error, also an end that looks clean: the caller must never take a cut
stream for a finished one. An error may come as an event of the stream, in several shapes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, NamedTuple

from bridge.call import Call
from bridge.errors import BridgeError, Reason
from bridge.jsontext import MalformedJSONError, loads, loads_exact, rewrite
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.bodies import error_in
from bridge.upstream.client import Upstream, is_json, parse
from bridge.upstream.exchange import Exchange
from bridge.upstream.sse import Decoder, Event, EventTooLargeError

_DONE: Final = b"[DONE]"
#: A plain reply under the name of an event stream is recognised up to this size.
_START: Final = 1 << 20
#: How long to wait behind `[DONE]` for the end of the body, which lets the connection be used again, in seconds.
_LINGER: Final = 0.05


class Chunk(NamedTuple):
    """One event's JSON object, and the text that it was."""

    value: dict[str, Any]
    data: bytes


@asynccontextmanager
async def stream(
    upstream: Upstream, settings: Settings, path: str, call: Call, body: bytes
) -> AsyncIterator["ChunkStream"]:
    """The chunks that the upstream sends in reply to a POST.

    Raises:
        BridgeError: every way in which this can fail, see `bridge.upstream.failures`.
    """
    async with upstream.open("POST", path, call, body, "text/event-stream") as exchange:
        yield ChunkStream(exchange, settings)


class ChunkStream:
    """Reads one stream."""

    def __init__(self, exchange: Exchange, settings: Settings) -> None:
        self._exchange = exchange
        self._settings = settings
        self._decoder = Decoder(settings.max_event_bytes)
        self._begun = False
        self._start = b""  # of a body that may turn out to be no event stream at all
        self._open: set[int] = set()  # choices that have begun and have no finish_reason yet
        self._finished: dict[int, str] = {}
        exchange.call.finish_reasons = self._finished
        self._failed = False  # a choice has finished with `error`
        self._done = False
        self._error: BridgeError | None = None

    async def read(self) -> list[Chunk]:
        """The chunks of the next read that has any; none at the end of a complete stream.

        What arrived before an error is handed out first; the call after that raises it.

        Raises:
            BridgeError: the stream failed, stalled or was cut off.
        """
        chunks: list[Chunk] = []
        clock = self._exchange.clock
        clock.resume()
        try:
            if not (self._begun or self._error):
                await self._begin(chunks)
            while not (chunks or self._done or self._error):
                self._advance(await self._exchange.read(), chunks)
        except BridgeError as failure:
            self._error = failure
        clock.pause()  # the caller may take its time with what it gets
        if chunks:
            call = self._exchange.call
            call.arrived(len(chunks))
            if call.answer is None:
                call.answer = chunks[0].value
            return chunks
        if self._error is not None:
            raise self._error
        await self._linger()
        return chunks

    async def _begin(self, chunks: list[Chunk]) -> None:
        clock, settings = self._exchange.clock, self._settings
        media_type = self._exchange.media_type
        message = "no first event of the stream in time"
        clock.phase(settings.first_event_timeout, Reason.UPSTREAM_FIRST_EVENT_TIMEOUT, message)
        if media_type == "text/event-stream":
            while not (chunks or self._done):
                self._advance(await self._exchange.read(), chunks)
        elif is_json(media_type):
            self._take_whole(await self._exchange.read_all(settings.max_reply_bytes), chunks)
        else:
            raise failures.malformed("is not an event stream by its content type")
        self._begun = True
        clock.phase(settings.stall_timeout, Reason.UPSTREAM_STREAM_STALLED, "no event of the stream for too long")

    def _advance(self, data: bytes, chunks: list[Chunk]) -> None:
        """Take what a read has brought; nothing is the end of the body."""
        if not self._begun and len(self._start) < _START:
            self._start += data
        try:
            self._take_all(self._decoder.feed(data) if data else self._decoder.close(), chunks)
        except EventTooLargeError as error:
            self._take_all(error.events, chunks)
            if not self._done:
                raise failures.too_large("an event of the stream", self._settings.max_event_bytes) from None
        if self._done or data:
            return
        if not (self._begun or chunks) and self._start.lstrip()[:1] in {b"{", b"["}:
            self._take_whole(self._start, chunks)
        else:
            self._judge()

    def _take_all(self, events: list[Event], chunks: list[Chunk]) -> None:
        for event in events:
            data, kind, _ = event
            if kind and kind.lower() == "error":
                raise self._exchange.failure(_value_of(data), data)
            if not data.startswith(b"{") and data.lstrip().startswith(_DONE):
                self._judge_finish_reasons()
                self._done = True
                return
            if data:
                self._take(event, chunks)

    def _take(self, event: Event, chunks: list[Chunk]) -> None:
        try:
            value = loads(event.data)
        except MalformedJSONError as error:
            if not event.complete:
                return  # the end of the stream cut it off; `_judge` comes next
            raise failures.malformed(f"has an event that is not valid JSON ({error})") from None
        if isinstance(value, list) and value and isinstance(value[0], dict) and error_in(value[0]) is not None:
            value = value[0]  # Gemini's compatibility layer, as in `parse`
        if not isinstance(value, dict):
            raise failures.malformed("has an event that is not a JSON object")
        problem = error_in(value)
        if problem is not None:
            raise self._exchange.failure(problem, event.data)
        self._follow(value)
        chunks.append(Chunk(value, event.data))

    def _follow(self, value: dict[str, Any]) -> None:
        choices = value.get("choices")
        for position, choice in enumerate(choices if type(choices) is list else ()):
            if type(choice) is dict:
                index = choice.get("index")
                index = index if type(index) is int else position
                reason = choice.get("finish_reason")
                if reason:
                    self._open.discard(index)
                    self._finished[index] = str(reason)
                    self._failed = self._failed or reason == "error"
                elif index not in self._finished:
                    self._open.add(index)
        usage = value.get("usage")
        if type(usage) is dict:
            self._exchange.call.usage = usage

    def _judge(self) -> None:
        """The body has ended without `[DONE]`."""
        if self._open or not self._finished:
            raise failures.interrupted("the stream ended before it was complete")
        self._judge_finish_reasons()
        self._done = True

    def _judge_finish_reasons(self) -> None:
        if self._failed:
            message = "the upstream ended a choice with finish_reason `error`"
            raise BridgeError(Reason.UPSTREAM_INTERNAL_ERROR, message)

    def _take_whole(self, data: bytes, chunks: list[Chunk]) -> None:
        """A stream was asked for and a plain reply came: an error, or a completion, which makes one chunk."""
        answer = parse(data)
        error = error_in(answer.value)
        if error is not None:
            raise self._exchange.failure(error, data)
        chunk = as_chunk(*answer)
        self._follow(chunk.value)
        self._judge_finish_reasons()
        self._done = True
        chunks.append(chunk)

    async def _linger(self) -> None:
        with suppress(TimeoutError, BridgeError):
            async with asyncio.timeout(_LINGER):
                while await self._exchange.read():
                    pass


def _value_of(data: bytes) -> Any:
    """The JSON value of an event, or the event's bytes where it is none."""
    try:
        return loads(data)
    except MalformedJSONError:
        return data


def as_chunk(completion: dict[str, Any], data: bytes) -> Chunk:
    """A plain completion as the one chunk that says the same, each member with the text that it had."""
    choices = completion.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise failures.malformed("is neither an event stream nor a completion")
    exact = loads_exact(data)
    deltas = [
        _object({"delta" if key == "message" else key: text for key, text in choice.text.items()})
        for choice in exact["choices"]
    ]
    text = _object({**exact.text, "object": '"chat.completion.chunk"', "choices": f"[{','.join(deltas)}]"}).encode()
    return Chunk(loads(text), text)


def _object(members: dict[str, str]) -> str:
    return f"{{{','.join(f'{rewrite(key)}:{text}' for key, text in members.items())}}}"
