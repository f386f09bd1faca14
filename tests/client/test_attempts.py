"""How many requests reach the upstream for one call: the bridge's own retries, not multiplied by gRPC's.

Each fault is tested with the shipped client, and with a channel whose service config would retry everything.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from aibridge.client import OPTIONS, SERVICE_CONFIG, failure_of
from aibridge.client.calls import trailers_of
from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc, models_pb2, models_pb2_grpc
from bridge.upstream import retry
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Gateway, Script, respond, respond_json, sse
from tests.support.payloads import COMPLETION
from tests.support.relay import relay

CHAT: Any = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
CALLS: dict[str, Callable[[grpc.aio.Channel], Any]] = {
    "unary": lambda channel: chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(
        chat_pb2.CreateChatCompletionRequest(**CHAT)
    ),
    "stream": lambda channel: chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletionStream(
        chat_pb2.CreateChatCompletionRequest(**CHAT)
    ),
    "embeddings": lambda channel: embeddings_pb2_grpc.EmbeddingsServiceStub(channel).CreateEmbedding(
        embeddings_pb2.CreateEmbeddingRequest(model="m", input="hi")
    ),
    "models": lambda channel: models_pb2_grpc.ModelsServiceStub(channel).ListModels(models_pb2.ListModelsRequest()),
}
BILLED = ("unary", "stream", "embeddings")
#: A service config of somebody else that gives everything five attempts.
GREEDY = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.01s",
                "maxBackoff": "0.01s",
                "backoffMultiplier": 1,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL", "DEADLINE_EXCEEDED"],
            },
        }
    ]
}
#: Attempts at a call for models, by whether the config is GREEDY.
CONFIGS_ATTEMPTS = {False: 3, True: 5}
CONFIGS: dict[str, Any] = {"shipped": SERVICE_CONFIG, "greedy": GREEDY}
ERROR = '{"error": {"message": "no", "type": null}}'


async def closes(exchange: Exchange) -> None:
    """The request arrives completely, and the connection closes without a response."""
    exchange.writer.close()


async def breaks_off(exchange: Exchange) -> None:
    """The connection breaks after the response's head."""
    streams = exchange.request.body and exchange.request.json.get("stream")
    await exchange.head(content_type="text/event-stream" if streams else "application/json", content_length="1000")
    exchange.reset()


async def hangs(exchange: Exchange) -> None:
    await exchange.wait_closed()


#: The bridge's requests to the upstream for billed calls, and for a GET. GREEDY repeats GETs that have one request.
FAULTS: dict[str, tuple[Script, int, int]] = {
    "503": (respond(ERROR, 503), 3, 3),
    "502": (respond(ERROR, 502), 3, 3),
    "429": (respond(ERROR, 429, retry_after_ms="1"), 3, 3),
    "529": (respond(ERROR, 529), 3, 3),
    "500": (respond(ERROR, 500), 1, 1),
    "504": (respond(ERROR, 504), 1, 1),
    "520": (respond(ERROR, 520), 1, 1),
    "closed without a response": (closes, 1, 3),
    "broken off": (breaks_off, 1, 1),
}


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_DELAY_SECONDS", 0.01)


@asynccontextmanager
async def channel_to(address: str, config: Any, **options: Any) -> AsyncIterator[grpc.aio.Channel]:
    chosen = {**dict(OPTIONS), "grpc.service_config": json.dumps(config), "grpc.use_local_subchannel_pool": 1}
    async with grpc.aio.insecure_channel(address, options=list({**chosen, **options}.items())) as channel:
        yield channel


