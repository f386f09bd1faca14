"""Invalid text in a large event is mended in the thread: on the event loop, other calls would wait for seconds."""

import asyncio
import threading
from typing import Any

import pytest

from bridge.jsontext import MalformedJSONError, loads, mended, readable_text
from bridge.services import raw
from bridge.upstream import events
from bridge.upstream.sse import Event, EventDecoder, MendedEvent
from tests.support.streams import Exchange, told

MIB = 1 << 20
HALF = rb"\ud83d"
BEGIN, END = b'{"choices":[{"index":0,"delta":{"content":"', b'"}}]}'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
TEXT = BEGIN + b"a" * MIB + HALF + b"\xff" + END
PLAIN = TEXT.replace(HALF, rb"\ufffd").replace(b"\xff", "\ufffd".encode())


def reads(*data: bytes) -> list[bytes]:
    """The last read of a large event has the next events too."""
    return [b"data: " + TEXT[:MIB], TEXT[MIB:] + b"\n\n" + b"".join(data)]


def reader(*data: bytes) -> events.EventReader:
    return reader_of(reads(*data))


def reader_of(pieces: list[bytes]) -> events.EventReader:
    settings: Any = type("Limits", (), {"max_event_bytes": 2 * MIB, "max_message_bytes": 4 * MIB})
    exchange: Any = Exchange(pieces)
    return events.EventReader(exchange, settings)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that mend."""
    names: list[str] = []

    def noted(data: bytes) -> bytes:
        names.append(threading.current_thread().name)
        return mended(data)

    monkeypatch.setattr(events, "mended", noted)
    return names


async def test_a_large_event_is_mended(threads: list[str]) -> None:
    """In the thread, once. The events after it are returned with it, and the original text is kept."""
    events_of = reader(b"data: {}\n\n")
    assert await events_of.read() == []
    large, small = await events_of.read()
    assert isinstance(large, MendedEvent)
    assert (large.data, large.original, small) == (PLAIN, TEXT, Event(b"{}"))
    assert len(threads) == 1
    assert threads[0].startswith("aibridge-offload")
    assert (await events_of.read(), events_of.ended) == ([], True)


async def cancel_a_read(events_of: events.EventReader) -> None:
    """Begin a read, and cancel it in its first wait."""
    task = asyncio.create_task(events_of.read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_read_loses_nothing() -> None:
    """The window of `coalesce` cancels reads."""
    events_of = reader(b"data: {}\n\n")
    await events_of.read()
    await cancel_a_read(events_of)
    assert not events_of.ended
    assert [event.data for event in await events_of.read()] == [PLAIN, b"{}"]


async def test_a_cancelled_read_at_the_end_loses_nothing() -> None:
    """The body has ended, and its last event, which is incomplete, is still to be returned."""
    events_of = reader_of([b"data: " + TEXT])
    await events_of.read()
    await cancel_a_read(events_of)
    assert not events_of.ended
    assert ([event.data for event in await events_of.read()], events_of.ended) == ([PLAIN], True)


async def test_more_events_than_a_portion() -> None:
    """The rest is returned later, and the end after it."""
    events_of = reader(b"data: {}\n\n" * 200)
    counts = []
    while not events_of.ended:
        counts.append(len(await events_of.read()))
    assert counts == [0, 128, 73, 0]


async def test_others_are_left_alone(threads: list[str]) -> None:
    """A small event is not mended in the thread, and a large one without invalid text is the same object."""
    assert len((await told(Exchange([b"data: " + BEGIN + HALF + END + b"\n\n", FINISH]))).messages) == 2
    assert not threads
    event = Event(PLAIN)
    assert events._mended(event) is event


def test_a_raw_event_is_what_the_server_sent() -> None:
    """Except for invalid UTF-8, which no message can hold."""
    event = events._mended(Event(TEXT, "x"))
    assert raw._message(event).data == TEXT.replace(b"\xff", "\ufffd".encode()).decode()


@pytest.mark.parametrize("around", range(65530, 65540))
def test_text_is_decoded_in_pieces(around: int) -> None:
    """As if it were decoded at once, wherever a character is cut."""
    for rest in ("\U0001f600é".encode(), b"\xf0\x9f\xff", b"\xf0\x9f", b"\xef\xbb\xbf"):
        data = b"\xef\xbb\xbf" + b"x" * around + rest
        assert readable_text(data) == data.decode("utf-8-sig", "replace")
        assert readable_text(data, "utf-8") == data.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"\ud83d", "\ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d\ud83d\ude00\ude00", "\ufffd\U0001f600\ufffd"),
        (r"\uD83D\uDE00\ud83da\ude00", "\U0001f600\ufffda\ufffd"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"\\\ud83d\ude00\\", "\\\U0001f600\\"),
    ],
)
def test_lone_surrogates(text: str, value: str) -> None:
    """Each becomes U+FFFD, pairs stay pairs, and an escaped backslash begins no escape."""
    assert loads(f'"{text}"'.encode()) == value
    assert loads(mended(f'"{text}"'.encode())) == value
    with pytest.raises(MalformedJSONError):
        loads(f'"{text}'.encode())


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\n: comment\ndata: more\n\n"])
def test_a_long_line_is_joined_as_it_arrives(end: bytes) -> None:
    """Each read has 16 KiB of it. Thousands of pieces of several streams would leave holes in the memory."""
    decoder, piece = EventDecoder(4 * MIB), b"abcdefgh" * 512
    assert decoder.feed(b"data: ") == []
    for _ in range(MIB // len(piece)):
        assert decoder.feed(piece) == []
        assert len(decoder._pieces) <= 128
    found = decoder.feed(b"the end" + end + b"data: next")
    assert [event.data for event in found] == [b"abcdefgh" * (MIB // 8) + b"the end" + b"\nmore" * (b"more" in end)]
    assert [event.data for event in decoder.feed(b"\n\n")] == [b"next"]
