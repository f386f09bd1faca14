"""Runs of chunks that repeat a template, and that become one message without being parsed.

Texts are concatenated, and so are lists. For that, the part of the message that has lists is written for each chunk:
several encodings of a message in a row are the encoding of one message with the items of all of them.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Message
from bridge.codec.setters import Setter
from bridge.jsontext import JSONPath, dumps, loads
from bridge.services.merge import DETAILS, LOGPROBS, PADDING, Choice, begins_call, simple
from bridge.upstream.chunk import Chunk
from bridge.upstream.repeats import TEXTS, Names, Template

#: Values that may differ between the chunks of a run. Texts are concatenated; of the padding the last one is kept.
_CONCATENATED: Final[frozenset[Names]] = frozenset(
    {*(("choices", "delta", name) for name in TEXTS), ("choices", "delta", "tool_calls", "function", "arguments")}
)
_PADDED: Final[Names] = (PADDING,)
#: Lists that are concatenated, whatever is in their items: the part of a choice and the list in it.
_LISTS: Final = (*(("logprobs", name) for name in LOGPROBS), ("delta", DETAILS))
_LISTED: Final[frozenset[Names]] = frozenset(("choices", *path) for path in _LISTS)


class ActiveTemplate(NamedTuple):
    """A template in use: its message, the setter of matched values, and for each gap whether texts are concatenated.

    `concatenated` is empty for chunks that are never merged. `lists` are those of the choice that are concatenated, by
    part and name, each with the JSON text that it had. `usage_value` is the chunk's JSON object if it has usage.
    """

    template: Template
    message: Message
    set_values: Setter
    concatenated: list[bool]
    lists: dict[tuple[str, str], bytes]
    usage_value: dict[str, Any] | None


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

    def append(self, found: Any, size: int) -> None:
        """Add the next chunk: its values, and its size in bytes.

        Raises:
            TypeError, ValueError: a value does not fit its field. The chunk was not added.
        """
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
        self.active.set_values(values)
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
        """The values of the merged chunk: concatenated texts, and the last one of other values."""
        active, found = self.active, self.found
        if self.chunk is not None:
            found = [_values(self.chunk, active), *found]
        if len(found) == 1:
            return found[0]
        if active.template.is_text:
            return "".join(found) if active.concatenated[0] else found[-1]
        columns = zip(zip(*found, strict=True), active.concatenated, strict=True)
        return ["".join(column) if text else column[-1] for column, text in columns]


#: What becomes one message: a parsed chunk, perhaps merged from several, or unparsed chunks.
ChunkRun: TypeAlias = Chunk | UnparsedChunks


def concatenated_gaps(value: dict[str, Any], gaps: Iterable[Names]) -> list[bool] | None:
    """For each gap of a template, whether its texts are concatenated in a run.

    None if the chunks have to be parsed to be merged. Empty if they are never merged.
    """
    choice = simple(value)
    if choice is None or begins_call(choice):
        return []
    if DETAILS in choice["delta"] and "tool_calls" in choice["delta"]:
        return None  # of these lists, only one grows
    names = list(gaps)
    known = all(name in _CONCATENATED or name == _PADDED or _is_listed(name) for name in names)
    return [name in _CONCATENATED for name in names] if known else None


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
