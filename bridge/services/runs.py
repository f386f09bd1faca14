"""Runs of chunks that repeat a template, and that become one message without being parsed.

Texts are concatenated, and so are lists. For that, the part of the message that has lists is written for each chunk:
several encodings of a message in a row are the encoding of one message with the items of all of them. Of other values
the latest or the first one counts, so they are set only once, when the run is complete.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Message
from bridge.codec.setters import MisfitError, Setter
from bridge.jsontext import JSONPath, dumps, loads, text_of
from bridge.services.merge import (
    DETAILS,
    END,
    EXAMINED,
    FILTERED,
    LATEST,
    LOGPROBS,
    START,
    USAGE,
    Choice,
    begins_call,
    is_offset,
    simple,
)
from bridge.upstream.chunk import Chunk
from bridge.upstream.repeats import OFFSETS, TEXTS
from bridge.upstream.template import Names, Template

#: The value of a gap in the merged chunk, from its values in each chunk.
Join = Callable[[Sequence[Any]], Any]
_CONCATENATED: Final[Join] = "".join
_FIRST: Final[Join] = itemgetter(0)
_LATEST: Final[Join] = itemgetter(-1)
#: How values join that may differ between the chunks of a run, besides those in `LATEST` and in lists.
_JOINS: Final[dict[Names, Join]] = {
    **{("choices", "delta", name): _CONCATENATED for name in TEXTS},
    ("choices", "delta", "tool_calls", "function", "arguments"): _CONCATENATED,
    **{("choices", EXAMINED, name): _FIRST if name == START else _LATEST for name in OFFSETS},
}
_FINDINGS: Final[Names] = ("choices", FILTERED)
_POSITIONS: Final[Names] = ("choices", EXAMINED)
#: Lists that are concatenated, whatever is in their items: the part of a choice and the list in it.
_LISTS: Final = (*(("logprobs", name) for name in LOGPROBS), ("delta", DETAILS))
_LISTED: Final[frozenset[Names]] = frozenset(("choices", *path) for path in _LISTS)


class Gaps(NamedTuple):
    """How the chunks of a template are merged. All is empty for chunks that never are.

    `joins` has a function for each gap. For each pair of gaps in `links`, a chunk continues another one only if the
    value of the second gap equals the other's value of the first gap. The values of the gaps in `offsets` have to be
    positions in the text.
    """

    joins: Sequence[Join] = ()
    links: Sequence[tuple[int, int]] = ()
    offsets: Sequence[int] = ()


class ActiveTemplate(NamedTuple):
    """A template in use: its message, the setter of matched values, and how its chunks are merged.

    `lists` are those of the choice that are concatenated, by part and name, each with the JSON text that it had.
    `value` is a JSON object of the template, if it has usage or other numbers that merged chunks have the latest of. No
    chunk shares it, so that it can be changed.
    """

    template: Template
    message: Message
    set_values: Setter
    gaps: Gaps
    lists: dict[tuple[str, str], bytes]
    value: dict[str, Any] | None
    has_usage: bool

    def with_usage(self, found: Any) -> dict[str, Any]:
        """`value`, with the usage in a chunk's matched values."""
        value: Any = self.value
        for path, item in zip(self.template.paths, self.template.values(found), strict=True):
            if path[0] == USAGE:
                _within(value, path)[path[-1]] = item
        return value  # type: ignore[no-any-return]


class UnparsedChunks:
    """Chunks of one template that were not parsed: the values in each, and the total size in bytes.

    They may continue a parsed `chunk`, from which the template was made.
    """

    __slots__ = ("_checks", "_parts", "active", "chunk", "found", "size")

    def __init__(self, active: ActiveTemplate, chunk: Chunk | None = None) -> None:
        self.active = active
        self.chunk = chunk
        self.found: list[Any] = []
        self.size = 0
        #: The parts with lists: the name, the part of the template's message, and its encoding for each chunk.
        self._parts: list[tuple[str, Any, list[bytes]]] = [
            (name, getattr(active.message.choices[0], name), []) for name in {part for part, _ in active.lists}
        ]
        self._checks = bool(self._parts or active.gaps.offsets)

    def precede(self, found: Any) -> bool:
        """Whether a chunk of the template with these values continues these chunks."""
        links, template = self.active.gaps.links, self.active.template
        if not links:
            return True
        if self.found:
            last = self.found[-1]
        elif self.chunk is not None:
            last = _values(self.chunk, self.active)
        else:
            return True
        before, now = template.values(last), template.values(found)
        return all(before[first] == now[second] for first, second in links)

    def append(self, found: Any, size: int) -> None:
        """Add the next chunk, which these chunks `precede`: its values, and its size in bytes.

        Raises:
            TypeError, ValueError: a value does not fit its field. The chunk was not added.
        """
        if self._checks:
            for at in self.active.gaps.offsets:
                if not is_offset(found[at]):
                    raise MisfitError
            if self._parts:
                self.active.set_values(found)
                for _, part, written in self._parts:
                    written.append(part.SerializeToString())
        self.found.append(found)
        self.size += size

    def message(self, message_of: Callable[[Chunk], Message]) -> Message:
        """The message of the merged chunk. It may be the template's, which the next chunk changes.

        `message_of` returns the message of a parsed chunk.
        """
        message, values = self.active.message, self._joined()
        try:
            self.active.set_values(values)
        except (TypeError, ValueError):
            if self.active.value is None:
                raise
            # A number of `LATEST` does not fit its field. Only the last one counts, so the others were never set.
            chunk = Chunk(loads(text_of(self.active.value).encode()))
            self._put(chunk, values)
            return message_of(chunk)
        if self.chunk is not None:
            self._put(self.chunk, values)
            whole = message_of(self.chunk)
        elif not self._parts or len(self.found) == 1:
            return message
        else:
            whole = Message()
            whole.CopyFrom(message)
        for name, part, written in self._parts:
            target = getattr(whole.choices[0], name)
            if self.chunk is None:
                target.Clear()
            # The last encoding has the concatenated texts, and replaces those before it.
            target.MergeFromString(b"".join([*written[:-1], part.SerializeToString()]))
        return whole

    def appended(self) -> Chunk | None:
        """The parsed chunk with these chunks appended; None if there is no parsed chunk."""
        if self.chunk is not None:
            self._put(self.chunk, self._joined())
            for found in self.found if self.active.lists else ():
                _extend(self.chunk.value["choices"][0], self.active, self.active.template.values(found))
        return self.chunk

    def _put(self, chunk: Chunk, values: Any) -> None:
        """Put the values of the merged chunk into the parsed one, except those in lists."""
        places = _places(chunk, self.active)
        for place, value in zip(places, self.active.template.values(values), strict=True):
            if place is not None:
                within, key = place
                within[key] = value

    def _joined(self) -> Any:
        """The values of the merged chunk."""
        active, found = self.active, self.found
        if self.chunk is not None:
            found = [_values(self.chunk, active), *found]
        if len(found) == 1:
            return found[0]
        joins = active.gaps.joins
        if active.template.is_text:
            return joins[0](found)
        return [join(column) for join, column in zip(joins, zip(*found, strict=True), strict=True)]


