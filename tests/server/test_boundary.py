"""An unexpected exception becomes INTERNAL with a fixed text, and nothing of it reaches the caller."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge.call import CallContext
from bridge.upstream.client import Upstream
from bridge.upstream.stream import ChunkStream
from tests.support.bridge import Bridge
from tests.support.details import RPCS, failed, failed_either, failed_stream
from tests.support.gateway import Exchange, Gateway, respond, respond_json
from tests.support.http2 import DATA, END_HEADERS, END_STREAM, HEADERS, calling, chat, frame, head, message
from tests.support.payloads import CHUNK, COMPLETION

SECRET = "the prompt was: open sesame, the key sk-abcdefgh"  # noqa: S105 # an example
FAULTS = [RuntimeError(SECRET), ValueError(SECRET), KeyError(SECRET), AssertionError(), RecursionError(SECRET)]


def raising(error: Exception) -> Callable[..., Any]:
    def method(*_: Any) -> Any:
        raise error

    return method


@pytest.mark.parametrize("error", FAULTS, ids=repr)
@RPCS
async def test_exception(
    error: Exception,
    rpc: str,
    bridge: Bridge,
    hello: chat_pb2.CreateChatCompletionRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An exception in a method is BRIDGE_INTERNAL with the request id; its text stays in the log."""
    monkeypatch.setattr(Upstream, "begin", raising(error))
    with capture_logs() as logs:
        failure = await failed_either(bridge, rpc, hello, metadata=(("x-request-id", "mine"),))
    assert (failure.code, failure.reason, failure.pushback) == ("INTERNAL", "BRIDGE_INTERNAL", "-1")
    assert failure.message == "internal error, request id mine"
    assert failure.details.keys() == {"ErrorInfo", "RequestInfo"}
    for part in ("sesame", "sk-", type(error).__name__, "Traceback"):
        assert part not in failure.shown
    assert [line["request_id"] for line in logs if line["log_level"] == "error"]


async def test_exception_in_each_service(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in every service."""
    monkeypatch.setattr(Upstream, "begin", raising(RuntimeError(SECRET)))
    for call in (
        bridge.models.ListModels(models_pb2.ListModelsRequest()),
        bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="m")),
        bridge.embeddings.CreateEmbedding(embeddings_pb2.CreateEmbeddingRequest(model="m", input="x")),
    ):
        failure = await failed(call)
        assert (failure.code, failure.reason) == ("INTERNAL", "BRIDGE_INTERNAL")
        assert "sesame" not in failure.shown


async def test_exception_in_mid_stream(
    bridge: Bridge, hello: chat_pb2.CreateChatCompletionRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same in the middle of a stream: delivered chunks stay, and the upstream connection is closed."""
    read = ChunkStream.read
    reads = 0

    async def once(stream: ChunkStream) -> Any:
        nonlocal reads
        reads += 1
        if reads > 1:
            raise RuntimeError(SECRET)
        return await read(stream)

    async def script(exchange: Any) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(CHUNK)
        await exchange.wait_closed()

    monkeypatch.setattr(ChunkStream, "read", once)
    bridge.gateway.script(script)
    received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert received == ["one"]
    assert (failure.code, failure.reason) == ("INTERNAL", "BRIDGE_INTERNAL")
    assert failure.metadata["chunksDelivered"] == "1"
    await (await bridge.gateway.exchange()).wait_closed()


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"messages": [{"role": "user", "content": "hi"}]}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": [{"role": "user"}]}, "messages[0].content"),
    ],
)
@RPCS
async def test_own_checks(request_: dict[str, Any], field: str, rpc: str, bridge: Bridge) -> None:
    """A request that fails the bridge's own checks is INVALID_REQUEST with the field, and nothing goes upstream."""
    failure = await failed_either(bridge, rpc, chat_pb2.CreateChatCompletionRequest(**request_))
    assert (failure.code, failure.reason, failure.pushback) == ("INVALID_ARGUMENT", "INVALID_REQUEST", "-1")
    assert [violation.field for violation in failure.details["BadRequest"].field_violations] == [field]
    assert bridge.gateway.requests == []


@pytest.fixture
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collection")
@RPCS
@pytest.mark.parametrize("kind", ["refused upstream", "refused by the bridge", "unexpected"])
async def test_a_call_that_fails_keeps_nothing_of_its_request(
    rpc: str, kind: str, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request of a failed call is freed with the call, not at the next garbage collection."""
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    if kind == "refused by the bridge":
        request.extra_json = "no JSON"
    if kind == "unexpected":

        async def breaks(*_: Any, **__: Any) -> None:
            raise RuntimeError("secret")

        monkeypatch.setattr(Upstream, "begin", breaks)
    bridge.gateway.script(respond(b"{}", 400))
    before = contexts()
    for _ in range(5):
        await failed_either(bridge, rpc, request)
    assert contexts() <= before


def contexts() -> set[int]:
    return {id(each) for each in gc.get_objects() if type(each) is CallContext}


async def test_calls_do_not_queue_behind_streams(bridge: Bridge, gateway: Gateway) -> None:
    """Calls are handed over in order and one at a time, and streams apart from the others."""

    async def script(exchange: Exchange) -> None:
        await (exchange.wait_closed() if exchange.request.json.get("stream") else respond_json(COMPLETION)(exchange))

    gateway.script(script)
    request = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
    data = message(request.SerializeToString())
    async with calling(bridge.address) as caller:
        streams = {caller.connection.stream(): "CreateChatCompletionStream" for _ in range(300)}
        unary = caller.connection.stream()
        calls = {**streams, unary: "CreateChatCompletion"}.items()
        await caller.send(
            *[
                frame(HEADERS, END_HEADERS, stream, head(chat(rpc))) + frame(DATA, END_STREAM, stream, data)
                for stream, rpc in calls
            ]
        )
        assert await caller.code(unary) == "OK"
        assert len(gateway.requests) < 150
