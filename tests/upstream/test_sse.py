"""The decoder of event streams, case by case: section 8 of `api-surface`, and what real gateways send beyond it."""

import itertools
import time

import pytest

from bridge.upstream.sse import Event, EventDecoder, EventTooLargeError

LIMIT = 1 << 20
TORTURE = (
    b"\xef\xbb\xbf: hello\r\n"
    b"\r\n"
    b"event: message\r\n"
    b'data: {"choices":\r\n'
    b"data:[]}\r\n"
    b"id: 7\r\n"
    b"\r\n"
    b'data: {"choices":[{"index":0,"delta":{"content":"a\xe2\x80\xa8b"}}]}\r'
    b"\r"
    b"data:\n"
    b"\n"
    b"retry: 10\n"
    b": bye\n"
    b"data: [DONE]"
)
SEPARATORS = "\u2028\u2029\x85\x0b\x0c\x1c".encode()


def cut_off(data: bytes, kind: str = "") -> Event:
    return Event(data, kind, complete=False)


#: Name, stream, events. Each row is a claim.
CASES: list[tuple[str, bytes, list[Event]]] = [
    (
        "E20",
        TORTURE,
        [
            Event(b'{"choices":\n[]}', "message"),
            Event('{"choices":[{"index":0,"delta":{"content":"a\u2028b"}}]}'.encode()),
            cut_off(b"[DONE]"),
        ],
    ),
    ("nothing", b"", []),
    ("LF", b"data: a\n\ndata: b\n\n", [Event(b"a"), Event(b"b")]),
    ("CR LF", b"data: a\r\n\r\ndata: b\r\n\r\n", [Event(b"a"), Event(b"b")]),
    ("CR", b"data: a\r\rdata: b\r\r", [Event(b"a"), Event(b"b")]),
    ("mixed ends", b"data: a\r\n\ndata: b\n\rdata: c\r\r\n", [Event(b"a"), Event(b"b"), Event(b"c")]),
    ("CR LF is one end", b"data: a\r\ndata: b\r\n\r\n", [Event(b"a\nb")]),
    ("CR LF LF is two", b"data: a\r\n\n", [Event(b"a")]),
    ("byte order mark", b"\xef\xbb\xbfdata: a\n\n", [Event(b"a")]),
    ("only one mark", b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
    ("mark on its own", b"\xef\xbb\xbf", []),
    ("mark within", b"data: \xef\xbb\xbfa\n\n\xef\xbb\xbfdata: b\n\n", [Event(b"\xef\xbb\xbfa")]),
    ("half a mark", b"\xef\xbb", []),
    ("what begins like a mark", b"\xef\xbbdata: a\ndata: b\n\n", [Event(b"b")]),
    ("comments", b": OPENROUTER PROCESSING\n\n: ping\n:\ndata: a\n:data: x\n\n", [Event(b"a")]),
    ("no space", b'data:{"a":1}\n\n', [Event(b'{"a":1}')]),
    ("one space of two goes", b"data:  a \n\n", [Event(b" a ")]),
    ("a tab stays", b"data:\ta\n\n", [Event(b"\ta")]),
    ("colons", b"data: a:b: c\n\n", [Event(b"a:b: c")]),
    ("several lines", b"data: a\ndata\ndata:\ndata: b\n\n", [Event(b"a\n\n\nb")]),
    ("other fields", b"id: 1\nretry: 5\nfoo: bar\nfoo\nDATA: x\n data: y\ndata : z\n\n", []),
    ("other fields around data", b"id: 1\ndata: a\nretry: x\nfoo\n\n", [Event(b"a")]),
    ("no data", b"event: ping\n\nid: 1\n\ndata: a\n\n", [Event(b"a")]),
    ("empty data is a keep-alive", b"data:\n\ndata\n\ndata: \n\n", []),
    ("empty data of a type is not", b"event: error\ndata:\n\n", [Event(b"", "error")]),
    ("type", b"event: error\ndata: a\n\n", [Event(b"a", "error")]),
    ("type without space", b"event:x\ndata: a\n\n", [Event(b"a", "x")]),
    ("one space of a type's two goes", b"event:  x\ndata: a\n\n", [Event(b"a", " x")]),
    ("the last type counts", b"event: a\nevent: b\ndata: x\n\n", [Event(b"x", "b")]),
    ("a type is for one event", b"event: a\ndata: x\n\ndata: y\n\n", [Event(b"x", "a"), Event(b"y")]),
    ("a type without data ends", b"event: a\n\ndata: y\n\n", [Event(b"y")]),
    ("a type that is not UTF-8", b"event: \xff\ndata: x\n\n", [Event(b"x", "\ufffd")]),
    ("line separators of Unicode", b"data: " + SEPARATORS + b"\n\n", [Event(SEPARATORS)]),
    ("data that is not UTF-8", b"data: \xff\xfe\n\n", [Event(b"\xff\xfe")]),
    ("NUL", b"data: a\x00b\nid: \x00\n\n", [Event(b"a\x00b")]),
    ("blank lines", b"\n\n\r\n\r\rdata: a\n\n\n\n", [Event(b"a")]),
    ("llama.cpp's error line", b'error: {"a":1}\n\ndata: b\n\n', [Event(b'{"a":1}', "error"), Event(b"b")]),
    ("error line among data", b'data: a\nerror:{"a":1}\ndata: b\n\n', [Event(b'{"a":1}', "error"), Event(b"a\nb")]),
    ("error line that is cut off", b'error: {"a":', [cut_off(b'{"a":', "error")]),
    ("error line without an object", b"error: oops\nerror\ndata: a\n\n", [Event(b"a")]),
    ("last event without its blank line", b'data: {"a":1}\n', [cut_off(b'{"a":1}')]),
    ("last line without its end", b"event: x\ndata: a\ndata: b", [cut_off(b"a\nb", "x")]),
    ("cut within a field name", b"data: a\n\ndat", [Event(b"a")]),
    ("cut within a character", b"data: \xe2\x80", [cut_off(b"\xe2\x80")]),
    ("cut between CR and LF", b"data: a\r\n\r", [Event(b"a")]),
    ("cut behind an empty line of data", b"data:\n", []),
]  # fmt: skip
by_case = pytest.mark.parametrize(
    ("stream", "expected"), [pytest.param(stream, events, id=name) for name, stream, events in CASES]
)


def decode(stream: bytes, size: int) -> list[Event]:
    decoder = EventDecoder(LIMIT)
    pieces = (stream[at : at + size] for at in range(0, len(stream), size))
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()


@by_case
def test_whole(stream: bytes, expected: list[Event]) -> None:
    """Each case works in one piece."""
    assert decode(stream, max(1, len(stream))) == expected


@by_case
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_in_pieces(stream: bytes, expected: list[Event], size: int) -> None:
    """Each case works cut anywhere: inside characters, field names, the byte order mark and CR LF."""
    assert decode(stream, size) == expected


@by_case
@pytest.mark.parametrize("size", [1, 4096])
def test_what_follows_is_not_disturbed(stream: bytes, expected: list[Event], size: int) -> None:
    """A case that ends with a whole event does not change how the next one is read."""
    if any(not event.complete for event in expected) or not stream.endswith((b"\n\n", b"\r\n\r\n", b"\r\r")):
        stream += b"\n\n"
        expected = [event._replace(complete=True) for event in expected]
    assert decode(stream + b"data: next\n\n", size) == [*expected, Event(b"next")]


#: Events in the common form, among others.
MIXED = (
    b'data: {"a":1}\n\ndata: {"b":2}\n\ndata: \n\ndata: {"c":3}\n\ndata: d\ndata: e\n\n: f\n\ndata: g\n\ndata: h\n\n'
    b"event: i\ndata: j\n\ndata: k\n\ndata: l\r\n\r\ndata: m\n\ndata: n\r\rdata: o\n\ndata: p\n\ndata: [DONE]\n\n"
)


def test_pieces_of_any_size() -> None:
    """The events, and what the decoder says of an incomplete one, do not depend on where the reads end."""
    events, states = [], [(0, True)]
    decoder = EventDecoder(LIMIT)
    for at in range(len(MIXED)):
        events.append(decoder.feed(MIXED[at : at + 1]))
        states.append((decoder.buffered, decoder.is_within))
    for begin in range(0, len(MIXED), 3):
        for end in range(begin + 1, len(MIXED) + 1):
            decoder = EventDecoder(LIMIT)
            assert decoder.feed(MIXED[:begin]) == [event for found in events[:begin] for event in found]
            assert decoder.feed(MIXED[begin:end]) == [event for found in events[begin:end] for event in found]
            assert (decoder.buffered, decoder.is_within) == states[end], (begin, end)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_event_comes_at_once(end: bytes) -> None:
    """An event is delivered with the last byte of its blank line; a CR does not wait for a possible LF."""
    decoder = EventDecoder(LIMIT)
    data = b"data: a" + end + end
    last = len(data) - (1 if end != b"\r\n" else 2)
    assert decoder.feed(data[:last]) == []
    assert decoder.feed(data[last : last + 1]) == [Event(b"a")]
    assert decoder.feed(data[last + 1 :]) == []
    assert decoder.close() == []


def test_line_feed_after_the_cut_belongs_to_the_return() -> None:
    """CR LF that is cut in two is one line end, also with an empty piece in between."""
    decoder = EventDecoder(LIMIT)
    events = [
        event for piece in (b"data: a\r", b"", b"\ndata: b\r", b"\n", b"\r", b"\n") for event in decoder.feed(piece)
    ]
    assert events == [Event(b"a\nb")]


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param([b"data: " + b"x" * 2000], id="one line"),
        pytest.param([b"data: " + b"x" * 2000 + b"\n\n"], id="one whole event"),
        pytest.param([b"x" * 100] * 20, id="line in pieces"),
        pytest.param([b": " + b"x" * 100] * 20, id="comment without an end"),
        pytest.param([b"data: " + b"x" * 100 + b"\n"] * 20, id="many lines"),
        pytest.param([b"data:\n"] * 2000, id="many empty lines"),
        pytest.param([b"data: " + b"x" * 700 + b"\n", b"data: " + b"x" * 700], id="lines and a piece"),
    ],
)
def test_limit(stream: list[bytes]) -> None:
    """Buffered data stays under the limit, whatever it consists of."""
    decoder = EventDecoder(1000)
    with pytest.raises(EventTooLargeError, match="over 1000 bytes"):
        list(map(decoder.feed, stream))


