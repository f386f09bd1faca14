"""Recognises chunks that differ from an earlier chunk only in a few texts and numbers, so that they need not be parsed.

Most chunks of a stream repeat the chunk before, except for the next words. If one string in a JSON text is replaced by
another string, or one number by another number, the text is still valid and differs only in that value. So a chunk that
was parsed is kept as a `Template`: its text with gaps where values change. In a chunk that matches the template, the
gaps contain the new values.

Comparison with an earlier chunk of the same structure shows which values change. Values that control the stream never
become gaps: an index, a role, a finish_reason, the id of a tool call, anything that may be an error. A chunk in which
one of these changes is parsed.
"""

import re
from typing import Any, Final, Generic, TypeVar

from bridge.jsontext import loads_text
from bridge.upstream.template import Names, Template, Token

#: Members of a delta whose texts callers concatenate.
TEXTS: Final = ("content", "reasoning_content", "reasoning", "refusal")
#: Members of a choice's `content_filter_offsets` (Azure), which move on with the text.
OFFSETS: Final = ("check_offset", "start_offset", "end_offset")
U = TypeVar("U")
V = TypeVar("V")

#: Values that are expected to change before any change was seen.
_WORDS: Final[frozenset[Names]] = frozenset(
    {
        *(("choices", "delta", name) for name in TEXTS),
        ("choices", "delta", "tool_calls", "function", "arguments"),
        *(("choices", "content_filter_offsets", name) for name in OFFSETS),
    }
)
#: Values that control the stream: members of a chunk with everything in them, and single values.
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
#: Give up after this many consecutive chunks that match no template: the server writes something new in each.
_MAX_MISSES: Final = 8
#: Limits of what is remembered: bytes of a chunk, values in it, structures and templates of a stream.
MAX_BYTES: Final = 1 << 14
_MAX_VALUES: Final = 256
_MAX_EXAMPLES: Final = 4
_MAX_TEMPLATES: Final = 4
#: Maximum nesting of arrays and objects. `jsontext` writes deeper ones in parts.
_MAX_LEVELS: Final = 100
#: Maximum number of structures that the process remembers.
_MAX_SEEN: Final = 256

#: Groups of `_TOKEN` besides those for kinds of values.
_NAME, _BRACKET = 2, 5
#: One token of a text that is known to be JSON. Commas are skipped. A name includes its colon.
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


class Repeats(Generic[U]):
    """Recognises the repeated chunks of one stream. `match` returns the object that `add` got with the template."""

    def __init__(self) -> None:
        self._active: list[tuple[Template, U]] = []  # latest first
        self._examples: dict[bytes, list[bytes]] = {}  # latest values, by structure
        self._begun = False
        self._missed = 0

    def match(self, data: bytes) -> tuple[U, Any] | None:
        """The object of the template that a chunk matches, and the values; None for a chunk that has to be parsed."""
        if len(data) <= MAX_BYTES:
            for template, active in self._active:
                found = template.match(data)
                if found is not None:
                    self._missed = 0
                    return active, found
        return None

    def resembled(self, data: bytes) -> U | None:
        """The object of the template that a chunk `resembles`, if there is one."""
        for template, active in self._active:
            if template.resembles(data):
                return active
        return None

    def forget(self) -> None:
        """Forget the templates, so that the next chunk is parsed."""
        self._active.clear()

    def learn(self, data: bytes, value: dict[str, Any]) -> Template | None:
        """Make a template from a chunk's text, which was parsed as `value`; None if the chunk is not suitable.

        The first chunk of a stream is not: it has the role, and is seldom repeated.
        """
        if not self._begun or self._missed >= _MAX_MISSES:
            self._begun = True
            return None
        self._missed += 1
        if len(data) > MAX_BYTES or not _is_unfinished(value):
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
        """Note that the last template from `learn` cannot be used. After the second one, `learn` gives up."""
        self._missed += _MAX_MISSES // 2

    def add(self, template: Template, active: U) -> None:
        """Use a template for the next chunks, in place of an earlier one of the same structure."""
        others = [other for other in self._active if other[0].structure != template.structure]
        self._active = [(template, active), *others[: _MAX_TEMPLATES - 1]]


#: The values that change between chunks of a structure, for all streams of this process: only the first has to find
#: out.
_seen: Final[dict[bytes, set[Names]]] = {}


def _changing(structure: bytes) -> set[Names]:
    """The names of the values that change between chunks of a structure. The caller may add to the set."""
    names = _seen.get(structure)
    if names is None:
        names = set(_WORDS)
    _put(_seen, structure, names, _MAX_SEEN)
    return names


def _put(items: dict[bytes, V], key: bytes, item: V, limit: int) -> None:
    """Store an item as the latest, and drop the oldest one above the limit."""
    items.pop(key, None)
    items[key] = item
    if len(items) > limit:
        del items[next(iter(items))]


def _is_unfinished(value: dict[str, Any]) -> bool:
    """Whether a chunk is in the middle of a stream: none of its choices has a finish_reason."""
    choices = value.get("choices")
    return (
        type(choices) is list
        and bool(choices)
        and all(type(choice) is dict and not choice.get("finish_reason") for choice in choices)
    )


def _structure(data: bytes, tokens: list[Token]) -> bytes:
    """The text around the values, which is equal for chunks that differ only in values."""
    begins = [0, *(token.end for token in tokens)]
    ends = [*(token.begin for token in tokens), len(data)]
    return b"\0".join([data[begin:end] for begin, end in zip(begins, ends, strict=True)])


def _tokens(data: bytes) -> list[Token]:
    """The values in an object's JSON text that may become gaps.

    Empty if the object has a member twice, is nested over `_MAX_LEVELS`, or is not plain JSON.
    """
    tokens: list[Token] = []
    path: list[str | int] = []  # of the current value: the name or position in each container around it
    names: list[set[str] | None] = []  # seen so far in each of these containers; None for a list
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
                tokens.append(Token(*match.span(group), group, tuple(path), inside))
    return tokens
