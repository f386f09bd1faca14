"""`workers`: processes that share one port, are replaced when they die, and stop together."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from tests.support.gateway import Gateway, after, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST
from tests.support.processes import children
from tests.support.wait import until

Request = chat_pb2.CreateChatCompletionRequest
PROGRAM = """
import sys
from bridge import settings
from bridge.server import workers
from bridge.telemetry import logs
if __name__ == "__main__":
    chosen = settings.load(listen="127.0.0.1:0", workers=2, upstream_url=sys.argv[1], drain_grace=5)
    logs.configure(chosen)
    sys.exit(workers.run(chosen, lambda address: print(address, flush=True)))
"""


@asynccontextmanager
async def two_workers(gateway: Gateway, folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    program = folder / "program.py"
    program.write_text(PROGRAM)
    pipe = asyncio.subprocess.PIPE
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        program,
        gateway.url,
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    try:
        yield parent, (await asyncio.wait_for(parent.stdout.readline(), 30)).decode().strip()
    finally:
        if parent.returncode is None:
            parent.kill()
        await parent.communicate()


def channel_to(address: str) -> grpc.aio.Channel:
    """A separate connection, not shared with other channels of this process."""
    return grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])


async def outcome(call: Any) -> grpc.StatusCode:
    """The outcome of a stream, which has to be read to its end."""
    try:
        while await call.read() is not grpc.aio.EOF:
            pass
    except grpc.aio.AioRpcError:
        pass
    return await call.code()


async def test_kill_of_one_loses_only_its_own_calls(gateway: Gateway, tmp_path: Path) -> None:
    """Killing one worker with -9 breaks only its own streams, and a new worker takes its place."""
    go_on = asyncio.Event()

    gateway.script(sse(CHUNK, go_on, LAST))
    request = Request(model="m", messages=[{"role": "user", "content": "hi"}])
    async with two_workers(gateway, tmp_path) as (parent, address):
        before = children(parent.pid)
        channels = [channel_to(address) for _ in range(12)]
        calls = [chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletionStream(request) for channel in channels]
        await asyncio.gather(*(call.read() for call in calls))
        os.kill(before[0], signal.SIGKILL)
        await until(lambda: any(call.done() for call in calls))
        go_on.set()
        codes = [await outcome(call) for call in calls]
        assert set(codes) == {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
        await asyncio.gather(*(channel.close() for channel in channels))
        await until(lambda: len(children(parent.pid)) == 2)
        assert before[0] not in children(parent.pid)
        parent.terminate()
        assert await asyncio.wait_for(parent.wait(), 20) == 0


async def test_sigterm_drains_all(gateway: Gateway, tmp_path: Path) -> None:
    """A call in flight ends with OK, and the parent's exit code is 0."""
    go_on = asyncio.Event()

    gateway.script(after(go_on, respond_json(COMPLETION)))
    request = Request(model="m", messages=[{"role": "user", "content": "hi"}])
    async with two_workers(gateway, tmp_path) as (parent, address), channel_to(address) as channel:
        call = chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(request)
        await gateway.exchange()
        parent.terminate()
        await asyncio.sleep(0.05)
        go_on.set()
        assert (await call).choices[0].message.content == "hello"
        assert await asyncio.wait_for(parent.wait(), 20) == 0


@pytest.mark.slow
async def test_workers_do_not_outlive_their_parent(gateway: Gateway, tmp_path: Path) -> None:
    gateway.script(respond_json(COMPLETION))
    async with two_workers(gateway, tmp_path) as (parent, _):
        workers = children(parent.pid)
        parent.kill()
        await asyncio.wait_for(parent.wait(), 5)
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
