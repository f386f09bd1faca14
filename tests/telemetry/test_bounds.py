"""Nothing in one call can lose the log lines, metrics or spans of another call."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import grpc
import pytest

from aibridge.v1 import chat_pb2, chat_pb2_grpc, models_pb2, models_pb2_grpc
from tests.support.gateway import Exchange, Gateway, respond, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST
from tests.support.processes import channel_to, serving
from tests.support.scrape import get
from tests.telemetry.collector import collecting

Hello = chat_pb2.CreateChatCompletionRequest
NASTY_USAGE = [
    b'{"prompt_tokens":' + b"9" * 30 + b',"completion_tokens":2}',
    b'{"prompt_tokens":9223372036854775808,"completion_tokens":18446744073709551615}',
    b'{"prompt_tokens":-' + b"9" * 30 + b',"completion_tokens":NaN}',
    b'{"prompt_tokens":1e400,"completion_tokens":-Infinity}',
    b'{"prompt_tokens":{"a":' + b"1" * 5000 + b"}}",
    b'{"prompt_tokens_details":{"cached_tokens":' + b"9" * 25 + b'},"completion_tokens_details":[]}',
    b'{"\\ud800":1,"prompt_tokens":"\\ud800"}',
    b"[1e999]",
]
NASTY_MODELS = [
    "x" * (5 << 20),
    "m\x1b[2J\x1b]0;owned\x07",
    "\x1b]52;c;cm0gLXJm\x07",
    "a\x9b31mb",
    "n\nforged-line",
    "r\rforged",
    "rtl\u202egnp",
    "nul\0x",
    "u\u2028v",
]
NASTY_REPLIES = [
    {"id": "x" * (2 << 20)},
    {"model": "\x1b[2J" * 1000},
    {"id": 5, "model": ["m"]},
    {"choices": [{"index": i, "message": {"role": "assistant"}, "finish_reason": "stop"} for i in range(5000)]},
    {"choices": [{"index": 0, "message": {"role": "assistant"}, "finish_reason": "s" * (1 << 20)}]},
]


def completion(usage: bytes) -> bytes:
    return json.dumps(COMPLETION).encode()[:-1] + b',"usage":' + usage + b"}"


class Calls:
    """Calls to a bridge, each between two ordinary calls."""

    def __init__(self, gateway: Gateway, channel: grpc.aio.Channel) -> None:
        self.gateway = gateway
        self.chat = chat_pb2_grpc.ChatServiceStub(channel)
        self.models = models_pb2_grpc.ModelsServiceStub(channel)
        self.made = 0

    async def beside(self, call: Any) -> None:
        self.made += 3
        others = [self.chat.CreateChatCompletion(hello(f"innocent-{number}")) for number in range(2)]
        with suppress(grpc.aio.AioRpcError):
            await call
        await asyncio.gather(*others)


def hello(model: str, **more: Any) -> Hello:
    return Hello(model=model, messages=[{"role": "user", "content": "hi"}], **more)


def by_model(body: bytes) -> Any:
    """A proper response for a model `innocent…`, and the given body for any other."""

    async def script(exchange: Exchange) -> None:
        innocent = b"innocent-" in exchange.request.body
        await respond(json.dumps(COMPLETION).encode() if innocent else body, content_type="application/json")(exchange)

    return script


@pytest.mark.alone
@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_everybody_elses_telemetry(gateway: Gateway, log_format: str) -> None:
    """All calls have bounded log lines, spans and metrics, whatever callers and upstreams send."""
    async with collecting() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        options = ("--metrics-listen", "127.0.0.1:0", "--log-format", log_format)
        async with serving(gateway, *options, **environment) as process, channel_to(process.address) as channel:
            calls = Calls(gateway, channel)
            await _nasty(calls)
            spans = await collector.received(2 * calls.made)
            if log_format == "json":
                await process.logged("call", calls.made)
                await process.logged("metrics")
                metrics = next(line for line in process.log if line["event"] == "metrics")
                seen = await get(metrics["address"])
                assert seen.sum("grpc_server_handled_total") == calls.made
                assert process.noise == []
                assert [line for line in process.log if line["event"] not in {"call", "metrics"}] == []
            process.terminate()
            await process.ended()
    assert len(spans) == 2 * calls.made
    assert max(span.span.ByteSize() for span in spans) < 4 << 10  # 512 in a batch stay below a collector's 4 MB
    text = "\n".join(process.noise) if log_format == "console" else json.dumps(process.log, ensure_ascii=False)
    plain = text.replace("\x1b[0m", "")
    assert "]52;" in plain  # logged, without control characters
    for command in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\0", "\r", "\u202e", "\u2028", "\nforged"):
        assert command not in text
    assert max(map(len, text.split("\n"))) < 2000 or log_format == "json"


async def _nasty(calls: Calls) -> None:
    for usage in NASTY_USAGE:
        calls.gateway.script(by_model(completion(usage)))
        await calls.beside(calls.chat.CreateChatCompletion(hello("m")))
        calls.gateway.script(sse(CHUNK, {**LAST, "usage": None}))
    for said in NASTY_REPLIES:
        calls.gateway.script(by_model(json.dumps({**COMPLETION, **said}).encode()))
        await calls.beside(calls.chat.CreateChatCompletion(hello("m")))
    calls.gateway.script(respond_json(COMPLETION))
    for model in NASTY_MODELS:
        await calls.beside(calls.chat.CreateChatCompletion(hello(model)))
    for more in ({"top_k": -(1 << 31)}, {"seed": (1 << 63) - 1}, {"temperature": 1e308}):
        await calls.beside(calls.chat.CreateChatCompletion(hello("m", **more)))
    await calls.beside(calls.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="模" * 1300)))
    state = ",".join(f"vendor{number}={'x' * 200}" for number in range(32))
    trace = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", state)]
    await calls.beside(calls.chat.CreateChatCompletion(hello("m"), metadata=trace))
