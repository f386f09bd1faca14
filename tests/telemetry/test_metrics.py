"""What is counted for each kind of call and each end, read as Prometheus reads it."""

import asyncio
from contextlib import suppress
from typing import Any

import grpc
import pytest

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge import settings
from bridge.call import CallRecord
from bridge.clean import Tokens
from bridge.errors import Reason
from bridge.telemetry import metrics as metrics_module
from bridge.telemetry.metrics import FAMILIES, Metrics
from tests.support import scrape
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Gateway, Script, respond, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST
from tests.support.scrape import Scrape
from tests.support.wait import until

Hello = chat_pb2.CreateChatCompletionRequest
USAGE = {"prompt_tokens": 11, "completion_tokens": 700, "total_tokens": 711}
INPUT, OUTPUT = {"gen_ai_token_type": "input"}, {"gen_ai_token_type": "output"}
STREAM = {"grpc_type": "server_stream", "grpc_method": "CreateChatCompletionStream"}


def read(bridge: Bridge) -> Scrape:
    return scrape.of([bridge.app.metrics])


async def code_of(call: Any) -> grpc.StatusCode:
    with suppress(grpc.aio.AioRpcError):
        while await call.read() is not grpc.aio.EOF:
            pass
    return await call.code()


async def test_a_unary_call(bridge: Bridge, hello: Hello) -> None:
    """A call is counted under the ecosystem's names, and its response by the GenAI conventions."""
    bridge.gateway.script(respond_json({**COMPLETION, "usage": USAGE}))
    await bridge.chat.CreateChatCompletion(hello)
    seen = read(bridge)
    method = {"grpc_type": "unary", "grpc_service": "aibridge.v1.ChatService", "grpc_method": "CreateChatCompletion"}
    assert seen.sum("grpc_server_started_total", **method) == 1
    assert seen.sum("grpc_server_handled_total", **method, grpc_code="OK") == 1
    assert seen.sum("grpc_server_handled_total") == 1
    assert seen.sum("grpc_server_msg_received_total", **method) == 1
    assert seen.sum("grpc_server_msg_sent_total", **method) == 1
    assert seen.sum("grpc_server_handling_seconds_count", **method) == 1
    assert seen.sum("aibridge_overhead_seconds_count", **method) == 1
    genai = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "openai", "gen_ai_request_model": "m"}
    assert seen.sum("gen_ai_client_operation_duration_seconds_count", **genai, error_type="") == 1
    assert seen.sum("gen_ai_client_token_usage_sum", **genai, **INPUT) == 11
    assert seen.sum("gen_ai_client_token_usage_sum", **genai, **OUTPUT) == 700
    assert seen.sum("gen_ai_client_token_usage_bucket", le="256.0", **OUTPUT) == 0
    assert seen.sum("gen_ai_client_token_usage_bucket", le="1024.0", **OUTPUT) == 1
    assert seen.sum("gen_ai_client_operation_time_to_first_chunk_seconds_count") == 0
    assert seen.sum("aibridge_upstream_requests_total", status_class="2xx") == 1
    assert seen.sum("aibridge_call_failures_total") == 0


def test_the_times_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call is measured from its arrival, all other times from the request upstream."""
    method = "/aibridge.v1.ChatService/CreateChatCompletionStream"
    metrics = Metrics(settings.load(), {method: True})
    record = CallRecord(method, (), "r", streams=True, started=100.0, delivered=4)
    record.queue_seconds, record.connection_seconds, record.sent_at, record.ended_at = 1.0, 2.0, 110.0, 122.0
    record.chunks.first_at, record.chunks.last_at, record.chunks.gaps = 114.0, 121.0, [0] * 15
    record.chunks.gaps[5] = 3
    monkeypatch.setattr(metrics_module.time, "monotonic", lambda: 130.0)
    metrics.begin(record)
    metrics.end(record, "OK", "", Tokens(None, None, None, None))
    seen = scrape.of([metrics])
    prefix = "gen_ai_client_operation"
    assert seen.sum(f"{prefix}_time_to_first_chunk_seconds_sum") == 4.0
    assert seen.sum(f"{prefix}_time_per_output_chunk_seconds_sum") == 7.0
    assert seen.sum(f"{prefix}_time_per_output_chunk_seconds_count") == 3
    assert seen.sum(f"{prefix}_duration_seconds_sum") == 12.0
    assert seen.sum("grpc_server_handling_seconds_sum", **STREAM) == 30.0
    assert seen.sum("aibridge_overhead_seconds_sum", **STREAM) == 30.0 - 12.0 - 3.0
    assert seen.sum("aibridge_queue_seconds_sum") == 3.0


async def test_overhead_is_what_the_upstream_did_not_take(bridge: Bridge, hello: Hello) -> None:
    """The gateway's time, before the head and in the body, is not part of the overhead."""

    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(0.05)
        await exchange.head()
        await asyncio.sleep(0.05)
        await exchange.send('{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}]}')
        exchange.writer.close()

    bridge.gateway.script(slow)
    await bridge.chat.CreateChatCompletion(hello)
    seen = read(bridge)
    total = seen.sum("grpc_server_handling_seconds_sum", grpc_method="CreateChatCompletion")
    upstream = seen.sum("gen_ai_client_operation_duration_seconds_sum")
    overhead = seen.sum("aibridge_overhead_seconds_sum")
    assert upstream >= 0.1
    assert overhead > 0
    assert overhead + upstream == pytest.approx(total)


