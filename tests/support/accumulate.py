"""Accumulates the chunks of a stream, to compare a stream that was merged with the original."""

from collections.abc import Iterator
from typing import Any, Final

_APART: Final = {"choices", "obfuscation"}


def accumulate(chunks: list[dict[str, Any]]) -> list[Any]:
    """The result of accumulating deltas: everything of each choice in order.

    Texts count character by character, lists item by item, and a role that is repeated counts once. A value that has
    not the type of its field counts as a whole.
    """
    seen: list[Any] = []
    roles: dict[Any, Any] = {}
    for chunk in chunks:
        seen += [("chunk", key, chunk[key]) for key in sorted(chunk) if key not in _APART and chunk[key] is not None]
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
            seen += [
                ("choice", index, k, v) for k, v in choice.items() if k not in {"index", "delta", "logprobs"} and v
            ]
    return [part for part in _unrepeated(seen) if part[0] != "call" or part[3]]


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
