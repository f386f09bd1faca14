"""Most chunks of a stream say what the one before said, but for a few texts and numbers: the next words.

Such a chunk need not be parsed. If JSON is valid and one string in it is replaced by another, or one number by another,
it is valid still, and says the same but for that value. So a chunk that was parsed is kept as a `Template`: its text
with gaps where the values change. A chunk that fits the template has its values in the gaps.

Which values change is found by comparison with an earlier chunk of the same structure. What decides over the course of
a stream is never a gap: an index, a role, a finish_reason, the id of a tool call, what may be an error. A chunk in
which one of these is new is parsed.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise, zip_longest
from typing import Any, Final, Generic, NamedTuple, TypeVar

from bridge.jsontext import loads_plain, loads_text

#: Members of a delta that are text to append.
TEXTS: Final = ("content", "reasoning_content", "reasoning", "refusal")
U = TypeVar("U")
V = TypeVar("V")
#: Names of members and positions of list items, from the chunk down to a value.
Path = tuple[str | int, ...]
#: The names in a path. Values with the same names change together: those of each alternative of a token, for example.
Names = tuple[str, ...]

#: What is expected to change, before anything has.
_WORDS: Final[frozenset[Names]] = frozenset(
    {*(("choices", "delta", name) for name in TEXTS), ("choices", "delta", "tool_calls", "function", "arguments")}
)
#: What decides over the course of a stream: members of a chunk with all that is in them, and single values.
_DECISIVE: Final = frozenset({"error", "success", "base_resp", "x_groq"})
_DECISIVE_INSIDE: Final[frozenset[Names]] = frozenset(
    {
        *(("choices", name) for name in ("finish_reason", "index")),
        ("choices", "delta", "role"),
        *(("choices", "delta", "tool_calls", name) for name in ("index", "id", "type")),
        *(("choices", "delta", "tool_calls", kind, "name") for kind in ("function", "custom")),
    }
)
_ERROR: Final[Names] = ("choices", "error")
#: Give up after so many chunks in a row that fitted no template: their server writes something new in each.
_PATIENCE: Final = 8
#: Bytes of a chunk, values in it, structures and templates of a stream that are remembered.
_MAX_BYTES: Final = 1 << 14
_MAX_VALUES: Final = 256
_MAX_EXAMPLES: Final = 4
_MAX_TEMPLATES: Final = 4
#: Arrays and objects inside each other: `jsontext` writes those that are nested more deeply in parts.
_MAX_LEVELS: Final = 100
#: Structures that the process remembers.
_MAX_SEEN: Final = 256

#: Groups of `_TOKEN`, of which three are kinds of values.
_TEXT, _NAME, _INTEGERS, _NUMBER, _BRACKET = range(1, 6)
#: The text of one value of each kind, and of nothing else. Of integers that may be over 64 bits there is none.
_VALUES: Final = {
    _TEXT: rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")',
    _INTEGERS: (  # short lists, which are nearly all, by a pattern that takes a tenth of the time
        rb"(\[(?:[-0-9, \t\r\n]{0,18}+\]|[- \t\r\n]*+(?:[0-9]{1,18}+[-, \t\r\n]++)*+(?:[0-9]{1,18}+)?+\]))"
    ),
    _NUMBER: rb"(-?[0-9]{1,18}+(?:\.[0-9]++)?+(?:[eE][-+]?+[0-9]++)?+)",
}
#: One token of a text that is known to be JSON; commas are passed over. A name has its colon.
_TOKEN: Final = re.compile(
    rb"""[ \t\r\n,]*+(?:
    ("(?:[^"\\\x00-\x1f]++|\\.)*+")([ \t\r\n]*+:)?  # 1, 2
    |(\[[-+0-9.eE, \t\r\n]*+\])                     # 3
    |(-?[0-9][-+0-9.eE]*+)                          # 4
    |(?:true|false|null)
    |([{}\[\]])                                     # 5
    )[ \t\r\n]*+""",
    re.VERBOSE,
)


class _Token(NamedTuple):
    """A value in a chunk's text: where it stands, and what it is."""

    begin: int
    end: int
    kind: int
    path: Path
    names: Names


class Template:
    """The text of a chunk with gaps. `paths` are the places of the gaps' values, `names` the names in them.

    `structure` is the same for chunks that differ in values only. `is_text` says that there is one gap, for a text.
    """

    __slots__ = ("_begin", "_between", "_end", "_head", "_inside", "_tail", "is_text", "names", "paths", "structure")

    def __init__(self, structure: bytes, data: bytes, gaps: list[_Token]) -> None:
        self.structure = structure
        self.paths = [token.path for token in gaps]
        self.names = [token.names for token in gaps]
        self._head, self._tail = data[: gaps[0].begin], data[gaps[-1].end :]
        self._begin, self._end = len(self._head), len(self._tail)
        self.is_text = len(gaps) == 1 and gaps[0].kind == _TEXT
        self._between = tuple([data[gap.end : later.begin] for gap, later in pairwise(gaps)])
        self._inside = _pattern(tuple([gap.kind for gap in gaps]), tuple(map(len, self._between)))

    def match(self, data: bytes) -> Any:
        """The values in the gaps of a chunk, or the text in the only one; None for a chunk that does not fit."""
        if not data.startswith(self._head) or not data.endswith(self._tail):
            return None
        if self.is_text:  # most templates of most streams
            return loads_text(data[self._begin : -self._end])
        found = self._inside(data, self._begin, len(data) - self._end)
        if found is None:
            return None
        if self._between:
            texts = found.groups()
            return loads_plain(b"[%b]" % b",".join(texts[::2])) if texts[1::2] == self._between else None
        return loads_plain(b"[%b]" % found[1])

    def values(self, found: Any) -> list[Any]:
        """The values in what `match` has found."""
        return [found] if self.is_text else found


