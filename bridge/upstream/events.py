"""Reads the events of a response within the time limits of a stream: for its first event, and between two events."""

import asyncio
import re
from collections.abc import Callable
from typing import Final

from bridge.errors import BridgeError, Reason
from bridge.jsontext import mended
from bridge.offload import offload
from bridge.settings import Settings
from bridge.upstream import failures
from bridge.upstream.exchange import Exchange
from bridge.upstream.sse import SPACE, Event, EventDecoder, EventTooLargeError, MendedEvent, texts_of

_FIRST: Final = "the stream's first event did not arrive in time"
_STALLED: Final = "no event of the stream arrived for too long"
#: Number of bytes that show whether a body starts with a line of an event stream.
_MAX_START: Final = 256
#: The first line of an event stream, and what it may start with.
_FIRST_LINE: Final = re.compile(rb"(?:data|event|id|retry)?:|error: *\{")
_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b"error:")
#: Maximum number of events that a read returns. A chunk has over 100 bytes, so `_SLICE_BYTES` of `exchange` hold more
#: only if they are very short: 5000 events of `{}` would block the event loop for 100 ms.
_PORTION: Final = 128
#: The wait after a portion for each of its events that was not part of the response.
_REST_SECONDS: Final = 5e-4
#: A line of an incomplete event costs as much as this many bytes that completed no event.
_LINE_BYTES: Final = 16
#: Invalid text in a larger event is mended in the thread: 30 MiB of lone surrogates take two seconds.
_MENDED_AT_ONCE: Final = 1 << 20


