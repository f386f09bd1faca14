"""Spans as a collector receives them: a server span and a client span for each call, however it ends."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2, raw_pb2
from bridge import settings
from bridge.call import CallRecord
from bridge.clean import Tokens
from bridge.server.app import App
from bridge.settings import SettingsError
from bridge.telemetry import observer, otel, traces
from tests.support.bridge import Bridge
from tests.support.gateway import Exchange, Gateway, Script, respond, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST
from tests.support.processes import channel_to, free_port, serving
from tests.telemetry.collector import Collector, Seen, collecting

Hello = chat_pb2.CreateChatCompletionRequest
USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*otel._ASKING, otel._CONTENT, "OTEL_SDK_DISABLED", "OTEL_TRACES_SAMPLER", "OTEL_SERVICE_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as running:
        yield running


Tracing = Callable[..., Any]


@pytest.fixture
def tracing(gateway: Gateway, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Tracing:
    """Start a bridge that is configured by the standard variables, as in a deployment."""

    @asynccontextmanager
    async def start(**options: Any) -> AsyncIterator[Bridge]:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        chosen = settings.load(**{"listen": "127.0.0.1:0", "upstream_url": gateway.url, "max_retries": 0, **options})
        made = otel.traces(chosen)
        assert made is not None
        app = App(chosen, made)
        channel = grpc.aio.insecure_channel(await app.start())
        try:
            yield Bridge("", gateway, channel, app)
        finally:
            await channel.close()
            await app.stop()
            await made.close(5)

    return start


async def drained(call: Any) -> None:
    with suppress(grpc.aio.AioRpcError):
        while await call.read() is not grpc.aio.EOF:
            pass


def parent_of(seen: Seen) -> str:
    return str(seen.span.parent_span_id.hex())


#: Of the client span of a unary call, without the port.
CLIENT_ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "m",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.request.max_tokens": 64,
    "gen_ai.request.seed": 7,
    "gen_ai.request.top_k": 40.0,
    "gen_ai.response.id": "c1",
    "gen_ai.response.model": "m-2024",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.usage.cache_read.input_tokens": 5,
    "gen_ai.usage.reasoning.output_tokens": 3,
    "server.address": "127.0.0.1",
}


async def test_a_unary_call(tracing: Tracing, collector: Collector, hello: Hello) -> None:
    """Names and attributes follow the conventions. The caller's trace continues and reaches the upstream."""
    hello.temperature, hello.max_completion_tokens, hello.seed, hello.top_k = 0.5, 64, 7, 40
    async with tracing() as bridge:
        bridge.gateway.script(respond_json({**COMPLETION, "model": "m-2024", "usage": USAGE}))
        metadata = [("traceparent", CALLER), ("tracestate", "vendor=1"), ("x-request-id", "r1")]
        await bridge.chat.CreateChatCompletion(hello, metadata=metadata)
        server, client = await collector.received(2)
        sent = bridge.gateway.last.headers
    trace_id, parent = CALLER.split("-")[1:3]
    assert (server.name, server.kind) == ("aibridge.v1.ChatService/CreateChatCompletion", "SERVER")
    assert server.span.trace_id.hex() == client.span.trace_id.hex() == trace_id
    assert parent_of(server) == parent
    assert parent_of(client) == server.span.span_id.hex()
    assert server.attributes == {
        "rpc.system.name": "grpc",
        "rpc.method": "aibridge.v1.ChatService/CreateChatCompletion",
        "rpc.status_code": "OK",
        "server.address": "127.0.0.1",
        "aibridge.request_id": "r1",
    }
    assert (client.name, client.kind) == ("chat m", "CLIENT")
    port = int(bridge.gateway.url.split(":")[2].removesuffix("/v1"))
    assert client.attributes == {**CLIENT_ATTRIBUTES, "server.port": port}
    assert isinstance(client.attributes["gen_ai.request.top_k"], float)  # a double in the registry
    assert isinstance(client.attributes["gen_ai.request.seed"], int)
    assert sent["traceparent"] == f"00-{trace_id}-{client.span.span_id.hex()}-01"
    assert sent["tracestate"] == "vendor=1"
    assert not server.failed
    assert not client.failed
    assert server.resource["service.name"] == "aibridge"


