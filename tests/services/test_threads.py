"""What a call records is written by the event loop, also if a thread converts its request and response.

A thread goes on when the call is cancelled, and telemetry reads the record then.
"""

import json
import threading
from typing import Any

import pytest

from aibridge.v1 import chat_pb2, raw_pb2
from bridge.call import CallRecord
from bridge.services.raw import RawService
from bridge.upstream.choices import Choices
from bridge.upstream.documents import is_large
from tests.support.bridge import Start
from tests.support.gateway import respond, respond_json
from tests.support.payloads import COMPLETION

HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
LARGE = {"model": "m", "x": [[]] * 20_000}


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Each field that a thread other than this one writes, with the thread's name."""
    home, found = threading.current_thread(), set()
    write, follow = CallRecord.__setattr__, Choices.follow

    def note(name: str) -> None:
        if (thread := threading.current_thread()) is not home:
            found.add((name, thread.name))

    def written(record: CallRecord, name: str, value: Any) -> None:
        note(name)
        write(record, name, value)

    def followed(choices: Choices, value: Any) -> None:
        note("finish_reasons")
        follow(choices, value)

    monkeypatch.setattr(CallRecord, "__setattr__", written)
    monkeypatch.setattr(Choices, "follow", followed)
    return found


async def test_a_large_completion_in_place_of_a_stream(start: Start, threads: set[tuple[str, str]]) -> None:
    data = json.dumps({**COMPLETION, **LARGE}).encode()
    assert is_large(data)
    async with start() as bridge:
        bridge.gateway.script(respond(data))
        assert [chunk.model async for chunk in bridge.chat.CreateChatCompletionStream(HELLO)] == ["m"]
    assert threads == set()


@pytest.mark.parametrize("rpc", [RawService.Call, RawService.Stream], ids=["unary", "stream"])
async def test_a_large_raw_request(start: Start, threads: set[tuple[str, str]], rpc: Any) -> None:
    async with start(raw_paths="/responses") as bridge:
        bridge.gateway.script(respond_json({"id": "r"}))
        call = getattr(bridge.raw, rpc.__name__)(raw_pb2.RawRequest(path="/responses", body_json=json.dumps(LARGE)))
        assert [event.data async for event in call] if rpc is RawService.Stream else (await call).body_json
    assert threads == set()
