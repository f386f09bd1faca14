"""A streamed chat completion: turns bytes into JSON chunks, and decides whether the stream was complete.

A stream is complete if it had a choice and then `[DONE]`, or if it ended after every choice that was requested or had
started got its `finish_reason`: some servers never send `[DONE]`. Any other end is an error, even if it looks clean:
a cut stream must never look complete. An error may arrive as an event or outside the framing, in many shapes.
"""

from collections.abc import Coroutine, Iterable, Iterator
from itertools import chain
from typing import Any, Generic, Protocol

from bridge.call import CallContext
from bridge.errors import BridgeError
from bridge.jsontext import MalformedJSONError, text_of
from bridge.offload import offload_if
from bridge.settings import Settings
from bridge.upstream import failures, responses
from bridge.upstream.choices import Choices
from bridge.upstream.chunk import Chunk, K, Recogniser, as_chunk, is_whole, relevant, value_of, without_error
from bridge.upstream.client import Request, Upstream
from bridge.upstream.documents import is_large, load_event
from bridge.upstream.events import EventReader
from bridge.upstream.exchange import Exchange
from bridge.upstream.halves import Halves
from bridge.upstream.inside import error_in, is_failure
from bridge.upstream.sse import DONE, STRAY, Event
from bridge.upstream.toolcalls import MAX_TOOL_CALLS, ToolCalls


class Reader(Recogniser[K], Protocol):
    """Reads the chunks of a stream."""

    def run(self, chunks: "ChunkStream[K]") -> Coroutine[Any, Any, None]:
        """Read all chunks."""


async def stream(
    upstream: Upstream, settings: Settings, path: str, call: CallContext, body: bytes, reader: Reader[K]
) -> None:
    """Let `reader` read the chunks that the upstream streams in response to a POST.

    Raises:
        BridgeError: see `bridge.upstream.failures`; as `reader.run`.
    """
    with (
        upstream.clock(call) as clock,
        await upstream.begin(Request("POST", path, body), call, "text/event-stream", clock) as exchange,
    ):
        await reader.run(ChunkStream(exchange, settings, reader))