async def test_a_stream(bridge: Bridge, hello: Hello) -> None:
    """Each chunk after the first is one observation. Chunks of one read have the same time."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await asyncio.sleep(0.05)
        await exchange.event(CHUNK)
        await asyncio.sleep(0.05)
        await exchange.send("data: {}\n\n" * 3)
        await exchange.event({**LAST, "usage": USAGE})
        await exchange.event("[DONE]")
        exchange.writer.close()

    bridge.gateway.script(script)
    call = bridge.chat.CreateChatCompletionStream(hello)
    await call.read()
    assert read(bridge).sum("aibridge_calls_open", **STREAM) == 1
    assert await code_of(call) is grpc.StatusCode.OK
    seen = read(bridge)
    assert seen.sum("aibridge_calls_open") == 0
    assert seen.sum("grpc_server_msg_sent_total", **STREAM) == 6
    assert seen.sum("gen_ai_client_operation_time_to_first_chunk_seconds_count", gen_ai_request_model="m") == 1
    gaps = "gen_ai_client_operation_time_per_output_chunk_seconds"
    assert seen.sum(f"{gaps}_count") == 5
    assert seen.sum(f"{gaps}_bucket", le="0.04") >= 2  # of the three, and the last if it was in the same read
    assert seen.sum(f"{gaps}_count") - seen.sum(f"{gaps}_bucket", le="0.04") >= 2
    assert seen.sum(f"{gaps}_sum") >= 0.1


ENDS: dict[str, tuple[Script, str, str, str]] = {
    "cut": (sse(CHUNK, done=False), "Unavailable", "UPSTREAM_STREAM_INTERRUPTED", "2xx"),
    "refused": (respond_json({"error": {"message": "no"}}, 400), "InvalidArgument", "INVALID_REQUEST", "4xx"),
    "limited": (respond_json({"error": {"message": "slow"}}, 429), "ResourceExhausted", "RATE_LIMIT_EXCEEDED", "4xx"),
    "down": (respond(b"", 503), "Unavailable", "UPSTREAM_UNAVAILABLE", "5xx"),
    "odd status": (respond(b"", 799), "Unavailable", "UPSTREAM_SERVER_ERROR", "5xx"),
    "malformed": (respond("nonsense"), "Internal", "UPSTREAM_MALFORMED_RESPONSE", "2xx"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
async def test_a_failure(bridge: Bridge, hello: Hello, end: tuple[Script, str, str, str]) -> None:
    """A failure is counted by code, reason and class of HTTP status, not by a model that did not respond."""
    script, code, reason, status = end
    bridge.gateway.script(script)
    await code_of(bridge.chat.CreateChatCompletionStream(hello))
    seen = read(bridge)
    assert seen.sum("grpc_server_handled_total", **STREAM, grpc_code=code) == seen.sum("grpc_server_handled_total") == 1
    assert seen.sum("aibridge_call_failures_total", reason=reason) == seen.sum("aibridge_call_failures_total") == 1
    assert seen.sum("aibridge_upstream_requests_total", status_class=status) == 1
    duration = "gen_ai_client_operation_duration_seconds_count"
    assert seen.sum(duration, error_type=reason, gen_ai_request_model="other") == seen.sum(duration) == 1


async def test_a_refusal_before_the_upstream(bridge: Bridge) -> None:
    """A refusal before the upstream is a call and a failure, but no GenAI operation."""
    await code_of(bridge.chat.CreateChatCompletionStream(Hello(model="m")))
    seen = read(bridge)
    assert seen.sum("aibridge_call_failures_total", reason="INVALID_REQUEST") == 1
    assert seen.sum("gen_ai_client_operation_duration_seconds_count") == 0
    assert seen.sum("aibridge_upstream_requests_total") == 0


async def test_cancelled(bridge: Bridge, hello: Hello) -> None:
    """A cancelled stream is counted as Canceled."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await exchange.wait_closed()

    bridge.gateway.script(script)
    call = bridge.chat.CreateChatCompletionStream(hello)
    await call.read()
    call.cancel()
    exchange = await bridge.gateway.exchange()
    await asyncio.wait_for(exchange.wait_closed(), 5)
    await until(lambda: read(bridge).sum("grpc_server_handled_total"))  # the last step of a cancelled task
    seen = read(bridge)
    assert seen.sum("grpc_server_handled_total", **STREAM, grpc_code="Canceled") == 1
    assert seen.sum("grpc_server_msg_sent_total", **STREAM) == 1
    assert seen.sum("aibridge_call_failures_total") == 0
    assert seen.sum("gen_ai_client_operation_duration_seconds_count", error_type="CANCELLED") == 1


