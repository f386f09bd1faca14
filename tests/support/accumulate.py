"""Accumulates the chunks of a stream, to compare a stream that was merged with the original."""

from typing import Any, Final

_APART: Final = {"choices", "obfuscation"}


def accumulate(chunks: list[dict[str, Any]]) -> list[Any]:
    """The result of accumulating deltas: everything of each choice in order.

    Texts count character by character, lists item by item, and a role that is repeated counts once.
    """
    seen: list[Any] = []
    roles: dict[Any, Any] = {}
    for chunk in chunks:
        seen += [("chunk", key, chunk[key]) for key in sorted(chunk) if key not in _APART and chunk[key] is not None]
        for choice in chunk.get("choices", ()):
            index = choice.get("index")
            for name, tokens in (choice.get("logprobs") or {}).items():
                seen += [("logprob", index, name, token) for token in tokens or []]
            for key, item in choice.get("delta", {}).items():
                if key == "tool_calls":
                    for call in item:
                        rest = {k: v for k, v in call.items() if k != "function"} | {
                            k: v for k, v in call.get("function", {}).items() if k != "arguments"
                        }
                        seen.append(("call", index, rest.pop("index", None), {k: v for k, v in rest.items() if v}))
                        arguments = call.get("function", {}).get("arguments")
                        seen += [("arguments", index, call.get("index"), letter) for letter in arguments or ""]
                elif key != "role":
                    parts = item if isinstance(item, str | list) else [item]
                    seen += [("delta", index, key, part) for part in parts]
                elif roles.get(index) != item:
                    roles[index] = item
                    seen.append(("delta", index, key, item))
            seen += [
                ("choice", index, k, v) for k, v in choice.items() if k not in {"index", "delta", "logprobs"} and v
            ]
    return [part for part in unrepeated(seen) if part[0] != "call" or part[3]]


def unrepeated(seen: list[Any]) -> list[Any]:
    """Each kind of part separately, because a text and its log probabilities in one delta have no order."""
    kinds: dict[Any, list[Any]] = {}
    for part in seen:
        if part[0] == "chunk":
            kinds.setdefault(part[:2], [])
            if kinds[part[:2]][-1:] != [part]:
                kinds[part[:2]].append(part)
        else:
            kinds.setdefault(part[:3] if part[0] != "call" else part[:2], []).append(part)
    return [part for kind in sorted(kinds, key=str) for part in kinds[kind]]
