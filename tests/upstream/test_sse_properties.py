"""A stream gives the same events wherever it is cut and whatever its line ends."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge.upstream.sse import STRAY, Event, EventDecoder

LIMIT = 1 << 20
BOM = b"\xef\xbb\xbf"

_odd = ["\u2028é😀\x85\x0b\x0c".encode(), b"\xff\xfe", b"\x00", b"", b" ", b"{", b": x", b"[DONE]", b"a: b", BOM]
_line = st.one_of(st.sampled_from(_odd), st.binary(max_size=6).map(lambda data: re.sub(rb"[\r\n]", b"", data)))
_noise = st.sampled_from([b":", b": OPENROUTER", b"id: 7", b"retry: 10", b"id", b"foo: bar", b"Data: x", b"data x"])
_kind = st.sampled_from(["", "message", "error", "Ping", "é"])
_event = st.tuples(st.lists(_line, min_size=1, max_size=3), _kind, st.lists(_noise, max_size=2))
_ends = st.lists(st.sampled_from([b"\n", b"\r", b"\r\n"]), min_size=1, max_size=7)
_places = st.lists(st.integers(0, 300), max_size=6)
#: What may precede JSON outside of any field: white space, a byte order mark, a word that names no field.
_word = re.compile(rb"(?:\xef\xbb\xbf|[\0 \t])*(?:[A-Za-z_-]{1,16}[ \t]*:?[ \t]*)?(?=[{\[])")
_soup = st.lists(
    st.sampled_from([b"data", b":", b" ", b"\n", b"\r", b"\r\n", b"event", b"id", b"x", b"{}", BOM, b"\xef", b"\n\n"]),
    max_size=30,
).map(b"".join)


def apart(lines: list[bytes]) -> list[list[bytes]]:
    """The lines of one event, or of several without blank lines between them: `}` and then `{` is not JSON."""
    parts: list[list[bytes]] = []
    for line in lines:
        if (
            parts
            and re.fullmatch(rb"\s*[{\[].*[}\]]\s*", parts[-1][-1], re.DOTALL)
            and re.match(rb"\s*[^\s,\]}]", line)
        ) or not parts:
            parts.append([])
        parts[-1].append(line)
    return parts


def decode(pieces: list[bytes]) -> tuple[list[Event], list[Event]]:
    """The events of the stream, and those at its end."""
    decoder = EventDecoder(LIMIT)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events, decoder.close()


def check_cuts(stream: bytes, places: list[int]) -> list[Event]:
    """The events of a stream, checked to be the same however it is cut."""
    whole = decode([stream])
    marks = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    assert decode([stream[begin:end] for begin, end in pairwise(marks)]) == whole
    assert decode([stream[at : at + 1] for at in range(len(stream))]) == whole
    assert decode([b"", *(stream[at : at + 2] for at in range(0, len(stream), 2)), b""]) == whole
    return whole[0]


def write(lines: list[bytes], ends: list[bytes]) -> bytes:
    """Write the lines with all kinds of ends in turn, but no lone CR before a lone LF, which would be one end."""
    stream = bytearray()
    for number, line in enumerate(lines):
        end = ends[number % len(ends)]
        stream += line
        stream += b"\r" if not line and end == b"\n" and stream.endswith(b"\r") else end
    return bytes(stream)


@given(events=st.lists(_event, max_size=4), ends=_ends, bom=st.booleans(), places=_places)
def test_events_survive_cuts_and_line_ends(
    events: list[tuple[list[bytes], str, list[bytes]]],
    ends: list[bytes],
    bom: bool,  # noqa: FBT001, drawn by hypothesis
    places: list[int],
) -> None:
    """Events with any line ends, among comments and other fields, survive any cut."""
    lines: list[bytes] = []
    for data, kind, noise in events:
        lines += [*noise, *([b"event: " + kind.encode()] if kind else []), *(b"data: " + line for line in data), b""]
    expected = [
        Event(b"\n".join(part), kind)
        for data, kind, _ in events
        for part in apart(data)
        if part != [b""] or kind == "error"
    ]
    assert check_cuts(BOM * bom + write(lines, ends), places) == expected


@given(stream=_soup, places=_places)
def test_any_bytes_follow_the_standard(stream: bytes, places: list[int]) -> None:
    """For any bytes the events are those of the standard, and JSON outside of fields."""
    lines = re.split(rb"\r\n|\n|\r", stream.removeprefix(BOM))[:-1]
    expected: list[Event] = []
    data: list[bytes] = []
    stray: list[bytes] = []
    kind = ""

    def end(lines: list[bytes], name: str) -> None:
        expected.extend(Event(b"\n".join(part), name) for part in apart(lines) if any(part) or len(part) > 1)
        lines.clear()

    for line in lines:
        name, _, value = line.partition(b":")
        if not line:
            end(stray, kind or STRAY)
            end(data, kind)
            kind = ""
        elif name == b"data":
            data.append(value.removeprefix(b" "))
        elif name == b"event":
            kind = value.removeprefix(b" ").decode("utf-8", "replace")
        elif name not in {b"", b"id"}:
            if stray and len(apart([stray[-1], line])) > 1:
                end(stray, kind or STRAY)
            begin = _word.match(line)
            if stray:
                stray.append(line)
            elif begin:
                end(data, kind)
                stray.append(line[begin.end() :])
    assert check_cuts(stream, places) == expected
