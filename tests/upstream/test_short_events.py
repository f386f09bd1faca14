"""Streams of very many, very short events or pieces: none is lost, and their number is bounded."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from aibridge.v1 import chat_pb2, raw_pb2
from bridge import offload
from bridge.call import new_record
from bridge.upstream import events
from bridge.upstream.halves import Halves
from bridge.upstream.responses import note_response
from bridge.upstream.toolcalls import MAX_TOOL_CALLS, ToolCalls
from tests.support import streams
from tests.support.bridge import Bridge, Start
from tests.support.details import failed, failed_stream
from tests.support.gateway import Exchange, Gateway, raw_sse, respond, respond_json
from tests.support.payloads import COMPLETION
from tests.support.streams import told

HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
END = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def words(count: int) -> str:
    return "".join(f'data: {{"choices":[{{"delta":{{"content":"{number} "}}}}]}}\n\n' for number in range(count))


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of events in each read of a stream."""
    found: list[int] = []
    read = events.EventReader.read

    async def noted(self: Any) -> Any:
        value = await read(self)
        found.append(len(value))
        return value

    monkeypatch.setattr(events.EventReader, "read", noted)
    return found


@pytest.mark.parametrize("between", ["", "{}\n" * 3, "event: ping\ndata: 1\n\n" * 3], ids=["none", "stray", "named"])
async def test_short_events_come_in_portions(between: str, bridge: Bridge, sizes: list[int]) -> None:
    """Each word arrives in order, and then the end. Other calls run between two portions."""
    bridge.gateway.script(raw_sse(between.join(f"{word}\n\n" for word in words(300).split("\n\n") if word) + END))
    text = [
        chunk.choices[0].delta.content for chunk in [c async for c in bridge.chat.CreateChatCompletionStream(HELLO)]
    ]
    assert "".join(text) == "".join(f"{number} " for number in range(300))
    assert max(sizes) <= 128


async def test_only_events_of_the_last_read_delay_the_next_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of hours has thousands of events that are not part of the response. They must not add up to a pause."""
    delays: list[float] = []
    sleep = asyncio.sleep

    async def noted(delay: float) -> None:
        delays.append(delay)
        await sleep(0)

    monkeypatch.setattr(events.asyncio, "sleep", noted)
    ping = "event: ping\ndata: 1\n\n"
    reads = [*[words(1) + ping * 100] * 10, ping * 150 + words(1), END]
    assert (await told(streams.Exchange(read.encode() for read in reads))).error is None
    assert delays == [128 * 5e-4]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("", "UPSTREAM_STREAM_INTERRUPTED"),
        ('data: {"error":{"message":"no","code":"rate_limit_exceeded"}}\n\n', "RATE_LIMIT_EXCEEDED"),
        ("event: " + "a-" * 1000 + "\ndata: {}\n\n", "UPSTREAM_RESPONSE_TOO_LARGE"),
    ],
    ids=["cut", "error", "name"],
)
async def test_what_comes_after_short_events(end: str, reason: str, bridge: Bridge, sizes: list[int]) -> None:
    """An error or a cut is reported after all short events."""
    bridge.gateway.script(raw_sse(words(300) + end))
    received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(HELLO))
    assert received == [f"{number} " for number in range(300)]
    assert failure.reason == reason
    assert max(sizes) <= 128


async def test_a_failure_comes_after_all_portions() -> None:
    """All events of a read are returned before the failure that ends it."""
    read = words(300) + "event: " + "a-" * 1000 + "\n"
    found = await told(streams.Exchange([read.encode()]))
    assert len(found.messages) == 300
    assert found.error is not None
    assert found.error[0] == "UPSTREAM_RESPONSE_TOO_LARGE"


async def test_stray_lines_of_a_raw_stream_delay_the_next_portion(
    start: Start, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a chat: they are not part of the response."""
    skipped: list[int] = []
    next_portion = events.EventReader._next_portion

    async def noted(self: Any) -> Any:
        skipped.append(self._skipped)
        return await next_portion(self)

    monkeypatch.setattr(events.EventReader, "_next_portion", noted)
    gateway.script(raw_sse("{}\n" * 200 + "data: {}\n\ndata: [DONE]\n\n"))
    async with start(raw_paths=["/jobs"]) as bridge:
        call = bridge.raw.Stream(raw_pb2.RawRequest(path="/jobs", body_json='{"stream": true}'))
        assert [event.data async for event in call] == ["{}"]
    assert skipped == [128]


