"""Coalescing: chunks that arrive together, or within a window of time, become one message.

A caller that accumulates the deltas gets the same result.

It never merges across a finish_reason, a role, another choice or another tool call. Text, reasoning, refusals, tool
arguments and log probabilities are concatenated in order. A chunk with anything else in it (usage, images, members that
are not in these tables) is not merged.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse
from bridge.codec.setters import Setter
from bridge.errors import invalid
from bridge.services.merge import PADDING, begins, merge, simple
from bridge.settings import Settings
from bridge.upstream.chunk import Chunk
from bridge.upstream.repeats import MAX_BYTES, TEXTS, Names, Template
from bridge.upstream.sse import Event

#: A text of more characters, or a run of more bytes, is not extended, so that it fits into one message.
_MAX_RUN: Final = 1 << 16
#: Values that may differ between the chunks of a run. All except the padding are concatenated.
_PADDED: Final[Names] = (PADDING,)
_CONCATENATED: Final[frozenset[Names]] = frozenset(
    {*(("choices", "delta", name) for name in TEXTS), ("choices", "delta", "tool_calls", "function", "arguments")}
)
_MAX_WINDOW: Final = 10.0  # seconds


class ActiveTemplate(NamedTuple):
    """A template in use: its message, the setter of matched values, and for each gap whether texts are concatenated.

    `concatenated` is empty for chunks that are never merged. `usage_value` is the chunk's JSON object if it has usage.
    """

    template: Template
    message: CreateChatCompletionStreamResponse
    set_values: Setter
    concatenated: list[bool]
    usage_value: dict[str, Any] | None


class UnparsedChunks:
    """Chunks of one template that were not parsed: the values in each, and the total size in bytes.

    They may continue a parsed `chunk`. Then `appended` merges them into it.
    """

    __slots__ = ("active", "chunk", "found", "size")

    def __init__(self, active: ActiveTemplate, found: Any, size: int, chunk: Chunk | None = None) -> None:
        self.active = active
        self.found = [found]
        self.size = size
        self.chunk = chunk

    def joined(self) -> Any:
        """The values of the merged chunk: concatenated texts, and the last one of other values.

        `active.set_values` writes them into its message.
        """
        found = self.found
        if len(found) == 1:
            return found[0]
        concatenated = self.active.concatenated
        if self.active.template.is_text:
            return "".join(found) if concatenated[0] else found[-1]
        columns = zip(zip(*found, strict=True), concatenated, strict=True)
        return ["".join(column) if text else column[-1] for column, text in columns]

    def appended(self) -> Chunk | None:
        """The parsed chunk with these chunks appended; None if there is no parsed chunk."""
        if self.chunk is not None:
            active = self.active
            places, values = _places(self.chunk, active), active.template.values(self.joined())
            for (within, key), is_text, value in zip(places, active.concatenated, values, strict=True):
                within[key] = within[key] + value if is_text else value
        return self.chunk


#: What becomes one message: a parsed chunk, perhaps merged from several, or unparsed chunks.
ChunkRun: TypeAlias = Chunk | UnparsedChunks


def window_of(options: Any, settings: Settings) -> float | None:
    """The time in seconds that text may be held, by a call's options or the settings; None for a message per chunk.

    0 merges only what arrived together. The window is at most half of `stall_timeout`.

    Raises:
        BridgeError: INVALID_REQUEST for a window outside the bounds.
    """
    window = settings.coalesce_window
    if options.HasField("coalesce_window"):
        window = float(options.coalesce_window.seconds + options.coalesce_window.nanos / 1e9)
        if not 0 <= window <= _MAX_WINDOW:
            raise invalid("bridge_options.coalesce_window", f"must be from 0 to {_MAX_WINDOW:.0f} seconds")
    coalesce = options.coalesce if options.HasField("coalesce") else settings.coalesce or window > 0
    # When a stream stalls, the text that is held would be lost.
    return min(window, settings.stall_timeout / 2) if coalesce else None


class Coalescer:
    """Merges the chunks of one stream. It holds one run, which the next chunk may continue.

    With `eager`, a chunk that starts a role or a tool call is not held.
    """

    def __init__(self, *, eager: bool = False) -> None:
        self._eager = eager
        self._run: ChunkRun | None = None
        self._active: ActiveTemplate | None = None  # the latest chunk's template

    @property
    def holds(self) -> bool:
        """Whether a run is held."""
        return self._run is not None

    def add(self, chunk: Chunk, active: ActiveTemplate | None = None) -> list[ChunkRun]:
        """Add a parsed chunk, and the template that was made from it. Returns the runs to write now, in order."""
        self._active = active
        choice = simple(chunk.value)
        if choice is not None and any(len(text) > _MAX_RUN for text in choice["delta"].values() if type(text) is str):
            choice = None
        if isinstance(self._run, UnparsedChunks):
            self._run = self._run.appended() or self._run
        run = self._run
        if isinstance(run, Chunk) and choice is not None and merge(run.value, chunk.value, choice):
            return []
        ready = self.take()
        if choice is None or (self._eager and begins(choice)):
            return [*ready, chunk]
        self._run = chunk
        return ready

    def add_unparsed(self, active: ActiveTemplate, found: Any, size: int) -> list[ChunkRun]:
        """As `add`, for a chunk that was not parsed: its template, its values, and its size in bytes."""
        run = self._run
        if isinstance(run, UnparsedChunks):
            if run.active is active and run.size <= _MAX_RUN:
                run.found.append(found)
                run.size += size
                return []
        elif (
            run is not None
            and active is self._active
            and all(len(within[key]) <= _MAX_RUN for within, key in _places(run, active))
        ):
            self._run = UnparsedChunks(active, found, size, run)
            return []
        ready = self.take()
        self._run = UnparsedChunks(active, found, size)
        return ready

    def absorb(self, events: Sequence[Event], start: int) -> int:
        """As `add_unparsed` for the events from `start` on, while they continue the held run. Returns how many did."""
        run = self._run
        if not isinstance(run, UnparsedChunks):
            return 0
        match, found, before = run.active.template.match, run.found, len(run.found)
        for data, kind, _ in islice(events, start, None):
            if kind or run.size > _MAX_RUN or len(data) > MAX_BYTES:
                break
            values = match(data)
            if values is None:
                break
            found.append(values)
            run.size += len(data)
        return len(found) - before

    def take(self) -> list[ChunkRun]:
        """Stop holding the run, and return it, if there is one."""
        run, self._run = self._run, None
        if isinstance(run, UnparsedChunks):
            run = run.appended() or run
        return [] if run is None else [run]


def _places(run: Chunk, active: ActiveTemplate) -> list[tuple[Any, Any]]:
    """The container and the key of each gap's value in a parsed run whose last chunk made the template."""
    places = []
    for path in active.template.paths:
        within: Any = run.value
        for step in path[:-1]:
            within = within[step]
        places.append((within, path[-1]))
    return places


def concatenated_gaps(value: dict[str, Any], gaps: Iterable[Names]) -> list[bool] | None:
    """For each gap of a template, whether its texts are concatenated in a run.

    None if the chunks have to be parsed to be merged. Empty if they are never merged.
    """
    choice = simple(value)
    if choice is None or begins(choice):
        return []
    if any((choice.get("logprobs") or {}).values()):
        return None  # these lists are concatenated too, even if they are the same in each chunk
    names = list(gaps)
    return [name in _CONCATENATED for name in names] if _CONCATENATED.union({_PADDED}).issuperset(names) else None