async def failure(call: Any) -> grpc.aio.AioRpcError:
    """The error of a call, which must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        assert await (anext(aiter(call)) if hasattr(call, "__aiter__") else call) is None
    return caught.value


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize(("script", "billed", "free"), FAULTS.values(), ids=FAULTS)
async def test_requests_upstream(
    start: Start, gateway: Gateway, script: Script, billed: int, free: int, kind: str, config: Any
) -> None:
    """At most three requests; one if the call may have been billed, whatever the service config says."""
    gateway.script(script)
    async with start(max_retries=2) as bridge, channel_to(bridge.address, config) as channel:
        error = failure_of(await failure(CALLS[kind](channel)))
        calls = served(bridge)
    attempts = billed if kind in BILLED else free
    may_repeat = kind == "models" and attempts == 1 and error.code is grpc.StatusCode.UNAVAILABLE
    assert calls == (CONFIGS_ATTEMPTS[config is GREEDY] if may_repeat else 1)
    assert len(gateway.requests) == attempts * calls
    if error.code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}:
        assert error.retryable  # the caller may decide to retry
        assert error.trailers.get("grpc-retry-pushback-ms") == (None if may_repeat else "-1")
        assert (error.retry_delay is None) == may_repeat


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("kind", CALLS)
async def test_a_dead_upstream(start: Start, kind: str, config: Any) -> None:
    """One call, with three attempts by the bridge."""
    async with (
        start(max_retries=2, upstream_url="http://127.0.0.1:9/v1") as bridge,
        channel_to(bridge.address, config) as channel,
    ):
        error = failure_of(await failure(CALLS[kind](channel)))
        assert served(bridge) == 1
    assert (error.reason, error.metadata["attempts"]) == ("UPSTREAM_UNREACHABLE", "3")
    assert (error.retryable, error.retry_delay) == (True, 1.0)


def served(bridge: Bridge) -> int:
    """The number of calls that reached the bridge, including gRPC's retries."""
    return sum(method.started for method in bridge.app.metrics._methods.values())


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
async def test_when_the_bridge_has_no_retries_left(start: Start, gateway: Gateway, config: Any) -> None:
    """If the retry budget is used up, gRPC's retries do not replace the bridge's."""
    gateway.script(respond(ERROR, 503))
    async with start(max_retries=2) as bridge, channel_to(bridge.address, config) as channel:
        bridge.app._upstream._retries._tokens = 0.0
        error = failure_of(await failure(CALLS["unary"](channel)))
    assert len(gateway.requests) == 1
    assert (error.trailers["grpc-retry-pushback-ms"], error.retry_delay, error.retryable) == ("-1", 1.0, True)


@pytest.mark.parametrize("kind", CALLS)
async def test_retries_of_the_client_where_the_bridge_has_none(start: Start, gateway: Gateway, kind: str) -> None:
    """With the bridge's retries off, the client's policy applies to calls that cannot have been billed."""
    gateway.script(respond(ERROR, 503))
    async with start(max_retries=0) as bridge, channel_to(bridge.address, GREEDY) as channel:
        error = await failure(CALLS[kind](channel))
    assert "grpc-retry-pushback-ms" not in trailers_of(error.trailing_metadata())
    assert len(gateway.requests) == 5


async def test_a_refusal_before_the_upstream_is_asked(start: Start, gateway: Gateway) -> None:
    """A call that the bridge itself refused may be retried by gRPC."""
    gateway.script(respond_json(COMPLETION))
    async with start() as bridge, channel_to(bridge.address, SERVICE_CONFIG) as channel:
        bridge.app._limits.close()
        error = await failure(CALLS["unary"](channel))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "grpc-retry-pushback-ms" not in trailers_of(error.trailing_metadata())
    assert gateway.requests == []


@pytest.mark.parametrize(("kind", "end"), [*((kind, "reset") for kind in BILLED), ("stream", "too many pings")])
async def test_the_connection_to_the_bridge_breaks_in_mid_call(
    start: Start, gateway: Gateway, kind: str, end: str
) -> None:
    """If the connection breaks while the upstream processes the call, the shipped client does not retry."""
    gateway.script(hangs)
    eager = {"grpc.keepalive_time_ms": 10} if end == "too many pings" else {}
    async with (
        start() as bridge,
        relay(bridge.address) as (address, cut),
        channel_to(address, SERVICE_CONFIG, **eager) as channel,
    ):
        failing = asyncio.create_task(failure(CALLS[kind](channel)))
        exchange = await gateway.exchange()
        if end == "reset":
            cut()
        error = await asyncio.wait_for(failing, 10)
        await asyncio.wait_for(exchange.wait_closed(), 5)
        assert served(bridge) == 1
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert len(gateway.requests) == 1


async def test_models_are_asked_for_again(start: Start, gateway: Gateway) -> None:
    """The shipped service config retries calls for models after a broken connection."""
    gateway.script(respond(ERROR, 503), respond_json({"object": "list", "data": []}))
    async with start(max_retries=0) as bridge, channel_to(bridge.address, SERVICE_CONFIG) as channel:
        assert (await CALLS["models"](channel)).object == "list"
    assert len(gateway.requests) == 2


def test_nothing_that_is_billed_is_retried_by_the_service_config() -> None:
    """The service config does not retry billed calls on UNAVAILABLE, which may come after the upstream has started."""
    services = {name["service"] for entry in SERVICE_CONFIG["methodConfig"] for name in entry["name"]}
    assert services == {"aibridge.v1.ModelsService"}


async def test_a_stream_that_was_cut_after_its_first_message(start: Start, gateway: Gateway) -> None:
    """A stream is never retried after its first message."""
    gateway.script(sse({"choices": [{"index": 0, "delta": {"content": "a"}}]}, done=False))
    async with start(max_retries=2) as bridge, channel_to(bridge.address, GREEDY) as channel:
        call = CALLS["stream"](channel)
        assert (await call.read()).choices[0].delta.content == "a"
        assert (await failure(call.read())).code() is grpc.StatusCode.UNAVAILABLE
    assert len(gateway.requests) == 1