async def test_a_stream(tracing: Tracing, collector: Collector, hello: Hello) -> None:
    """The spans of a stream end with it, not with its first message."""
    go_on = asyncio.Event()

    async with tracing() as bridge:
        bridge.gateway.script(sse(CHUNK, go_on, {**LAST, "usage": USAGE}))
        call = bridge.chat.CreateChatCompletionStream(hello)
        await call.read()
        await asyncio.sleep(0.05)
        assert collector.spans == []
        go_on.set()
        await drained(call)
        server, client = await collector.received(2)
    assert server.attributes["rpc.status_code"] == "OK"
    assert client.attributes["gen_ai.request.stream"] is True
    assert client.attributes["gen_ai.response.id"] == "c"
    assert client.attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert client.attributes["gen_ai.usage.output_tokens"] == 7
    first = client.attributes["gen_ai.response.time_to_first_chunk"]
    assert 0 < first < (client.span.end_time_unix_nano - client.span.start_time_unix_nano) / 1e9 - 0.04


def test_the_time_to_the_first_chunk() -> None:
    """The time to the first chunk is from the request upstream, not from the arrival of the call."""
    record = CallRecord("/aibridge.v1.ChatService/CreateChatCompletionStream", (), "r", streams=True, started=100.0)
    record.sent_at, record.chunks.first_at = 110.0, 114.0
    found = traces._response_attributes(record, Tokens(None, None, None, None))
    assert found == {"gen_ai.response.time_to_first_chunk": 4.0}


async def _read_and_cancel(bridge: Bridge, call: Any) -> None:
    await call.read()
    call.cancel()
    await (await bridge.gateway.exchange()).wait_closed()


async def _read_all(bridge: Bridge, call: Any) -> None:
    del bridge
    await drained(call)


async def waits(exchange: Exchange) -> None:
    await exchange.head(content_type="text/event-stream")
    await exchange.event(CHUNK)
    await exchange.wait_closed()


