"""A chunk that has to be parsed is converted in its turn, and is not kept while the next one is read."""

import asyncio
import gc
from typing import Any

import pytest

from aibridge.v1.chat_pb2 import CreateChatCompletionStreamResponse as Message
from bridge.jsontext import dumps
from bridge.services.relay import Relay
from bridge.upstream.stream import ChunkStream
from tests.support.streams import SETTINGS, Exchange, Written, told


def event(value: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % dumps(value)


def chunk(text: str, **more: Any) -> dict[str, Any]:
    return {"id": "x", "choices": [{"index": 0, "delta": {"content": text}}], **more}


END = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}) + b"data: [DONE]\n\n"


class Taking(Exchange):
    """Notes the sizes for which a turn was asked. No turn comes if `never` is set."""

    never: asyncio.Future[None] | None = None

    def __init__(self, *pieces: bytes) -> None:
        super().__init__(pieces)
        self.taken: list[int] = []

    def take_turn(self, size: int) -> Any:
        self.taken.append(size)
        return self.never


async def test_what_is_not_parsed_needs_no_turn() -> None:
    """The first chunks are parsed, and so is the last one. Those in between repeat the template."""
    exchange = Taking(*[event(chunk(f"word {number}")) for number in range(50)], END)
    assert len((await told(exchange)).messages) == 51
    assert len(exchange.taken) == 3
    assert exchange.taken[0] == len(dumps(chunk("word 0")))


@pytest.mark.parametrize("window", [None, 0.0, 10.0])
async def test_nothing_is_written_before_the_turn(window: float | None) -> None:
    """A read may have many events. Each that is parsed waits, and not only the read."""
    exchange, written = Taking(b"".join(event(chunk("x", **{f"a{number}": 1})) for number in range(9))), Written()
    relay = Relay(exchange.call, written, window, 0.0)
    exchange.never = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(relay.run(ChunkStream(exchange, SETTINGS, relay)))
    await asyncio.sleep(0.01)
    assert not written.messages
    assert len(exchange.taken) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_held_text_is_written_before_the_turn() -> None:
    """It must not wait for longer than the window, and a stop in between must not lose it."""

    class Choosing(Taking):
        def take_turn(self, size: int) -> Any:
            return asyncio.get_running_loop().create_future() if size > 500 else None

    large = event(chunk("not yet", unknown="x" * 500))
    exchange, written = Choosing(b"".join(event(chunk(text)) for text in "abcd") + large), Written()
    relay = Relay(exchange.call, written, 10.0, 0.0)
    task = asyncio.create_task(relay.run(ChunkStream(exchange, SETTINGS, relay)))
    await asyncio.sleep(0.01)
    messages = [Message.FromString(data) for data in written.messages]
    assert "".join(message.choices[0].delta.content for message in messages) == "abcd"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("window", [None, 0.0])
async def test_a_chunk_is_freed_once_it_is_written(window: float | None) -> None:
    """A large one takes a hundred times its bytes of memory, and 200 streams that wait for the next one took 600 MB."""
    alive: list[int] = []

    class Waiting(Exchange):
        async def read(self, kept: int = 0) -> bytes:
            alive.append(sum(type(each) is dict and "kept_in_memory" in each for each in gc.get_objects()))
            return await super().read(kept)

    exchange = Waiting([event(chunk("x", kept_in_memory=[])), END])
    await told(exchange, window=window)
    assert alive[:2] == [0, 0]
