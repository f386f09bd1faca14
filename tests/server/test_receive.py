"""A call is judged by its headers. Its message must arrive in time, and the call has a slot meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import grpc
import pytest
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2
from bridge.access import tokens
from bridge.errors import BridgeError, Reason
from bridge.server.receive import Context, Receiver
from tests.support.bridge import Bridge, Start
from tests.support.details import RPCS, failed
from tests.support.gateway import respond_json
from tests.support.http2 import DATA, END_STREAM, calling, cancel, chat, frame, message
from tests.support.payloads import COMPLETION
from tests.support.wait import until

Request = chat_pb2.CreateChatCompletionRequest
#: The start of a message of 100 bytes.
HALF = b"\0\0\0\0\x64half"


@pytest.fixture
def tokens_file(tmp_path: Path) -> Path:
    file = tmp_path / "tokens"
    file.write_text(tokens.new("search").line)
    return file


def running(bridge: Bridge) -> float:
    """The number of calls that have a slot."""
    family = next(family for family in bridge.app.metrics.collect() if family.name == "aibridge_limiter_calls")
    return next(sample.value for sample in family.samples if sample.labels["state"] == "running")


class Silent:
    """A call whose message does not arrive."""

    async def read(self) -> bytes:
        return await asyncio.get_running_loop().create_future()


async def test_a_timeout_leaves_nothing_behind() -> None:
    """A call that timed out is forgotten, and without a waiting call the timer stops."""
    receiver = Receiver(0.01)
    with pytest.raises(BridgeError) as failure:
        await receiver.next(cast("Context", Silent()))
    assert failure.value.reason is Reason.REQUEST_TIMEOUT
    assert (receiver._ended, receiver._waiting) == (set(), {})
    await until(lambda: receiver._timer is None)


async def test_a_wait_is_slow_after_three_checks() -> None:
    """Not earlier: a small message may arrive right after the headers. Of the slow ones the newest stay."""
    receiver = Receiver(60, max_slow=1)
    waiting = [asyncio.create_task(receiver.next(cast("Context", Silent()))) for _ in range(3)]
    await asyncio.sleep(0)
    for ended in ([False] * 3, [False] * 3, [True, True, False]):
        receiver._sweep()
        await asyncio.wait(waiting, timeout=0.001)
        assert [task.done() for task in waiting] == ended
    waiting[-1].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [BridgeError, BridgeError, asyncio.CancelledError]


async def test_a_call_that_is_cancelled_at_its_timeout() -> None:
    """The cancellation of the caller counts."""
    receiver = Receiver(0.0)
    waiting = asyncio.create_task(receiver.next(cast("Context", Silent())))
    await asyncio.sleep(0)
    receiver._sweep()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@RPCS
async def test_a_call_without_a_message(bridge: Bridge, rpc: str) -> None:
    """A call that ends with no message or part of one gets INVALID_ARGUMENT."""
    async with calling(bridge.address) as caller:
        assert await caller.code(await caller.call(chat(rpc), end=True)) == "INVALID_ARGUMENT"
        assert await caller.code(await caller.call(chat(rpc), HALF, end=True)) == "INVALID_ARGUMENT"
    assert not bridge.gateway.requests


@RPCS
async def test_the_reason_of_a_call_without_a_message(bridge: Bridge, rpc: str) -> None:
    """The status has a reason and details."""

    async def nothing() -> AsyncIterator[bytes]:
        for data in ():
            yield data

    kind = bridge.channel.stream_stream if rpc.endswith("Stream") else bridge.channel.stream_unary

    call = kind(chat(rpc))(nothing())
    if rpc.endswith("Stream"):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        return
    failure = await failed(call)
    assert (failure.reason, failure.message) == ("INVALID_REQUEST", "the call has no request message")


@RPCS
@pytest.mark.parametrize("data", [(), (HALF,)], ids=["nothing", "half"])
async def test_a_message_that_never_comes(start: Start, rpc: str, data: tuple[bytes, ...]) -> None:
    """A call whose message does not arrive ends after `request_timeout`."""
    async with start(request_timeout=0.05) as bridge, calling(bridge.address) as caller:
        with capture_logs() as logs:
            assert await caller.code(await caller.call(chat(rpc), *data)) == "DEADLINE_EXCEEDED"
        assert [line["reason"] for line in logs if line["event"] == "call"] == ["REQUEST_TIMEOUT"]


@RPCS
async def test_the_deadline_counts_from_the_headers(start: Start, rpc: str) -> None:
    """It ends at the deadline if that is earlier, the caller's or the bridge's own."""
    async with start(default_deadline=0.05) as bridge, calling(bridge.address) as caller:
        assert await caller.code(await caller.call(chat(rpc), HALF)) == "DEADLINE_EXCEEDED"
    async with start() as bridge, calling(bridge.address) as caller:
        stream = await caller.call(chat(rpc), HALF, headers=(("grpc-timeout", "50m"),))
        assert await caller.code(stream) in {"DEADLINE_EXCEEDED", "reset 8"}


@RPCS
async def test_a_message_that_comes_late_is_served(start: Start, rpc: str) -> None:
    """A message that arrives within `request_timeout` is served."""
    data = message(Request(messages=[{"role": "user", "content": "hi"}]).SerializeToString())
    async with start(request_timeout=5) as bridge, calling(bridge.address) as caller:
        stream = await caller.call(chat(rpc), data[:9])
        await asyncio.sleep(0.05)
        await caller.send(frame(DATA, END_STREAM, stream, data[9:]))
        assert await caller.code(stream) == "INVALID_ARGUMENT"  # it has no model


@RPCS
async def test_strangers_are_refused_before_they_send(start: Start, rpc: str, tokens_file: Path) -> None:
    """Unknown callers are refused by their headers, without waiting for the message."""
    async with start(caller_tokens_file=tokens_file) as bridge, calling(bridge.address) as caller:
        assert await caller.code(await caller.call(chat(rpc))) == "UNAUTHENTICATED"
        assert await caller.code(await caller.call(chat(rpc), HALF)) == "UNAUTHENTICATED"


async def test_a_call_whose_message_is_not_there_has_a_place(start: Start) -> None:
    """It counts for `max_calls` and for its caller, until it ends."""
    for limit in ({"max_calls": 1}, {"max_calls_per_caller": 1}):
        async with start(**limit, queue_timeout=0.02) as bridge, calling(bridge.address) as caller:
            bridge.gateway.script(respond_json(COMPLETION))
            hello = Request(model="m", messages=[{"role": "user", "content": "hi"}])
            stream = await caller.call(chat("CreateChatCompletion"), HALF)
            await until(lambda: running(bridge) == 1)
            assert (await failed(bridge.chat.CreateChatCompletion(hello))).reason == "BRIDGE_OVERLOADED"
            await caller.send(cancel(stream))
            await until(lambda: running(bridge) == 0)
            assert (await bridge.chat.CreateChatCompletion(hello)).choices


async def test_a_caller_that_leaves_before_its_message_is_sent(bridge: Bridge) -> None:
    """A call that is cancelled before its message arrives is CANCELLED, not a failure."""
    async with calling(bridge.address) as caller:
        with capture_logs() as logs:
            stream = await caller.call(chat("CreateChatCompletion"), HALF)
            await caller.send(cancel(stream))
            await until(lambda: bool(logs))
    assert [line["code"] for line in logs if line["event"] == "call"] == ["CANCELLED"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize(
    "path", ["/aibridge.v1.ChatService/CreateChatCompletion", "/grpc.health.v1.Health/Check", "/no.Such/Method"]
)
async def test_no_compressed_request(bridge: Bridge, encoding: str, path: str) -> None:
    """A compressed request is refused before it is decompressed, and the status says why."""
    algorithm = {"gzip": grpc.Compression.Gzip, "deflate": grpc.Compression.Deflate}[encoding]
    call = bridge.channel.unary_unary(path)(b"x" * 1000, compression=algorithm)
    assert await call.code() is grpc.StatusCode.UNIMPLEMENTED
    if not path.startswith("/no"):
        assert await call.details() == f"Compression algorithm '{encoding}' is disabled."
