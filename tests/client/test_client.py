"""The synchronous client and a real bridge: responses, failures, retries, deadlines, cancellation, large messages."""

import asyncio
import json
from typing import Any

import grpc
import pytest

from aibridge.client import OPTIONS, SERVICE_CONFIG, CallFailed, Client, aio, caller_metadata, connect
from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Gateway, respond_json, sse

MODELS = {"object": "list", "data": [{"id": "m"}]}


async def models(client: Client, **options: Any) -> models_pb2.ListModelsResponse:
    """The list of models, from a thread, because this event loop runs the bridge and the gateway."""
    return await asyncio.to_thread(client.models.ListModels, models_pb2.ListModelsRequest(), **options)


async def test_all_services(bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """The synchronous client calls every service."""
    chunks = [{"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]} for text in "ab"]
    vector = {"data": [{"index": 0, "embedding": [1.0]}]}
    bridge.gateway.script(respond_json(MODELS), respond_json({"choices": []}), sse(*chunks), respond_json(vector))

    def calls() -> tuple[Any, ...]:
        with connect(bridge.address) as client:
            return (
                client.models.ListModels(models_pb2.ListModelsRequest()).data[0].id,
                len(client.chat.CreateChatCompletion(hello).choices),
                [chunk.choices[0].delta.content for chunk in client.chat.CreateChatCompletionStream(hello)],
                client.embeddings.CreateEmbedding(embeddings_pb2.CreateEmbeddingRequest(model="m", input="x"))
                .data[0]
                .embedding,
            )

    assert await asyncio.to_thread(calls) == ("m", 0, ["a", "b"], [1.0])


async def test_a_failure_of_the_upstream(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json({"error": {"message": "no such key", "code": "invalid_api_key"}}, 401))
    with connect(bridge.address) as client, pytest.raises(CallFailed) as caught:
        await models(client, metadata=(("x-request-id", "mine"),))
    error = caught.value
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "BRIDGE_CREDENTIALS_REJECTED")
    assert (error.message, error.request_id, error.metadata["httpStatus"]) == ("no such key", "mine", "401")
    assert error.upstream is not None
    assert error.upstream.code == "invalid_api_key"
    assert error.__suppress_context__  # grpc's own error would add fifteen lines


async def test_the_token_goes_along(start: Start) -> None:
    async with start(upstream_credentials="caller") as bridge:
        bridge.gateway.script(respond_json(MODELS))
        with connect(bridge.address, token=" caller-token\n") as client:  # noqa: S106 # made up
            await models(client)
        assert bridge.gateway.last.headers["authorization"] == "Bearer caller-token"


@pytest.mark.parametrize("token", ["a\nb", "ä", "a\x00"])
def test_a_token_that_metadata_cannot_hold(token: str) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        connect("127.0.0.1:1", token=token)
    assert token not in str(caught.value)


@pytest.mark.parametrize("token", [None, "", " \n"])
def test_no_token_no_metadata(token: str | None) -> None:
    assert caller_metadata(token) == ()


async def test_the_key_of_metadata_may_be_spelt_as_a_header(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json(MODELS))
    with connect(bridge.address) as client:
        await models(client, metadata=[("X-Title", "Example")])
    assert bridge.gateway.last.headers["x-title"] == "Example"


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (("x-title", "Café"), "metadata: the value of 'x-title' is not printable ASCII"),
        (("x-title", "a\nb"), "metadata: the value of 'x-title' is not printable ASCII"),
        (("x title", "a"), "metadata: 'x title' is not a key"),
    ],
)
async def test_metadata_that_cannot_be_sent(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest, item: tuple[str, str], words: str
) -> None:
    """A ValueError names the pair, where gRPC fails with INTERNAL and names none."""
    async with aio.connect(bridge.address) as client:
        with pytest.raises(ValueError, match=words):
            await client.chat.CreateChatCompletion(hello, metadata=[item])
        with pytest.raises(ValueError, match=words):
            client.chat.CreateChatCompletionStream(hello, metadata=[item])
    with connect(bridge.address) as client, pytest.raises(ValueError, match=words):
        client.chat.CreateChatCompletion(hello, metadata=[item])
    assert not bridge.gateway.requests


async def test_a_timeout_for_all_calls_and_one_for_a_call(bridge: Bridge) -> None:
    async def silence(exchange: Exchange) -> None:
        await exchange.wait_closed()

    bridge.gateway.script(silence)
    for timeout, options in ((0.1, {}), (60, {"timeout": 0.1})):
        with connect(bridge.address, timeout=timeout) as client, pytest.raises(CallFailed) as caught:
            await models(client, **options)
        assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_nobody_there() -> None:
    with connect("127.0.0.1:1") as client, pytest.raises(CallFailed) as caught:
        await models(client)
    assert (caught.value.code, caught.value.reason) == (grpc.StatusCode.UNAVAILABLE, "")
    assert caught.value.message.startswith("no connection to a bridge at 127.0.0.1:1: Connection refused")


async def test_unavailable_is_tried_again(start: Start, gateway: Gateway) -> None:
    """With the bridge's retries off, each request at the gateway is one attempt of the client."""
    gateway.script(respond_json({}, 502), respond_json({}, 502), respond_json(MODELS))
    async with start() as bridge:
        request = models_pb2.ListModelsRequest(bridge_options={"retry": False})
        with connect(bridge.address) as client:
            response = await asyncio.to_thread(client.models.ListModels, request)
    assert response.data[0].id == "m"
    assert len(gateway.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_nothing_else_is_tried_again(start: Start, gateway: Gateway, status: int) -> None:
    gateway.script(respond_json({"error": {"message": "no"}}, status))
    async with start() as bridge:
        with connect(bridge.address) as client, pytest.raises(CallFailed):
            await models(client)
    assert len(gateway.requests) == 1


async def test_a_stream_that_is_left_stops_the_upstream(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    closed = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event({"choices": [{"index": 0, "delta": {"content": "a"}}]})
        await exchange.wait_closed()
        closed.set()

    def first(client: Client) -> str:
        with client.chat.CreateChatCompletionStream(hello) as chunks:
            return next(chunk.choices[0].delta.content for chunk in chunks)

    bridge.gateway.script(script)
    with connect(bridge.address) as client:
        assert await asyncio.to_thread(first, client) == "a"
        await asyncio.wait_for(closed.wait(), 5)  # although the client is still open


async def test_messages_beyond_grpcs_own_limit(bridge: Bridge) -> None:
    texts = ["x" * 1000] * 5000
    vectors = {"data": [{"index": index, "embedding": [0.5] * 300} for index in range(5000)]}
    bridge.gateway.script(respond_json(vectors))
    request = embeddings_pb2.CreateEmbeddingRequest(model="m", input_texts={"items": texts})
    with connect(bridge.address) as client:
        response = await asyncio.to_thread(client.embeddings.CreateEmbedding, request)
    assert request.ByteSize() > 4 << 20 < response.ByteSize()
    assert bridge.gateway.last.json["input"] == texts


def test_options_that_servers_tolerate() -> None:
    options = dict(OPTIONS)
    assert options["grpc.keepalive_time_ms"] > 300_000, "a gRPC server with its defaults ends the connection"
    assert "grpc.keepalive_permit_without_calls" not in options
    assert json.loads(options["grpc.service_config"]) == SERVICE_CONFIG
