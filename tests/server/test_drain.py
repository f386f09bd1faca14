"""SIGTERM under load: no call in flight is lost, and later calls are refused in a way that clients retry."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from aibridge.client import failure_of
from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge.errors import BridgeError
from bridge.server.inflight import InFlightCall
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Gateway, Script, respond_json
from tests.support.payloads import COMPLETION
from tests.support.processes import channel_to, serving

Request = chat_pb2.CreateChatCompletionRequest
Check = health_pb2.HealthCheckRequest
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
WORDS = [f"word{index} " for index in range(8)]
STREAMS = 20
pytestmark = pytest.mark.alone


def chunk(text: str, reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}


def gated(go_on: asyncio.Event) -> Script:
    """A script that sends half of a response at once, and the rest when it may go on."""

    async def script(exchange: Exchange) -> None:
        body = exchange.request.json
        if body.get("stream"):
            await exchange.head(content_type="text/event-stream")
            for word in WORDS[:4]:
                await exchange.event(chunk(word))
            await go_on.wait()
            for word in WORDS[4:]:
                await exchange.event(chunk(word))
            await exchange.event(chunk("", "stop"))
            await exchange.event("[DONE]")
            exchange.writer.close()
        else:
            if body["model"] == "slow":
                await go_on.wait()
            await respond_json(COMPLETION)(exchange)

    return script


async def hangs(exchange: Exchange) -> None:
    """A stream that never ends; a unary request gets no response."""
    if exchange.request.json.get("stream"):
        await exchange.head(content_type="text/event-stream")
        await exchange.event(chunk("a"))
    await exchange.wait_closed()


async def text_of(call: Any) -> str:
    text = ""
    while (message := await call.read()) is not grpc.aio.EOF:
        text += message.choices[0].delta.content
    return text


async def failure(call: Awaitable[Any]) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


def hello(model: str = "m") -> Request:
    return Request(model=model, messages=[{"role": "user", "content": "hi"}])


async def hammer(channel: grpc.aio.Channel) -> tuple[int, grpc.aio.AioRpcError]:
    """Call until a call fails. Returns the number of successes, and the failure."""
    stub = chat_pb2_grpc.ChatServiceStub(channel)
    good = 0
    while True:
        try:
            await stub.CreateChatCompletion(hello("quick"))
        except grpc.aio.AioRpcError as error:
            return good, error
        good += 1


@pytest.mark.parametrize("delay", ["0", "0.2"])
async def test_sigterm_under_load(gateway: Gateway, delay: str) -> None:
    """Twenty streams and ten calls in flight end with OK, while other callers call continuously.

    The other callers are served until they cannot connect any more. Each of their calls is served, or refused in a way
    that clients retry, even if it had reached the process and not yet Python at the signal.
    """
    go_on = asyncio.Event()
    gateway.script(gated(go_on))
    async with (
        serving(gateway, "--drain-delay", delay, "--drain-grace", "20") as server,
        channel_to(server.address) as busy,
        channel_to(server.address) as channel,
        channel_to(server.address) as watching,
    ):
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        watch = health_pb2_grpc.HealthStub(watching).Watch(Check())
        assert (await watch.read()).status == SERVING
        streams = [stub.CreateChatCompletionStream(hello()) for _ in range(STREAMS)]
        assert {(await call.read()).choices[0].delta.content for call in streams} == {WORDS[0]}
        slow = [stub.CreateChatCompletion(hello("slow")) for _ in range(10)]
        hammering = [asyncio.create_task(hammer(busy)) for _ in range(8)]
        await gateway.exchange(STREAMS + 10 + 50)
        server.terminate()

        assert (await watch.read()).status == NOT_SERVING
        assert not any(task.done() for task in hammering)  # health changed first
        if float(delay):
            assert (await health_pb2_grpc.HealthStub(watching).Check(Check())).status == NOT_SERVING
        outcomes = await asyncio.gather(*hammering)
        assert {error.code() for _, error in outcomes} == {UNAVAILABLE}
        assert all(dict(error.trailing_metadata()).get("grpc-retry-pushback-ms") != "-1" for _, error in outcomes)
        assert await watch.read() is grpc.aio.EOF  # watches do not wait for the streams

        assert (await failure(stub.CreateChatCompletion(hello()))).code() is UNAVAILABLE
        assert not any(call.done() for call in (*streams, *slow))
        go_on.set()
        assert {await text_of(call) for call in streams} == {"".join(WORDS[1:])}
        assert {(await call).choices[0].message.content for call in slow} == {"hello"}
        assert await server.ended() == 0
    assert server.log[-1]["event"] == "stopped"
    assert server.log[-1]["calls_cut_off"] == 0
    assert server.codes() <= {"OK", "UNAVAILABLE"}
    assert not server.noise


async def test_two_workers_under_load(gateway: Gateway) -> None:
    """Callers that call continuously are sent elsewhere, if they get the processor within 250 ms."""
    go_on = asyncio.Event()
    gateway.script(gated(go_on))
    async with serving(gateway, "--workers", "2", "--drain-grace", "20") as server:
        channels = [channel_to(server.address) for _ in range(8)]
        calls = [chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletionStream(hello()) for channel in channels]
        assert {(await call.read()).choices[0].delta.content for call in calls} == {WORDS[0]}
        hammering = [asyncio.create_task(hammer(channel)) for channel in channels]
        await gateway.exchange(8 + 30)
        server.terminate()
        assert {error.code() for _, error in await asyncio.gather(*hammering)} == {UNAVAILABLE}
        go_on.set()
        assert {await text_of(call) for call in calls} == {"".join(WORDS[1:])}
        assert await server.ended() == 0
        await asyncio.gather(*(channel.close() for channel in channels))
    assert [line["calls_cut_off"] for line in server.log if line["event"] == "stopped"] == [0, 0]
    assert not server.noise


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_second_sigterm_stops_at_once(gateway: Gateway, workers: str) -> None:
    """At the second SIGTERM a cut stream gets BRIDGE_SHUTTING_DOWN, its connection is closed, and the log counts it."""
    gateway.script(hangs)
    async with (
        serving(gateway, "--workers", workers, "--drain-grace", "600") as server,
        channel_to(server.address) as channel,
    ):
        call = chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletionStream(hello())
        assert (await call.read()).choices[0].delta.content == "a"
        exchange = await gateway.exchange()
        server.terminate()
        await server.logged("draining", int(workers))
        assert not call.done()
        began = time.monotonic()
        server.terminate()
        error = failure_of(await failure(call.read()))
        assert (error.code, error.reason) == (UNAVAILABLE, "BRIDGE_SHUTTING_DOWN")
        await asyncio.wait_for(exchange.wait_closed(), 5)
        assert await server.ended() == 0
        assert time.monotonic() - began < 5
    assert {line["level"] for line in server.log if line["event"] == "stopping at once"} == {"warning"}
    stopped = [line for line in server.log if line["event"] == "stopped"]
    assert sum(line["calls_cut_off"] for line in stopped) == 1
    assert {line["level"] for line in stopped if line["calls_cut_off"]} == {"warning"}
    assert [line["reason"] for line in server.log if line["event"] == "call"] == ["BRIDGE_SHUTTING_DOWN"]
    assert not server.noise


async def test_when_the_grace_runs_out(bridge: Bridge) -> None:
    """Calls that still run after the grace end with UNAVAILABLE and their delivered chunks.

    Only the caller may retry.
    """
    bridge.gateway.script(hangs)
    streams = [bridge.chat.CreateChatCompletionStream(hello()) for _ in range(3)]
    for call in streams:
        await call.read()
    unary = bridge.chat.CreateChatCompletion(hello())
    last = await bridge.gateway.exchange(3)
    assert await asyncio.wait_for(bridge.app.stop(grace=0.1), 5) == 4
    for call in streams:
        error = failure_of(await failure(call.read()))
        assert (error.code, error.reason) == (UNAVAILABLE, "BRIDGE_SHUTTING_DOWN")
        assert error.message == "the bridge stopped before the call was complete"
        assert error.metadata["chunksDelivered"] == "1"
    error = failure_of(await failure(unary))
    assert (error.code, error.reason) == (UNAVAILABLE, "BRIDGE_SHUTTING_DOWN")
    assert (error.retryable, error.retry_delay) == (True, 1.0)
    assert dict(await unary.trailing_metadata())["grpc-retry-pushback-ms"] == "-1"
    await asyncio.wait_for(last.wait_closed(), 1)


@pytest.mark.parametrize("heartbeat", [0, 3600], ids=["", "heartbeats"])
@pytest.mark.parametrize("parts", ["abcdefgh", "ab", "a", "abcdefgh|cut"])
async def test_text_in_the_window_arrives_before_the_status(bridge: Bridge, parts: str, heartbeat: int) -> None:
    """It has arrived, and only the bridge holds it: in the connection, or read from there."""
    sent = asyncio.Event()
    texts, _, rest = parts.partition("|")

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        for text in texts:
            await exchange.event(chunk(text))
            await asyncio.sleep(0.01)  # one read for each
        if rest:
            await exchange.send(b'data: {"choices": [')
            await asyncio.sleep(0.01)
        sent.set()
        await exchange.wait_closed()

    bridge.gateway.script(script)
    request = hello()
    request.bridge_options.coalesce_window.seconds = 10
    request.bridge_options.heartbeat.seconds = heartbeat
    call = bridge.chat.CreateChatCompletionStream(request)
    await sent.wait()
    stop = asyncio.create_task(bridge.app.stop(grace=0.05))
    found = "".join([(await call.read()).choices[0].delta.content for _ in range(min(2, len(texts)))])
    assert found == texts, "the first text, and the rest in one message"
    assert failure_of(await failure(call.read())).reason == "BRIDGE_SHUTTING_DOWN"
    assert await asyncio.wait_for(stop, 5) == 1


async def test_a_caller_that_does_not_read_cannot_prevent_the_stop(bridge: Bridge) -> None:
    async def floods(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        while not exchange.closed.is_set():
            await exchange.event(chunk("x" * 10_000))

    bridge.gateway.script(floods)
    call = bridge.chat.CreateChatCompletionStream(hello())
    await call.read()
    assert await asyncio.wait_for(bridge.app.stop(grace=0.1), 5) == 1
    call.cancel()


async def test_calls_that_wait_for_their_turn_are_cut_off_too(start: Start, gateway: Gateway) -> None:
    gateway.script(hangs)
    async with start(max_calls=2, queue_timeout=60) as bridge:
        calls = [bridge.chat.CreateChatCompletion(hello()) for _ in range(4)]
        await gateway.exchange(1)
        await asyncio.sleep(0.03)
        assert await asyncio.wait_for(bridge.app.stop(grace=0.1), 5) == 4
        assert {failure_of(await failure(call)).reason for call in calls} == {"BRIDGE_SHUTTING_DOWN"}
    assert len(gateway.requests) == 2


async def test_a_call_that_comes_in_the_last_moment(bridge: Bridge) -> None:
    """A call at the last moment is held until GOAWAY was sent, and then served; or its caller times out."""
    bridge.gateway.script(respond_json(COMPLETION))
    await bridge.chat.CreateChatCompletion(hello())
    stop = asyncio.create_task(bridge.app.stop(grace=5))
    await asyncio.sleep(0.01)
    patient, impatient = (bridge.chat.CreateChatCompletion(hello()) for _ in range(2))
    await asyncio.sleep(0.02)
    assert not patient.done()
    assert not stop.done()
    impatient.cancel()
    assert (await patient).choices[0].message.content == "hello"
    assert await impatient.code() is grpc.StatusCode.CANCELLED
    assert await asyncio.wait_for(stop, 4) == 0
    assert len(bridge.gateway.requests) == 2


async def test_a_call_behind_one_that_ends_meanwhile(bridge: Bridge) -> None:
    """A caller that calls again at once after a response, while the stop begins, is served."""
    ends = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await ends.wait()
        await respond_json(COMPLETION)(exchange)

    bridge.gateway.script(script)
    call = bridge.chat.CreateChatCompletion(hello())
    await bridge.gateway.exchange()
    stop = asyncio.create_task(bridge.app.stop(grace=5))
    for _ in range(4):
        await asyncio.sleep(0.03)
    ends.set()
    assert (await call).choices[0].message.content == "hello"
    assert (await bridge.chat.CreateChatCompletion(hello())).choices[0].message.content == "hello"
    assert await asyncio.wait_for(stop, 4) == 0


async def test_a_call_that_ends_just_before_the_stop(bridge: Bridge) -> None:
    """The end of a call is held until GOAWAY was sent, so that its caller does not call here again.

    gRPC's core ends a call that arrives at the moment of the stop with CANCELLED, which no client retries.
    """
    loop = asyncio.get_running_loop()
    ends = asyncio.Event()
    bridge.gateway.script(gated(ends))
    stream = bridge.chat.CreateChatCompletionStream(hello())
    await stream.read()
    failing = bridge.chat.CreateChatCompletion(Request(model="slow", messages=[{"role": "user", "content": "hi"}]))
    await bridge.gateway.exchange(1)
    began = loop.time()
    stop = asyncio.create_task(bridge.app.stop(grace=5))
    while loop.time() - began < 0.6:  # noqa: ASYNC110 # the second step of the hold has started
        await asyncio.sleep(0.03)
    ends.set()
    await text_of(stream)
    assert await stream.code() is grpc.StatusCode.OK
    assert (await failing).choices[0].message.content == "hello"
    assert loop.time() - began >= 0.74
    assert (await failure(bridge.chat.CreateChatCompletion(hello()))).code() is UNAVAILABLE
    assert await asyncio.wait_for(stop, 4) == 0


async def test_a_call_that_comes_too_late(bridge: Bridge) -> None:
    """A call that arrives after the hold gets BRIDGE_SHUTTING_DOWN."""
    bridge.gateway.script(respond_json(COMPLETION))
    bridge.app._limits.close()
    for call in (bridge.chat.CreateChatCompletion(hello()), bridge.chat.CreateChatCompletionStream(hello())):
        assert await call.code() is UNAVAILABLE
        trailers = dict(await call.trailing_metadata())
        assert b"BRIDGE_SHUTTING_DOWN" in trailers["grpc-status-details-bin"]
        assert "grpc-retry-pushback-ms" not in trailers
    assert not bridge.gateway.requests


async def test_a_caller_who_goes_during_the_stop_is_not_counted(bridge: Bridge) -> None:
    bridge.gateway.script(hangs)
    call = bridge.chat.CreateChatCompletionStream(hello())
    await call.read()
    exchange = await bridge.gateway.exchange()
    stop = asyncio.create_task(bridge.app.stop(grace=5))
    await asyncio.sleep(0.03)
    call.cancel()
    await asyncio.wait_for(exchange.wait_closed(), 1)
    assert await asyncio.wait_for(stop, 4) == 0


async def test_a_call_that_was_stopped_in_a_write_writes_nothing_more() -> None:
    """A call that is stopped in a write writes nothing more: its caller may read slowly, and block the stop."""
    task = asyncio.current_task()
    assert task is not None
    call = InFlightCall(task)
    call.begin_write()
    call.stop()
    for step in (call.end_write, call.begin_write):
        with pytest.raises(BridgeError, match="BRIDGE_SHUTTING_DOWN"):
            step()
        assert call.is_stopped
        assert not call.is_writing
    assert not call.undo_cancel()  # what cancels the task now is not the stop


async def test_only_the_cancellation_of_the_stop_is_undone() -> None:
    task = asyncio.current_task()
    assert task is not None
    call = InFlightCall(task)
    assert not call.undo_cancel()
    call.stop()
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    assert call.undo_cancel()
    assert not task.cancelling()