async def test_a_large_completion_in_place_of_a_stream(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """It becomes a message in the thread."""
    done: list[str] = []
    run = offload.offload

    async def noted(work: Any, *arguments: Any) -> Any:
        done.append(work.__name__)
        return await run(work, *arguments)

    monkeypatch.setattr(offload, "offload", noted)
    bridge.gateway.script(respond_json({**COMPLETION, "further": list(range(10_000))}))
    assert len([chunk async for chunk in bridge.chat.CreateChatCompletionStream(HELLO)]) == 1
    assert "chunk_message" in done


@pytest.mark.parametrize(
    ("extension", "ends"), [("", "OK"), (";a=b", "OK"), (";" + "x" * 200, "UPSTREAM_STREAM_INTERRUPTED")]
)
async def test_framing_is_bounded(extension: str, ends: str, bridge: Bridge) -> None:
    """Each byte of a body may have 32 bytes of framing. Chunks of one byte have 6."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream", transfer_encoding="chunked")
        pieces = [f"1{extension}\r\n{letter}\r\n" for letter in words(200) + END]
        await exchange.send("".join(pieces) + "0\r\n\r\n")

    bridge.gateway.script(script)
    call = bridge.chat.CreateChatCompletionStream(HELLO)
    if ends == "OK":
        assert len([chunk async for chunk in call]) == 201
    else:
        _, failure = await failed_stream(call)
        assert failure.reason == ends


def test_halves_are_bounded() -> None:
    """Halves of up to 256 texts wait for the other half. Those of further texts are replaced at once."""
    halves = Halves()
    first = {"choices": [{"index": n, "delta": {"content": "a\ud83d"}} for n in range(300)]}
    second = {"choices": [{"index": n, "delta": {"content": "\ude00b"}} for n in range(300)]}
    texts = []
    for value in (first, second):
        halves.joined = False
        halves.join(json.loads(json.dumps(value)), value)
        texts.append([choice["delta"]["content"] for choice in value["choices"]])
    assert [a + b for a, b in zip(*texts, strict=True)] == ["a\U0001f600b"] * 256 + ["a\ufffd\ufffdb"] * 44


def calls(numbers: Iterator[int] | range, **more: Any) -> dict[str, Any]:
    fragments = [{"index": n, "id": "same", "function": {"arguments": "{}"}, **more} for n in numbers]
    return {"choices": [{"index": 0, "delta": {"tool_calls": fragments}}]}


def test_calls_of_one_id_are_found_by_their_index() -> None:
    """Calls with the same id cost little, as only the latest are compared one by one."""
    numbers = ToolCalls()
    numbers.number(calls(range(1000), function={"name": "f"}))
    again = calls(range(999, -1, -1))
    numbers.number(again)
    assert [part["index"] for part in again["choices"][0]["delta"]["tool_calls"]] == list(range(999, -1, -1))
    assert numbers.count == 1000


def test_fragments_of_a_chunk_are_bounded() -> None:
    """A chunk may have as many fragments as a stream may have calls."""
    numbers = ToolCalls()
    numbers.number(calls(range(MAX_TOOL_CALLS), function={"name": "f"}))
    assert numbers.count == MAX_TOOL_CALLS
    numbers.number(calls(iter([0] * (MAX_TOOL_CALLS + 1))))
    assert numbers.count > MAX_TOOL_CALLS


def test_a_record_keeps_little_of_a_response() -> None:
    """A record keeps little, as gRPC keeps the record of a failed call until the garbage collector runs."""
    record = new_record("/a/b", ())
    usage = {f"k{n}": n for n in range(1000)}
    note_response(record, {"id": "i", "model": "m" * 5000, "created": 5, "choices": [{}] * 1000, "usage": usage})
    assert record.response == {"id": "i", "created": 5}
    assert record.usage == {f"k{n}": n for n in range(64)}


@pytest.mark.parametrize(("size", "count"), [(10_000, 0), (20_000, 1)])
async def test_an_unexpected_body_of_many_lines(
    size: int, count: int, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body whose lines may be errors is searched in a thread if it is over 16 KiB."""
    done: list[Any] = []
    run = offload.offload

    async def noted(work: Any, *arguments: Any) -> Any:
        done.append(work)
        return await run(work, *arguments)

    monkeypatch.setattr(offload, "offload", noted)
    bridge.gateway.script(respond(b"data: x\n\n" * (size // 9)))
    failure = await failed(bridge.chat.CreateChatCompletion(HELLO))
    assert failure.reason == "UPSTREAM_MALFORMED_RESPONSE"
    assert len(done) == count