@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("size", [1, 7, 999, 10_000])
def test_limit_to_the_byte(size: int, lines: int) -> None:
    """Data of exactly the limit is an event, one byte more is not, in one line or several, however it is cut."""
    for data_size in (1000, 1001):
        data = b"\n".join([b"x" * 10] * (lines - 1) + [b"x" * (data_size - 11 * (lines - 1))])
        assert len(data) == data_size
        stream = b"".join(b"data: " + line + b"\n" for line in data.split(b"\n")) + b"\n"
        decoder = EventDecoder(1000)
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        if data_size == 1000:
            assert [event for piece in pieces for event in decoder.feed(piece)] == [Event(data)]
        else:
            with pytest.raises(EventTooLargeError):
                list(map(decoder.feed, pieces))


def test_limit_is_per_event() -> None:
    """A long stream of events under the limit is not over it."""
    decoder = EventDecoder(1000)
    event = b": c\ndata: " + b"x" * 450 + b"\ndata: " + b"x" * 450 + b"\n\n"
    events = list(
        itertools.chain.from_iterable(
            decoder.feed(event[at : at + 100]) for _ in range(50) for at in range(0, len(event), 100)
        )
    )
    assert len(events) == 50


@pytest.mark.parametrize("pieces", [256, 16384], ids=["256 B", "16 kB"])
def test_large_event_costs_no_repeated_copying(pieces: int) -> None:
    """An image of 10 MB is joined once. Copying it for each piece would take a minute in the first case."""
    data = b"x" * 10_000_000
    stream = b"data: " + data + b"\r\n\r\n"
    decoder = EventDecoder(1 << 24)
    begin = time.perf_counter()
    events = [event for at in range(0, len(stream), pieces) for event in decoder.feed(stream[at : at + pieces])]
    assert time.perf_counter() - begin < 5
    assert events == [Event(data)]
