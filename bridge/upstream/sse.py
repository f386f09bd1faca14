"""A decoder for `text/event-stream`, by the rules of the WHATWG standard. No I/O: bytes in, events out.

Lines end with LF, CR or CR LF and with nothing else: text may hold U+2028, U+0085 and the like, where `splitlines`
would cut. Bytes may be cut anywhere, inside a character, a field name or a CR LF pair. A line that is still incomplete
is kept as the list of its pieces, so that an event of many megabytes costs no repeated copying.

What goes beyond the standard is there because gateways do it:

- A field named `error` with a JSON object (llama.cpp until 2025) counts as an event of type `error`.
- Lines that are no field but JSON are an event of type `STRAY`: an error that was written past the framing. So are
  fields of a name that there is not, or not in this spelling, whose value is an object or an array.
- A `data` line that no JSON could have behind the one before begins an event of its own: blank lines were forgotten.
- `close` hands out an event that the end of the stream cut off before its blank line, marked as incomplete; whether
  that is still good is for the reader to say.
"""

import re
from typing import Final, NamedTuple

#: The type of an event that stood outside of any field. No stream can name it: a line has no line feed.
STRAY: Final = "\n"
#: The data of the event that ends a stream of OpenAI's kind.
DONE: Final = b"[DONE]"
_BOM: Final = b"\xef\xbb\xbf"
#: Lines of data in an event. A line may be empty, and takes memory all the same.
_MAX_LINES: Final = 100_000
#: Bytes by which a first line shows that it is one.
_MAX_START: Final = 256
#: Bytes of a line before its data: `data: `.
_FIELD: Final = 6
_BEGIN: Final = b"data: {"
_LF: Final = 0x0A
_ERROR: Final = "error"
#: What may stand before the first line.
SPACE: Final = _BOM + b" \t\r\n"
#: What stands before the JSON of a line that is no field: a mark, white space, a name that is none.
_STRAY: Final = re.compile(rb"(?:\xef\xbb\xbf|[\0 \t])*(?:[A-Za-z_-]{1,16}[ \t]*:?[ \t]*)?(?=[{\[])")
_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b"error:")
_FIRST_LINE: Final = re.compile(rb"(?:data|event|id|retry)?:|error: *\{")


class Event(NamedTuple):
    """One dispatched event: its data, lines joined with LF, its type (empty unless the stream named one)."""

    data: bytes
    type: str = ""
    complete: bool = True


class EventTooLargeError(ValueError):
    """An event, or a line of it, is over the decoder's limits. `events` were complete before it."""

    def __init__(self, limit: int, events: list[Event]) -> None:
        super().__init__(f"an event is over {limit} bytes")
        self.events = events


class EventDecoder:
    """Decodes one stream. `limit` is the largest event in bytes, unfinished lines included.

    `heard` says that the last `feed` had a comment or an empty event in it, which show that the server is alive.
    `named` says that an event had a type so far.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []  # of the line that is not yet complete
        self._pieces_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._type = ""
        self._stray: list[bytes] = []  # lines of JSON outside of any field
        self.heard = False
        self.named = False
        self._skip_lf = False  # the last byte was a CR, whose line is dispatched: a LF now belongs to it
        self._start = b""  # the first bytes, until it is clear whether they are a byte order mark
        self._started = False

    @property
    def buffered(self) -> int:
        """Bytes of the event that is not yet complete."""
        return self._data_size + self._pieces_size

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes, in order.

        Raises:
            EventTooLargeError: what is buffered grows over the limit.
        """
        self.heard = False
        if data.startswith(_BEGIN) and data.find(b"\n") == len(data) - 2 and self._is_whole(data):
            return [Event(data[_FIELD:-2])]
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
            elif line.startswith(b"data:"):  # nearly every line of nearly every stream
                self._append(line[6:] if line[5:6] == b" " else line[5:], events)
            else:
                self._field(line, events)
            is_over = self._data_size - 1 > self._limit  # no LF follows the last line
            if is_over or len(self._data) + len(self._stray) > _MAX_LINES:
                raise EventTooLargeError(self._limit, events)
        if rest:
            self._pieces.append(rest)
            self._pieces_size += len(rest)
            if self._data_size + self._pieces_size > self._limit + _FIELD:
                raise EventTooLargeError(self._limit, events)
        return events

    def _is_whole(self, data: bytes) -> bool:
        """Whether a read that begins with a field, and has its first LF before its last byte, is one event."""
        pending = self._pieces or self._data or self._type or self._stray or self._skip_lf or not self._started
        return data[-1] == _LF and len(data) <= self._limit and not pending and b"\r" not in data

    def close(self) -> list[Event]:
        """What the end of the stream left incomplete, if anything."""
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
            self._type = value.decode("utf-8", "replace")
        elif name == b"error" and value.lstrip().startswith(b"{"):
            self.named = True
            events.append(Event(value, _ERROR))
        elif name not in {b"id", b"retry"}:  # which serve reconnection, and a POST has none
            self._append_stray(line, events)

    def _append(self, value: bytes, events: list[Event]) -> None:
        if self._data and _are_two(self._data[-1], value):
            self._end_data(events)
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
                self._end_data(events)  # what stood before it comes before it
        self._stray.append(line)
        self._data_size += len(line) + 1

    def _dispatch(self, events: list[Event], *, complete: bool = True) -> None:
        data = self._data
        if complete and len(data) == 1 and data[0] and not self._type and not self._stray:  # nearly every event
            events.append(Event(data[0]))
            self._data = []
            self._data_size = 0
            return
        if self._stray:
            self._end_stray(events, complete=complete)
        if data or self._type:
            self._end_data(events, complete=complete)
            self._type = ""

    def _end_data(self, events: list[Event], *, complete: bool = True) -> None:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        if data or self._type.lower() == _ERROR:
            self.named = self.named or bool(self._type)
            events.append(Event(data, self._type, complete))
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
    """Whether two lines cannot belong to one JSON text: an object or array ends, and what follows does not go on."""
    ends = first.lstrip().startswith((b"{", b"[")) and first.rstrip().endswith((b"}", b"]"))
    return ends and second.lstrip()[:1] not in {b"", b",", b"}", b"]"}


def begins_stream(start: bytes) -> bool | None:
    """Whether a body that begins so, without `SPACE` before it, is an event stream; None if more has to come first."""
    if _FIRST_LINE.match(start):
        return True
    if len(start) <= _MAX_START and any(field.startswith(start.rstrip(b" ")) for field in _FIELDS):
        return None
    return False
