"""Responses are bounded by their cost, not only by their bytes, and large ones give the same as small ones."""

import json
import time
from typing import Any

import pytest

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge.jsontext import loads, text_of
from bridge.upstream.connection import Connection
from bridge.upstream.documents import MAX_EVENT_ELEMENTS, is_large, load_document
from bridge.upstream.phases import OVER
from bridge.upstream.sse import EventDecoder, EventTooLargeError
from tests.support.bridge import Bridge, Start
from tests.support.details import failed, failed_stream
from tests.support.gateway import Exchange, raw_sse, respond, sse
from tests.support.payloads import COMPLETION
from tests.support.wait import until

HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


def completion(**more: Any) -> bytes:
    return json.dumps({**COMPLETION, **more}).encode()


LARGE = {
    "lists": {"x": [[]] * 20_000},
    "numbers": {"x": [1.5, 2**70, -3] * 10_000},
    "members": {"x": {str(number): None for number in range(20_000)}},
    "text": {"x": "word, " * 400_000},
    "logprobs": {
        "choices": [
            {
                **COMPLETION["choices"][0],
                "logprobs": {"content": [{"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b"}] * 5}] * 2000},
            }
        ]
    },
}


@pytest.mark.parametrize("name", LARGE)
async def test_large_responses_are_as_small_ones(name: str, bridge: Bridge) -> None:
    """A response gives the same in a thread as on the event loop, unary or as a stream's only chunk."""
    data = completion(**LARGE[name])
    assert is_large(data)
    bridge.gateway.script(respond(data))
    message = await bridge.chat.CreateChatCompletion(HELLO)
    assert message.choices[0].message.content == COMPLETION["choices"][0]["message"]["content"]
    if message.extra_json:
        assert json.loads(message.extra_json)["x"] == LARGE[name]["x"]
    else:
        assert len(message.choices[0].logprobs.content) == 2000
    bridge.gateway.script(respond(data))
    (chunk,) = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(HELLO)]
    assert chunk.choices[0].delta.content == message.choices[0].message.content
    assert chunk.extra_json == message.extra_json


async def test_large_lists_of_models(bridge: Bridge) -> None:
    """Thousands of models are listed like a few."""
    models = [{"id": f"m{number}", "pricing": {"prompt": "0.1"}, "zz": number} for number in range(4000)]
    for body in ({"data": models}, {"models": models}, models):
        bridge.gateway.script(respond(json.dumps(body)))
        found = (await bridge.models.ListModels(models_pb2.ListModelsRequest())).data
        assert [model.id for model in found] == [model["id"] for model in models]
        assert found[-1].extra_json == '{"zz":3999}'


async def test_large_embeddings_as_numbers(bridge: Bridge) -> None:
    """The numbers of embeddings do not count, and members of the same name elsewhere do not change."""
    vector = [0.25, -1, 3e38] * 500
    data = [{"index": index, "embedding": vector, "zz": {"embedding": [1, 2.5]}} for index in reversed(range(900))]
    body = {"data": data, "embedding": [7], "usage": {"total_tokens": 1}}
    request = embeddings_pb2.CreateEmbeddingRequest(model="m", input_texts={"items": ["x"] * 900})
    bridge.gateway.script(respond(json.dumps(body)))
    found = await bridge.embeddings.CreateEmbedding(request)
    assert [item.index for item in found.data] == list(range(900))
    assert list(found.data[899].embedding) == pytest.approx(vector)
    assert found.data[0].extra_json == '{"zz":{"embedding":[1,2.5]}}'
    assert found.extra_json == '{"embedding":[7]}'


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"choices":[' + b"[]," * 40_000 + b"}", b"\xff" * (2 << 20)])
async def test_large_responses_that_are_malformed(body: bytes, bridge: Bridge) -> None:
    """Large malformed responses fail like small ones."""
    bridge.gateway.script(respond(body))
    assert (await failed(bridge.chat.CreateChatCompletion(HELLO))).reason == "UPSTREAM_MALFORMED_RESPONSE"
    bridge.gateway.script(respond(body))
    assert (await failed_stream(bridge.chat.CreateChatCompletionStream(HELLO)))[
        1
    ].reason == "UPSTREAM_MALFORMED_RESPONSE"


async def test_max_response_elements(start: Start) -> None:
    """The limit is exact, and the numbers of embeddings do not count."""
    inside = b"[]," * 1500 + b"1"
    body = b'{"choices":[{"index":0}],"x":[' + inside + b"]}"
    count = sum(map(body.count, (b",", b"[", b"{")))
    for limit, passes in ((count, True), (count - 1, False)):
        async with start(max_response_elements=limit) as bridge:
            bridge.gateway.script(respond(body))
            if passes:
                await bridge.chat.CreateChatCompletion(HELLO)
                continue
            failure = await failed(bridge.chat.CreateChatCompletion(HELLO))
            assert (failure.code, failure.reason) == ("INTERNAL", "UPSTREAM_RESPONSE_TOO_LARGE")
            assert failure.metadata["maxElements"] == str(limit)
    async with start(max_response_elements=1000) as bridge:
        bridge.gateway.script(respond(json.dumps({"data": [{"index": 0, "embedding": [0.5] * 5000}]})))
        request = embeddings_pb2.CreateEmbeddingRequest(model="m", input="x")
        assert len((await bridge.embeddings.CreateEmbedding(request)).data[0].embedding) == 5000


async def test_an_event_of_many_elements(bridge: Bridge) -> None:
    """An event may have fewer elements, as it is converted at once; one just below the limit passes."""
    chunk = b'{"choices":[{"index":0,"delta":{"content":"a"}}],"x":[%b1]}'
    head = b'data: {"choices":[{"index":0,"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    bridge.gateway.script(raw_sse(b"data: " + chunk % (b"1," * (MAX_EVENT_ELEMENTS - 20)) + b"\n\n" + head))
    chunks = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(HELLO)]
    assert len(json.loads(chunks[0].extra_json)["x"]) == MAX_EVENT_ELEMENTS - 19
    bridge.gateway.script(raw_sse(b"data: " + chunk % (b"1," * (MAX_EVENT_ELEMENTS + 20)) + b"\n\n" + head))
    _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(HELLO))
    assert failure.reason == "UPSTREAM_RESPONSE_TOO_LARGE"


