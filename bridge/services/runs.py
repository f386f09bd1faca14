"""Runs of chunks that repeat a template, and that become one message without being parsed.

Texts are concatenated, and so are lists. For that, the part of the message that has lists is written for each chunk:
several encodings of a message in a row are the encoding of one message with the items of all of them. Of other values
only the latest counts, or the extremes, so they are set only once, when the run is complete.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Message
from bridge.codec.setters import MisfitError, Setter
from bridge.jsontext import dumps, loads, text_of
from bridge.services.gaps import Gaps, is_listed, within
from bridge.services.merge import LISTS, USAGE, Choice, simple
from bridge.upstream.chunk import Chunk
from bridge.upstream.template import Template


class ActiveTemplate(NamedTuple):
    """A template in use: its message, the setter of matched values, and how its chunks are merged.

    `lists` are those of the choice that are concatenated, by part and name, each with the JSON text that it had.
    `value` is a JSON object of the template, if it has usage or timings, of which merged chunks have the latest. It may
    be changed, because no chunk shares it. If it has usage, `usage` has the container, the key and the gap of each
    value in the usage that changes.
    """

    template: Template
    message: Message
    set_values: Setter
    gaps: Gaps
    lists: dict[tuple[str, str], bytes]
    value: dict[str, Any] | None
    usage: Sequence[tuple[Any, Any, int]] | None

    @property
    def has_usage(self) -> bool:
        """Whether the chunks have usage."""
        return self.usage is not None

    def with_usage(self, found: Any) -> dict[str, Any]:
        """`value`, with the usage in a chunk's matched values."""
        values = self.template.values(found)
        for inside, key, at in self.usage or ():
            inside[key] = values[at]
        return self.value or {}


class UnparsedChunks:
    """Chunks of one template that were not parsed: the values in each, and the total size in bytes.

    They may continue a parsed `chunk`, from which the template was made.
    """

    __slots__ = ("_parts", "active", "chunk", "found", "size")

    def __init__(self, active: ActiveTemplate, chunk: Chunk | None = None) -> None:
        self.active = active
        self.chunk = chunk
        self.found: list[Any] = []
        self.size = 0
        #: The parts with lists: the name, the part of the template's message, and its encoding for each chunk.
        self._parts: list[tuple[str, Any, list[bytes]]] = [
            (name, getattr(active.message.choices[0], name), []) for name in {part for part, _ in active.lists}
        ]

    def preceded(self, rows: Sequence[Any]) -> int:
        """How many chunks of the template with these values, from the first one on, continue these chunks."""
        gaps, template = self.active.gaps, self.active.template
        if not gaps.are_compared:
            return len(rows)
        last = self.found[-1] if self.found else None if self.chunk is None else _values(self.chunk, self.active)
        known = [] if last is None else [template.values(last)]
        return gaps.continued([*known, *map(template.values, rows)]) - len(known)

    def append(self, found: Any, size: int) -> None:
        """Add the next chunk, which continues these chunks: its values, and its size in bytes.

        Raises:
            TypeError, ValueError: a value does not fit its field. The chunk was not added.
        """
        if not self.active.gaps.are_positions((found,)):
            raise MisfitError
        if self._parts:
            self.active.set_values(found)
            for _, part, written in self._parts:
                written.append(part.SerializeToString())
        self.found.append(found)
        self.size += size

    def extend(self, chunks: Sequence[bytes]) -> int:
        """Add the first of these chunks, as far as they match the template and continue. Returns how many they are."""
        rows = self.active.template.match_all(chunks)
        rows = rows[: self.preceded(rows)]
        if not self._parts and self.active.gaps.are_positions(rows):
            self.found += rows
            self.size += sum(map(len, chunks[: len(rows)]))
            return len(rows)
        for at, found in enumerate(rows):
            try:
                self.append(found, len(chunks[at]))
            except (TypeError, ValueError):  # it has to be parsed
                return at
        return len(rows)

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
                container, key = place
                container[key] = value

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


def usage_in(value: Any, template: Template) -> Sequence[tuple[Any, Any, int]] | None:
    """`ActiveTemplate.usage` for this `value`."""
    if value is None or type(value.get(USAGE)) is not dict:
        return None
    return [(within(value, path), path[-1], at) for at, path in enumerate(template.paths) if path[0] == USAGE]


def lists_of(value: dict[str, Any]) -> dict[tuple[str, str], bytes]:
    """`ActiveTemplate.lists` for a chunk: these lists are concatenated even if they are the same in each chunk."""
    choice = simple(value) or {}
    return {(part, name): dumps(items) for part, name in LISTS if (items := (choice.get(part) or {}).get(name))}


def has_same_lists(run: Chunk, active: ActiveTemplate) -> bool:
    """Whether a parsed run, whose last chunk made the template, has items in the template's lists and in no others.

    The codec puts an empty list into `extra_json`, which must not be merged into a message with items in that list.
    """
    choice = run.value["choices"][0]
    return all(bool((choice.get(part) or {}).get(name)) == ((part, name) in active.lists) for part, name in LISTS)


def _places(run: Chunk, active: ActiveTemplate) -> list[tuple[Any, Any] | None]:
    """The container and the key of each gap's value in a parsed run whose last chunk made the template.

    None for a value in a list that grows.
    """
    return [
        None if is_listed(names) else (within(run.value, path), path[-1])
        for path, names in zip(active.template.paths, active.template.names, strict=True)
    ]


def _values(run: Chunk, active: ActiveTemplate) -> Any:
    """The values that a parsed run has at a template's gaps, as `Template.match` returns them."""
    values = [None if place is None else place[0][place[1]] for place in _places(run, active)]
    return values[0] if active.template.is_text else values


def _extend(choice: Choice, active: ActiveTemplate, values: Sequence[Any]) -> None:
    """Append the items of another chunk, which has these values, to the lists of a choice."""
    for (part, name), text in active.lists.items():
        items = loads(text)
        for path, value in zip(active.template.paths, values, strict=True):
            if path[2:4] == (part, name):
                within(items, path[4:])[path[-1]] = value
        choice[part][name] += items
