"""Prompts, completions, tool arguments, keys and tokens are searched for in all output of a bridge.

A bridge process with all logs, spans and metrics gets every kind of call and every way to fail, and the gateway's
errors quote the requests.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
import pytest_asyncio

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc, models_pb2, models_pb2_grpc
from tests.support import gateway as fake
from tests.support import scrape
from tests.support.gateway import Exchange, Gateway, Script, raw_sse, respond, respond_json, sse
from tests.support.processes import Process, address_of, channel_to, serving
from tests.telemetry.collector import Collector, collecting

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPT = "seventeen zwiebelfisch circle the lighthouse at noon"
RESPONSE_TEXT = "the answer of the quetzal is a marmalade of clouds"
BRIDGE_KEY = "sk-bridge0zwiebelfisch0123456789abcdef"
CALLER_KEY = "sk-caller0zwiebelfisch0123456789abcdef"
KEYS = (BRIDGE_KEY, CALLER_KEY)
#: What the gateway receives.
SENT = (PROMPT, *KEYS)

QUOTE = f"cannot take {PROMPT!r} from {BRIDGE_KEY} or Bearer {CALLER_KEY}"
ERROR = {"error": {"message": QUOTE, "type": "invalid_request_error", "param": PROMPT, "code": None}}
FUNCTION = {"name": "f", "arguments": json.dumps({"a": RESPONSE_TEXT})}
TOOL_CALL = {"index": 0, "id": "t1", "type": "function", "function": FUNCTION}
MESSAGE = {"role": "assistant", "content": RESPONSE_TEXT, "reasoning": RESPONSE_TEXT, "tool_calls": [TOOL_CALL]}
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
COMPLETION = {
    "id": "c",
    "model": "m",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "tool_calls"}],
    "usage": USAGE,
}
CHUNK = {"id": "c", "model": "m", "choices": [{"index": 0, "delta": MESSAGE, "finish_reason": None}]}
LAST = {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE}


async def resets(exchange: Exchange) -> None:
    await exchange.head(content_length="1000")
    await exchange.send(json.dumps(COMPLETION)[:200])
    exchange.reset()


def scripts() -> Iterator[Script]:
    """The gateway's responses: good ones, errors that quote, and malformed ones that quote."""
    yield respond_json(COMPLETION)
    yield sse(CHUNK, LAST)
    for status in (301, 400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529):
        yield respond_json(ERROR, status, location=f"http://127.0.0.1:1/{BRIDGE_KEY}")
        yield respond(f"<html>{QUOTE}</html>", status, "text/html")
    yield respond_json({"error": QUOTE})
    yield respond_json({"choices": QUOTE})
    yield respond_json([QUOTE, RESPONSE_TEXT])
    yield respond(f'{{"choices": [{{"{RESPONSE_TEXT}": {QUOTE}')
    yield respond(f"{QUOTE} {RESPONSE_TEXT}", content_type="text/plain")
    yield sse(CHUNK, ERROR)
    yield sse(CHUNK, done=False)
    yield raw_sse(f"event: error\ndata: {QUOTE} {RESPONSE_TEXT}\n\n")
    yield raw_sse(f'data: {{"choices": [{{"{RESPONSE_TEXT}": {QUOTE}\n\n')
    yield resets


def request(**members: Any) -> chat_pb2.CreateChatCompletionRequest:
    """A request with content in every place that can have some."""
    made = chat_pb2.CreateChatCompletionRequest(model="m", stop=PROMPT, user="u", **members)
    made.messages.add(role="system", content=PROMPT)
    made.messages.add(role="user", content=PROMPT)
    call = made.messages.add(role="assistant").tool_calls.add(id="t1", type="function")
    call.function.name, call.function.arguments = "f", json.dumps({"a": PROMPT})
    made.messages.add(role="tool", tool_call_id="t1", content=PROMPT)
    tool = made.tools.add(type="function")
    tool.function.name, tool.function.description = "f", PROMPT
    tool.function.parameters_json = json.dumps({"type": "object", "description": PROMPT})
    return made


def wrong_requests() -> Iterator[chat_pb2.CreateChatCompletionRequest]:
    """Requests that the bridge refuses, with content in the wrong place."""
    yield chat_pb2.CreateChatCompletionRequest(model="m")
    yield request(extra_json=f'{{"{PROMPT}": ')
    yield request(extra_json=json.dumps({"temperature": PROMPT, "messages": PROMPT}), temperature=1)
    wrong = request()
    wrong.tools[0].function.parameters_json = f"[{PROMPT}"
    yield wrong


