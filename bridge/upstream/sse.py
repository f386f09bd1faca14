"""A decoder for `text/event-stream`, as the WHATWG standard defines it. No I/O: bytes in, events out.

Lines end with LF, CR or CR LF only: text may contain U+2028, U+0085 and other characters at which `splitlines` would
split. A read may end anywhere, even inside a character, a field name or a CR LF pair. An incomplete line is kept as a
list of pieces, so that an event of many megabytes is not copied again and again.

Gateways break the standard in these ways, which the decoder accepts:

- A field named `error` with a JSON object (llama.cpp until 2025) counts as an event of type `error`.
- Lines of JSON that are not a field are an event of type `STRAY`: usually an error that was written outside the
  framing. So are fields with an unknown or misspelt name whose value is an object or an array.
- A `data` line that cannot continue the JSON of the previous one starts a new event: the server left out the blank
  line.
- An event's name after data that ends a JSON text belongs to the data that follows it, if any does: again the blank
  line is missing. Data on the same line as the name is read.
- `close` returns an event whose blank line is missing at the end of the stream, marked as incomplete. The reader
  decides whether to use it.
"""

import re
from typing import Final, NamedTuple

#: The type of an event outside of any field. No stream can use this name, because a line has no line feed.
STRAY: Final = "\n"
#: The data of the event that ends a stream in OpenAI's format.
DONE: Final = b"[DONE]"
_BOM: Final = b"\xef\xbb\xbf"
#: Maximum number of data lines in an event. An empty line takes memory too.
_MAX_LINES: Final = 100_000
#: Bytes of an event's name. Those of servers have up to 50.
_MAX_NAME: Final = 1024
_BEGIN: Final = b"data: "
_END: Final = b"\n\n"
_ERROR: Final = "error"
#: Bytes that may precede the first line.
SPACE: Final = _BOM + b" \t\r\n"
#: What precedes the JSON in a line that is not a field: a byte order mark, white space, an unknown field name.
_STRAY: Final = re.compile(rb"(?:\xef\xbb\xbf|[\0 \t])*(?:[A-Za-z_-]{1,16}[ \t]*:?[ \t]*)?(?=[{\[])")
#: Data on the line of an event's name: the line feed between them is missing.
_JOINED: Final = re.compile(rb"data:[ \t]*[{\[]")
#: First bytes of comments and of the fields that count. Other lines count only if there may be JSON in them.
_FIRST: Final = frozenset(b":de")

#: The pieces of a longer line are joined as they arrive.
_MAX_IN_PIECES: Final = 1 << 18


class Event(NamedTuple):
    """One event: its data, with lines joined by LF, and its type, empty unless the stream names one."""

    data: bytes
    type: str = ""
    complete: bool = True


class MendedEvent(Event):
    """An event whose data was changed, so that it takes less time to parse. `original` is what the server sent."""

    original: bytes = b""


class EventTooLargeError(ValueError):
    """An event or a line exceeds the decoder's limits. `events` are those that were complete before it."""

    def __init__(self, limit: int, events: list[Event]) -> None:
        super().__init__(f"an event is over {limit} bytes")
        self.events = events


