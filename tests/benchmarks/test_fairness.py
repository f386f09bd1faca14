"""The compared servers do the same work: the bare server sends the same bytes as the bridge."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc
from benchmarks import bare, upstream
from benchmarks.delays import Watch
from benchmarks.dialects import SHAPES, mix, stream
from benchmarks.payloads import VECTORS, StreamRequest
from benchmarks.shapes import CHUNKS
from bridge import settings
from bridge.server.app import App


@dataclass
class Pair:
    """A channel to the bare server, and one to the bridge in front of the benchmark's upstream."""

    bare: grpc.aio.Channel
    bridge: grpc.aio.Channel


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    gateway = await upstream.serve()
    url = f"http://127.0.0.1:{gateway.sockets[0].getsockname()[1]}/v1"
    app = App(settings.load(listen="127.0.0.1:0", upstream_url=url))
    server, port = bare.made()
    await server.start()
    async with (
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as one,
        grpc.aio.insecure_channel(await app.start()) as other,
    ):
        yield Pair(one, other)
    await server.stop(None)
    await app.stop()
    gateway.close()


async def _streamed(channel: grpc.aio.Channel, asked: StreamRequest) -> list[bytes]:
    request = chat_pb2.CreateChatCompletionRequest(
        model=asked.model, messages=[{"role": "user", "content": "When is high water?"}]
    )
    call: Any = chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletionStream(request)
    return [message.SerializeToString(deterministic=True) async for message in call]


@pytest.mark.parametrize("shape", SHAPES)
async def test_streams_are_the_same(shape: str, pair: Pair) -> None:
    at_once = StreamRequest(shape)
    assert await _streamed(pair.bridge, at_once) == (messages := await _streamed(pair.bare, at_once))
    assert len(messages) == CHUNKS
    paced = StreamRequest(shape, 7, 0.001)
    assert await _streamed(pair.bridge, paced) == await _streamed(pair.bare, paced) == [*messages[:6], messages[-1]]


async def test_whole_responses_are_the_same(pair: Pair) -> None:
    chat = chat_pb2.CreateChatCompletionRequest(model="bench/model", messages=[{"role": "user", "content": "hi"}])
    one, other = [
        await chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(chat) for channel in (pair.bare, pair.bridge)
    ]
    assert one == other
    request = embeddings_pb2.CreateEmbeddingRequest(
        model="bench/embedding", input_texts={"items": [f"text {index}" for index in range(VECTORS)]}
    )
    one, other = [
        await embeddings_pb2_grpc.EmbeddingsServiceStub(channel).CreateEmbedding(request)
        for channel in (pair.bare, pair.bridge)
    ]
    assert one == other
    assert len(other.data) == VECTORS


def test_a_stream_asked_for_is_understood() -> None:
    asked = StreamRequest("azure", 40, 0.0125, stamped=True, fault="cut")
    assert StreamRequest.of(f'{{"model":"{asked.model}","stream":true}}') == asked
    assert StreamRequest.of("bench/model") == StreamRequest("plain", CHUNKS, 0.0)


def test_the_mix_has_each_shape_as_often_as_it_weighs() -> None:
    assert {name: mix().count(name) for name in SHAPES} == {name: shape.weight for name, shape in SHAPES.items()}
    assert len(mix()) == 16


@pytest.mark.parametrize("shape", ["openai", "logprobs", "azure", "llamacpp", "mistral", "vllm"])
def test_no_two_chunks_are_alike_where_the_gateway_s_differ(shape: str) -> None:
    assert len(set(stream(shape))) == CHUNKS + 1


@pytest.mark.parametrize(
    ("fault", "messages", "code"),
    [
        ("refused", 0, grpc.StatusCode.RESOURCE_EXHAUSTED),
        ("cut", 5, grpc.StatusCode.UNAVAILABLE),
        ("failed", 5, grpc.StatusCode.INTERNAL),
    ],
)
async def test_the_upstream_fails_as_it_is_asked_to(fault: str, messages: int, code: Any, pair: Pair) -> None:
    asked = StreamRequest("openai", 10, 0.001, stamped=True, fault=fault)
    request = chat_pb2.CreateChatCompletionRequest(model=asked.model, messages=[{"role": "user", "content": "hi"}])
    call: Any = chat_pb2_grpc.ChatServiceStub(pair.bridge).CreateChatCompletionStream(request)
    watch = Watch()
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await watch.follow(call)
    assert (raised.value.code(), watch.messages) == (code, messages)


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_words_of_a_stamped_stream_say_when_they_were_written(shape: str, pair: Pair) -> None:
    asked, watch = StreamRequest(shape, 8, 0.001, stamped=True), Watch()
    request = chat_pb2.CreateChatCompletionRequest(model=asked.model, messages=[{"role": "user", "content": "hi"}])
    await watch.follow(chat_pb2_grpc.ChatServiceStub(pair.bridge).CreateChatCompletionStream(request))
    assert watch.messages == 8
    assert len(watch.delays) >= 2
    assert all(0 < late < 5 for late in watch.delays)
