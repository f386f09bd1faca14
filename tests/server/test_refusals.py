"""Unknown callers are refused at once, unless there are too many."""

import asyncio
from pathlib import Path

import pytest

from aibridge.v1 import chat_pb2
from bridge.access import tokens
from bridge.server import refusals
from bridge.server.refusals import Refusals
from tests.support.bridge import Start
from tests.support.details import failed
from tests.support.gateway import respond_json
from tests.support.http2 import calling, cancel, chat
from tests.support.payloads import COMPLETION
from tests.support.wait import until


async def at_once(turns: Refusals, count: int) -> int:
    """Of this many refusals, the number that did not wait."""
    tasks = [asyncio.create_task(turns.turn()) for _ in range(count)]
    await asyncio.sleep(0)
    done = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return done


@pytest.fixture
def nothing_earned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate is zero during the test."""
    monkeypatch.setattr(refusals, "_PER_SECOND", 0.001)


@pytest.mark.usefixtures("nothing_earned")
async def test_a_burst_passes() -> None:
    """A burst is refused at once, and the next refusal waits."""
    assert await at_once(Refusals(), refusals._BURST + 10) == refusals._BURST


async def test_a_quiet_hour_earns_one_burst() -> None:
    """The credit does not grow beyond a burst."""
    turns = Refusals()
    turns._since -= 3600
    turns._earn()
    assert turns._credit == refusals._BURST


async def test_the_rate() -> None:
    """Waiting refusals are released one after the other, in order."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    turns, order = Refusals(), []
    await at_once(turns, refusals._BURST)

    async def refused(number: int) -> None:
        await turns.turn()
        order.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(refused(number))
    assert order == list(range(50))
    assert loop.time() - began > 49 / refusals._PER_SECOND


@pytest.mark.usefixtures("nothing_earned")
async def test_not_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals over the limit do not wait, because waiting takes memory."""
    monkeypatch.setattr(refusals, "_MAX_WAITING", 5)
    turns = Refusals()
    await at_once(turns, refusals._BURST)
    assert await at_once(turns, 8) == 3


@pytest.mark.usefixtures("nothing_earned")
async def test_who_goes_away_makes_room() -> None:
    """A cancelled call does not wait any more."""
    turns = Refusals()
    await at_once(turns, refusals._BURST + 100)
    assert not turns._waiting


@pytest.mark.usefixtures("nothing_earned")
async def test_the_end_of_the_server() -> None:
    """When the server stops, all waiting and later refusals are immediate."""
    turns = Refusals()
    await at_once(turns, refusals._BURST)
    waiting = asyncio.create_task(turns.turn())
    await asyncio.sleep(0)
    turns.close()
    await waiting
    assert await at_once(turns, 100) == 100


@pytest.mark.usefixtures("nothing_earned")
async def test_a_known_caller_is_refused_at_once(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only callers that nobody knows wait for their refusal."""
    monkeypatch.setattr(refusals, "_BURST", 0)
    token = tokens.new("search")
    file, rules = tmp_path / "tokens", tmp_path / "callers.toml"
    file.write_text(token.line)
    rules.write_text("[search]\nmodels = []\n")
    hello = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    async with start(caller_tokens_file=file, callers_file=rules) as bridge:
        known = (("authorization", f"Bearer {token.token}"),)
        call = bridge.chat.CreateChatCompletion(hello, metadata=known, timeout=5)
        assert (await failed(call)).reason == "CALLER_NOT_ALLOWED"


@pytest.mark.usefixtures("nothing_earned")
async def test_a_flood_of_unknown_callers(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a flood unknown callers wait, known callers do not, and the bridge does not wait for them when it stops."""
    monkeypatch.setattr(refusals, "_BURST", 1)
    token = tokens.new("search")
    file = tmp_path / "tokens"
    file.write_text(token.line)
    hello = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    async with start(caller_tokens_file=file) as bridge, calling(bridge.address) as caller:
        bridge.gateway.script(respond_json(COMPLETION))
        assert (await failed(bridge.chat.CreateChatCompletion(hello))).reason == "CALLER_UNAUTHENTICATED"
        first, second = [await caller.call(chat("CreateChatCompletion")) for _ in range(2)]
        await until(lambda: len(bridge.app._boundary._refusals._waiting) == 2)
        known = (("authorization", f"Bearer {token.token}"),)
        assert (await bridge.chat.CreateChatCompletion(hello, metadata=known)).choices
        assert not caller.connection.ended
        await caller.send(cancel(first))
        stopping = asyncio.create_task(bridge.app.stop(grace=30))
        assert await caller.code(second) == "UNAUTHENTICATED"
        caller.connection.close()
        await asyncio.wait_for(stopping, 5)
