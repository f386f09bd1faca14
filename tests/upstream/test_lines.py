"""Errors of thousands of lines: each line may be JSON, and none of them delays other calls."""

from collections.abc import Callable
from typing import Any

import pytest

from aibridge.v1 import chat_pb2
from bridge import offload
from bridge.upstream import failures
from tests.support.bridge import Bridge
from tests.support.details import failed, failed_stream
from tests.support.gateway import raw_sse, respond

HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
LINES = {"text": b"a\n", "openings": b"[\n", "objects": b'{"a":1}\n', "fields": b"data: {\n", "empty": b"data:\n"}


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Texts that were read in a thread since the test began."""
    done: list[Any] = []
    in_thread = offload.offload

    async def noted(work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        done.append(work)
        return await in_thread(work, *arguments, **options)

    monkeypatch.setattr(offload, "offload", noted)
    return done


@pytest.mark.parametrize("name", LINES)
async def test_an_error_of_many_lines(name: str, bridge: Bridge, beside: list[Any]) -> None:
    """Over 16 KiB an error is read in a thread: 64 KiB would block the loop for 0.1 s. It is an HTTP 500."""
    line = LINES[name]
    for size, count in ((1 << 14, 1), (15 << 10, 0), (1 << 18, 1)):
        beside.clear()
        bridge.gateway.script(respond(line * (size // len(line)), 500))
        failure = await failed(bridge.chat.CreateChatCompletion(HELLO))
        assert failure.reason == "UPSTREAM_INTERNAL_ERROR"
        assert len(beside) == count


@pytest.mark.slow
@pytest.mark.parametrize("name", ["text", "openings"])
async def test_an_event_of_many_lines(name: str, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first 16 KiB of an event that is not JSON are searched for an error."""
    seen: list[int] = []
    read = failures.read

    def noted(data: bytes, *further: Any) -> Any:
        seen.append(len(data))
        return read(data, *further)

    monkeypatch.setattr(failures, "read", noted)
    data = b"".join(b"data: " + LINES[name] for _ in range(50_000))
    bridge.gateway.script(raw_sse(b"event: error\n" + data + b"\n"))
    _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(HELLO))
    assert failure.reason == "UPSTREAM_INTERNAL_ERROR"
    assert [size <= 1 << 14 for size in seen] == [True]
