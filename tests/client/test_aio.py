"""The asyncio client and a real bridge: the same behaviour as the synchronous client, and cancellation."""

import asyncio
from typing import Any

import grpc
import pytest

from aibridge.client import CallFailed, aio
from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Gateway, respond_json, sse

MODELS = {"object": "list", "data": [{"id": "m"}]}
LIST = models_pb2.ListModelsRequest()


def event(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


async def test_all_services(bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """The asyncio client calls every service."""
    vector = {"data": [{"index": 0, "embedding": [1.0]}]}
    bridge.gateway.script(
        respond_json(MODELS), respond_json({"choices": []}), sse(event("a"), event("b")), respond_json(vector)
    )
    embed = embeddings_pb2.CreateEmbeddingRequest(model="m", input="x")
    async with aio.connect(bridge.address) as client:
        assert (await client.models.ListModels(LIST)).data[0].id == "m"
        assert len((await client.chat.CreateChatCompletion(hello)).choices) == 0
        async with client.chat.CreateChatCompletionStream(hello) as chunks:
            assert (await aio.collect(chunks)).choices[0].message.content == "ab"
            assert "x-request-id" in await chunks.trailing_metadata()
        assert (await client.embeddings.CreateEmbedding(embed)).data[0].embedding == [1.0]


async def test_a_response_and_its_trailers(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json(MODELS, x_ratelimit_remaining_requests="7"))
    async with aio.connect(bridge.address) as client:
        response, trailers = await client.models.ListModels.with_trailers(LIST, metadata=(("x-request-id", "mine"),))
    assert response.data[0].id == "m"
    assert (trailers["x-request-id"], trailers["x-ratelimit-remaining-requests"]) == ("mine", "7")


async def test_a_failure_of_the_upstream(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json({"error": {"message": "slow down"}}, 429, retry_after="3"))
    async with aio.connect(bridge.address) as client:
        with pytest.raises(CallFailed) as caught:
            await client.models.ListModels(LIST)
    error = caught.value
    assert (error.code, error.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMIT_EXCEEDED")
    assert (error.retryable, error.retry_delay, error.trailers["retry-after"]) == (True, 3.0, "3")
    assert error.__suppress_context__


async def test_a_stream_hands_out_what_came_before_it_failed(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    bridge.gateway.script(sse(event("a"), done=False))
    texts = []
    async with aio.connect(bridge.address) as client:
        with pytest.raises(CallFailed, match="UPSTREAM_STREAM_INTERRUPTED"):  # noqa: PT012 # the loop raises
            async for chunk in client.chat.CreateChatCompletionStream(hello):
                texts += [choice.delta.content for choice in chunk.choices]
    assert texts == ["a"]


async def test_the_token_goes_along(start: Start) -> None:
    async with start(upstream_credentials="caller") as bridge:
        bridge.gateway.script(respond_json(MODELS))
        async with aio.connect(bridge.address, token="caller-token") as client:  # noqa: S106 # made up
            await client.models.ListModels(LIST)
        assert bridge.gateway.last.headers["authorization"] == "Bearer caller-token"


async def test_timeouts(bridge: Bridge) -> None:
    """The client's timeout applies to each call, and a call's own overrides it."""

    async def silence(exchange: Exchange) -> None:
        await exchange.wait_closed()

    bridge.gateway.script(silence)
    for timeout, options in ((0.1, {}), (60, {"timeout": 0.1})):
        async with aio.connect(bridge.address, timeout=timeout) as client:
            with pytest.raises(CallFailed, match="DEADLINE_EXCEEDED"):
                await client.models.ListModels(LIST, **options)


async def test_nobody_there() -> None:
    async with aio.connect("127.0.0.1:1") as client:
        with pytest.raises(CallFailed, match=r"no connection to a bridge at 127\.0\.0\.1:1: Connection refused"):
            await client.models.ListModels(LIST)


async def test_unavailable_is_tried_again(start: Start, gateway: Gateway) -> None:
    """The shipped service config retries: three attempts, each a request at the gateway."""
    gateway.script(respond_json({}, 502), respond_json({}, 502), respond_json(MODELS))
    async with start() as bridge, aio.connect(bridge.address) as client:
        await client.models.ListModels(models_pb2.ListModelsRequest(bridge_options={"retry": False}))
    assert len(gateway.requests) == 3


class Held:
    """A stream that sends one event and then nothing, until its connection is closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(event("a"))
        await exchange.wait_closed()
        self.closed.set()


async def test_a_stream_that_is_left_stops_the_upstream(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    held = Held()
    bridge.gateway.script(held)
    async with aio.connect(bridge.address) as client:
        async with client.chat.CreateChatCompletionStream(hello) as chunks:
            assert (await anext(chunks)).choices[0].delta.content == "a"
        await asyncio.wait_for(held.closed.wait(), 5)  # although the client is still open


async def test_a_stream_that_was_given_up_says_so(bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """A cancelled stream raises CallFailed, not `CancelledError`, which would mean this task."""
    bridge.gateway.script(Held())
    async with aio.connect(bridge.address) as client:
        chunks = client.chat.CreateChatCompletionStream(hello)
        await anext(chunks)
        chunks.cancel()
        with pytest.raises(CallFailed, match="CANCELLED: the call was cancelled"):
            await anext(chunks)


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_cancelled_task_cancels_its_call(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest, streamed: bool  # noqa: FBT001 # a parameter
) -> None:  # fmt: skip
    held = Held()
    bridge.gateway.script(held)
    async with aio.connect(bridge.address) as client:

        async def call() -> None:
            if streamed:
                await aio.collect(client.chat.CreateChatCompletionStream(hello))
            else:
                await client.chat.CreateChatCompletion(hello)

        task = asyncio.create_task(call())
        await bridge.gateway.exchange()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(held.closed.wait(), 5)