async def test_choices_and_tool_calls_of_a_stream_are_bounded(bridge: Bridge) -> None:
    """The numbers of choices and tool calls are bounded, as the bridge remembers each of them."""
    for event in (
        lambda number: {"choices": [{"index": number, "finish_reason": "stop"}]},
        lambda number: {"choices": [{"index": number, "delta": {"content": "a"}}]},
        lambda number: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": number, "id": f"c{number}"}]}}]},
    ):
        body = "".join(f"data: {json.dumps(event(number))}\n\n" for number in range(12_000))
        bridge.gateway.script(raw_sse(body))
        _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(HELLO))
        assert failure.reason == "UPSTREAM_MALFORMED_RESPONSE", failure


async def test_informational_responses_are_bounded(bridge: Bridge) -> None:
    """A few informational responses may come before the response; without an end the call fails."""

    async def script(exchange: Exchange) -> None:
        await exchange.send("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * script.count)  # type: ignore[attr-defined]
        await respond(completion())(exchange)

    for count, passes in ((128, True), (129, False), (5000, False)):
        script.count = count  # type: ignore[attr-defined]
        bridge.gateway.script(script)
        if passes:
            await bridge.chat.CreateChatCompletion(HELLO)
        else:
            assert (await failed(bridge.chat.CreateChatCompletion(HELLO))).reason == "UPSTREAM_MALFORMED_RESPONSE"


def test_lines_of_an_event_are_bounded() -> None:
    """The number of lines in an event is bounded, also of empty ones."""
    decoder = EventDecoder(1 << 20)
    with pytest.raises(EventTooLargeError):
        list(map(decoder.feed, [b"data:\n" * 1000] * 200))
    decoder = EventDecoder(1 << 20)
    assert decoder.feed(b"data:\n" * 1000 + b"data: x\n\n")[0].data == b"\n" * 1000 + b"x"


FLOODS = {
    "line feeds": b"\n" * 65536,
    "CR LF": b"\r\n" * 32768,
    "comments": b":\n" * 32768,
    "names": b"event: x\n" * 7000,
    "empty data": b"data:\n\n" * 9000,
    "unknown fields": b"a\n" * 32768,
}


@pytest.mark.alone
@pytest.mark.parametrize("name", FLOODS)
def test_lines_that_say_nothing_cost_little(name: str) -> None:
    """64 KiB of empty lines, one read, take 30 ms at most. On a busy machine not each count shows it."""
    decoder = EventDecoder(1 << 20)

    def spent() -> float:
        began = time.thread_time()
        assert decoder.feed(FLOODS[name]) == []
        return time.thread_time() - began

    assert any(spent() < 0.03 for _ in range(64))


async def test_reading_gently_gives_the_same() -> None:
    """Reading in steps gives the same for any document and with either library."""
    value = {"a": [1, 2.5, None, True, "x", {}], "n": [2**70, 1e300, 0.1], "s": "\u2028é😀"}
    data = json.dumps([value] * 20_000).encode()
    assert text_of(loads(data, gently=True)) == text_of(loads(data)) == text_of(await load_document(data, 10_000_000))


async def test_a_chunk_that_was_merged_does_not_grow_without_end(start: Start) -> None:
    """Coalescing copies what it merges, so it begins a new message if the current one is large."""
    async with start(coalesce=True) as bridge:
        big = {"choices": [{"index": 0, "delta": {"content": "x" * 1_000_000}}]}
        small = [{"choices": [{"index": 0, "delta": {"content": "y"}}]}] * 500
        stop = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        bridge.gateway.script(sse(big, *small, stop))
        texts = [chunk.choices[0].delta.content async for chunk in bridge.chat.CreateChatCompletionStream(HELLO)]
    assert "".join(texts) == "x" * 1_000_000 + "y" * 500
    assert texts[0] == "x" * 1_000_000


async def test_a_response_that_is_no_stream_arrives_while_nobody_reads(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A response that is no stream is received while the bridge is busy, as all of it is needed."""
    read = Connection.read

    async def late(connection: Connection) -> bytes:
        await until(lambda: connection.phase in OVER)
        return await read(connection)

    monkeypatch.setattr(Connection, "read", late)
    bridge.gateway.script(respond(completion(x="word, " * 400_000)))
    message = await bridge.chat.CreateChatCompletion(HELLO)
    assert len(json.loads(message.extra_json)["x"]) == 2_400_000
