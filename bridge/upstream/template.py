"""The text of a chunk with gaps for the values that change, and how other chunks are compared with it."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, pairwise, takewhile, zip_longest
from typing import Any, Final, NamedTuple

from bridge.jsontext import JSONPath, loads_plain, loads_text

#: The names in a path, without positions. Values with the same names change together, such as those in a list of log
#: probabilities.
Names = tuple[str, ...]
#: Kinds of values.
TEXT, INTEGERS, NUMBER = 1, 3, 4
#: Matches the text of one value of each kind, except integers that may exceed 64 bits.
_VALUES: Final = {
    TEXT: rb'"[^"\\\0]*+(?:\\[^\0][^"\\\0]*+)*+"',
    INTEGERS: (  # most lists are short, and match the first alternative in a tenth of the time
        rb"\[(?:[-0-9, \t\r\n]{0,18}+\]|[- \t\r\n]*+(?:[0-9]{1,18}+[-, \t\r\n]++)*+(?:[0-9]{1,18}+)?+\])"
    ),
    NUMBER: rb"-?[0-9]{1,18}+(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+",
}
#: Maximum number of gaps for several chunks to be matched at once. With more gaps that is not faster.
_MAX_GAPS: Final = 3
#: Separates the values that are matched at once. JSON does not contain it, but a broken chunk may.
_MARK: Final = b"\0"


class Token(NamedTuple):
    """A value in a chunk's text: its position, kind and path."""

    begin: int
    end: int
    kind: int
    path: JSONPath
    names: Names


class Template:
    """The text of a chunk with gaps. `paths` are the paths of the gaps' values, `names` the names in these paths.

    `structure` is equal for chunks that differ only in values. `is_text` says that the only gap is a text.
    """

    __slots__ = (
        "_begin",
        "_between",
        "_end",
        "_head",
        "_inside",
        "_quotes",
        "_rows",
        "_tail",
        "is_text",
        "names",
        "paths",
        "structure",
    )

    def __init__(self, structure: bytes, data: bytes, gaps: list[Token]) -> None:
        self.structure = structure
        self.paths = [token.path for token in gaps]
        self.names = [token.names for token in gaps]
        self._head, self._tail = data[: gaps[0].begin], data[gaps[-1].end :]
        self._begin, self._end = len(self._head), len(self._tail)
        self.is_text = len(gaps) == 1 and gaps[0].kind == TEXT
        self._between = tuple([data[gap.end : later.begin] for gap, later in pairwise(gaps)])
        kinds = tuple([gap.kind for gap in gaps])
        self._inside = _pattern(kinds, tuple(map(len, self._between)))
        self._rows = _rows(kinds)
        fixed = (self._head, *self._between, self._tail)
        self._quotes = sum(part.count(b'"') for part in fixed) + 2 * kinds.count(TEXT)

    def match(self, data: bytes) -> Any:
        """The values in the gaps of a chunk, or the text if `is_text`; None for a chunk that does not match."""
        if not data.startswith(self._head) or not data.endswith(self._tail):
            return None
        if self.is_text:  # the common case
            return loads_text(data[self._begin : -self._end])
        found = self._inside(data, self._begin, len(data) - self._end)
        if found is None:
            return None
        if self._between:
            texts = found.groups()
            return loads_plain(b"[%b]" % b",".join(texts[::2])) if texts[1::2] == self._between else None
        return loads_plain(b"[%b]" % found[1])

    def match_all(self, chunks: Sequence[bytes]) -> Sequence[Any]:
        """As `match` for each of several chunks, but cheaper: the values of the first ones, as far as they match."""
        if len(self.paths) > _MAX_GAPS:
            return list(takewhile(lambda values: values is not None, map(self.match, chunks)))
        head, tail, begin, end = self._head, self._tail, self._begin, -self._end
        parts: Sequence[bytes] = [
            chunk[begin:end]
            for chunk in takewhile(lambda chunk: chunk.startswith(head) and chunk.endswith(tail), chunks)
        ]
        if not parts:
            return ()
        columns = []
        for between in self._between:
            firsts, _, parts = zip(*[part.partition(between) for part in parts], strict=True)
            columns.append(firsts)
        rows = _MARK.join(chain.from_iterable(zip(*columns, parts, strict=True)) if columns else parts)
        has_no_other = rows.count(_MARK) == len(parts) * len(self.paths) - 1
        if has_no_other and self._rows(rows) is not None:  # each part is one value
            values = loads_plain(b"[%b]" % rows.replace(_MARK, b","))
            if values is not None:
                return values if self.is_text else list(zip(*[iter(values)] * len(self.paths), strict=True))
        return list(takewhile(lambda values: values is not None, map(self.match, chunks)))

    def resembles(self, data: bytes) -> bool:
        """Whether a chunk has the template's text around its gaps, and no other member. Values may be of other kinds.

        Cheaper than `match`, which is called only for a chunk with another number of quotation marks.
        """
        if not data.startswith(self._head) or not data.endswith(self._tail):
            return False
        if data.count(b'"') != self._quotes:  # another member may follow the last gap
            return self.match(data) is not None
        return not self._between or all(between in data for between in self._between)

    def values(self, found: Any) -> list[Any]:
        """The result of `match` as a list of values."""
        return [found] if self.is_text else found


@lru_cache(maxsize=512)
def _pattern(kinds: tuple[int, ...], sizes: tuple[int, ...]) -> Callable[[bytes, int, int], re.Match[bytes] | None]:
    """Matches values of these kinds with these numbers of bytes between them.

    The bytes themselves are compared afterwards: a pattern that contains them takes ten times as long to compile.
    """
    between = [b"(.{%d})" % size for size in sizes]
    values = [b"(%b)" % _VALUES[kind] for kind in kinds]
    parts = [part for pair in zip_longest(values, between, fillvalue=b"") for part in pair]
    return re.compile(b"".join(parts), re.DOTALL).fullmatch


@lru_cache(maxsize=512)
def _rows(kinds: tuple[int, ...]) -> Callable[[bytes], re.Match[bytes] | None]:
    """Matches values of these kinds, again and again, with a mark after each but the last."""
    row = _MARK.join([_VALUES[kind] for kind in kinds])
    return re.compile(b"%b(?:%b%b)*+" % (row, _MARK, row)).fullmatch
