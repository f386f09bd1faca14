"""Coalescing: chunks that have arrived together become one message, where nobody who adds up deltas can tell.

It never waits for more, and never merges across a finish_reason, a role, another choice or another tool call. Text,
reasoning, refusal, tool arguments and log probabilities are put together in order. Chunks that say anything else
besides (usage, images, a member that is not in these tables) go out as they came.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from bridge.errors import BridgeError
from bridge.upstream.chunk import Chunk
from bridge.upstream.repeats import TEXTS

#: Members of a chunk that are the same in all chunks of a run, or padding, of which the last is kept.
_COMMON: Final = frozenset({"id", "object", "created", "model", "system_fingerprint", "service_tier", "provider"})
_PADDING: Final = "obfuscation"
#: Characters of a text from where on nothing is added to it: adding copies it.
_MAX_TEXT: Final = 1 << 16
Choice = dict[str, Any]


class Coalescer:
    """Merges the chunks of one stream."""

    def __init__(self) -> None:
        self._last: Chunk | None = None  # that a text repeats, if texts of it may be put together

    def merge(self, chunks: Iterable[Chunk | str]) -> Iterator[Chunk | str]:
        """The chunks of one read, with those that can be merged merged."""
        run: Chunk | None = None
        try:
            for chunk in chunks:
                if isinstance(chunk, str):
                    if self._last is not None:
                        run = _extended(run, self._last, chunk)
                        continue
                    choice = None
                else:
                    choice = _simple(chunk.value)
                    self._last = chunk if choice is not None and "role" not in choice["delta"] else None
                    choice = _short(choice)
                    if run is not None and choice is not None and _merge(run.value, chunk.value, choice):
                        continue
                if run is not None:
                    yield run
                    run = None
                if isinstance(chunk, str) or choice is None:
                    yield chunk
                else:
                    run = chunk
        except BridgeError:  # what came before it is handed out first
            if run is not None:
                yield run
            raise
        if run is not None:
            yield run


def _extended(run: Chunk | None, last: Chunk, text: str) -> Chunk:
    """A run, which ends with `last`, with one more of its kind, that has this text."""
    if run is not None:
        run.value["choices"][0]["delta"][last.repeats] += text
        return run
    choice = last.value["choices"][0]
    choice = {**choice, "delta": {**choice["delta"], last.repeats: text}}
    return Chunk({**last.value, "choices": [choice]}, last.repeats)


def _short(choice: Choice | None) -> Choice | None:
    """A choice to which others may be added; None for one with a long text, which would be copied for each."""
    if choice is None or any(len(text) > _MAX_TEXT for text in choice["delta"].values() if type(text) is str):
        return None
    return choice


def _simple(value: dict[str, Any]) -> Choice | None:
    """The one choice of a chunk that may be merged with others; None for a chunk that says more than a delta."""
    choices = value.get("choices")
    if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict:
        return None
    for key, item in value.items():
        if item is not None and key not in _COMMON and key not in {"choices", _PADDING}:
            return None
    choice: Choice = choices[0]
    for key, item in choice.items():
        if item is not None and key not in {"index", "delta", "logprobs"}:
            return None  # also a finish_reason
    return choice if _is_simple_delta(choice.get("delta")) and _is_simple_logprobs(choice.get("logprobs")) else None


def _is_simple_delta(delta: Any) -> bool:
    if type(delta) is not dict:
        return False
    for key, item in delta.items():
        if key in TEXTS or key == "role":
            if type(item) is not str:
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
        and not logprobs.keys() - {"content", "refusal"}
        and all(item is None or type(item) is list for item in logprobs.values())
    )


def _merge(run: dict[str, Any], value: dict[str, Any], choice: Choice) -> bool:
    """Append a simple chunk to a run if it continues it: the same members, and no role, id or name of its own."""
    if any(run.get(key) != value.get(key) for key in _COMMON):
        return False
    into: Choice = run["choices"][0]
    old, new = into["delta"], choice["delta"]
    if into.get("index") != choice.get("index") or "role" in new or old.keys() - {"role"} != new.keys():
        return False
    if "tool_calls" in new and not _continues(old["tool_calls"][0], new["tool_calls"][0]):
        return False
    if not _merge_logprobs(into, choice.get("logprobs")):
        return False
    for key, item in new.items():
        if key == "tool_calls":
            old[key][0]["function"]["arguments"] += item[0]["function"]["arguments"]
        else:
            old[key] += item
    if _PADDING in value:
        run[_PADDING] = value[_PADDING]
    return True


def _continues(old: dict[str, Any], new: dict[str, Any]) -> bool:
    named = new.get("id") or new.get("type") or new["function"].get("name")
    return old["index"] == new["index"] and not named


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