async def test_retries(start: Start, gateway: Gateway, hello: Hello) -> None:
    """Each attempt counts by its own status."""
    gateway.script(respond(b"", 503, retry_after="0"), respond(b"", 429, retry_after="0"), respond_json(COMPLETION))
    async with start(max_retries=2) as bridge:
        await bridge.chat.CreateChatCompletion(hello)
        seen = read(bridge)
    classes = {name: seen.sum("aibridge_upstream_requests_total", status_class=name) for name in ("2xx", "4xx", "5xx")}
    assert classes == {"2xx": 1, "4xx": 1, "5xx": 1}
    assert seen.sum("aibridge_upstream_retries_total") == 2
    assert seen.sum("grpc_server_handled_total") == 1


async def test_cancelled_before_a_retry(start: Start, gateway: Gateway, hello: Hello) -> None:
    """A retry that was not sent is none."""
    gateway.script(respond(b"", 503, retry_after="30"))
    async with start(max_retries=2) as bridge:
        call = bridge.chat.CreateChatCompletion(hello)
        await until(lambda: bridge.app._upstream._retries._tokens < 10)  # it waits for the next attempt
        call.cancel()
        await until(lambda: read(bridge).sum("grpc_server_handled_total"))
        seen = read(bridge)
    assert seen.sum("aibridge_upstream_requests_total") == 1
    assert seen.sum("aibridge_upstream_retries_total") == 0


async def test_the_limiter(start: Start, gateway: Gateway, hello: Hello) -> None:
    """With one call running, one is queued and one refused, and the queueing time is measured."""
    go_on = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await go_on.wait()
        await respond_json(COMPLETION)(exchange)

    gateway.script(script)
    async with start(max_calls=1) as bridge:
        calls = [bridge.chat.CreateChatCompletion(hello) for _ in range(3)]
        await asyncio.wait_for(gateway.exchange(), 5)  # the running call has its connection
        await until(lambda: read(bridge).sum("aibridge_call_failures_total"))
        seen = read(bridge)
        assert seen.sum("aibridge_limiter_calls", state="running") == 1
        assert seen.sum("aibridge_limiter_calls", state="waiting") == 1
        assert seen.sum("aibridge_limiter_max_calls") == 1
        assert seen.sum("aibridge_draining") == 0
        assert seen.sum("aibridge_call_failures_total", reason="BRIDGE_OVERLOADED") == 1
        assert seen.sum("aibridge_upstream_connections", state="used") == 1
        go_on.set()
        codes = [await call.code() for call in calls]
        seen = read(bridge)
    assert sorted(code.name for code in codes) == ["OK", "OK", "RESOURCE_EXHAUSTED"]
    assert seen.sum("aibridge_queue_seconds_count") == 1
    assert seen.sum("aibridge_queue_seconds_sum") > 0
    assert seen.sum("aibridge_upstream_connections", state="used") == 0
    assert seen.sum("aibridge_upstream_connections", state="idle") == 1


