"""Sets the index of each fragment of a tool call: 0, 1, 2 … per choice, in the order in which the calls start.

OpenAI's servers send such indexes. Others send none, start at 1, leave gaps, use the index 0 for every call, count the
fragments of a call, repeat the id in every fragment, change it (Poolside), or send no id. `ToolCalls` decides which
call a fragment continues, so that callers need only the index.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from bridge.jsontext import MalformedJSONError, loads_strict

#: Maximum number of characters of a call's arguments that are kept, to see whether they are complete.
_MAX_ARGUMENTS: Final = 1 << 16
#: Maximum number of tool calls in a stream, because each is remembered, and of fragments in a chunk: each takes 5 µs.
MAX_TOOL_CALLS: Final = 2048
#: Maximum number of calls with the same id that are compared with a fragment. Earlier ones are found by their index.
_MAX_ALIKE: Final = 64
#: An index or an id from the upstream; None if there is none.
Key = int | str | None


class _Fragment(NamedTuple):
    """One fragment. `chunk` is the number of its chunk, counting those with tool calls."""

    at: Key  # the upstream's index
    id: Key
    name: str
    arguments: str
    chunk: int


@dataclass(slots=True, eq=False)
class _Call:
    """One call: its number in the bridge, the upstream's latest index and id, and its arguments so far."""

    number: int
    index: Key = None
    id: Key = None
    name: str = ""
    chunk: int = 0
    pieces: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, fragment: _Fragment) -> None:
        """Add a fragment."""
        if fragment.at is not None:
            self.index = fragment.at
        if fragment.id is not None:
            self.id = fragment.id
        self.name = self.name or fragment.name
        self.chunk = fragment.chunk
        in_doubt = (self.id is None or self.index is None) and self.size <= _MAX_ARGUMENTS
        if in_doubt and not fragment.arguments.isspace() and fragment.arguments:  # white space cannot complete them
            self.pieces.append(fragment.arguments)
            self.size += len(fragment.arguments)

    def ends_before(self, fragment: _Fragment) -> bool:
        """Whether a fragment starts another call, if neither id nor index decides. Its name may only be repeated.

        A name starts another call if it is in the same chunk, if it differs, or if the arguments so far are complete.
        """
        if not fragment.name or not self.name:
            return False
        if fragment.name != self.name or fragment.chunk == self.chunk:
            return True
        if not self.pieces or not self.pieces[-1].rstrip().endswith("}"):
            return False
        try:
            return isinstance(loads_strict("".join(self.pieces)), dict)
        except MalformedJSONError:
            return False


@dataclass(slots=True)
class _Choice:
    """The calls of one choice: in order, by id, and the latest for each index of the upstream."""

    calls: list[_Call] = field(default_factory=list)
    by_id: dict[Key, list[_Call]] = field(default_factory=dict)
    by_index: dict[Key, _Call] = field(default_factory=dict)

    def ordinary(self, fragment: dict[str, Any]) -> _Call | None:
        """The call of an ordinary fragment, which has only arguments and a known index; None for any other."""
        index, function = fragment.get("index"), fragment.get("function")
        if type(index) is not int or type(function) is not dict or fragment.get("id") or function.get("name"):
            return None
        call = self.by_index.get(index)
        return call if call is not None and call.id is not None else None

    def call_of(self, fragment: _Fragment) -> _Call:
        """The call that a fragment continues or starts, with the fragment added."""
        call = self._continued(fragment)
        if call is None and self._is_counted(fragment):
            call, fragment = self.calls[-1], fragment._replace(at=None)
        if call is None:
            call = _Call(len(self.calls))
            self.calls.append(call)
        if fragment.id is not None and fragment.id != call.id:
            self.by_id.setdefault(fragment.id, []).append(call)
        if fragment.at is not None:
            self.by_index[fragment.at] = call
        call.add(fragment)
        return call

    def _continued(self, fragment: _Fragment) -> _Call | None:
        """The call that a fragment continues; None if it starts one."""
        at, name = fragment.at, fragment.name
        known = self.by_id.get(fragment.id, []) if fragment.id is not None else []
        if known:
            call = self._with_id(known, at)
            # With a new index and a name, the server uses one id for all calls. Without a name, it counts fragments.
            return call or (None if name and at not in self.by_index else known[-1])
        call = self._by_place(at)
        if call is None:
            return None
        if fragment.id is not None and call.id is not None:  # a call starts with its name, not with arguments
            return call if at is not None and call.name and not name and fragment.arguments else None
        if fragment.id is not None:
            return None if call.ends_before(fragment) else call
        if call.id is not None and at is not None:
            return call if not call.name or name in {"", call.name} else None
        return None if call.ends_before(fragment) else call

    def _is_counted(self, fragment: _Fragment) -> bool:
        """Whether a fragment that no call has is the rest of the latest: the server counts fragments, not calls."""
        is_rest = fragment.arguments and not fragment.name and fragment.id is None
        return bool(is_rest and self.calls and self.calls[-1].name)

    def _with_id(self, known: list[_Call], index: Key) -> _Call | None:
        """The latest of the calls with an id that has this index, or may have it."""
        for call in known[-1 : -_MAX_ALIKE - 1 : -1]:
            if index is None or call.index is None or call.index == index:
                return call
        latest = self.by_index.get(index)
        return latest if latest is not None and latest.id == known[-1].id else None

    def _by_place(self, index: Key) -> _Call | None:
        """The call with this index; without an index, the latest call."""
        if index is None:
            return self.calls[-1] if self.calls else None
        call = self.by_index.get(index)
        if call is not None or not self.calls:
            return call
        counted = self.calls[index] if type(index) is int and 0 <= index < len(self.calls) else self.calls[-1]
        return counted if counted.index is None else None


class ToolCalls:
    """The tool calls of one stream."""

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}
        self._chunk = 0
        #: Number of calls in all choices.
        self.count = 0

    def number(self, chunk: dict[str, Any]) -> bool:
        """Set the index of each fragment in a chunk's JSON object. Returns whether all fragments are ordinary.

        Then later fragments that differ only in their arguments continue the same calls.
        """
        ordinary = True
        size = 0
        choices = chunk.get("choices")
        for position, choice in enumerate(choices if type(choices) is list else ()):
            delta = choice.get("delta") if type(choice) is dict else None
            fragments = delta.get("tool_calls") if type(delta) is dict else None
            if type(fragments) is list and fragments:
                size += len(fragments)
                if size > MAX_TOOL_CALLS:
                    self.count += size  # too many
                    return False
                self._chunk += 1
                index = choice.get("index")
                calls = self._choices.setdefault(index if type(index) is int else position, _Choice())
                for fragment in fragments:
                    if type(fragment) is dict:
                        before = len(calls.calls)
                        call = calls.ordinary(fragment)
                        if call is None:
                            ordinary = False
                            call = calls.call_of(self._read(fragment))
                        fragment["index"] = call.number
                        self.count += len(calls.calls) - before
        return ordinary

    def _read(self, fragment: dict[str, Any]) -> _Fragment:
        index, identity = _key(fragment.get("index")), _key(fragment.get("id"))
        for kind, text in (("function", "arguments"), ("custom", "input")):
            said = fragment.get(kind)
            if type(said) is dict:
                name, arguments = said.get("name"), said.get(text)
                name, arguments = (value if type(value) is str else "" for value in (name, arguments))
                return _Fragment(index, identity, name, arguments, self._chunk)
        return _Fragment(index, identity, "", "", self._chunk)


def _key(value: Any) -> Key:
    """An index or an id; None for an empty one."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) in {int, str} and value != "" else None
