"""Error bodies of every shape, through a bridge."""

import pytest

from aibridge.v1 import chat_pb2
from bridge.upstream.reasons import REFINEMENTS
from tests.support.bridge import Bridge
from tests.support.details import RPCS, failed, failed_either, failed_stream
from tests.support.gateway import Exchange, raw_sse, respond
from tests.support.shapes import SHAPES, Shape

pytestmark = pytest.mark.asyncio(loop_scope="module")

BY_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
ONE_LINE = [shape for shape in SHAPES if len(shape.body.splitlines()) == 1 and len(shape.body) < 1 << 20]
#: The message for a body without any information.
PHRASES = {400: "HTTP 400 Bad Request", 503: "HTTP 503 Service Unavailable"}


@BY_SHAPE
@pytest.mark.parametrize("http", [400, 503])
async def test_shape(shape: Shape, http: int, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """The body gives message, type, code and param. The HTTP status has priority over one in the body."""
    content_type = "application/json" if shape.body[:1] in b"{[" else "text/html"
    warm.gateway.script(respond(shape.body, http, content_type))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    refined = next((REFINEMENTS[name] for name in (shape.code, shape.type) if name in REFINEMENTS), None)
    expected = {400: "INVALID_REQUEST", 503: "UPSTREAM_UNAVAILABLE"}[http] if refined is None else refined.name
    assert failure.reason == expected
    assert failure.metadata["httpStatus"] == str(http)
    message = shape.message or PHRASES[http]
    assert failure.message == (message if len(message) <= 512 else f"{message[:511]}…")
    if len(shape.body) > 1 << 20:
        return  # is read in part, which is enough for the message
    for key, value in (("errorType", shape.type), ("errorCode", shape.code), ("errorParam", shape.param)):
        assert failure.metadata.get(key) == value
    assert ("BadRequest" in failure.details) == (
        failure.code == "INVALID_ARGUMENT" and (shape.name.startswith("11 FastAPI, list") or shape.param in SIMPLE)
    )


#: Those params of the table that are a path.
SIMPLE = {"temperature", "model", "prompt"}


@pytest.mark.parametrize("shape", ONE_LINE, ids=[shape.name for shape in ONE_LINE])
async def test_shape_in_a_stream(shape: Shape, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """In an event named `error` the body gives the same: the chunk before it is delivered, and the call fails."""
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}]}\n\n'
    warm.gateway.script(raw_sse(chunk + b"event: error\ndata: " + shape.body + b"\n\n"))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == ["one"]
    if shape.message:
        assert failure.message == shape.message.strip()
    assert failure.metadata.get("errorCode") == shape.code
    assert failure.metadata.get("errorType") == shape.type
    if shape.status is not None:
        assert failure.metadata["httpStatus"] == str(shape.status)


@pytest.mark.parametrize(
    ("http", "message"),
    [
        (502, "HTTP 502 Bad Gateway"),
        (520, "HTTP 520: A proxy in front of the model could not reach it."),
        (529, "HTTP 529: The upstream has more work than it can do."),
        (599, "HTTP 599: Any other server error (5xx)."),
    ],
)
@RPCS
async def test_page_of_a_proxy(
    http: int, message: str, rpc: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """For an HTML page the message is the status in words, and the page is in the details."""
    page = f"<!DOCTYPE html><html><head><title>{http}</title></head><body>cloudflare</body></html>"
    warm.gateway.script(respond(page, http, "text/html; charset=UTF-8"))
    failure = await failed_either(warm, rpc, hello)
    assert failure.message == message
    assert failure.details["UpstreamError"].body == page


@RPCS
async def test_endless_body(rpc: str, warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """An endless error body is read up to a megabyte, and its status and its beginning are used."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(429)
        await exchange.send('{"error": {"message": "slow down", "x": "')
        while not exchange.closed.is_set():
            await exchange.send("y" * 65536)

    warm.gateway.script(script)
    failure = await failed_either(warm, rpc, hello)
    assert (failure.reason, failure.message) == ("RATE_LIMIT_EXCEEDED", "slow down")


async def test_unary_error_of_a_broken_body(warm: Bridge, hello: chat_pb2.CreateChatCompletionRequest) -> None:
    """An error body that is cut keeps its status."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(429, content_length="1000")
        await exchange.send('{"error": {"message": "slow down"')
        exchange.reset()

    warm.gateway.script(script)
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert failure.reason == "RATE_LIMIT_EXCEEDED"
