"""Counting elements in the bytes of a request gives the number in the message, cheaply, for any bytes."""

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import grpc
import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given, settings
from hypothesis import strategies as st

from aibridge.v1 import chat_pb2, embeddings_pb2
from bridge.errors import BridgeError, Reason
from bridge.services import entry
from bridge.services.elements import message_elements
from tests.support import strategies as make
from tests.support.bridge import Bridge, Start
from tests.support.details import failed
from tests.support.gateway import respond, respond_json

Chat = chat_pb2.CreateChatCompletionRequest
Embed = embeddings_pb2.CreateEmbeddingRequest
ENOUGH = 1 << 30


def walk(message: Message) -> Iterator[int]:
    """The count of a message, by its descriptor."""
    for field, value in message.ListFields():
        inner = field.message_type
        if inner is not None and inner.GetOptions().map_entry:
            for key, item in value.items():
                yield from (1, 1, 1)  # the entry, its key and its value
                yield from walk(item) if isinstance(item, Message) else ()
                assert isinstance(key, str)
        elif inner is not None:
            for item in value if field.is_repeated else [value]:
                yield 1
                yield from walk(item)
        elif field.is_repeated and field.cpp_type == field.CPPTYPE_STRING:
            yield from (1 for _ in value)
        else:
            yield 1
            if field.is_repeated:
                yield len(value) // 16
            elif field.name.endswith("_json"):
                yield separators(json.loads(value))


def separators(value: Any) -> int:
    """The commas and opening brackets in a value's text."""
    if isinstance(value, dict | list):
        items = list(value.values() if isinstance(value, dict) else value)
        return 1 + max(0, len(items) - 1) + sum(map(separators, items))
    return 0


@pytest.mark.parametrize("numbers", [16, 1 << 16, (1 << 16) + 17, (1 << 20) + 5])
@pytest.mark.parametrize("number", [1, 300])
def test_numbers_are_counted_without_a_copy(numbers: int, number: int) -> None:
    """Four requests of 32 MiB would be copied twice."""
    data = Embed(input_tokens={"items": [number] * numbers}).SerializeToString()
    tracemalloc.start()
    try:
        assert message_elements(Embed.DESCRIPTOR, data, ENOUGH) == 2 + numbers // 16
        assert tracemalloc.get_traced_memory()[1] < 1 << 18
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("message_type", [Chat, Embed])
def test_the_count_is_that_of_the_message(message_type: type[Message]) -> None:
    """The count equals that of the message: fields, items, map entries, values in JSON text."""

    @settings(max_examples=settings.default.max_examples)
    @given(make.messages(message_type.DESCRIPTOR, 3))
    def check(message: Message) -> None:
        data = message.SerializeToString()
        expected = sum(walk(message))
        found = message_elements(message_type.DESCRIPTOR, data, ENOUGH)
        # Commas and brackets in strings count if there are few of them.
        assert expected <= found <= expected + sum(map(data.count, (b",", b"[", b"{")))

    check()


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        (Chat(), 0),
        (Chat(model="m"), 1),
        (Chat(messages=[{}] * 1000), 1000),
        (Chat(messages=[{"content_parts": {"items": [{"text": "a"}] * 1000}}]), 2002),
        (Chat(tools=[{"function": {"parameters_json": '{"a":[1,2,3]}'}}]), 3 + 4),
        (Chat(logit_bias={str(number): 1 for number in range(1000)}), 3000),
        (Embed(input_texts={"items": ["a"] * 1000}), 1001),
        (Embed(input_tokens={"items": range(1600)}), 2 + 100),
        (Embed(input_token_lists={"items": [{"items": [1] * 32}] * 10}), 1 + 10 * 4),
    ],
)
def test_counts(request_: Message, count: int) -> None:
    """16 packed numbers count as one, and everything else as one each."""
    assert message_elements(request_.DESCRIPTOR, request_.SerializeToString(), ENOUGH) == count


def test_text_is_no_element() -> None:
    """A text counts as one element, whatever its length and content, also inside JSON text."""
    text = ",[{" * 100_000
    request = Chat(messages=[{"content": text}], extra_json=json.dumps({"a": text, "b": [text + '"\\' + text]}))
    assert message_elements(Chat.DESCRIPTOR, request.SerializeToString(), 1000) < 10


