"""The path of a streamed completion, from the upstream's events to the written messages.

    event ─► template? ─ yes ─► its values, set in the template's message ─────────────┐
               └ no ─► parsed ─► message; the stream learns a template from the chunk ─┴─► coalesced if enabled, written

Everything that depends on the order of these steps is in this module. A message is reused for the next chunk of its
template once it was written, because grpcio serializes a message before `write` first suspends. So the next chunk is
taken from the upstream's iterator only when the previous one was written.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from aibridge.v1 import chat_pb2
from bridge.call import CallContext, ResponseStream
from bridge.codec.setters import Setters, together
from bridge.errors import BridgeError
from bridge.jsontext import loads, text_of
from bridge.offload import offload_if
from bridge.services.coalesce import Coalescer
from bridge.services.entry import chunk_message
from bridge.services.gaps import Gaps, gaps_of
from bridge.services.heartbeat import Heartbeats
from bridge.services.merge import LATEST
from bridge.services.runs import ActiveTemplate, ChunkRun, UnparsedChunks, lists_of, usage_in
from bridge.services.window import Read, Window
from bridge.upstream.chunk import Chunk
from bridge.upstream.repeats import Repeats
from bridge.upstream.responses import note_usage
from bridge.upstream.sse import Event
from bridge.upstream.stream import ChunkStream

Message: TypeAlias = chat_pb2.CreateChatCompletionStreamResponse
_HEARTBEAT: Final = Message()

#: A parsed chunk, the message of a chunk that was not parsed, or the runs to write now because one was coalesced.
Item: TypeAlias = Chunk | Message | list[ChunkRun]


class Relay:
    """Relays one stream to its caller.

    `window` is the time in seconds that text may be held to be merged with later text: 0 merges only what arrived
    together, None writes a message for each chunk. `interval` is the time in seconds between heartbeats, 0 for none.
    """

    def __init__(self, call: CallContext, response: ResponseStream, window: float | None, interval: float) -> None:
        self._call = call
        self._response = response
        self._interval = interval
        self._repeats: Repeats[ActiveTemplate] = Repeats()
        self._has_window = bool(window)
        self._coalescer = coalescer = Coalescer(eager=self._has_window) if window is not None else None
        self._window: Window[Item] = Window(
            window or 0.0, call.deadline, lambda: coalescer is not None and coalescer.holds
        )

    # Called by the upstream's stream for each event.

    @property
    def absorb(self) -> Callable[[Sequence[Event], int], int] | None:
        """As in `Recogniser`. An attribute would be a reference cycle."""
        return partial(self._absorbed, self._coalescer) if self._coalescer is not None else None

    def recognise(self, data: bytes) -> Message | list[ChunkRun] | None:
        """The message of a repeated chunk, or the runs to write now if it is coalesced; None if it has to be parsed."""
        found = self._repeats.match(data)
        if found is None:
            return None
        active, values = found
        item: Message | list[ChunkRun] = active.message
        try:
            if self._coalescer is not None and active.gaps.joins:
                item = self._coalescer.add_unparsed(active, values, len(data))
            else:
                active.set_values(values)
        except (TypeError, ValueError):  # a value does not fit its field
            return None
        if active.usage is not None:
            note_usage(self._call.record, active.with_usage(values))
        return item

    def _absorbed(self, coalescer: Coalescer, events: Sequence[Event], start: int) -> int:
        count = coalescer.absorb(events, start)
        if count and (run := coalescer.unparsed) is not None and run.active.has_usage:
            note_usage(self._call.record, run.active.with_usage(run.found[-1]))
        return count

    def may_wait(self, data: bytes) -> bool:
        """Whether a repeated chunk is text without usage, which may be held, and the window is open."""
        if not self._window.is_open:
            return False
        active = self._repeats.resembled(data)
        return active is not None and bool(active.gaps.joins) and not active.has_usage

    def forget(self) -> None:
        """Parse the next chunk, whatever it repeats."""
        self._repeats.forget()

    # From chunks to messages.

    async def run(self, chunks: ChunkStream[Any]) -> None:
        """Relay all of a stream.

        Raises:
            BridgeError: as `ChunkStream.read`, after everything before the failure was written; as
            `ResponseStream.write`.
        """
        if self._has_window:
            self._window.watch(chunks.hand_out)
            chunks.hold()
        async with Heartbeats(chunks.read, self._interval, self._beat) as read:
            if self._coalescer is not None:
                await self._run_coalesced(chunks, read, self._coalescer)
                return
            item: Any = None
            while (batch := await read()) is not None:
                for item in batch:
                    if isinstance(item, Chunk) and (turn := chunks.take_turn(item.cost)) is not None:
                        await turn
                    await self._response.write(await self._message(item) if isinstance(item, Chunk) else item)
                item = None  # a large chunk takes megabytes, and the next read may wait for long

    async def _beat(self) -> None:
        with self._window.suspended():
            await self._response.heartbeat(_HEARTBEAT)

    async def _run_coalesced(self, chunks: ChunkStream[Any], read: Read[Item], coalescer: Coalescer) -> None:
        item: Any = None
        runs: Sequence[ChunkRun | Message] = ()
        try:
            while (batch := await self._window.read(read)) is not None:
                for item in batch:
                    if isinstance(item, Chunk) and (turn := chunks.take_turn(item.cost)) is not None:
                        await self._write(coalescer.take())  # the window may close meanwhile, or the bridge may stop
                        await turn
                    if isinstance(item, list):
                        runs = item
                    else:
                        runs = self._added(coalescer, item) if isinstance(item, Chunk) else [*coalescer.take(), item]
                    if runs:
                        await self._write(runs)
                item, runs = None, ()  # as in `run`
                if not chunks.has_more:  # what is left has arrived together with these
                    await self._end_read(chunks, coalescer)
            await self._write(coalescer.take())  # text after the last finish_reason, in a stream without `[DONE]`
        except (BridgeError, asyncio.CancelledError) as end:
            if end is self._window.stop or isinstance(end, BridgeError):  # write what came before it first
                await self._write(coalescer.take())
            raise
        finally:
            self._window.end()

    async def _end_read(self, chunks: ChunkStream[Any], coalescer: Coalescer) -> None:
        """Write what is held, unless it may wait for the next read."""
        if coalescer.is_urgent:
            await self._write(coalescer.take())
        if not chunks.done and self._window.awaits_more():
            return
        if coalescer.holds and (chunks.done or self._window.is_due()):
            await self._write(coalescer.take())
        self._window.written()

    def _added(self, coalescer: Coalescer, chunk: Chunk) -> list[ChunkRun]:
        """The runs to write because of a parsed chunk. Templates are those of the latest role."""
        if coalescer.hear(chunk):
            self._repeats.forget()
            return coalescer.add(chunk)
        return coalescer.add(chunk, self._learn(chunk, None))

    async def _write(self, runs: Sequence[ChunkRun | Message]) -> None:
        for run in runs:
            self._window.open()
            await self._response.write(await self._message(run))

    async def _message(self, item: ChunkRun | Message) -> Any:
        if isinstance(item, Chunk):
            message = await offload_if(item.is_large, chunk_message, item, self._call)
            if self._coalescer is None:
                self._learn(item, message)
            return message
        return item.message(partial(chunk_message, call=self._call)) if isinstance(item, UnparsedChunks) else item

    def _learn(self, chunk: Chunk, message: Message | None) -> ActiveTemplate | None:
        """Learn a template from a chunk and its `message`. If that is None, the template gets a message of its own."""
        template = self._repeats.learn(chunk.data, chunk.value) if chunk.data else None
        if template is None:
            return None
        gaps = Gaps() if self._coalescer is None else gaps_of(chunk.value, template)
        if gaps is None:
            self._repeats.refuse()
            return None
        message = message or chunk_message(chunk, self._call)
        setters = Setters(message, chunk.value, inline=self._call.inline_data)
        found = [setter for path in template.paths if (setter := setters.setter(path)) is not None]
        if len(found) < len(template.paths):
            self._repeats.refuse()
            return None
        has_numbers = any(type(chunk.value.get(key)) is dict for key in LATEST)  # there may be some
        value = loads(text_of(chunk.value).encode()) if has_numbers else None  # with the index that a tool call got
        active = ActiveTemplate(
            template,
            message,
            found[0] if template.is_text else together(found),
            gaps,
            lists_of(chunk.value) if gaps.joins else {},
            value,
            usage_in(value, template),
        )
        self._repeats.add(template, active)
        return active
