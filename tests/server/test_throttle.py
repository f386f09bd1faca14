"""Refused and cancelled calls end at once, unless there are too many."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2
from bridge.access import tokens
from bridge.server import boundary, throttle
from bridge.server.throttle import Throttle
from tests.support.bridge import Start
from tests.support.details import failed
from tests.support.gateway import Exchange, respond_json
from tests.support.http2 import calling, cancel, chat, message
from tests.support.payloads import COMPLETION
from tests.support.wait import until

_NOTHING_EARNED = 0.001
_BURST = 100


async def at_once(turns: Throttle, count: int) -> int:
    """Of this many ends, the number that did not wait."""
    tasks = [asyncio.create_task(turns.turn()) for _ in range(count)]
    await asyncio.sleep(0)
    done = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return done


async def test_a_burst_passes() -> None:
    """A burst ends at once, and the next call waits for its end."""
    assert await at_once(Throttle(_NOTHING_EARNED, _BURST), _BURST + 10) == _BURST


async def test_a_quiet_hour_earns_one_burst() -> None:
    """The credit does not grow beyond a burst."""
    turns = Throttle(500, _BURST)
    turns._since -= 3600
    turns._earn()
    assert turns._credit == _BURST


async def test_the_rate() -> None:
    """Waiting calls end one after the other, in order."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    turns, order = Throttle(500, _BURST), []
    await at_once(turns, _BURST)

    async def ends(number: int) -> None:
        await turns.turn()
        order.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(ends(number))
    assert order == list(range(50))
    assert loop.time() - began > 49 / 500


async def test_not_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls over the limit do not wait, because waiting takes memory."""
    monkeypatch.setattr(throttle, "_MAX_WAITING", 5)
    assert await at_once(Throttle(_NOTHING_EARNED, 0), 8) == 3


async def test_who_goes_away_makes_room() -> None:
    """A wait that is cancelled leaves the queue."""
    turns = Throttle(_NOTHING_EARNED, 0)
    await at_once(turns, 100)
    assert not turns.waiting


async def test_the_end_of_the_server() -> None:
    """When the server stops, all waiting and later calls end at once."""
    turns = Throttle(_NOTHING_EARNED, 0)
    waiting = asyncio.create_task(turns.turn())
    await asyncio.sleep(0)
    turns.close()
    await waiting
    assert await at_once(turns, 100) == 100


async def test_a_known_caller_is_refused_at_once(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only callers that nobody knows wait for their refusal."""
    monkeypatch.setattr(boundary, "_REFUSALS_AT_ONCE", 0)
    token = tokens.new("search")
    file, rules = tmp_path / "tokens", tmp_path / "callers.toml"
    file.write_text(token.line)
    rules.write_text("[search]\nmodels = []\n")
    hello = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    async with start(caller_tokens_file=file, callers_file=rules) as bridge:
        known = (("authorization", f"Bearer {token.token}"),)
        call = bridge.chat.CreateChatCompletion(hello, metadata=known, timeout=5)
        assert (await failed(call)).reason == "CALLER_NOT_ALLOWED"


async def test_a_flood_of_unknown_callers(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a flood unknown callers wait, known callers do not, and the bridge does not wait for them when it stops."""
    monkeypatch.setattr(boundary, "_REFUSALS_AT_ONCE", 1)
    monkeypatch.setattr(boundary, "_REFUSALS_PER_SECOND", _NOTHING_EARNED)
    token = tokens.new("search")
    file = tmp_path / "tokens"
    file.write_text(token.line)
    hello = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    async with start(caller_tokens_file=file) as bridge, calling(bridge.address) as caller:
        bridge.gateway.script(respond_json(COMPLETION))
        assert (await failed(bridge.chat.CreateChatCompletion(hello))).reason == "CALLER_UNAUTHENTICATED"
        first, second = [await caller.call(chat("CreateChatCompletion")) for _ in range(2)]
        await until(lambda: bridge.app._boundary._refusals.waiting == 2)
        known = (("authorization", f"Bearer {token.token}"),)
        assert (await bridge.chat.CreateChatCompletion(hello, metadata=known)).choices
        assert not caller.connection.ended
        await caller.send(cancel(first))
        stopping = asyncio.create_task(bridge.app.stop(grace=30))
        assert await caller.code(second) == "UNAUTHENTICATED"
        caller.connection.close()
        await asyncio.wait_for(stopping, 5)


async def hangs(exchange: Exchange) -> None:
    await exchange.wait_closed()


async def test_a_flood_of_cancelled_calls(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled call counts for its connection until its end. It is logged before, and has given its place back."""
    monkeypatch.setattr(boundary, "_CANCELLED_AT_ONCE", 0)
    monkeypatch.setattr(boundary, "_CANCELLED_PER_SECOND", _NOTHING_EARNED)
    hello = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    with capture_logs() as logs:
        async with start(max_calls=1) as bridge, calling(bridge.address) as caller:
            bridge.gateway.script(hangs, respond_json(COMPLETION))
            first = await caller.call(chat("CreateChatCompletion"), message(hello.SerializeToString()), end=True)
            await bridge.gateway.exchange()
            await caller.send(cancel(first))
            await until(lambda: bridge.app._boundary._cancels.waiting == 1)
            await until(lambda: [line["code"] for line in logs if line["event"] == "call"] == ["CANCELLED"])
            assert (await bridge.chat.CreateChatCompletion(hello, timeout=5)).choices
            assert bridge.app._in_flight.begun_calls == 2
            assert not bridge.app._in_flight._running
            caller.connection.close()
            await asyncio.wait_for(bridge.app.stop(grace=30), 5)


async def test_a_connection_that_floods(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can begin no calls until its cancelled calls have ended. Other connections can."""
    monkeypatch.setattr(boundary, "_CANCELLED_AT_ONCE", 0)
    monkeypatch.setattr(boundary, "_CANCELLED_PER_SECOND", _NOTHING_EARNED)
    hello = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    data = message(hello.SerializeToString())
    async with start(max_concurrent_streams=4) as bridge, calling(bridge.address) as caller:
        bridge.gateway.script(hangs)
        for number in range(12):
            stream = await caller.call(chat("CreateChatCompletion"), data, end=True)
            await caller.send(cancel(stream))
            await until(
                lambda seen=number + 1: (
                    bridge.app._boundary._cancels.waiting + len(caller.connection.ended) == seen
                    or caller.connection.read(0.001)
                )
            )
        assert bridge.app._in_flight.begun_calls in {4, 5}  # the limit is for what core knows of at that moment
        assert set(caller.connection.ended.values()) == {"reset 7"}  # REFUSED_STREAM, which gRPC's clients repeat
        bridge.gateway.script(respond_json(COMPLETION))
        assert (await bridge.chat.CreateChatCompletion(hello, timeout=5)).choices