class EventDecoder:
    """Decodes one stream. `limit` is the maximum size of an event in bytes, including incomplete lines.

    `is_within` is False only if the bytes so far end between two events. `buffered` is the number of bytes of an
    incomplete event.
    `heard` is True if the last `feed` contained a comment or an empty event, which show that the server is alive.
    `named` is True once an event had a type.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes | bytearray] = []  # of the incomplete line
        self._pieces_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._type = ""
        self._earlier: str | None = None  # the type before that, if it was named after data: either may be the data's
        self._stray: list[bytes] = []  # lines of JSON outside of any field
        self.heard = False
        self.named = False
        self._skip_lf = False  # the last byte was a CR, which ended a line; an LF that follows belongs to it
        self._start = b""  # the first bytes, until it is clear whether they are a byte order mark
        self._started = False
        self.is_within = True
        self.buffered = 0
        self._is_in_line = False  # the only incomplete thing, if any, is the line in `_pieces`

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes, in order.

        Raises:
            EventTooLargeError: the buffered bytes exceed the limit.
        """
        self.heard = False
        if not self._started and not self._start and data.startswith(_BEGIN):
            self._started, self.is_within = True, False  # there is no byte order mark
            self._is_in_line = True
        texts = texts_of(data) if not self.is_within and len(data) <= self._limit else None
        if texts is None and self._is_in_line:
            texts = self._completed(data)
        if texts is not None:
            return list(map(Event, texts))
        events = self._decoded(data)
        self._is_in_line = self._started and not (self._data or self._type or self._stray or self._skip_lf)
        self.is_within = bool(self._pieces) or not self._is_in_line
        self.buffered = self._data_size + self._pieces_size
        return events

    def _completed(self, data: bytes) -> list[bytes] | None:
        """As `texts_of`, for bytes that may begin and end within a line; None also if they complete no event."""
        end = data.rfind(_END) + len(_END)
        rest = data[end:]
        is_over = max(self._pieces_size + end, len(rest)) > self._limit
        if end < len(_END) or is_over or b"\n" in rest or b"\r" in rest:
            return None
        texts = texts_of(b"".join([*self._pieces, data[:end]]))
        if texts is not None:
            self._pieces = [rest] if rest else []
            self._pieces_size = self.buffered = len(rest)
            self.is_within = bool(rest)
        return texts

    def _decoded(self, data: bytes) -> list[Event]:
        lines, rest = self._split(data)
        events: list[Event] = []
        if lines and self._pieces:
            lines[0] = b"".join([*self._pieces, lines[0]])
            self._pieces.clear()
            self._pieces_size = 0
        for line in lines:
            if not line:
                if self._data or self._type or self._stray:
                    self._dispatch(events)
            elif line.startswith(b"data:"):  # the common case
                self._append(line[6:] if line[5:6] == b" " else line[5:], events)
            elif line[0] in _FIRST or self._stray or _STRAY.match(line):
                self._field(line, events)
            is_over = self._data_size - 1 > self._limit  # no LF follows the last line
            if is_over or len(self._data) + len(self._stray) > _MAX_LINES:
                raise EventTooLargeError(self._limit, events)
        if rest:
            self._keep(rest)
            if self._data_size + self._pieces_size > self._limit + len(_BEGIN):
                raise EventTooLargeError(self._limit, events)
        return events

    def _keep(self, piece: bytes) -> None:
        """Keep a piece of a line. Thousands of pieces of a long line would leave holes in the memory of the process."""
        if self._pieces_size <= _MAX_IN_PIECES:
            self._pieces.append(piece)
        elif isinstance(self._pieces[0], bytearray):
            self._pieces[0] += piece
        else:
            self._pieces = [bytearray().join([*self._pieces, piece])]
        self._pieces_size += len(piece)

    def close(self) -> list[Event]:
        """The event that the end of the stream left incomplete, if any."""
        events: list[Event] = []
        if not self._started:
            self._started = True
            events += self.feed(self._start)
        if self._pieces:
            events += [event._replace(complete=False) for event in self.feed(b"\n")]
        self._dispatch(events, complete=False)
        return events

    def _split(self, data: bytes) -> tuple[list[bytes], bytes]:
        """The lines that end in `data`, and what follows the last of them."""
        if not self._started:
            data = self._skip_bom(data)
        if self._skip_lf and data:
            self._skip_lf = False
            if data[0] == 0x0A:
                data = data[1:]
        if b"\r" in data:
            self._skip_lf = data[-1] == 0x0D
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = data.split(b"\n")
        return lines, rest

    def _skip_bom(self, data: bytes) -> bytes:
        self._start += data
        if len(self._start) < len(_BOM) and _BOM.startswith(self._start):
            return b""
        self._started = True
        return self._start.removeprefix(_BOM)

    def _field(self, line: bytes, events: list[Event]) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not name:
            self.heard = True  # a comment
        elif name == b"data":
            self._append(value, events)
        elif name == b"event":
            self._name(value, events)
        elif name == b"error" and value.lstrip().startswith(b"{"):
            self.named = True
            events.append(Event(value, _ERROR))
        elif name not in {b"id", b"retry"}:  # these are for reconnecting, which a POST does not do
            self._append_stray(line, events)

    def _name(self, value: bytes, events: list[Event]) -> None:
        data = b""
        if _JOINED.search(value):
            value, _, data = value.partition(b"data:")
            value = value.strip()
        if len(value) > _MAX_NAME:
            raise EventTooLargeError(self._limit, events)
        if self._data and self._earlier is None:
            self._earlier = self._type
        self._type = value.decode("utf-8", "replace")
        if data:
            self._append(data, events)

    def _append(self, value: bytes, events: list[Event]) -> None:
        if self._data and _are_two(self._data[-1], value):
            self._end_data(events, self._earlier)
        self._data.append(value)
        self._data_size += len(value) + 1

    def _append_stray(self, line: bytes, events: list[Event]) -> None:
        if self._stray and _are_two(self._stray[-1], line):
            self._end_stray(events)
        if not self._stray:
            begin = _STRAY.match(line)
            if begin is None:
                return
            line = line[begin.end() :]
            if self._data:
                self._end_data(events)  # the data before it is an earlier event
        self._stray.append(line)
        self._data_size += len(line) + 1

    def _dispatch(self, events: list[Event], *, complete: bool = True) -> None:
        data = self._data
        if complete and len(data) == 1 and data[0] and not self._type and not self._stray:  # the common case
            events.append(Event(data[0]))
            self._data = []
            self._data_size = 0
            return
        if self._stray:
            self._end_stray(events, complete=complete)
        if data or self._type:
            self._end_data(events, complete=complete)
            self._type = ""

    def _end_data(self, events: list[Event], earlier: str | None = None, *, complete: bool = True) -> None:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        kind = self._type if earlier is None else earlier
        self._earlier = None
        if data or kind.lower() == _ERROR:
            self.named = self.named or bool(kind)
            events.append(Event(data, kind, complete))
        else:
            self.heard = True  # an empty event is a keep-alive
        self._data = []
        self._data_size = 0

    def _end_stray(self, events: list[Event], *, complete: bool = True) -> None:
        if self._stray:
            self.named = True
            events.append(Event(b"\n".join(self._stray), self._type or STRAY, complete))
            self._stray = []
            self._data_size = sum(map(len, self._data)) + len(self._data)


def _are_two(first: bytes, second: bytes) -> bool:
    """Whether two lines cannot be one JSON text: the first ends an object or array, the second does not continue it."""
    ends = first.lstrip().startswith((b"{", b"[")) and first.rstrip().endswith((b"}", b"]"))
    return ends and second.lstrip()[:1] not in {b"", b",", b"}", b"]"}


def bare(data: bytes) -> bytes:
    """The JSON in data that has a word before it, or a field after it whose line feed is missing."""
    begin = _STRAY.match(data)
    return data[begin.end() if begin else 0 :].partition(b"}data:")[0] + (b"}" if b"}data:" in data else b"")


def texts_of(data: bytes) -> list[bytes] | None:
    """The data of the events in bytes that are whole events of one line each; None for any other bytes."""
    end = len(data) - len(_END)
    if not data.startswith(_BEGIN) or not data.endswith(_END) or b"\r" in data:
        return None
    if data.find(b"\n") == end:  # the common case
        return [data[len(_BEGIN) : end]] if end > len(_BEGIN) else None
    texts = data[len(_BEGIN) : end].split(_END + _BEGIN)
    return texts if all(texts) and data.count(b"\n") == len(_END) * len(texts) else None