async def test_models_are_bounded(start: Start, gateway: Gateway) -> None:
    """Only the first models that responded have a label, so that callers cannot create more."""
    gateway.script(respond_json(COMPLETION))
    async with start(metrics_models=2) as bridge:
        for model in ("a", "b", "c", "d" * 200, "a"):
            await bridge.chat.CreateChatCompletion(Hello(model=model, messages=[{"role": "user", "content": "hi"}]))
        gateway.script(respond(b"", 404))
        await code_of(
            bridge.chat.CreateChatCompletionStream(Hello(model="e", messages=[{"role": "user", "content": "h"}]))
        )
        seen = read(bridge)
    duration = "gen_ai_client_operation_duration_seconds_count"
    assert seen.values(duration, "gen_ai_request_model") == {"a", "b", "other"}
    assert seen.sum(duration, gen_ai_request_model="a") == 2
    assert seen.sum(duration, gen_ai_request_model="other") == 3


@pytest.mark.parametrize("tokens", [None, -5, "many", 1.5, True, []])
async def test_token_counts_that_are_none(bridge: Bridge, hello: Hello, tokens: Any) -> None:
    """A token count that is no number is not counted, without an error."""
    bridge.gateway.script(respond_json({**COMPLETION, "usage": {"prompt_tokens": tokens}}))
    await bridge.chat.CreateChatCompletion(hello)
    seen = read(bridge)
    assert seen.sum("gen_ai_client_token_usage_count") == 0
    assert seen.sum("grpc_server_handled_total", grpc_code="OK") == 1


async def test_embeddings_and_models(bridge: Bridge) -> None:
    """Embeddings are a GenAI operation; the list of models is not."""
    bridge.gateway.script(respond_json({"data": [{"index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 4}}))
    request = embeddings_pb2.CreateEmbeddingRequest(model="e")
    request.input_texts.items.append("a")
    await bridge.embeddings.CreateEmbedding(request)
    await bridge.models.ListModels(models_pb2.ListModelsRequest())
    seen = read(bridge)
    assert seen.values("gen_ai_client_operation_duration_seconds_count", "gen_ai_operation_name") == {"embeddings"}
    assert seen.sum("gen_ai_client_token_usage_sum", **INPUT) == 4
    assert seen.sum("grpc_server_handled_total", grpc_method="ListModels", grpc_code="OK") == 1


def test_all_is_there_from_the_start(bridge: Bridge) -> None:
    """Every method, code and reason has a zero before the first call, as a rate needs one."""
    seen = read(bridge)
    assert seen.values("aibridge_call_failures_total", "reason") == {reason.name for reason in Reason}
    assert len(seen.values("grpc_server_handled_total", "grpc_code")) == len(grpc.StatusCode)
    assert len(seen.values("grpc_server_started_total", "grpc_method")) == 7
    assert {family.name.removesuffix("_total") for family in FAMILIES} == set(seen.families)
    assert seen.sum("aibridge_build_info") == 1


async def test_a_fault_in_telemetry_is_no_fault_of_the_call(
    bridge: Bridge, hello: Hello, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bridge.app.metrics, "end", broken)
    bridge.gateway.script(respond_json(COMPLETION))
    assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"


async def test_a_bridge_that_drains_says_so(start: Start) -> None:
    """From SIGTERM on the metric says that the bridge drains, while calls are still served."""
    async with start() as bridge:
        stop = asyncio.create_task(bridge.app.stop(delay=0.1))
        await asyncio.sleep(0.02)
        assert read(bridge).sum("aibridge_draining") == 1
        await stop


def test_a_hundred_thousand_models() -> None:
    """A new model in each call adds neither series over the limit nor memory."""
    methods = {"/aibridge.v1.ChatService/CreateChatCompletion": False}
    counted = Metrics(settings.load(metrics_models=50), methods)
    for number in range(100_000):
        record = CallRecord(next(iter(methods)), (), "r", model=f"model-{number}", sent_at=1.0)
        counted.begin(record)
        counted.end(record, "OK", "", Tokens(number, number, None, None))
    seen = scrape.of([counted])
    for name in ("gen_ai_client_operation_duration_seconds_count", "gen_ai_client_token_usage_count"):
        assert len(seen.values(name, "gen_ai_request_model")) == 51
    assert seen.sum("grpc_server_handled_total", grpc_code="OK") == 100_000
    assert len(seen.text) < 1 << 20