class EventReader:
    """Reads one response.

    `awaits_first` says that no event has counted yet.
    """

    def __init__(self, exchange: Exchange, settings: Settings) -> None:
        self._exchange = exchange
        self._settings = settings
        self._record = exchange.call.record
        self.decoder = EventDecoder(settings.max_event_bytes)
        self.awaits_first = True
        self._ended = False
        self._error: BridgeError | None = None
        self._skipped = 0  # events since the last read that were not part of the response
        self._large: list[Event] = []  # events of which the first has to be mended before they are returned
        self._later: list[Event] = []  # events after the current portion
        self._last = b""  # the last read
        self._silent = 0  # bytes of it that completed no event
        self._may_wait: Callable[[bytes], bool] | None = None
        self._held = 0  # events whose arrival is recorded, but that no read has returned

    async def open(self) -> bytes | None:
        """The response's headers have arrived: limit the time until the first event, and find out what the body is.

        Some servers mislabel event streams, so the first line decides then. Returns None for an event stream, and the
        start of any other body.

        Raises:
            BridgeError: UPSTREAM_RESPONSE_TOO_LARGE if too many bytes tell nothing; as `Exchange.read`.
        """
        self._exchange.clock.phase(self._settings.first_event_timeout, Reason.UPSTREAM_FIRST_EVENT_TIMEOUT, _FIRST)
        if self._exchange.media_type == "text/event-stream":
            return None
        start, size, limit = b"", 0, self._settings.max_response_bytes
        while (is_stream := _begins_stream(start)) is None and (data := await self._exchange.read()):
            before = len(start)
            size += len(data)
            if size > limit:
                raise failures.too_large("the response", limit)
            start = (start + data).lstrip(SPACE)
            self._exchange.clock.resume()
            await self._exchange.rest_from(len(data) - (len(start) - before))
        if not is_stream:
            return start
        events = self.take(start)
        self._later = events + self._later  # the next read returns them
        return None

    def hold(self, may_wait: Callable[[bytes], bool]) -> None:
        """From now on, do not end a `read` for events whose text `may_wait`. A later read returns them."""
        self._may_wait = may_wait

    def hand_out(self) -> bool:
        """End the `read` that is under way if events wait. Returns whether any do."""
        return self._exchange.hold(None) or bool(self._large or self._later)

    @property
    def ended(self) -> bool:
        """Whether the body has ended, and all of its events were returned."""
        return self._ended and not self._large and not self._later

    @property
    def error(self) -> BridgeError | None:
        """The failure to raise now, because the events before it were returned."""
        return None if self._large or self._later else self._error

    @property
    def has_more(self) -> bool:
        """Whether the next `read` returns an event that has already arrived."""
        return not self._large and not self._later and not self.decoder.is_within and self._exchange.holds_event()

    def _waits(self, data: bytes) -> bool:
        """Whether bytes that have arrived between two events are nothing but whole events that may wait."""
        texts = texts_of(data)
        if texts is None or self._may_wait is None or not all(map(self._may_wait, texts)):
            return False
        self._record.chunks.arrived(len(texts))
        self._held += len(texts)
        return True

    async def read(self) -> list[Event]:
        """The events that the next bytes complete. None of them may count: then the caller has to `rest`.

        Raises:
            BridgeError: as `Exchange.read`.
        """
        if self._large:
            return await self._mended()
        if self._later:
            return await self._next_portion()
        self._skipped = 0
        before = self.decoder.buffered
        if self._may_wait is not None:
            self._exchange.hold(None if self.decoder.is_within else self._waits)
        data = await self._exchange.read(before)
        events = self.take(data)
        self._last, self._silent = data, len(data) - (self.decoder.buffered - before)
        if before + len(data) > _MENDED_AT_ONCE and events:
            self._large = events
            return await self._mended()
        return events

    async def _mended(self) -> list[Event]:
        """The events in `_large`. Only the first can be large. A cancellation loses nothing.

        Raises:
            BridgeError: UPSTREAM_RESPONSE_TOO_LARGE for invalid text that is three times as large now.
        """
        first, limit = await offload(_mended, self._large[0]), self._settings.max_message_bytes
        if first is not self._large[0] and len(first.data) > limit:
            raise failures.too_large("an event of the stream, with U+FFFD in place of invalid UTF-8,", limit)
        events, self._large = [first, *self._large[1:]], []
        return events

    def take(self, data: bytes) -> list[Event]:
        """The events that these bytes complete; of `b""`, those that the end of the body leaves incomplete."""
        self._ended = not data
        try:
            events = self.decoder.feed(data) if data else self.decoder.close()
        except EventTooLargeError as error:
            self._error = failures.too_large("an event of the stream", self._settings.max_event_bytes)
            events = error.events
        self._later = events[_PORTION:]
        return events[:_PORTION] if self._later else events

    async def _next_portion(self) -> list[Event]:
        skipped, self._skipped = self._skipped, 0
        await asyncio.sleep(skipped * _REST_SECONDS)
        events, self._later = self._later[:_PORTION], self._later[_PORTION:]
        self._last, self._silent = b"", 0
        return events

    async def rest(self) -> None:
        """The last read had no event that counts: check what it buffered, and wait in proportion to the rest of it.

        Raises:
            BridgeError: as `Exchange.keep`.
        """
        self._exchange.keep(self.decoder.buffered)
        await self._exchange.rest_from(self._silent + _LINE_BYTES * self._last.count(b"\n"))

    def count(self, chunks: int) -> None:
        """Events have arrived that count, so many of them as chunks: limit the time until the next."""
        if self._held:
            held = min(chunks, self._held)
            self._held -= held
            chunks -= held
        if chunks:
            self._record.chunks.arrived(chunks)
        if self.awaits_first:
            self.awaits_first = False
            self._exchange.clock.phase(self._settings.stall_timeout, Reason.UPSTREAM_STREAM_STALLED, _STALLED)

    def skip(self, count: int) -> None:
        """So many events of the last read are not part of the response. As comments do, they show that it goes on."""
        self._skipped += count
        self.decoder.heard = self.decoder.heard or count > 0

    def hear(self) -> None:
        """No event has counted. A server that sends comments or empty events has not stalled."""
        if self.decoder.heard and not self.awaits_first:
            self._exchange.clock.resume()


def _mended(event: Event) -> Event:
    data = mended(event.data)
    if data == event.data:
        return event
    changed = MendedEvent(data, event.type, event.complete)
    changed.original = event.data
    return changed


def _begins_stream(start: bytes) -> bool | None:
    """Whether a body with this start, without `SPACE`, is an event stream; None if more bytes are needed to decide."""
    if _FIRST_LINE.match(start):
        return True
    if len(start) <= _MAX_START and any(field.startswith(start.rstrip(b" ")) for field in _FIELDS):
        return None
    return False