End = tuple[Script, Callable[[Bridge, Any], Awaitable[None]], str, str, bool]
#: The gateway's and the caller's behaviour, code, error.type of the client span, whether the server span failed.
ENDS: dict[str, End] = {
    "cancelled": (waits, _read_and_cancel, "CANCELLED", "CANCELLED", False),
    "cut": (sse(CHUNK, done=False), _read_all, "UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED", True),
    "refused": (
        respond_json({"error": {"message": "no"}}, 400),
        _read_all,
        "INVALID_ARGUMENT",
        "INVALID_REQUEST",
        False,
    ),
    "down": (respond(b"", 503), _read_all, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE", True),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
async def test_an_end_that_is_not_good(tracing: Tracing, collector: Collector, hello: Hello, end: End) -> None:
    """Both spans end once, with the reason. The caller's own fault is not an error of the server."""
    script, act, code, error, fault = end
    async with tracing() as bridge:
        bridge.gateway.script(script)
        await act(bridge, bridge.chat.CreateChatCompletionStream(hello))
        server, client = await collector.received(2)
    assert len(collector.spans) == 2
    assert server.attributes["rpc.status_code"] == code
    assert server.failed is fault
    assert server.attributes.get("error.type") == (code if fault else None)
    assert server.attributes.get("aibridge.reason") == (None if code == "CANCELLED" else error)
    assert client.failed
    assert client.attributes["error.type"] == error


async def test_retries_are_one_operation(tracing: Tracing, collector: Collector, hello: Hello) -> None:
    async with tracing(max_retries=1) as bridge:
        bridge.gateway.script(respond(b"", 503, retry_after="0"), respond_json(COMPLETION))
        await bridge.chat.CreateChatCompletion(hello)
        _, client = await collector.received(2)
        sent = {request.headers["traceparent"] for request in bridge.gateway.requests}
    assert len(collector.spans) == 2
    assert client.attributes["aibridge.attempts"] == 2
    assert not client.failed
    assert {parent.split("-")[2] for parent in sent} == {client.span.span_id.hex()}


async def test_refused_before_the_upstream(tracing: Tracing, collector: Collector) -> None:
    """A call that is refused before the upstream has no client span."""
    async with tracing() as bridge:
        await drained(bridge.chat.CreateChatCompletionStream(Hello(model="m")))
        await asyncio.sleep(0.05)
        (server,) = await collector.received(1)
    assert len(collector.spans) == 1
    assert server.attributes["aibridge.reason"] == "INVALID_REQUEST"


async def test_embeddings_and_models(tracing: Tracing, collector: Collector) -> None:
    async with tracing() as bridge:
        bridge.gateway.script(
            respond_json({"data": [{"index": 0, "embedding": [0.5]}], "model": "e-1", "usage": {"prompt_tokens": 4}})
        )
        request = embeddings_pb2.CreateEmbeddingRequest(model="e", dimensions=8)
        request.input_texts.items.append("a")
        await bridge.embeddings.CreateEmbedding(request)
        await bridge.models.ListModels(models_pb2.ListModelsRequest())
        _, embeddings, _, models = await collector.received(4)
    assert embeddings.name == "embeddings e"
    assert embeddings.attributes["gen_ai.embeddings.dimension.count"] == 8
    assert embeddings.attributes["gen_ai.usage.input_tokens"] == 4
    assert models.name == "GET"
    assert models.attributes["url.full"] == f"{bridge.gateway.url}/models"
    assert models.attributes["http.response.status_code"] == 200


async def test_a_raw_call(tracing: Tracing, collector: Collector) -> None:
    """The operation of a raw call is the pattern that allowed its path.

    No span has the path, which a caller chooses.
    """
    usage = {"input_tokens": 11, "output_tokens": 7}
    async with tracing(raw_paths="/responses/*") as bridge:
        bridge.gateway.script(respond_json({"id": "resp_1", "object": "response", "model": "m-1", "usage": usage}))
        await bridge.raw.Call(raw_pb2.RawRequest(path="/responses/private", body_json='{"model": "m"}'))
        server, client = await collector.received(2)
    assert (client.name, server.name) == ("/responses/* m", "aibridge.v1.RawService/Call")
    assert client.attributes["gen_ai.operation.name"] == "/responses/*"
    assert client.attributes["gen_ai.request.model"] == "m"
    assert client.attributes["gen_ai.response.id"] == "resp_1"
    assert client.attributes["gen_ai.usage.input_tokens"] == 11
    assert "private" not in str((client, server))


async def test_not_sampled(
    tracing: Tracing, collector: Collector, hello: Hello, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standard sampler decides, and the upstream gets its decision."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    async with tracing() as bridge:
        bridge.gateway.script(respond_json(COMPLETION))
        await bridge.chat.CreateChatCompletion(hello)
        flags = int(bridge.gateway.last.headers["traceparent"][-2:], 16)
        assert flags & 1 == 0
        await asyncio.sleep(0.05)
    assert collector.spans == []


async def test_content_is_in_no_span(tracing: Tracing, collector: Collector) -> None:
    """Content in unusual places is in no span either: stop sequences, tools, unknown finish_reasons."""
    marker = "the marker, which is content"
    request = Hello(model="m", messages=[{"role": "user", "content": marker}], stop=marker)
    request.tools.add(type="function").function.description = marker
    async with tracing() as bridge:
        choice = {"index": 0, "message": {"content": marker}, "finish_reason": marker}
        bridge.gateway.script(respond_json({"id": marker, "model": marker, "choices": [choice]}))
        await bridge.chat.CreateChatCompletion(request)
        spans = await collector.received(2)
    assert not [seen for seen in spans if marker in str(seen.span)]


def test_content_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv(otel._CONTENT, "true")
    with pytest.raises(SettingsError, match=f"{otel._CONTENT}: the bridge never records"):
        otel.traces(settings.load())


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_no_traces(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """Without the variables that enable them there are no spans."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert otel.traces(settings.load()) is None


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the bridge starts with a warning, as the variables may be set for all pods."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(otel, "find_spec", lambda name: None if name == "opentelemetry" else pytest.fail(name))
    with capture_logs() as logs:
        assert otel.traces(settings.load()) is None
    assert [line["log_level"] for line in logs] == ["warning"]
    assert "extra `otel`" in logs[0]["event"]


@pytest.mark.parametrize(
    ("listen", "address", "port"),
    [
        ("127.0.0.1:50051", "127.0.0.1", 50051),
        ("[::1]:50051", "::1", 50051),
        ("0.0.0.0:50051", socket.gethostname(), 50051),
        ("[::]:50051", socket.gethostname(), 50051),
        ("localhost:0", "localhost", None),
        ("unix:/run/aibridge", "/run/aibridge", None),
    ],
)
def test_the_servers_address(listen: str, address: str, port: int | None) -> None:
    attributes = traces._address(listen)
    assert attributes["server.address"] == address
    assert attributes.get("server.port") == port


def test_an_exporter_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    with pytest.raises(SettingsError, match="no exporter is installed for this; there are console, "):
        otel.traces(settings.load())


async def test_a_process_sends_its_last_spans(gateway: Gateway, collector: Collector, hello: Hello) -> None:
    """Stopping sends the remaining spans. The log line has the trace's id."""
    gateway.script(respond_json(COMPLETION))
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "60000"}
    listen = f"127.0.0.1:{free_port()}"
    async with serving(gateway, listen=listen, OTEL_SERVICE_NAME="mine", **variables) as process:
        async with channel_to(process.address) as channel:
            await Bridge("", gateway, channel, None).chat.CreateChatCompletion(hello)  # type: ignore[arg-type]
        process.terminate()
        assert await process.ended() == 0
    server, client = await collector.received(2)
    assert server.resource["service.name"] == "mine"
    assert client.name == "chat m"
    assert server.attributes["server.port"] == int(listen.split(":")[1])
    line = next(line for line in process.log if line["event"] == "call")
    assert line["trace_id"] == server.span.trace_id.hex()


@pytest.mark.slow
async def test_a_collector_that_is_away(gateway: Gateway, hello: Hello) -> None:
    """Without a collector calls are not slower, and neither is the stop for long."""
    gateway.script(respond_json(COMPLETION))
    async with serving(gateway, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1") as process:
        async with channel_to(process.address) as channel:
            await Bridge("", gateway, channel, None).chat.CreateChatCompletion(hello)  # type: ignore[arg-type]
        process.terminate()
        assert await asyncio.wait_for(process.ended(), 15) == 0
    assert process.codes() == {"OK"}


ZEROS = "0" * 32
MALFORMED = [
    [("traceparent", "")],
    [("traceparent", "nonsense")],
    [("traceparent", f"00-{ZEROS}-b7ad6b7169203331-01")],
    [("traceparent", f"00-0af7651916cd43dd8448eb211c80319c-{ZEROS[:16]}-01")],
    [("traceparent", CALLER.replace("00-", "ff-", 1))],
    [("traceparent", CALLER + "-more")],
    [("traceparent", CALLER.upper())],
    [("traceparent", CALLER[:-1])],
    [("traceparent", CALLER + "0" * 8000)],
    [("traceparent-bin", CALLER.encode())],
    [("tracestate", "vendor=1")],
]


@pytest.mark.parametrize("metadata", MALFORMED, ids=lambda metadata: str(metadata)[:60])
async def test_a_trace_context_that_is_none(
    tracing: Tracing, collector: Collector, gateway: Gateway, hello: Hello, metadata: Any
) -> None:
    """After an invalid trace context the call has a new trace, or none if the bridge makes no spans."""
    gateway.script(respond_json(COMPLETION))
    async with tracing() as bridge:
        await bridge.chat.CreateChatCompletion(hello, metadata=metadata)
        server, client = await collector.received(2)
        sent = bridge.gateway.last.headers
    assert not server.span.parent_span_id
    assert server.span.trace_id.hex() not in {ZEROS, CALLER.split("-")[1]}
    assert sent["traceparent"].split("-")[1] == client.span.trace_id.hex() == server.span.trace_id.hex()
    assert "tracestate" not in sent
    call = CallRecord("/a/b", tuple(metadata), "r")
    assert observer._trace_id(call) == ""


@pytest.mark.parametrize("parent", [CALLER, CALLER.replace("00-", "01-", 1) + "-more", CALLER[:-1] + "0"])
def test_the_callers_trace_in_the_log(parent: str) -> None:
    """The log has the trace id of this version of the header or a later, longer one; sampled or not."""
    assert observer._trace_id(CallRecord("/a/b", (("traceparent", parent),), "r")) == CALLER.split("-")[1]


async def test_baggage_goes_nowhere(tracing: Tracing, collector: Collector, gateway: Gateway, hello: Hello) -> None:
    """Baggage reaches neither the upstream nor a span."""
    gateway.script(respond_json(COMPLETION))
    async with tracing() as bridge:
        await bridge.chat.CreateChatCompletion(hello, metadata=[("traceparent", CALLER), ("baggage", "user=canary")])
        spans = await collector.received(2)
    assert "canary" not in str(bridge.gateway.last)
    assert not any("canary" in str(span.span) for span in spans)
