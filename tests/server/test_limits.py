"""The limiter: calls over the limit wait for a time, and are then refused with a retry delay."""

import asyncio
import time

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge.access.limits import Limits
from bridge.errors import BridgeError, Reason
from tests.support.bridge import Start
from tests.support.gateway import Exchange, Gateway, after, respond_json
from tests.support.http2 import calling, cancel, chat, message
from tests.support.payloads import COMPLETION
from tests.support.processes import channel_to


async def test_the_next_in_line_gets_the_place() -> None:
    limits = Limits(1, 5)
    await limits.enter("a", 1)
    waiting = [asyncio.create_task(limits.enter("a", 1)) for _ in range(1)]
    await asyncio.sleep(0)
    assert not waiting[0].done()
    limits.leave("a")
    await asyncio.gather(*waiting)
    limits.leave("a")
    await limits.enter("a", 1)


async def test_one_caller_does_not_hold_up_another() -> None:
    limits = Limits(10, 5)
    await limits.enter("greedy", 1)
    waiting = asyncio.create_task(limits.enter("greedy", 1))
    await asyncio.sleep(0)
    await asyncio.wait_for(limits.enter("modest", 1), 1)
    assert not waiting.done()
    limits.leave("greedy")
    await waiting


async def test_waiting_calls_cost_nothing_to_others() -> None:
    """The end of a call is not delayed by calls that wait for their own caller's limit."""
    limits = Limits(20_000, 60)
    await limits.enter("greedy", 10_000)
    for _ in range(9_999):
        await limits.enter("greedy", 10_000)
    waiting = [asyncio.create_task(limits.enter("greedy", 10_000)) for _ in range(10_000)]
    await asyncio.sleep(0)
    began = time.thread_time()
    for _ in range(1000):
        await limits.enter("modest", 5)
        limits.leave("modest")
    assert time.thread_time() - began < 0.5
    assert (limits.running, limits.waiting) == (10_000, 10_000)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert limits.waiting == 0


async def test_turns_come_in_the_order_of_arrival() -> None:
    """Waiting callers get slots in order of arrival."""
    limits, order = Limits(5, 60), []
    for _ in range(5):
        await limits.enter()

    async def call(name: str) -> None:
        await limits.enter(name, 5)
        order.append(name)
        limits.leave(name)

    async with asyncio.TaskGroup() as group:
        for name in ("a", "b", "a", "c", "b"):
            group.create_task(call(name))
        await asyncio.sleep(0)
        limits.leave()
    assert order == ["a", "b", "a", "c", "b"]


async def test_no_more_wait_than_may_run() -> None:
    limits = Limits(1, 5)
    await limits.enter("")
    waiting = asyncio.create_task(limits.enter(""))
    await asyncio.sleep(0)
    with pytest.raises(BridgeError) as caught:
        await limits.enter("")
    assert caught.value.reason is Reason.BRIDGE_OVERLOADED
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_who_may_not_wait_is_told_at_once() -> None:
    """The queue is as long as the limit, in total and per caller. Further calls are refused at once."""
    limits = Limits(2, 600)
    waiting = []
    async with asyncio.timeout(5):
        await limits.enter("a", 1)
        waiting.append(asyncio.create_task(limits.enter("a", 1)))
        await asyncio.sleep(0)
        with pytest.raises(BridgeError, match="the caller's limit of concurrent calls"):
            await limits.enter("a", 1)
        await limits.enter("b", 1)
        waiting.append(asyncio.create_task(limits.enter("c", 5)))
        await asyncio.sleep(0)
        assert (limits.running, limits.waiting) == (2, 2)
        with pytest.raises(BridgeError, match="the bridge's limit of concurrent calls"):
            await limits.enter("d", 5)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (limits.running, limits.waiting) == (2, 0)


async def test_a_waiter_that_is_cancelled_in_the_moment_of_its_turn_gives_its_place_back() -> None:
    limits = Limits(1, 600)
    await limits.enter()
    late = asyncio.create_task(limits.enter())
    await asyncio.sleep(0)
    limits.leave()  # it was admitted, but has not run yet
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    assert (limits.running, limits.waiting) == (0, 0)


