"""Targets for streams: the event decoder, and the whole path from a body to messages."""

import asyncio
import json
from functools import partial
from itertools import zip_longest
from typing import Final

from bridge.codec import to_json
from bridge.services.relay import Relay
from bridge.upstream.sse import Event, EventDecoder, EventTooLargeError
from tests.fuzz.claims import MASK, check_status, must
from tests.support.accumulate import accumulate
from tests.support.streams import Exchange, Parsing, Told, messages_of, told

_LOOP: Final = asyncio.new_event_loop()


def sse(data: bytes) -> None:
    """Events do not depend on how the bytes are split, nothing is invented, and the limit is kept."""
    step, limit, stream = 1 + data[0] % 7 if data else 1, (64, 1 << 20)[len(data) % 2], data[1:]
    whole, failed = _events(stream, len(stream) or 1, limit)
    pieces, pieces_failed = _events(stream, step, limit)
    must(sum(len(event.data) for event in whole) <= len(stream), "events are no longer than the stream")
    must(all(len(event.data) <= limit for event in whole if event.type != "error"), "no event is over the limit")
    if not (failed or pieces_failed):
        must(whole == pieces, "events are the same however the stream is cut")


def _events(stream: bytes, step: int, limit: int) -> tuple[list[Event], bool]:
    decoder = EventDecoder(limit)
    events: list[Event] = []
    try:
        for at in range(0, len(stream), step):
            events += decoder.feed(stream[at : at + step])
        events += decoder.close()
    except EventTooLargeError as error:
        return events + error.events, True
    return events, False


def stream(data: bytes) -> None:
    """Any body of a stream makes messages and then a clean end or error. A cut one never ends cleanly.

    Parsing every chunk gives the same messages as recognising repeated ones.
    """
    head, body = data[:2].ljust(2, b"\0"), data[2:]
    media_type = ("text/event-stream", "text/event-stream", "application/json", "")[head[1] % 4]
    parsed, quick = (_told(body, 1 + head[0], media_type, kind, cut=bool(head[1] & 64)) for kind in (Parsing, Relay))
    must(repr(quick) == repr(parsed), "what is not parsed says what parsing it says")
    if parsed.error or media_type != "text/event-stream":
        return
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n\x0b\x0c").startswith((b"{", b"[")):
        messages = messages_of(parsed)
        finished = any(choice.finish_reason for message in messages for choice in message.choices)
        must(finished or b"finish_reason" in body or b"[DONE]" in body, "a stream that ends well had an end")


def repeats(data: bytes) -> None:
    """The same for a stream of chunks that differ in some places: a frame with gaps, and the values in each gap."""
    stream(data[:2].ljust(2, b"\0") + repeated(data))


def repeated(data: bytes) -> bytes:
    """The body of that stream."""
    frame, *texts = data[2:].split(b"\x00")
    begin, *parts = frame.split(b"\x01")
    gaps = max(1, len(parts))
    rows = [texts[at : at + gaps] for at in range(0, len(texts), gaps)]
    chunks = [begin + b"".join(map(b"".join, zip_longest(row, parts, fillvalue=b""))) for row in rows]
    return b"".join(b"data: %b\n\n" % chunk for chunk in chunks)


def coalesced(data: bytes) -> None:
    """The chunks of `repeats`, merged: fewer messages, and the same for whoever accumulates them."""
    exchange_of = partial(_exchange, repeated(data), 1 + 8 * data[0] if data else 1, "text/event-stream")
    plain, fewer = (_LOOP.run_until_complete(told(exchange_of(), window=window)) for window in (None, 0.0))
    must(fewer.error == plain.error, "merging changes no error")
    must(len(fewer.messages) <= len(plain.messages), "merging makes no messages")
    ours, theirs = ([json.loads(to_json(message)) for message in messages_of(each)] for each in (fewer, plain))
    must(accumulate(ours) == accumulate(theirs), "whoever accumulates gets the same")


def _told(body: bytes, step: int, media_type: str, kind: type[Relay], *, cut: bool) -> Told:
    exchange = _exchange(body, step, media_type, cut=cut)
    return _LOOP.run_until_complete(told(exchange, kind, judge=check_status))


def _exchange(body: bytes, step: int, media_type: str, *, cut: bool = False) -> Exchange:
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    return Exchange(pieces, mask=MASK, media_type=media_type, cut=cut)
