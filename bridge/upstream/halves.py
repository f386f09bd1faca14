"""Joins surrogate pairs that a server split: half of an emoji at the end of one chunk, the other half in the next.

A half is held until the same text continues: the content, the reasoning, the arguments of a tool call or any other text
of the same choice. If the other half never arrives, the text gets U+FFFD in its place.
"""

from collections.abc import Iterator
from typing import Any, Final

from bridge.upstream.choices import index_of

#: A choice's index, then names of members and the `index` of list items, down to a text of the delta.
DeltaPath = tuple[str | int, ...]

#: Levels of a delta that are searched. Arguments are on the fourth.
_DEPTH: Final = 6
#: Maximum number of waiting halves, one for each text of each choice. Replacing one takes a search.
_MAX_KEPT: Final = 256
_REPLACEMENT: Final = "\ufffd"


class Halves:
    """The held halves of one stream."""

    def __init__(self) -> None:
        self._kept: dict[DeltaPath, str] = {}
        self.joined = False  # `join` was called for the current chunk; the caller sets it to False before each chunk
        self.busy = False  # a half is held, or this chunk has one

    def join(self, raw: Any, value: Any) -> None:
        """Complete or hold the halves in a chunk. `raw` has them, `value` is changed."""
        self.joined = self.busy = True
        choices = raw.get("choices") if type(raw) is dict else None
        for position, choice in enumerate(choices if type(choices) is list else ()):
            if type(choice) is not dict:
                continue
            into, index = value["choices"][position], index_of(choice, position)
            if type(choice.get("delta")) is dict:
                self._walk(choice["delta"], into["delta"], (index,))
            if choice.get("finish_reason"):
                self._give_up(into, index)

    def finish(self, value: dict[str, Any]) -> None:
        """Finish a chunk while `busy` is set."""
        if not self.joined:
            self.join(value, value)
        self.busy = bool(self._kept)

    def rest(self) -> list[dict[str, Any]]:
        """Choices with U+FFFD for each half that was never completed, for the end of the stream."""
        choices = []
        for index in dict.fromkeys(path[0] for path in self._kept):
            choice: dict[str, Any] = {"index": index, "delta": {}, "finish_reason": None}
            self._give_up(choice, index)
            choices.append(choice)
        self.busy = False
        return choices

    def _walk(self, node: Any, into: Any, path: DeltaPath) -> None:
        if len(path) > _DEPTH or type(node) is not type(into):  # names with halves can become equal
            return
        for position, (key, item) in enumerate(list(_members(node))):
            place = key if type(node) is dict else position
            if type(item) is str and (type(node) is list or key in into):
                into[place] = self._whole((*path, key), item)
            elif type(item) in {dict, list} and (type(node) is list or key in into):
                self._walk(item, into[place], (*path, key))

    def _whole(self, path: DeltaPath, text: str) -> str:
        whole = self._kept.pop(path, "") + text
        if "\ud800" <= whole[-1:] <= "\udbff" and len(self._kept) < _MAX_KEPT:
            self._kept[path] = whole[-1]
            whole = whole[:-1]
        return whole if whole.isascii() else whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _give_up(self, choice: dict[str, Any], index: str | int) -> None:
        """Append U+FFFD for each held half of a choice that has ended."""
        paths = [path for path in self._kept if path[0] == index]
        for path in paths:
            del self._kept[path]
            if type(choice.get("delta")) is not dict:
                choice["delta"] = {}
            _append(choice["delta"], path[1:])


def _members(node: Any) -> Iterator[tuple[str | int, Any]]:
    if type(node) is dict:
        yield from node.items()
    else:
        for position, item in enumerate(node):
            yield index_of(item, position), item


def _append(node: Any, path: DeltaPath) -> None:
    """Append U+FFFD to the text at a path. Missing parts of the path are created."""
    key, *rest = path
    if type(node) is list:
        item = next((item for position, item in enumerate(node) if index_of(item, position) == key), None)
        if not rest:
            node.append(_REPLACEMENT)
        else:
            if type(item) not in {dict, list}:
                item = [] if type(rest[0]) is int else {"index": key}
                node.append(item)
            _append(item, tuple(rest))
        return
    name = str(key)  # a position if this was a list in an earlier chunk
    if rest:
        if type(node.get(name)) not in {dict, list}:
            node[name] = [] if type(rest[0]) is int else {}
        _append(node[name], tuple(rest))
    else:
        text = node.get(name)
        node[name] = (text if type(text) is str else "") + _REPLACEMENT