class BridgeOutput:
    """All output of the bridge and its surroundings."""

    def __init__(self, process: Process, gateway: Gateway, collector: Collector) -> None:
        self.process = process
        self.gateway = gateway
        self.collector = collector
        self.calls = 0
        self.errors: list[bytes] = []
        self.spilt: list[tuple[str, bytes]] = []

    async def call(self, call: Any, sent: tuple[str, ...] = SENT) -> None:
        """Record a call's output, and whether it contains something that was sent."""
        self.calls += 1
        before = len(self.errors)
        try:
            if hasattr(call, "read"):
                while await call.read() is not grpc.aio.EOF:
                    pass
            else:
                await call
        except grpc.aio.AioRpcError as error:
            self.errors.append(str(error).encode())
        for key, value in await call.trailing_metadata() or ():
            self.errors.append(f"{key}: {value}".encode() if isinstance(value, str) else value)
        self.spilt += [(item, text) for text in self.errors[before:] for item in sent if item.encode() in text]

    async def all(self) -> None:
        """Every call with every script."""
        metadata = [("authorization", f"Bearer {CALLER_KEY}"), ("x-request-id", "r")]
        async with channel_to(self.process.address) as channel:
            chat = chat_pb2_grpc.ChatServiceStub(channel)
            models = models_pb2_grpc.ModelsServiceStub(channel)
            embeddings = embeddings_pb2_grpc.EmbeddingsServiceStub(channel)
            embed = embeddings_pb2.CreateEmbeddingRequest(model="m")
            embed.input_texts.items.append(PROMPT)
            for script in scripts():
                self.gateway.script(script)
                await self.call(chat.CreateChatCompletion(request(), metadata=metadata))
                await self.call(chat.CreateChatCompletionStream(request(), metadata=metadata))
                await self.call(embeddings.CreateEmbedding(embed, metadata=metadata))
                await self.call(models.ListModels(models_pb2.ListModelsRequest(), metadata=metadata), KEYS)
                one = models_pb2.RetrieveModelRequest(model="m")
                await self.call(models.RetrieveModel(one, metadata=metadata), KEYS)
            for wrong in wrong_requests():
                await self.call(chat.CreateChatCompletion(wrong, metadata=metadata))
                await self.call(chat.CreateChatCompletionStream(wrong, metadata=metadata))
            await self._cancelled(chat, metadata)

    async def _cancelled(self, chat: Any, metadata: Any) -> None:
        async def waits(exchange: Exchange) -> None:
            await exchange.head(content_type="text/event-stream")
            await exchange.event(CHUNK)
            await exchange.wait_closed()

        self.gateway.script(waits)
        number = len(self.gateway.exchanges)
        call = chat.CreateChatCompletionStream(request(), metadata=metadata)
        await call.read()
        call.cancel()
        self.calls += 1
        await (await self.gateway.exchange(number)).wait_closed()


async def run(gateway: Gateway, collector: Collector, credentials: str) -> tuple[BridgeOutput, str]:
    """The output of a bridge after all calls, with its metrics."""
    arguments = ("--log-level", "debug", "--metrics-listen", "127.0.0.1:0", "--upstream-credentials", credentials)
    variables = {
        "AIBRIDGE_UPSTREAM_API_KEY": BRIDGE_KEY,
        "AIBRIDGE_MAX_RETRIES": "0",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "PYTHONASYNCIODEBUG": "1",
    }
    async with serving(gateway, *arguments, **variables) as process:
        seen = BridgeOutput(process, gateway, collector)
        await seen.all()
        await process.logged("call", seen.calls)
        metrics = await scrape.get(await address_of(process))
        process.terminate()
        await process.ended()
    return seen, metrics.text


@pytest_asyncio.fixture(loop_scope="module", scope="module", name="runs", params=["bridge", "caller"])
async def _runs(request: pytest.FixtureRequest) -> AsyncIterator[tuple[BridgeOutput, str]]:
    async with fake.running() as gateway, collecting() as collector:
        yield await run(gateway, collector, request.param)


async def test_all_content_reached_the_gateway(runs: tuple[BridgeOutput, str]) -> None:
    """The content reached the gateway, and calls of all kinds with all ends were recorded."""
    seen, metrics = runs
    sent = " ".join(f"{one.headers} {one.body!r}" for one in seen.gateway.requests)
    assert PROMPT in sent
    assert (BRIDGE_KEY in sent) != (CALLER_KEY in sent)
    assert len(seen.process.codes()) >= 10
    assert seen.calls > 200
    assert len(seen.collector.spans) > seen.calls
    assert "grpc_server_handled_total" in metrics
    assert len(seen.errors) > seen.calls


async def test_no_log_line(runs: tuple[BridgeOutput, str]) -> None:
    """No log line contains a prompt, a completion or a key."""
    seen, _ = runs
    text = json.dumps(seen.process.log) + "\n".join(seen.process.noise)
    assert not [secret for secret in (*SENT, RESPONSE_TEXT) if secret in text]


async def test_no_metric(runs: tuple[BridgeOutput, str]) -> None:
    """No metric contains content."""
    _, metrics = runs
    assert not [secret for secret in (*SENT, RESPONSE_TEXT) if secret in metrics]


async def test_no_span(runs: tuple[BridgeOutput, str]) -> None:
    """No span contains content."""
    seen, _ = runs
    text = "".join(f"{one.span} {one.resource}" for one in seen.collector.spans)
    assert not [secret for secret in (*SENT, RESPONSE_TEXT) if secret in text]


async def test_no_error_and_no_trailer(runs: tuple[BridgeOutput, str]) -> None:
    """No error and no trailer contains what was sent, although the gateway quotes it."""
    seen, _ = runs
    assert seen.spilt == []