async def test_connections_of_a_host_are_one_caller(
    start: Start, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Callers without a name are counted by their host, whatever their port."""
    gateway.script(Exchange.wait_closed)
    async with start(max_calls_per_caller=1, queue_timeout=0.02) as bridge:
        async with channel_to(bridge.address) as channel:
            first = bridge.chat.CreateChatCompletion(hello)
            await gateway.exchange()
            with pytest.raises(grpc.aio.AioRpcError, match="the caller's limit of concurrent calls is reached"):
                await chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(hello, timeout=5)
        first.cancel()


async def test_a_caller_that_has_gone_is_forgotten() -> None:
    """Names may be as many as an issuer has subjects, so those without a call take no memory."""
    limits = Limits(10, 5)
    for number in range(3):
        await limits.enter(f"caller{number}", 1)
        waiting = asyncio.create_task(limits.enter(f"caller{number}", 1))
        await asyncio.sleep(0)
        limits.leave(f"caller{number}")
        await waiting
        limits.leave(f"caller{number}")
    assert (limits.running, limits.waiting) == (0, 0)
    assert (dict(limits._running_of), limits._waiting_of) == ({}, {})


async def test_a_waiter_that_gives_up_leaves_no_trace() -> None:
    """If a waiting call is cancelled before or at its admission, every slot is free again."""
    limits = Limits(1, 5)
    await limits.enter("a", 1)
    early, late = (asyncio.create_task(limits.enter("a", 1)) for _ in range(2))
    await asyncio.sleep(0)
    early.cancel()
    limits.leave("a")
    late.cancel()
    await asyncio.gather(early, late, return_exceptions=True)
    await asyncio.wait_for(limits.enter("a", 1), 1)


async def test_calls_over_the_limit(
    start: Start, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """A call over the limit gets RESOURCE_EXHAUSTED with RetryInfo; health checks are exempt."""

    async def script(exchange: Exchange) -> None:
        await exchange.wait_closed()

    gateway.script(script)
    async with start(max_calls=1, queue_timeout=0.02) as bridge:
        first = bridge.chat.CreateChatCompletion(hello)
        await gateway.exchange()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await bridge.chat.CreateChatCompletion(hello)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        trailers = dict(caught.value.trailing_metadata())
        status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        kinds = {detail.TypeName(): detail for detail in status.details}
        assert "google.rpc.RetryInfo" in kinds
        info = error_details_pb2.ErrorInfo.FromString(kinds["google.rpc.ErrorInfo"].value)
        assert (info.reason, info.metadata["retryAfterSeconds"]) == ("BRIDGE_OVERLOADED", "1")
        assert int(trailers["grpc-retry-pushback-ms"]) > 0
        health = health_pb2_grpc.HealthStub(bridge.channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
        first.cancel()


async def test_a_call_waits_its_turn(
    start: Start, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    go_on = asyncio.Event()

    gateway.script(after(go_on, respond_json(COMPLETION)))
    async with start(max_calls=1, max_calls_per_caller=1) as bridge:
        calls = [bridge.chat.CreateChatCompletion(hello) for _ in range(2)]
        await gateway.exchange()
        assert len(gateway.requests) == 1
        go_on.set()
        assert [(await call).choices[0].message.content for call in calls] == ["hello", "hello"]


@pytest.mark.parametrize(("size", "code"), [(3000, grpc.StatusCode.OK), (5000, grpc.StatusCode.RESOURCE_EXHAUSTED)])
async def test_metadata_has_a_limit(
    start: Start, hello: chat_pb2.CreateChatCompletionRequest, size: int, code: grpc.StatusCode
) -> None:
    """Larger metadata is refused by gRPC's core before the call reaches Python."""
    async with start(max_metadata_bytes=4096) as bridge:
        bridge.gateway.script(respond_json(COMPLETION))
        call = bridge.chat.CreateChatCompletion(hello, metadata=[("x-large", "a" * size)])
        assert await call.code() is code


async def test_a_response_that_nobody_reads_keeps_its_place(
    start: Start, gateway: Gateway, hello: chat_pb2.CreateChatCompletionRequest
) -> None:
    """A call whose response is not read keeps its slot, and frees it when it ends."""
    gateway.script(respond_json(COMPLETION))
    async with start(max_calls=1, queue_timeout=0.02) as bridge, calling(bridge.address, first_window=0) as caller:
        stream = await caller.call(chat("CreateChatCompletion"), message(hello.SerializeToString()), end=True)
        async with asyncio.timeout(5):
            while bridge.app._upstream.connections() != (0, 1):  # noqa: ASYNC110 # no event tells
                await asyncio.sleep(0.002)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await bridge.chat.CreateChatCompletion(hello)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await caller.send(cancel(stream))
        async with asyncio.timeout(5):
            while bridge.app._limits.running:  # noqa: ASYNC110 # no event tells
                await asyncio.sleep(0.002)
        assert (await bridge.chat.CreateChatCompletion(hello)).choices