class ChunkStream(Generic[K]):
    """Reads one stream."""

    def __init__(self, exchange: Exchange, settings: Settings, recogniser: Recogniser[K]) -> None:
        self._exchange = exchange
        self.take_turn = exchange.take_turn
        self._settings = settings
        self._events = EventReader(exchange, settings)
        self._recogniser = recogniser
        self._halves = Halves()
        self._calls = ToolCalls()
        self._opened = False
        self._begun = False  # a chunk has arrived
        self._choices = Choices(exchange.call.choices)
        self._record = exchange.call.record
        self._choices.note_ends(self._record)
        self._failure: BridgeError | None = None  # raised after the chunk that it was found in
        self.done = False  # the stream is complete

    async def read(self) -> Iterable[Chunk | K] | None:
        """The chunks of the next read that has any; None at the end of a complete stream.

        Each chunk is decoded when the iterator reaches it: one read may bring many, and decoding all at once would
        block other calls. The caller must exhaust the iterator. An error that follows the chunks is raised by the
        iterator or by the next call.

        Raises:
            BridgeError: the stream failed, stalled or was cut off.
        """
        clock = self._exchange.clock
        clock.resume()
        chunks: Iterable[Chunk | K] | None = None
        try:
            while chunks is None and not self.done:
                if self._events.error is not None:
                    raise self._events.error
                if self._events.ended:
                    self._end()
                elif not self._opened:
                    chunks = await self._open()
                elif (chunks := self._accept(await self._events.read())) is None:  # it only keeps the connection alive
                    await self._events.rest()
        finally:
            clock.pause()  # the caller may process the chunks for as long as it likes
        if chunks is None:
            await self._exchange.linger()
        return chunks

    def hold(self) -> None:
        """From now on, do not end a `read` for events that the recogniser lets wait. A later read returns them."""
        self._events.hold(self._recogniser.may_wait)

    def hand_out(self) -> bool:
        """End the `read` that is under way if events wait. Returns whether any do."""
        return self._events.hand_out()

    @property
    def has_more(self) -> bool:
        """Whether the next `read` has an event that has already arrived. False if that is not certain."""
        return not self.done and self._events.has_more

    async def _open(self) -> Iterable[Chunk | K] | None:
        """The chunk of a body that is not an event stream; None for an event stream."""
        self._opened = True
        start = await self._events.open()
        if start is None:
            return None
        if responses.is_json(self._exchange.media_type):
            return await self._single_chunk(await self._exchange.read_all(self._settings.max_response_bytes, start))
        error = await responses.failure_in(self._exchange, start + await self._exchange.beginning())
        raise error or failures.malformed("has a content type that is not an event stream")

    def _accept(self, events: list[Event]) -> Iterable[Chunk | K] | None:
        if self._events.decoder.named:
            found = [event for event in map(relevant, events) if event is not None]
            self._events.skip(len(events) - len(found))
            events = found
        if not events:
            self._events.hear()
            return None
        if len(events) > 1:
            self._events.count(sum([event.data.lstrip().startswith(b"{") for event in events]))
            return self._chunks(events)
        data = events[0].data
        self._events.count(1 if data.startswith(b"{") else data.lstrip().startswith(b"{"))
        # Recognised when the reader takes it, and not now: the reader may write what it holds before that.
        return chain.from_iterable(map(self._only, events))

    def _only(self, event: Event) -> Iterable[Chunk | K]:
        """The chunks in the only event of a read."""
        data, kind, _ = event
        known = self._recogniser.recognise(data) if not kind and not self._halves.busy else None
        return self._chunks([event], is_new=True) if known is None else (known,)

    def _end(self) -> None:
        """The body has ended without `[DONE]`."""
        if not self._choices.are_finished():
            self._judge_suspect()
            raise failures.interrupted("the stream ended before it was complete")
        self._choices.judge()
        self.done = True

    def _chunks(self, events: list[Event], *, is_new: bool = False) -> Iterator[Chunk | K]:
        """The chunks in events. If the only one `is_new`, it was not recognised."""
        at, absorb = 0, None if is_new else self._recogniser.absorb
        while at < len(events):
            if absorb is not None and not self._halves.busy and self._choices.suspect is None:
                at += absorb(events, at)
                if at == len(events):
                    return
            event = events[at]
            data, kind, _ = event
            at += 1
            if kind and is_failure(kind):
                raise self._exchange.failure(value_of(data), data)
            known = self._recogniser.recognise(data) if not kind and not self._halves.busy and not is_new else None
            if known is not None:
                yield known
                continue
            if not data.startswith(b"{") and data.lstrip().startswith(DONE):
                yield from self._rest_of_halves()
                self._judge_suspect()
                self._choices.judge()
                self.done = True
                return
            chunk = self._chunk(event)
            if chunk is None:
                self._events.skip(1)
                continue
            yield chunk
            if self._failure is not None:
                raise self._failure
            if self.done:
                return

    def _chunk(self, event: Event) -> Chunk | None:
        """The chunk in an event; None for an event that is not part of the completion."""
        data, kind, complete = event
        self._halves.joined = False
        try:
            value = load_event(data, self._halves.join)
        except MalformedJSONError as error:
            if kind == STRAY and b"}data:" in data:  # the next field's line feed is missing
                return self._chunk(event._replace(data=data[: data.index(b"}data:") + 1]))
            # `_end` decides about an event that was cut off. After the last finish_reason, anything may follow.
            if not complete or kind or self._choices.are_finished():
                return None
            raise responses.failure_within(self._exchange, data, error) from None
        if type(value) is not dict:
            if kind or self._choices.are_finished():
                return None
            raise failures.malformed("has an event that is not a JSON object")
        problem = error_in(value, named=bool(kind) and kind != STRAY)
        if problem is not None:
            return self._partial(value, data, self._exchange.failure(problem, data))
        if kind == STRAY:
            return self._stray_chunk(value, data)
        return None if kind and "choices" not in value else self._chunk_of(value, data)

    def _partial(self, value: dict[str, Any], data: bytes, failure: BridgeError) -> Chunk:
        """The text beside an error. The failure is raised after it, or at once if there is no text."""
        if is_whole(value) and not self._choices.have_begun(value):
            value = as_chunk(value).value
        if "usage" in value:
            responses.note_usage(self._record, value)
        part = without_error(value)
        if part is None:
            raise failure
        self._failure = failure
        return self._chunk_of(part, data)._replace(data=b"")

    def _stray_chunk(self, value: dict[str, Any], data: bytes) -> Chunk | None:
        if "choices" not in value:
            self._choices.doubt(value)
            self._recogniser.forget()  # as in `_follow`
            return None
        return self._whole(_numbered(value, self._calls)) if is_whole(value) else self._chunk_of(value, data)

    def _chunk_of(self, value: dict[str, Any], data: bytes) -> Chunk:
        is_changed = self._halves.busy  # the value is not that of the text
        if is_changed:
            self._halves.finish(value)
        if b'"message"' in data and is_whole(value) and not self._choices.have_begun(value):  # MiniMax ends with one
            value, is_changed = as_chunk(value).value, True
        self._follow(value)
        ordinary = self._calls.number(value)
        if self._calls.count > MAX_TOOL_CALLS:
            raise failures.malformed("has too many tool calls")
        if not ordinary:
            self._recogniser.forget()  # the same index may now mean another tool call
        return Chunk(value, b"" if is_changed or not ordinary else data, is_large(data), len(data))

    def _rest_of_halves(self) -> Iterator[Chunk]:
        """A chunk with U+FFFD for each half of a surrogate pair whose other half never arrived."""
        if self._halves.busy:
            value: dict[str, Any] = {**(self._record.response or {}), "choices": self._halves.rest()}
            self._calls.number(value)
            yield Chunk(value)

    def _follow(self, value: dict[str, Any]) -> None:
        if not self._begun:
            self._begun = True
            responses.note_response(self._record, value)
        self._choices.follow(value)
        if self._choices.suspect is not None:
            self._recogniser.forget()  # the next chunk has to be parsed to clear the suspicion
        if "usage" in value:
            responses.note_usage(self._record, value)

    def _judge_suspect(self) -> None:
        suspect = self._choices.suspect
        if suspect is not None and not self._choices.are_finished():
            raise self._exchange.failure(suspect, text_of(suspect).encode())

    async def _single_chunk(self, data: bytes) -> Iterator[Chunk | K]:
        """The chunk of a plain JSON response in place of a stream: a whole completion, or an error, which is raised."""
        self._record.chunks.arrived(1)
        response, large = await responses.response_of(self._exchange, data)
        chunk = self._whole(await offload_if(large, _numbered, response, ToolCalls()))
        return self._last(chunk._replace(is_large=large))

    def _last(self, chunk: Chunk) -> Iterator[Chunk | K]:
        yield chunk
        if self._failure is not None:
            raise self._failure

    def _whole(self, chunk: Chunk) -> Chunk:
        """The chunk of a whole completion, which completes the stream."""
        self._follow(chunk.value)
        self._failure = self._choices.failure()
        if self._failure is not None and not chunk.value["choices"]:
            raise self._failure
        self.done = self._failure is None
        return chunk


def _numbered(completion: dict[str, Any], calls: ToolCalls) -> Chunk:
    chunk = as_chunk(completion)
    calls.number(chunk.value)
    return chunk
