"""How a bridge is stopped: by which signals, at which time, and what happens to a process that does not end."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import grpc
import pytest

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from tests.support.gateway import Exchange, Gateway, after, respond_json, running
from tests.support.payloads import COMPLETION
from tests.support.processes import Process, channel_to, children, serving

Hello = chat_pb2.CreateChatCompletionRequest


@asynccontextmanager
async def a_call(gateway: Gateway, process: Process, hello: Hello, go_on: asyncio.Event) -> AsyncIterator[Any]:
    """A call that has reached the upstream, which responds when `go_on` is set."""
    gateway.script(after(go_on, respond_json(COMPLETION)))
    async with channel_to(process.address) as channel:
        call = chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(hello)
        await gateway.exchange()
        yield call


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_each_signal_drains(gateway: Gateway, hello: Hello, workers: str, number: signal.Signals) -> None:
    """Each signal drains: the call in flight ends with OK, and the process with 0."""
    go_on = asyncio.Event()
    async with serving(gateway, "--workers", workers, "--drain-grace", "20") as server:
        async with a_call(gateway, server, hello, go_on) as call:
            server.process.send_signal(number)
            await server.logged("draining", int(workers))
            go_on.set()
            assert (await call).choices[0].message.content == "hello"
        assert await server.ended() == 0
    assert {line["cause"] for line in server.log if line["event"] == "draining"} == {number.name}
    assert not server.noise


async def test_hangups_that_are_ignored_stay_so(gateway: Gateway, hello: Hello) -> None:
    """SIGHUP stays ignored under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a child process inherits it
    try:
        gateway.script(respond_json(COMPLETION))
        async with serving(gateway) as server, channel_to(server.address) as channel:
            server.process.send_signal(signal.SIGHUP)
            await chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(hello)
            server.terminate()
            assert await server.ended() == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert [line["cause"] for line in server.log if line["event"] == "draining"] == ["SIGTERM"]


async def test_a_signal_to_all_processes(gateway: Gateway, hello: Hello) -> None:
    """A SIGTERM that systemd sends to parent and workers counts once, and the call in flight ends with OK."""
    go_on = asyncio.Event()
    async with serving(gateway, "--workers", "2", "--drain-grace", "20") as server:
        async with a_call(gateway, server, hello, go_on) as call:
            for pid in (*children(server.pid), server.pid):
                os.kill(pid, signal.SIGTERM)
            await server.logged("draining", 2)
            go_on.set()
            assert (await call).choices[0].message.content == "hello"
        assert await server.ended() == 0
    assert "stopping at once" not in {line["event"] for line in server.log}


@pytest.mark.slow
@pytest.mark.parametrize("signals", [1, 2])
async def test_a_stopped_worker_is_killed(gateway: Gateway, signals: int) -> None:
    """A stopped worker is killed some seconds after the grace, or after a second signal.

    The parent ends with 1, others drain.
    """
    grace = "0.1" if signals == 1 else "600"
    gateway.script(respond_json(COMPLETION))
    async with serving(gateway, "--workers", "2", "--drain-grace", grace) as server:
        stopped, other = children(server.pid)
        os.kill(stopped, signal.SIGSTOP)
        began = time.monotonic()
        for _ in range(signals):
            server.terminate()
            await server.logged("draining")
        assert await server.ended() == 1
        assert 4 < time.monotonic() - began < 15
        with pytest.raises(ProcessLookupError):
            os.kill(stopped, 0)
    killed = [line for line in server.log if line["event"].startswith("worker killed")]
    assert [line["level"] for line in killed] == ["error"]
    assert [line["calls_cut_off"] for line in server.log if line["event"] == "stopped"] == [0]
    assert other


@asynccontextmanager
async def starting(gateway: Gateway, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bridge that is starting, and waits for its issuer's keys."""
    async with running([_says_nothing]) as issuer:
        keys = ("--jwt-jwks-url", issuer.url, "--jwt-issuer", "i", "--jwt-audiences", "a", "--metrics-listen", "off")
        flags = ("--listen", "127.0.0.1:0", "--upstream-url", gateway.url, "--log-format", "json", *keys)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge", "serve", *flags, *options, stdout=PIPE, stderr=PIPE
        )
        try:
            await issuer.exchange()
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()


async def _says_nothing(exchange: Exchange) -> None:
    await exchange.wait_closed()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_before_the_start_is_over(gateway: Gateway, workers: str, number: signal.Signals) -> None:
    """A signal during startup ends the process at once with 0, before it listens."""
    async with starting(gateway, "--workers", workers, "--drain-delay", "60") as process:
        process.send_signal(number)
        out, problem = await asyncio.wait_for(process.communicate(), 30)  # less than the drain delay
    assert process.returncode == 0
    assert out == b""
    assert b"Traceback" not in problem


PROGRAM = """
import asyncio, signal
from bridge.server import orders

async def main():
    orders.listen(lambda name: print("first", name, flush=True), lambda name: print("second", name, flush=True),
                  orders.SIGNALS)
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_a_third_signal_ends_the_process(loop: str) -> None:
    """A third signal ends the process, whichever signals they are."""
    program = PROGRAM.replace("asyncio.run", f"__import__('{loop}').run")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE)
    assert process.stdout is not None
    for number, line in ((None, "ready"), (signal.SIGHUP, "first SIGHUP"), (signal.SIGTERM, "second SIGTERM")):
        if number is not None:
            process.send_signal(number)
        assert (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip() == line
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 5) == -signal.SIGINT


async def test_a_worker_obeys_a_second_signal(gateway: Gateway, hello: Hello) -> None:
    """Two signals to one worker stop it at once, and the parent replaces it."""
    go_on = asyncio.Event()
    async with serving(gateway, "--workers", "2", "--drain-grace", "600") as server:
        async with a_call(gateway, server, hello, go_on) as call:
            before = children(server.pid)
            for pid in before:
                os.kill(pid, signal.SIGTERM)
            await server.logged("draining", 2)
            for pid in before:
                os.kill(pid, signal.SIGTERM)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        await server.logged("worker died", 2)
        go_on.set()
        server.terminate()
        assert await server.ended() == 0
