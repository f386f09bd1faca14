"""Which parsed chunks can be merged, and what two of them become."""

from collections.abc import Iterator
from types import NoneType
from typing import Any, Final

from bridge.upstream.repeats import TEXTS

#: A choice of a chunk.
Choice = dict[str, Any]
#: Members that must be equal in merged chunks; and the padding, of which the last one is kept.
_COMMON: Final = frozenset({"id", "object", "created", "model", "system_fingerprint", "service_tier", "provider"})
PADDING: Final = "obfuscation"
#: Lists that are concatenated: of a delta, and of a choice's `logprobs`.
DETAILS: Final = "reasoning_details"
LOGPROBS: Final = ("content", "refusal")


def begins_call(choice: Choice) -> bool:
    """Whether a simple choice starts a tool call."""
    delta = choice["delta"]
    return "tool_calls" in delta and _is_named(delta["tool_calls"][0])


def roles_in(value: dict[str, Any]) -> Iterator[tuple[int | None, str]]:
    """The index and the role of each choice of a chunk that has a role."""
    choices = value.get("choices")
    for choice in choices if type(choices) is list else ():
        delta = choice.get("delta") if type(choice) is dict else None
        role = delta.get("role") if type(delta) is dict else None
        if type(role) is str and type(index := choice.get("index")) in {int, NoneType}:
            yield index, role


def _is_named(call: dict[str, Any]) -> bool:
    return bool(call.get("id") or call.get("type") or call["function"].get("name"))


def simple(value: dict[str, Any]) -> Choice | None:
    """The only choice of a chunk that may be merged; None for a chunk with more in it than a delta."""
    choices = value.get("choices")
    if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict:
        return None
    for key, item in value.items():
        if item is not None and key not in _COMMON and key not in {"choices", PADDING}:
            return None
    choice: Choice = choices[0]
    for key, item in choice.items():
        if item is not None and key not in {"index", "delta", "logprobs"}:
            return None  # also a finish_reason
        if item is not None and key == "index" and type(item) is not int:
            return None  # it might be a list, which no dictionary has as a key
    return choice if _is_simple_delta(choice.get("delta")) and _is_simple_logprobs(choice.get("logprobs")) else None


def _is_simple_delta(delta: Any) -> bool:
    if type(delta) is not dict:
        return False
    for key, item in delta.items():
        if key in TEXTS or key == "role":
            if type(item) is not str:
                return False
        elif key == DETAILS:
            if not item or not _are_objects(item):
                return False
        elif key != "tool_calls" or type(item) is not list or len(item) != 1 or not _is_simple_call(item[0]):
            return False
    return True


def _is_simple_call(call: Any) -> bool:
    if (
        type(call) is not dict
        or type(call.get("index")) is not int
        or call.keys() - {"index", "id", "type", "function"}
    ):
        return False
    function = call.get("function")
    return (
        type(function) is dict
        and not function.keys() - {"name", "arguments"}
        and type(function.get("arguments")) is str
    )


def _is_simple_logprobs(logprobs: Any) -> bool:
    return logprobs is None or (
        type(logprobs) is dict
        and not logprobs.keys() - set(LOGPROBS)
        and all(item is None or _are_objects(item) for item in logprobs.values())
    )


def _are_objects(items: Any) -> bool:
    """Whether this is a list of objects. The codec moves any other list to `extra_json`, which cannot be merged."""
    return type(items) is list and all(type(item) is dict for item in items)


def merge(run: dict[str, Any], value: dict[str, Any], choice: Choice) -> bool:
    """Append a simple chunk to a run, if it has the same members and starts no tool call. Whether it did."""
    if any(run.get(key) != value.get(key) for key in _COMMON):
        return False
    into: Choice = run["choices"][0]
    old, new = into["delta"], choice["delta"]
    if into.get("index") != choice.get("index") or old.keys() - {"role"} != new.keys() - {"role"}:
        return False
    if "role" in new and new["role"] != old.get("role"):
        return False
    if "tool_calls" in new and not _continues(old["tool_calls"][0], new["tool_calls"][0]):
        return False
    if not _merge_logprobs(into, choice.get("logprobs")):
        return False
    for key, item in new.items():
        if key == "tool_calls":
            old[key][0]["function"]["arguments"] += item[0]["function"]["arguments"]
        elif key != "role":
            old[key] += item
    if PADDING in value:
        run[PADDING] = value[PADDING]
    return True


def _continues(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return bool(old["index"] == new["index"]) and not _is_named(new)


def _merge_logprobs(into: Choice, new: dict[str, Any] | None) -> bool:
    old = into.get("logprobs")
    if old is None or new is None:
        return old is new
    if {key for key, item in old.items() if item is not None} != {key for key, item in new.items() if item is not None}:
        return False
    for key, item in new.items():
        if item is not None:
            old[key] += item
    return True