#: What becomes one message: a parsed chunk, perhaps merged from several, or unparsed chunks.
ChunkRun: TypeAlias = Chunk | UnparsedChunks


def gaps_of(value: dict[str, Any], template: Template) -> Gaps | None:
    """How the chunks of a template, which was made from the chunk `value`, are merged.

    None if they have to be parsed for that.
    """
    values = [_within(value, path)[path[-1]] for path in template.paths]
    positions = [number for number, names in enumerate(template.names) if names[:2] == _POSITIONS]
    if not all(is_offset(values[number]) for number in positions):
        return None  # this chunk is an exception, and must not replace the template of the others
    choice = simple(value)
    if choice is None or begins_call(choice):
        return Gaps()
    if DETAILS in choice["delta"] and "tool_calls" in choice["delta"]:
        return None  # of these lists, only one grows
    found = [number for number, names in enumerate(template.names) if names[:2] == _FINDINGS]
    if not all(type(values[number]) is str for number in found):
        return Gaps()  # 1 and 1.0 may be equal here, and are not in the message
    joins = [_join_of(names) for names in template.names]
    links = [(number, number) for number in found]
    if choice.get(EXAMINED) is not None:
        at = {template.names[number][-1]: number for number in positions}
        if at.keys() != set(OFFSETS):
            return Gaps()
        links.append((at[END], at[START]))
    known = [join for join in joins if join is not None]
    return Gaps(known, links, positions) if len(known) == len(joins) else None


def _join_of(names: Names) -> Join | None:
    """How the values with these names join; None if it is not known."""
    is_latest = names[0] in LATEST or names[:2] == _FINDINGS or _is_listed(names)
    return _JOINS.get(names) or (_LATEST if is_latest else None)


def lists_of(value: dict[str, Any]) -> dict[tuple[str, str], bytes]:
    """`ActiveTemplate.lists` for a chunk: these lists are concatenated even if they are the same in each chunk."""
    choice = simple(value) or {}
    return {(part, name): dumps(items) for part, name in _LISTS if (items := (choice.get(part) or {}).get(name))}


def has_same_lists(run: Chunk, active: ActiveTemplate) -> bool:
    """Whether a parsed run, whose last chunk made the template, has items in the template's lists and in no others.

    The codec puts an empty list into `extra_json`, which must not be merged into a message with items in that list.
    """
    choice = run.value["choices"][0]
    return all(bool((choice.get(part) or {}).get(name)) == ((part, name) in active.lists) for part, name in _LISTS)


def _places(run: Chunk, active: ActiveTemplate) -> list[tuple[Any, Any] | None]:
    """The container and the key of each gap's value in a parsed run whose last chunk made the template.

    None for a value in a list that grows.
    """
    return [
        None if _is_listed(names) else (_within(run.value, path), path[-1])
        for path, names in zip(active.template.paths, active.template.names, strict=True)
    ]


def _values(run: Chunk, active: ActiveTemplate) -> Any:
    """The values that a parsed run has at a template's gaps, as `Template.match` returns them."""
    values = [None if place is None else place[0][place[1]] for place in _places(run, active)]
    return values[0] if active.template.is_text else values


def _within(value: Any, path: JSONPath) -> Any:
    """The container of the value at a path."""
    for step in path[:-1]:
        value = value[step]
    return value


def _is_listed(names: Names) -> bool:
    return names[:3] in _LISTED


def _extend(choice: Choice, active: ActiveTemplate, values: Sequence[Any]) -> None:
    """Append the items of another chunk, which has these values, to the lists of a choice."""
    for (part, name), text in active.lists.items():
        items = loads(text)
        for path, value in zip(active.template.paths, values, strict=True):
            if path[2:4] == (part, name):
                _within(items, path[4:])[path[-1]] = value
        choice[part][name] += items
