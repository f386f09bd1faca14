"""Coalescing: chunks that arrive together, or within a window of time, become one message.

A caller that accumulates the deltas gets the same result.

It never merges across a finish_reason, a new role, another choice or another tool call. Text, reasoning, refusals and
tool arguments are concatenated in order, and so are the lists of reasoning details and of log probabilities. Of usage,
timings and padding, the merged chunk has the latest. What a content filter found is merged if it is the same, in parts
of the text that adjoin or overlap. A chunk with anything else in it (images, members that are not in these tables) is
not merged.
"""

from collections.abc import Sequence
from typing import Any, Final

from bridge.services.merge import USAGE, begins_call, merge, roles_in, simple
from bridge.services.runs import ActiveTemplate, ChunkRun, UnparsedChunks, has_same_lists
from bridge.upstream.chunk import Chunk
from bridge.upstream.repeats import MAX_BYTES
from bridge.upstream.sse import Event

#: A text of more characters, or a run of more bytes, is not extended, so that it fits into one message.
_MAX_RUN: Final = 1 << 16
#: Number of events that are compared with the held run's template at once: at first, after a run ended, and at most.
_FIRST_AT_ONCE, _MIN_AT_ONCE, _MAX_AT_ONCE = 8, 2, 32
#: Number of choices whose role is remembered.
_MAX_ROLES: Final = 256


class Coalescer:
    """Merges the chunks of one stream. It holds one run, which the next chunk may continue.

    With `eager`, a chunk that starts a role or a tool call is not held.
    """

    def __init__(self, *, eager: bool = False) -> None:
        self._eager = eager
        self._run: ChunkRun | None = None
        self._size = 0  # of the parsed chunks in the run, in bytes
        self._active: ActiveTemplate | None = None  # the latest chunk's template
        self._at_once = _FIRST_AT_ONCE  # events; 0 until `add_unparsed` extends a run again
        self._roles: dict[int | None, str] = {}  # the latest role of each choice
        self._has_new_role = False  # in the latest parsed chunk, a choice has another role than before

    def hear(self, chunk: Chunk) -> bool:
        """Note the roles in a parsed chunk, before it is added. Returns whether one is new: OpenRouter repeats it."""
        self._has_new_role = False
        for index, role in roles_in(chunk.value):
            self._has_new_role = self._has_new_role or self._roles.get(index) != role
            if index in self._roles or len(self._roles) < _MAX_ROLES:
                self._roles[index] = role
        return self._has_new_role

    @property
    def holds(self) -> bool:
        """Whether a run is held."""
        return self._run is not None

    @property
    def is_urgent(self) -> bool:
        """Whether the held run has usage, which does not wait for the next read."""
        run = self._run
        if isinstance(run, UnparsedChunks):
            if run.active.has_usage:
                return True
            run = run.chunk
        return run is not None and run.value.get(USAGE) is not None

    @property
    def unparsed(self) -> UnparsedChunks | None:
        """The held run, if its latest chunk was not parsed."""
        return self._run if isinstance(self._run, UnparsedChunks) else None

    def add(self, chunk: Chunk, active: ActiveTemplate | None = None) -> list[ChunkRun]:
        """Add a parsed chunk, and the template that was made from it. Returns the runs to write now, in order."""
        self._active = active
        choice = simple(chunk.value)
        is_new = self._has_new_role or (choice is not None and begins_call(choice))
        if choice is not None and any(len(text) > _MAX_RUN for text in choice["delta"].values() if type(text) is str):
            choice = None
        if isinstance(self._run, UnparsedChunks):
            self._size += self._run.size
            self._run = self._run.appended() or self._run
        run = self._run
        fits = self._size <= _MAX_RUN
        if isinstance(run, Chunk) and choice is not None and fits and merge(run.value, chunk.value, choice):
            self._size += chunk.size
            return []
        ready = self.take()
        if choice is None or (self._eager and is_new):
            return [*ready, chunk]
        self._run, self._size = chunk, chunk.size
        return ready

    def add_unparsed(self, active: ActiveTemplate, found: Any, size: int) -> list[ChunkRun]:
        """As `add`, for a chunk that was not parsed: its template, its values, and its size in bytes.

        Raises:
            TypeError, ValueError: as `UnparsedChunks.append`. Nothing has changed.
        """
        run = self._run
        if isinstance(run, UnparsedChunks):
            if run.active is active and run.size <= _MAX_RUN and run.preceded((found,)):
                run.append(found, size)
                self._at_once = max(self._at_once, _MIN_AT_ONCE)
                return []
            run = None
        following = UnparsedChunks(active, run if run is not None and self._is_continued(run, active) else None)
        if not following.preceded((found,)):
            following = UnparsedChunks(active)
        following.append(found, size)
        ready = self.take() if following.chunk is None else []
        self._run = following
        return ready

    def _is_continued(self, run: Chunk, active: ActiveTemplate) -> bool:
        """Whether the chunks of a template may be appended to the held chunk, from which it was made."""
        is_heavy = run.is_large and bool(active.lists)  # it is converted in a thread, and alone
        return active is self._active and not is_heavy and self._size <= _MAX_RUN and has_same_lists(run, active)

    def absorb(self, events: Sequence[Event], start: int) -> int:
        """As `add_unparsed` for the events from `start` on, while they continue the held run. Returns how many did."""
        run = self._run
        if not isinstance(run, UnparsedChunks):
            return 0
        at = start
        while self._at_once and at < len(events) and run.size <= _MAX_RUN:
            several = events[at : at + self._at_once]
            chunks, size = [], run.size
            for data, kind, _ in several:
                if kind or len(data) > MAX_BYTES or size > _MAX_RUN:
                    break
                chunks.append(data)
                size += len(data)
            added = run.extend(chunks)
            at += added
            if added < len(several):  # more comparisons would cost more than `add_unparsed`
                self._at_once = added
                break
            self._at_once = min(2 * self._at_once, _MAX_AT_ONCE)
        return at - start

    def take(self) -> list[ChunkRun]:
        """Stop holding the run, and return it, if there is one."""
        run, self._run = self._run, None
        if isinstance(run, UnparsedChunks) and not run.active.lists:
            run = run.appended() or run
        return [] if run is None else [run]
