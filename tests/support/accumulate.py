"""Accumulates the chunks of a stream, to compare a stream that was merged with the original."""

from collections.abc import Iterator
from json import dumps
from typing import Any, Final

#: Members whose latest value counts, if it has this type.
_LATEST: Final = {"usage": dict, "timings": dict, "obfuscation": str, "p": str}
_FILTERED: Final = ("content_filter_results", "content_filter_offsets")
_APART: Final = {"index", "delta", "logprobs", *_FILTERED}


def accumulate(chunks: list[dict[str, Any]]) -> list[Any]:
    """The result of accumulating deltas: everything of each choice in order.

    Texts count character by character, lists item by item, and a role that is repeated counts once. Of usage, timings
    and padding only the latest counts. What a content filter has found counts once for parts of a text that adjoin or
    overlap. A value that has not the type of its field counts as a whole.
    """
    seen: list[Any] = []
    roles: dict[Any, Any] = {}
    latest: dict[str, Any] = {}
    examined: dict[str, _Examined] = {}
    for chunk in chunks:
        latest |= {key: item for key, item in chunk.items() if type(item) is _LATEST.get(key)}
        others = {key: item for key, item in chunk.items() if type(item) not in {_LATEST.get(key), type(None)}}
        seen += [("chunk", key, others[key]) for key in sorted(others) if key != "choices"]
        for choice in _items(chunk.get("choices")):
            if not isinstance(choice, dict):
                seen.append(("odd", "choice", choice))
                continue
            index, delta, logprobs = choice.get("index"), choice.get("delta"), choice.get("logprobs")
            for name, tokens in _members(logprobs):
                seen += [("logprob", index, name, token) for token in _items(tokens)]
            for key, item in _members(delta):
                if key == "tool_calls":
                    seen += [part for call in _items(item) for part in _call(index, call)]
                elif key != "role":
                    seen += [("delta", index, key, part) for part in _items(item)]
                elif roles.get(index) != item:
                    roles[index] = item
                    seen.append(("delta", index, key, item))
            seen += [("choice", index, k, v) for k, v in choice.items() if k not in _APART and v]
            examined.setdefault(str(index), _Examined()).add(*map(choice.get, _FILTERED))
    kinds = [part for part in _unrepeated(seen) if part[0] != "call" or part[3]]
    return [*kinds, dumps(latest, sort_keys=True), *[f"{index}: {found}" for index, found in sorted(examined.items())]]


class _Examined:
    """What a content filter has found, and in which parts of a text. Parts that adjoin or overlap are one part."""

    def __init__(self) -> None:
        self._parts: dict[str, list[list[int]]] = {}
        self._others: list[Any] = []
        self._checked: Any = None

    def add(self, found: Any, offsets: Any) -> None:
        if not _is_part(offsets):
            if self._others[-1:] != [dumps([found, offsets])]:
                self._others.append(dumps([found, offsets]))
            return
        self._checked = offsets["check_offset"]
        parts = self._parts.setdefault(dumps(found), [])
        parts.append([offsets["start_offset"], offsets["end_offset"]])
        parts.sort()
        united = [parts[0]]
        for start, end in parts[1:]:
            if start <= united[-1][1]:
                united[-1][1] = max(end, united[-1][1])
            else:
                united.append([start, end])
        parts[:] = united

    def __str__(self) -> str:
        return dumps([self._parts, self._others, self._checked], sort_keys=True)


def _is_part(offsets: Any) -> bool:
    names = {"check_offset", "start_offset", "end_offset"}
    return (
        isinstance(offsets, dict)
        and set(offsets) == names
        and all(type(at) is int for at in offsets.values())
        and offsets["start_offset"] <= offsets["end_offset"]
    )


def _items(value: Any) -> Any:
    """The characters of a text or the items of a list; any other value is one item, and null is none."""
    return value if isinstance(value, str | list) else [value] if value is not None else []


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, dict) else [("", value)] if value is not None else []


def _call(index: Any, call: Any) -> Iterator[tuple[Any, ...]]:
    if not isinstance(call, dict):
        yield "odd", "call", call
        return
    function = call.get("function")
    said = dict(function) if isinstance(function, dict) else {"function": function}
    arguments = said.pop("arguments", None)
    rest = {key: value for key, value in {**call, "function": None, **said}.items() if value and key != "index"}
    yield "call", index, call.get("index"), rest
    for letter in _items(arguments):
        yield "arguments", index, call.get("index"), letter


def _unrepeated(seen: list[Any]) -> list[Any]:
    """Each kind of part separately, because a text and its log probabilities in one delta have no order."""
    kinds: dict[Any, list[Any]] = {}
    for part in seen:
        if part[0] == "chunk":
            kinds.setdefault(part[:2], [])
            if kinds[part[:2]][-1:] != [part]:
                kinds[part[:2]].append(part)
        else:
            kinds.setdefault(str(part[:3] if part[0] != "call" else part[:2]), []).append(part)
    return [part for kind in sorted(kinds, key=str) for part in kinds[kind]]
