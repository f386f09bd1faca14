"""With `coalesce`, the text of one read is merged although it is decoded in slices, and waits for nothing else."""

import asyncio
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Message
from bridge.call import CallContext, CallRecord
from bridge.errors import BridgeError, stopping_error
from bridge.jsontext import dumps
from bridge.services.relay import Relay
from bridge.settings import Settings, load
from bridge.upstream.clock import Clock
from bridge.upstream.exchange import Exchange, Sent
from bridge.upstream.fairness import FairQueue
from bridge.upstream.stream import ChunkStream
from tests.support.streams import SETTINGS, Written

SLICE = 1 << 14


def event(number: int) -> bytes:
    """An event of 1 KiB, so that 16 are a slice."""
    value = {"choices": [{"index": 0, "delta": {"content": f"[{number}]"}}], "obfuscation": ""}
    padding = "x" * (1024 - len(b"data: %b\n\n" % dumps(value)))
    return b"data: %b\n\n" % dumps({**value, "obfuscation": padding})


def events(count: int) -> bytes:
    return b"".join(map(event, range(count)))


END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class Body:
    """A body whose reads are known. `seen` has the text that was written before each read."""

    status = 200

    def __init__(self, reads: Iterable[bytes], written: Written, during: Callable[[], object] = bool) -> None:
        self.fields: list[Any] = [("content-type", "text/event-stream")]
        self._reads = iter(reads)
        self._written = written
        self._during = during
        self.seen: list[str] = []

    async def read(self) -> bytes:
        self.seen.append(text_of(self._written))
        self._during()
        return next(self._reads, b"")

    def is_over(self) -> bool:
        return False

    def hold(self, _: object) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""


def text_of(written: Written) -> str:
    return "".join(map(text_in, written.messages))


def text_in(message: bytes) -> str:
    return "".join(choice.delta.content for choice in Message.FromString(message).choices)


async def relay(body: Any, written: Written, settings: Settings = SETTINGS) -> None:
    call = CallContext(CallRecord("/s/m", (), "r"), "/s/m", (), math.inf)
    with Clock(math.inf, asyncio.get_running_loop()) as clock:
        exchange = Exchange(body, call, Sent(b"", False, ()), clock, settings, FairQueue(), on_close=list)
        reader = Relay(call, written, 0.0, 0.0)
        await reader.run(ChunkStream(exchange, settings, reader))


def numbers(count: int) -> str:
    return "".join(f"[{number}]" for number in range(count))


@pytest.mark.parametrize("count", [20, 48, 60])
async def test_one_read_is_one_message(count: int) -> None:
    """And one for its first chunk, which has no template yet, and one for the end."""
    written = Written()
    await relay(Body([events(count) + END], written), written)
    assert text_of(written) == numbers(count)
    assert len(written.messages) <= 3


async def test_a_message_does_not_grow_without_end() -> None:
    """64 KiB of chunks are a message."""
    written = Written()
    await relay(Body([events(256) + END], written), written)
    assert text_of(written) == numbers(256)
    assert 5 <= len(written.messages) <= 7


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(event(99)[:500], id="half an event"),
        pytest.param(b"data: {", id="the start of one"),
        pytest.param(b": ping\n\n", id="a comment"),
        pytest.param(b": ping\n\n" + event(99)[:500], id="a comment and half an event"),
        pytest.param(b"\n\n\n", id="blank lines"),
        pytest.param(b"data: \n\n", id="an empty event"),
        pytest.param(b'event: ping\ndata: {"a":1}\n\n', id="an event of another kind"),
        pytest.param(b"id: 7\n\n", id="another field"),
    ],
)
@pytest.mark.parametrize("count", [16, 17, 32, 40])
async def test_text_does_not_wait_for_the_next_read(rest: bytes, count: int) -> None:
    """Whatever follows it in its read: all of it is written before the next one."""
    written = Written()
    body = Body([events(count) + rest, END], written)
    with suppress(BridgeError):  # the end is not that of half an event
        await relay(body, written)
    assert body.seen[:2] == ["", numbers(count)]


@pytest.mark.parametrize("count", [17, 40])
async def test_a_stop_between_two_slices_loses_nothing(count: int) -> None:
    """The text that was decoded is written, and then the call ends."""
    task = asyncio.current_task()
    assert task is not None
    loop, stop, written = asyncio.get_running_loop(), stopping_error(), Written()
    body = Body([events(count) + END], written, lambda: loop.call_soon(task.cancel, stop))
    with pytest.raises(asyncio.CancelledError) as stopped:
        await relay(body, written)
    assert stopped.value.args == (stop,)
    assert text_of(written).startswith(numbers(16))


async def test_text_does_not_wait_for_the_end_of_a_comment() -> None:
    """A slice ends within a comment, whose rest looks like an event."""
    written = Written()
    text = events(15).replace(b"\n\n", b"\r\n\r\n")
    comment = b": " + b"x" * (SLICE - len(text) - 2) + b'data: {"a":1}\n\n'
    body = Body([text + comment, END], written)
    await relay(body, written)
    assert body.seen[:2] == ["", numbers(15)]


async def test_text_does_not_wait_for_many_other_events() -> None:
    """The bridge rests between portions of events that are not part of the response."""
    written = Written()
    others = b'event: ping\ndata: {"a":1}\n\n' * 400
    await relay(Body([events(4) + others + events(8)[4 * 1024 :] + END], written), written)
    assert text_of(written) == numbers(8)
    assert any(text.endswith("[3]") for text in map(text_in, written.messages))


async def test_text_does_not_wait_for_a_large_event() -> None:
    """It is decoded in many slices, and other calls run in between."""
    written = Written()
    large = event(16).replace(b"[16]", b"[16]" + b"x" * 8 * SLICE)
    relaying = asyncio.create_task(relay(Body([events(16) + large + END], written), written, load()))
    seen = []
    while not relaying.done():
        await asyncio.sleep(0)
        seen.append(text_of(written))
    await relaying
    assert text_of(written).startswith(f"{numbers(17)}xxx")
    assert seen.count(numbers(16)) > 4
