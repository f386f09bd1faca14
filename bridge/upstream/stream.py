"""A streamed chat completion: bytes to JSON chunks, and the judgement of how the stream ended.

The stream is complete when `[DONE]` came, or when it ended after each choice that was asked for or had begun got its
`finish_reason`; some servers never send `[DONE]`. Everything else is an error, also an end that looks clean: the caller
must never take a cut stream for a finished one. An error may come as an event of the stream, in several shapes.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any, Final, NamedTuple

from bridge.call import Call
from bridge.errors import BridgeError, Reason
from bridge.jsontext import MalformedJSONError, loads
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.bodies import error_in
from bridge.upstream.client import Upstream, is_json, parse
from bridge.upstream.clock import Clock
from bridge.upstream.exchange import Exchange
from bridge.upstream.repeats import Repeats
from bridge.upstream.sse import Decoder, Event, EventTooLargeError
from bridge.upstream.toolcalls import ToolCalls

_DONE: Final = b"[DONE]"
#: A plain reply under the name of an event stream is recognised up to this size.
_START: Final = 1 << 20
#: How long to wait behind `[DONE]` for the end of the body, which lets the connection be used again, in seconds.
_LINGER: Final = 0.05


class Chunk(NamedTuple):
    """One event's JSON object.

    If `repeats` is the name of a text in its delta, chunks that follow may come as a `str` each: what the last `Chunk`
    said, with this text in its place.
    """

    value: dict[str, Any]
    repeats: str = ""


Chunks = Iterator[Chunk | str]


@asynccontextmanager
async def stream(
    upstream: Upstream, settings: Settings, path: str, call: Call, body: bytes
) -> AsyncIterator["ChunkStream"]:
    """The chunks that the upstream sends in reply to a POST.

    Raises:
        BridgeError: every way in which this can fail, see `bridge.upstream.failures`.
    """
    async with Clock(call.deadline) as clock:
        with closing(await upstream.begin("POST", path, call, body, "text/event-stream", clock)) as exchange:
            yield ChunkStream(exchange, settings)


class ChunkStream:
    """Reads one stream."""

    def __init__(self, exchange: Exchange, settings: Settings) -> None:
        self._exchange = exchange
        self._settings = settings
        self._decoder = Decoder(settings.max_event_bytes)
        self._repeats = Repeats()
        self._calls = ToolCalls()
        self._opened = False
        self._waits = True  # for its first event
        self._begun = False  # there was a chunk
        self._ended = False  # there is no more of the body
        self._start = b""  # of a body that may turn out to be no event stream at all
        self._open_choices: set[int] = set()  # choices that have begun and have no finish_reason yet
        self._finished: dict[int, str] = {}
        exchange.call.finish_reasons = self._finished
        self._failed = False  # a choice has finished with `error`
        self._done = False
        self._error: BridgeError | None = None

    async def read(self) -> Chunks | None:
        """The chunks of the next read that has any; None at the end of a complete stream.

        Each is decoded when it is asked for: many may have come together, and all at once they would be a pause for
        everyone else. All have to be asked for; what comes behind them, an error too, is told by the next of them or
        by the next call.

        Raises:
            BridgeError: the stream failed, stalled or was cut off.
        """
        clock = self._exchange.clock
        clock.resume()
        chunks: Chunks | None = None
        while chunks is None and not self._done:
            if self._error is not None:
                raise self._error
            if self._ended:
                chunks = self._end()
            elif self._opened:
                chunks = await self._next()
            else:
                chunks = await self._open()
        clock.pause()  # the caller may take its time with what it gets
        if chunks is None:
            await self._linger()
        return chunks

    async def _open(self) -> Chunks | None:
        self._opened = True
        message = "no first event of the stream in time"
        limit = self._settings.first_event_timeout
        self._exchange.clock.phase(limit, Reason.UPSTREAM_FIRST_EVENT_TIMEOUT, message)
        media_type = self._exchange.media_type
        if media_type == "text/event-stream":
            return None
        if is_json(media_type):
            return self._plain(await self._exchange.read_all(self._settings.max_reply_bytes))
        raise failures.malformed("is not an event stream by its content type")

    async def _next(self) -> Chunks | None:
        """The chunks of one read; None if it only keeps the connection alive."""
        data = await self._exchange.read()
        if not self._begun and len(self._start) < _START:
            self._start += data
        self._ended = not data
        try:
            events = self._decoder.feed(data) if data else self._decoder.close()
        except EventTooLargeError as error:
            events = error.events
            self._error = failures.too_large("an event of the stream", self._settings.max_event_bytes)
        if not any(map(_says, events)):
            return None
        count = sum(event.data.lstrip().startswith(b"{") for event in events)
        if count:
            self._exchange.call.arrived(count)
        if self._waits:
            self._waits = False
            message = "no event of the stream for too long"
            self._exchange.clock.phase(self._settings.stall_timeout, Reason.UPSTREAM_STREAM_STALLED, message)
        return self._chunks(events)

    def _end(self) -> Chunks | None:
        """The body has ended without `[DONE]`."""
        if not self._begun and self._start.lstrip()[:1] in {b"{", b"["}:
            return self._plain(self._start)
        if self._open_choices or len(self._finished) < self._exchange.call.choices:
            raise failures.interrupted("the stream ended before it was complete")
        self._judge_finish_reasons()
        self._done = True
        return None

    def _chunks(self, events: list[Event]) -> Chunks:
        for data, kind, complete in events:
            if kind and kind.lower() == "error":
                raise self._exchange.failure(_value_of(data), data)
            if not data.startswith(b"{") and data.lstrip().startswith(_DONE):
                self._judge_finish_reasons()
                self._done = True
                return
            if data:
                text = self._repeats.text(data)
                if text is not None:
                    yield text
                    continue
                value = self._value(data, complete=complete)
                if value is not None:
                    self._calls.number(value)
                    yield Chunk(value, self._repeats.learn(data, value))

    def _value(self, data: bytes, *, complete: bool) -> dict[str, Any] | None:
        try:
            value = loads(data)
        except MalformedJSONError as error:
            if not complete:
                return None  # the end of the stream cut it off; `_end` comes next
            raise failures.malformed(f"has an event that is not valid JSON ({error})") from None
        if isinstance(value, list) and value and isinstance(value[0], dict) and error_in(value[0]) is not None:
            value = value[0]  # Gemini's compatibility layer, as in `parse`
        if not isinstance(value, dict):
            raise failures.malformed("has an event that is not a JSON object")
        problem = error_in(value)
        if problem is not None:
            raise self._exchange.failure(problem, data)
        self._follow(value)
        return value

    def _follow(self, value: dict[str, Any]) -> None:
        if not self._begun:
            self._begun = True
            self._exchange.call.answer = value
        choices = value.get("choices")
        for position, choice in enumerate(choices if type(choices) is list else ()):
            if type(choice) is dict:
                index = choice.get("index")
                index = index if type(index) is int else position
                reason = choice.get("finish_reason")
                if reason:
                    self._open_choices.discard(index)
                    self._finished[index] = str(reason)
                    self._failed = self._failed or reason == "error"
                elif index not in self._finished:
                    self._open_choices.add(index)
        usage = value.get("usage")
        if type(usage) is dict:
            self._exchange.call.usage = usage

    def _judge_finish_reasons(self) -> None:
        if self._failed:
            message = "the upstream ended a choice with finish_reason `error`"
            raise BridgeError(Reason.UPSTREAM_INTERNAL_ERROR, message)

    def _plain(self, data: bytes) -> Chunks:
        """A stream was asked for and a plain reply came: an error, or a completion, which makes one chunk."""
        answer = parse(data)
        error = error_in(answer)
        if error is not None:
            raise self._exchange.failure(error, data)
        chunk = as_chunk(answer)
        self._calls.number(chunk.value)
        self._exchange.call.arrived(1)
        self._follow(chunk.value)
        self._judge_finish_reasons()
        self._done = True
        return iter((chunk,))

    async def _linger(self) -> None:
        with suppress(TimeoutError, BridgeError):
            async with asyncio.timeout(_LINGER):
                while await self._exchange.read():
                    pass


def _says(event: Event) -> bool:
    """Whether an event says something: some servers send empty ones to keep a connection alive."""
    return bool(event.data) or event.type.lower() == "error"


def _value_of(data: bytes) -> Any:
    """The JSON value of an event, or the event's bytes where it is none."""
    try:
        return loads(data)
    except MalformedJSONError:
        return data


def as_chunk(completion: dict[str, Any]) -> Chunk:
    """A plain completion as the one chunk that says the same."""
    choices = completion.get("choices")
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise failures.malformed("is neither an event stream nor a completion")
    deltas = [{"delta" if key == "message" else key: item for key, item in choice.items()} for choice in choices]
    return Chunk({**completion, "object": "chat.completion.chunk", "choices": deltas})
