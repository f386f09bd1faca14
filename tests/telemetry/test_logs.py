"""Log lines of calls and of libraries; and no reader of standard error can block the bridge."""

import asyncio
import contextlib
import json
import logging
import os
import re
import select
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge.telemetry.writer import Writer
from tests.support.gateway import Gateway, respond, respond_json, sse
from tests.support.payloads import CHUNK, COMPLETION, LAST
from tests.support.processes import channel_to, serving

Hello = chat_pb2.CreateChatCompletionRequest
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_the_line_of_a_call(gateway: Gateway, hello: Hello) -> None:
    """The line of a call has every known field, and omits the others."""
    gateway.script(
        respond_json({**COMPLETION, "usage": USAGE}),
        sse(CHUNK, {**LAST, "usage": USAGE}),
        respond(b"", 401),
        respond_json(COMPLETION),
    )
    async with serving(gateway, AIBRIDGE_UPSTREAM_API_KEY="sk-1") as process, channel_to(process.address) as channel:
        stub = chat_pb2_grpc.ChatServiceStub(channel)
        await stub.CreateChatCompletion(hello, metadata=[("x-request-id", "r1"), ("traceparent", CALLER)])
        async for _ in stub.CreateChatCompletionStream(hello):
            pass
        for request in (hello, Hello(model="m")):
            with contextlib.suppress(grpc.aio.AioRpcError):
                await stub.CreateChatCompletion(request)
        await process.logged("call", 4)
        unary, stream, rejected, invalid = (line for line in process.log if line["event"] == "call")
    assert process.noise == []
    assert _without_times(unary) == {
        "event": "call", "level": "info", "request_id": "r1", "trace_id": CALLER.split("-")[1],
        "method": "CreateChatCompletion", "code": "OK", "model": "m", "attempts": 1, "upstream_status": 200,
        "input_tokens": 11, "output_tokens": 7,
    }  # fmt: skip
    assert unary["duration_ms"] >= unary["upstream_ms"] > 0
    assert stream["method"] == "CreateChatCompletionStream"
    assert stream["chunks"] == 2
    assert stream["duration_ms"] >= stream["first_chunk_ms"] > 0
    assert rejected["level"] == "error", "the operator has to mend the key"
    assert (rejected["code"], rejected["reason"]) == ("UNAUTHENTICATED", "BRIDGE_CREDENTIALS_REJECTED")
    assert rejected["upstream_status"] == 401
    assert (invalid["code"], invalid["reason"]) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert "attempts" not in invalid
    assert time.strptime(invalid["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ")


def _without_times(line: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if not key.endswith("_ms") and key != "timestamp"}


async def test_levels(gateway: Gateway, hello: Hello) -> None:
    """At `error`, calls have no line, except those on which the operator must act."""
    gateway.script(respond_json(COMPLETION), respond(b"", 401))
    arguments = ("--log-level", "error")
    async with serving(gateway, *arguments, AIBRIDGE_UPSTREAM_API_KEY="sk-1") as process:
        async with channel_to(process.address) as channel:
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            await stub.CreateChatCompletion(hello)
            with pytest.raises(grpc.aio.AioRpcError):
                await stub.CreateChatCompletion(hello)
        await process.logged("call")
        process.terminate()
        await process.ended()
    assert [line.get("reason") for line in process.log] == ["BRIDGE_CREDENTIALS_REJECTED"]


async def test_a_process_that_nobody_reads(gateway: Gateway, hello: Hello) -> None:
    """If standard error stays full, calls continue, and the process still stops."""
    gateway.script(respond_json(COMPLETION))
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"x" * 4096)
    os.set_blocking(write, True)
    command = ("-m", "bridge", "serve", "--listen", "127.0.0.1:0", "--upstream-url", gateway.url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=write
    )
    os.close(write)
    try:
        assert process.stdout is not None
        address = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().split()[-1]
        async with channel_to(address) as channel:
            stub = chat_pb2_grpc.ChatServiceStub(channel)
            for _ in range(50):
                await asyncio.wait_for(stub.CreateChatCompletion(hello), 5)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        os.close(read)