@lru_cache(maxsize=512)
def _pattern(kinds: tuple[int, ...], sizes: tuple[int, ...]) -> Callable[[bytes, int, int], re.Match[bytes] | None]:
    """Matches values of these kinds with so many bytes between one and the next.

    What these bytes are is compared afterwards: a pattern that says it takes ten times as long to compile.
    """
    between = [b"(.{%d})" % size for size in sizes]
    parts = [part for pair in zip_longest(map(_VALUES.__getitem__, kinds), between, fillvalue=b"") for part in pair]
    return re.compile(b"".join(parts), re.DOTALL).fullmatch


class Repeats(Generic[U]):
    """Recognises the chunks of one stream that repeat an earlier one. Each template has a use, which `match` gives."""

    def __init__(self) -> None:
        self._uses: list[tuple[Template, U]] = []  # the latest first
        self._examples: dict[bytes, list[bytes]] = {}  # the latest values, by structure
        self._begun = False
        self._missed = 0

    def match(self, data: bytes) -> tuple[U, Any] | None:
        """The use of the template that a chunk fits, and what it has found; None for a chunk to be parsed."""
        if len(data) <= _MAX_BYTES:
            for template, use in self._uses:
                found = template.match(data)
                if found is not None:
                    self._missed = 0
                    return use, found
        return None

    def forget(self) -> None:
        """The next chunk repeats none."""
        self._uses.clear()

    def learn(self, data: bytes, value: dict[str, Any]) -> Template | None:
        """The template that a chunk's text makes, of which `value` was parsed; None if it makes none.

        The first chunk of a stream makes none. It has the role, and is seldom repeated.
        """
        if not self._begun or self._missed >= _PATIENCE:
            self._begun = True
            return None
        self._missed += 1
        if len(data) > _MAX_BYTES or not _goes_on(value):
            return None
        tokens = _tokens(data)
        if not 0 < len(tokens) <= _MAX_VALUES:
            return None
        structure = _structure(data, tokens)
        changing = _changing(structure)
        values = [data[token.begin : token.end] for token in tokens]
        for token, before, now in zip(tokens, self._examples.get(structure, values), values, strict=True):
            if before != now:
                changing.add(token.names)
        _put(self._examples, structure, values, _MAX_EXAMPLES)
        gaps = [token for token in tokens if token.names in changing]
        return Template(structure, data, gaps) if gaps else None

    def refuse(self) -> None:
        """The template that was learned is of no use. After a second one nothing more is learned."""
        self._missed += _PATIENCE // 2

    def add(self, template: Template, use: U) -> None:
        """Take a template into use, in place of an earlier one of the same structure."""
        others = [other for other in self._uses if other[0].structure != template.structure]
        self._uses = [(template, use), *others[: _MAX_TEMPLATES - 1]]


#: What changes between chunks of a structure, as this process has seen it: the next stream need not find out again.
_seen: Final[dict[bytes, set[Names]]] = {}


def _changing(structure: bytes) -> set[Names]:
    """The values that change between chunks of a structure; more may be added."""
    names = _seen.get(structure)
    if names is None:
        names = set(_WORDS)
    _put(_seen, structure, names, _MAX_SEEN)
    return names


def _put(items: dict[bytes, V], key: bytes, item: V, limit: int) -> None:
    """Put an item in the place of the latest, and drop the oldest of too many."""
    items.pop(key, None)
    items[key] = item
    if len(items) > limit:
        del items[next(iter(items))]


def _goes_on(value: dict[str, Any]) -> bool:
    """Whether a chunk is one of many: each of its choices goes on."""
    choices = value.get("choices")
    return (
        type(choices) is list
        and bool(choices)
        and all(type(choice) is dict and not choice.get("finish_reason") for choice in choices)
    )


def _structure(data: bytes, tokens: list[_Token]) -> bytes:
    """What chunks have in common that differ in their values only: all that stands around these."""
    begins = [0, *(token.end for token in tokens)]
    ends = [*(token.begin for token in tokens), len(data)]
    return b"\0".join([data[begin:end] for begin, end in zip(begins, ends, strict=True)])


def _tokens(data: bytes) -> list[_Token]:
    """The values of an object's JSON text that may become gaps.

    None if it has a member twice, is nested over `_MAX_LEVELS`, or is no plain JSON.
    """
    tokens: list[_Token] = []
    path: list[str | int] = []  # of the value at hand: the name or position in each container around it
    names: list[set[str] | None] = []  # those that each of these has so far; None for a list
    at = 0
    while at < len(data):
        match = _TOKEN.match(data, at)
        if match is None or len(path) > _MAX_LEVELS or not (path or (at == 0 and data.startswith(b"{"))):
            return []
        at, group = match.end(), match.lastindex
        if group == _NAME:
            name, known = loads_text(match[1]), names[-1]
            if name is None or known is None or name in known:
                return []
            known.add(name)
            path[-1] = name
            continue
        bracket = match[_BRACKET]
        if bracket == b"}" or bracket == b"]":  # noqa: PLR1714 # twice as fast
            path.pop()
            names.pop()
            continue
        if path and names[-1] is None:
            path[-1] += 1  # type: ignore[operator] # in a list it is a position
        if bracket:
            names.append(set() if bracket == b"{" else None)
            path.append("" if bracket == b"{" else -1)
        elif group is not None and path[0] not in _DECISIVE:
            inside = tuple([name for name in path if type(name) is str])
            if inside not in _DECISIVE_INSIDE and inside[:2] != _ERROR:
                tokens.append(_Token(*match.span(group), group, tuple(path), inside))
    return tokens
