"""Excessive data from a gateway does not accumulate in the bridge, even with a slow caller."""

import asyncio
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from aibridge.v1 import chat_pb2
from tests.faults.play import STREAM, UNARY, Scenario, call, play
from tests.faults.scenarios import SCENARIOS
from tests.faults.scripts import EVENTS, SAID, WORDS, chunk, head, well
from tests.support.bridge import Bridge
from tests.support.details import text
from tests.support.gateway import Exchange

FLOODS = (
    "endless header",
    "endless headers",
    "endless trailers",
    "data after gzip",
    "endless response",
    "gzip bomb",
    "gzip bomb in a stream",
    "endless line",
    "endless event",
    "flood of comments",
    "comments without end",
    "endless error",
    "flood after DONE",
)
CASES = [(row, rpc) for row in SCENARIOS if row.name in FLOODS for rpc in (UNARY, STREAM) if row.sees(rpc) is not None]
#: Maximum bytes of a case. One read of short lines makes a few megabytes of objects.
ROOM = 16 << 20


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.usefixtures("_traced")
@pytest.mark.parametrize(("row", "rpc"), CASES, ids=[f"{row}, {rpc}" for row, rpc in CASES])
async def test_flood(row: Scenario, rpc: str) -> None:
    """Endless responses fail as the table says, with bounded memory."""
    before, _ = tracemalloc.get_traced_memory()
    assert await play(row, rpc) == row.sees(rpc)
    _, most = tracemalloc.get_traced_memory()
    assert most - before < ROOM


async def _standstill(count: Callable[[], int]) -> int:
    """The value of a count when it has not grown for a tenth of a second."""
    last, same = count(), 0
    while same < 5:
        await asyncio.sleep(0.02)
        last, same = count(), same + 1 if count() == last else 0
    return last


async def test_slow_caller(bridge: Bridge) -> None:
    """A caller that does not read stops its gateway and nobody else. It can go on, and then go away."""
    sent = 0

    async def script(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.send(head(200, EVENTS))
        while not exchange.closed.is_set():
            piece = chunk(1, word="x" * 1000)
            await exchange.send(piece)
            sent += len(piece)

    bridge.gateway.script(script, well)
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    stream = bridge.chat.CreateChatCompletionStream(request)
    assert text((await stream.read()).choices) == "x" * 1000
    held = await _standstill(lambda: sent)
    assert held < 32 << 20  # fits into the sockets; the kernel may enlarge them
    assert (await call(bridge, STREAM))[0] == list(WORDS[:SAID])
    for _ in range(held // 1000):
        await stream.read()
    assert await _standstill(lambda: sent) > held
    stream.cancel()
    await asyncio.wait_for(bridge.gateway.exchanges[0].wait_closed(), 1)