class Pipe:
    """A pipe with a log writer at one end."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        self.writer = Writer(self.write)

    def fill(self) -> int:
        """Fill the pipe, and return the number of bytes."""
        size = 0
        os.set_blocking(self.write, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                size += os.write(self.write, b"x" * 4096)
        os.set_blocking(self.write, True)
        return size

    def lines(self, count: int) -> list[str]:
        """The next lines of the pipe."""
        data = b""
        while data.count(b"\n") < count:
            assert select.select((self.read,), (), (), 20)[0], data[-200:]
            data += os.read(self.read, 1 << 16)
        return data.decode().splitlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    os.close(made.read)
    made.writer.close()
    os.close(made.write)


def test_lines_come_in_order(pipe: Pipe) -> None:
    for number in range(1000):
        pipe.writer.write(f"line {number}\n")
    assert pipe.lines(1000) == [f"line {number}" for number in range(1000)]


def test_a_lone_surrogate(pipe: Pipe) -> None:
    pipe.writer.write("a\ud800b\n")
    assert pipe.lines(1) == ["a?b"]


def test_lines_of_several_threads(pipe: Pipe) -> None:
    """With several threads no line is torn or lost."""

    def write(name: str) -> None:
        for number in range(500):
            pipe.writer.write(f"{name} {number} {'x' * 100}\n")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    lines = pipe.lines(2000)
    for thread in threads:
        thread.join()
    for name in "abcd":
        assert [line for line in lines if line[0] == name] == [f"{name} {n} {'x' * 100}" for n in range(500)]


def test_a_reader_that_does_not_read(pipe: Pipe) -> None:
    """Writing never waits. Lines over the bound are dropped and counted, and reported when the reader continues."""
    size = pipe.fill()
    began = time.monotonic()
    for number in range(30_000):
        pipe.writer.write(f"{number}\n")
    assert time.monotonic() - began < 5, "nobody has read"
    dropped = pipe.writer.dropped
    assert dropped >= 10_000
    filling = b""
    while len(filling) < size:
        filling += os.read(pipe.read, size - len(filling))
    lines = pipe.lines(30_000 - dropped + 1)
    numbers = [int(line) for line in lines if line.isdecimal()]
    assert numbers == sorted(numbers)
    assert len(numbers) == 30_000 - dropped
    assert [json.loads(line) for line in lines if not line.isdecimal()] == [
        {"event": "log lines dropped", "level": "warning", "lines": dropped}
    ]


def test_close_writes_what_is_left(pipe: Pipe) -> None:
    pipe.writer.write("last\n")
    pipe.writer.close()
    assert pipe.lines(1) == ["last"]


def test_close_does_not_wait_for_ever(pipe: Pipe) -> None:
    pipe.fill()
    pipe.writer.write("never read\n")
    began = time.monotonic()
    pipe.writer.close()
    assert time.monotonic() - began < 5


def test_a_line_that_comes_right_before_the_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the thread has taken all lines, and before it looks whether it is to end."""
    read, write = os.pipe()
    drain, added = Writer._drain, threading.Event()

    def drained(self: Writer) -> None:
        drain(self)
        if not self._closed:
            self.write("late\n")
            self._closed = True
            added.set()

    monkeypatch.setattr(Writer, "_drain", drained)
    writer = Writer(write)
    writer.write("early\n")
    assert added.wait(5)
    writer.close()
    os.close(write)
    with os.fdopen(read) as lines:
        assert lines.read() == "early\nlate\n"


def test_a_descriptor_that_is_gone() -> None:
    read, write = os.pipe()
    os.close(read)
    writer = Writer(write)
    writer.write("nobody\n")
    writer.close()
    os.close(write)


PROGRAM = """
import asyncio, logging
from bridge import settings
from bridge.telemetry import logs
logs.configure(settings.load(log_format="json"))

async def fails():
    raise ValueError("the prompt, word for word")

async def main():
    task = asyncio.create_task(fails())
    await asyncio.wait({task})
    del task

asyncio.run(main())
logging.getLogger("somebody").warning("with key %s and\\nmore", "sk-abcdefghijklmnop")
logging.getLogger("httpx").info("HTTP Request: GET http://upstream/")
"""


async def test_what_libraries_say() -> None:
    """Libraries' lines are JSON in one line, from warnings on, without exception texts and keys."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stderr=asyncio.subprocess.PIPE, env=os.environ
    )
    _, text = await asyncio.wait_for(child.communicate(), 30)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["logger"], line["level"]) for line in lines] == [("asyncio", "error"), ("somebody", "warning")]
    assert lines[0]["event"] == "Task exception was never retrieved"
    assert lines[0]["exception"] == "ValueError"
    assert lines[0]["traceback"][-1].endswith(" fails")
    assert lines[1]["event"] == "with key [secret] and"
    assert logging.getLogger("httpx").getEffectiveLevel() >= logging.WARNING


COMMANDS = """
import sys, structlog
from bridge import settings
from bridge.telemetry import logs
logs.configure(settings.load(log_format=sys.argv[1]))
said = {"problem": "a\\x1b[2Jb\\x9bc", "at": ["\\u202ed\\r", {"deep": "\\x07e\\nf"}], "lone": "\\ud800g"}
structlog.get_logger().info("said", **said)
"""


@pytest.mark.parametrize("log_format", ["json", "console", "full"])
async def test_no_log_line_commands_a_terminal(log_format: str) -> None:
    """In both formats no line has control characters, except colours and the line end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMMANDS, log_format, stderr=asyncio.subprocess.PIPE, env=os.environ
    )
    _, data = await asyncio.wait_for(child.communicate(), 30)
    text = re.sub(r"\x1b\[[0-9;]*m", "", data.decode())
    assert text.count("\n") == 1
    assert text.rstrip("\n").isprintable()
    for word in ("a[2Jbc", "d", "e f", "g"):
        assert word in text
