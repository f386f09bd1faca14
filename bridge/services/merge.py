"""Which parsed chunks can be merged, and what two of them become."""

from collections.abc import Collection, Iterator, Mapping
from types import NoneType
from typing import Any, Final

from bridge.jsontext import text_of
from bridge.upstream.repeats import OFFSETS, TEXTS

#: A choice of a chunk.
Choice = dict[str, Any]
#: Members that must be equal in merged chunks.
_COMMON: Final = frozenset({"id", "object", "created", "model", "system_fingerprint", "service_tier", "provider"})
#: Members whose latest value counts, if it is not null, and the types that can be merged: what the call has used so
#: far, its speed (llama.cpp), and random padding (OpenAI; Mistral).
USAGE: Final = "usage"
LATEST: Final[Mapping[str, type]] = {USAGE: dict, "timings": dict, "obfuscation": str, "p": str}
#: What Azure's content filter found, which must be equal in merged chunks, and the part of the text that it is about.
#: Merged chunks have the whole part. Positions over 31 bits would go to `extra_json`.
FILTERED: Final = "content_filter_results"
EXAMINED: Final = "content_filter_offsets"
CHECKED, START, END = "check_offset", "start_offset", "end_offset"
_MAX_OFFSET: Final = 1 << 31
#: Members of a choice that may be merged.
_MERGED: Final = frozenset({"index", "delta", "logprobs", FILTERED, EXAMINED})
#: Lists that are concatenated: of a delta, and of a choice's `logprobs`.
DETAILS: Final = "reasoning_details"
LOGPROBS: Final = ("content", "refusal")
#: Lists that are concatenated, whatever is in their items: the part of a choice and the list in it.
LISTS: Final = (*(("logprobs", name) for name in LOGPROBS), ("delta", DETAILS))


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
        if item is not None and key not in _COMMON and key != "choices" and type(item) is not LATEST.get(key):
            return None
    choice: Choice = choices[0]
    for key, item in choice.items():
        if item is not None and key not in _MERGED:
            return None  # also a finish_reason
        if item is not None and key == "index" and type(item) is not int:
            return None  # it might be a list, which no dictionary has as a key
    is_simple = (
        _is_simple_delta(choice.get("delta"))
        and _is_simple_logprobs(choice.get("logprobs"))
        and _are_simple_offsets(choice.get(EXAMINED))
    )
    return choice if is_simple else None


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


def _are_simple_offsets(offsets: Any) -> bool:
    return offsets is None or (
        type(offsets) is dict and offsets.keys() == set(OFFSETS) and are_positions(offsets.values())
    )


def are_positions(items: Collection[Any]) -> bool:
    """Whether these are positions in a text that `content_filter_offsets` can hold."""
    return {*map(type, items)} <= {int} and min(items, default=0) >= 0 and max(items, default=0) < _MAX_OFFSET


def _are_objects(items: Any) -> bool:
    """Whether this is a list of objects. The codec moves any other list to `extra_json`, which cannot be merged."""
    return type(items) is list and all(type(item) is dict for item in items)


def merge(run: dict[str, Any], value: dict[str, Any], choice: Choice) -> bool:
    """Append a simple chunk to a run, if it has the same members and starts no tool call. Whether it did."""
    into: Choice = run["choices"][0]
    if any(run.get(key) != value.get(key) for key in _COMMON) or not _continues(into, choice):
        return False
    old = into["delta"]
    for key, item in choice["delta"].items():
        if key == "tool_calls":
            old[key][0]["function"]["arguments"] += item[0]["function"]["arguments"]
        elif key != "role":
            old[key] += item
    for key, item in (choice.get("logprobs") or {}).items():
        if item is not None:
            into["logprobs"][key] += item
    if choice.get(EXAMINED) is not None:
        before, now = into[EXAMINED], choice[EXAMINED]
        into[EXAMINED] = {**now, START: min(before[START], now[START]), END: max(before[END], now[END])}
    for key in LATEST:
        if value.get(key) is not None:
            run[key] = value[key]
    return True


def _continues(into: Choice, choice: Choice) -> bool:
    """Whether a choice continues that of a run."""
    old, new = into["delta"], choice["delta"]
    if into.get("index") != choice.get("index") or old.keys() - {"role"} != new.keys() - {"role"}:
        return False
    if "role" in new and new["role"] != old.get("role"):
        return False
    if "tool_calls" in new and not _is_same_call(old["tool_calls"][0], new["tool_calls"][0]):
        return False
    return _have_same_members(into.get("logprobs"), choice.get("logprobs")) and _are_found_together(into, choice)


def _is_same_call(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return bool(old["index"] == new["index"]) and not _is_named(new)


def _have_same_members(old: dict[str, Any] | None, new: dict[str, Any] | None) -> bool:
    if old is None or new is None:
        return old is new
    return {key for key, item in old.items() if item is not None} == {k for k, item in new.items() if item is not None}


def _are_found_together(old: Choice, new: Choice) -> bool:
    """Whether the content filter found the same in two choices, in parts of the text that are one part.

    The findings are compared as JSON: `true` is not 1.
    """
    before, now = old.get(FILTERED), new.get(FILTERED)
    if before is not now and text_of(before) != text_of(now):
        return False
    examined, following = old.get(EXAMINED), new.get(EXAMINED)
    if examined is None or following is None:
        return examined is following
    return is_one_part(examined[START], examined[END], following[START], following[END])


def is_one_part(start: Any, end: Any, next_start: Any, next_end: Any) -> bool:
    """Whether two parts of a text adjoin or overlap. Azure repeats a part until all of its text was sent."""
    return bool(start <= end and next_start <= next_end and next_start <= end and start <= next_end)