@given(data=st.binary(max_size=200) | st.lists(st.sampled_from([0, 1, 2, 10, 18, 127, 128, 255])).map(bytes))
def test_bytes_that_are_no_message(data: bytes) -> None:
    """Invalid bytes are counted to their end, without an exception, and with no more elements than bytes."""
    assert message_elements(Chat.DESCRIPTOR, data, ENOUGH) <= 2 * len(data)


@pytest.mark.parametrize("head", [b"\x0b", b"\x0c", b"\x0b\x0c", b"\xfb\x07", b"\x00"])
def test_groups_hide_nothing(head: bytes) -> None:
    """Elements after the tag of a group, which protobuf skips, count too."""
    assert message_elements(Chat.DESCRIPTOR, head + b"\x12\x00" * 1000, ENOUGH) >= 1000


def test_the_count_ends() -> None:
    """Counting ends soon after the limit."""
    assert message_elements(Chat.DESCRIPTOR, b"\x12\x00" * 1_000_000, 500) == 501


REQUESTS = {
    "messages": Chat(model="m", messages=[{"role": "user", "content": "x"}] * 200),
    "parts": Chat(model="m", messages=[{"role": "user", "content_parts": {"items": [{}] * 600}}]),
    "tools": Chat(model="m", messages=[{"content": "x"}], tools=[{}] * 600),
    "bias": Chat(model="m", messages=[{"content": "x"}], logit_bias={str(number): 1 for number in range(200)}),
    "extra_json": Chat(model="m", messages=[{"content": "x"}], extra_json='{"a":[' + "[]," * 300 + "1]}"),
    "raw json": Chat(model="m", messages=[{"content": "x"}], documents_json="[" + "1," * 600 + "1]"),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_the_setting(name: str, start: Start) -> None:
    """A request with more elements is refused before anything goes upstream; with a higher bound it passes."""
    request = REQUESTS[name]
    count = message_elements(request.DESCRIPTOR, request.SerializeToString(), ENOUGH)
    async with start(max_request_elements=count - 1) as bridge:
        failure = await failed(bridge.chat.CreateChatCompletion(request))
        assert (failure.code, failure.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
        assert failure.metadata["maxElements"] == str(count - 1)
        assert not bridge.gateway.requests
    async with start(max_request_elements=count) as bridge:
        bridge.gateway.script(respond_json({"choices": []}))
        await bridge.chat.CreateChatCompletion(request)


async def test_large_requests_are_as_small_ones(bridge: Bridge) -> None:
    """A request that is converted in a thread has the same body and errors as one converted on the event loop."""
    large = Chat(model="m", messages=[{"role": "user", "content": "x"}] * 3000, extra_json='{"zz": 2.50}')
    bridge.gateway.script(respond(b'{"choices":[]}'))
    await bridge.chat.CreateChatCompletion(large)
    assert bridge.gateway.last.json == {"model": "m", "messages": [{"role": "user", "content": "x"}] * 3000, "zz": 2.5}
    assert b'"zz":2.50' in bridge.gateway.last.body
    large.messages[2999].ClearField("content")
    failure = await failed(bridge.chat.CreateChatCompletion(large))
    violation = failure.details["BadRequest"].field_violations[0]
    assert (failure.reason, violation.field) == ("INVALID_REQUEST", "messages[2999].content")
    texts = ["x" * 30] * 60_000
    bridge.gateway.script(respond(b'{"data":[]}'))
    with suppress(grpc.aio.AioRpcError):
        await bridge.embeddings.CreateEmbedding(Embed(model="m", input_texts={"items": texts}))
    assert bridge.gateway.last.json["input"] == texts


@pytest.mark.parametrize("size", [100, 20_000, 2_000_000])
async def test_what_is_no_message(size: int, bridge: Bridge) -> None:
    """Invalid bytes of any size are the caller's fault."""
    call: Any = bridge.channel.unary_unary("/aibridge.v1.ChatService/CreateChatCompletion")
    failure = await failed(call(b"\x12\x01" * (size // 2) + b"\x07"))
    assert failure.reason == "INVALID_REQUEST"


def test_the_bounds_of_what_is_converted_at_once() -> None:
    """A request that is not large has so few elements that it takes a few milliseconds."""
    small = b"\x12\x00" * (entry._SMALL_BYTES // 2)
    assert message_elements(Chat.DESCRIPTOR, small, ENOUGH) <= 10_000
    with pytest.raises(DecodeError):
        Chat.FromString(small + b"\x07")
    assert BridgeError(Reason.INVALID_REQUEST, "").reason.retry.name == "NO"
