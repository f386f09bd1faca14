"""`aibridge chat` as a conversation, driven through a pseudo-terminal."""

import asyncio
import fcntl
import json
import os
import pty
import re
import signal
import struct
import sys
import termios
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import grpc
import pytest

from aibridge.client import CallFailed
from aibridge.v1 import chat_pb2
from bridge.cli.console import chunk_text, print_response
from tests.cli.payloads import HELLO, MODELS, chunk
from tests.support.bridge import Bridge
from tests.support.gateway import Exchange, respond_json, sse

_TIMEOUT_SECONDS = 30.0
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1b\][^\x07]*\x07")
#: The program asks for the cursor's position.
_WHERE = b"\x1b[6n"
#: The prompt switches bracketed paste on when it shows itself, in raw mode, and off before it leaves that mode.
_READS_KEYS = b"\x1b[?2004h"


class Terminal:
    """A program on a pseudo-terminal: its output so far, and a keyboard."""

    def __init__(self, descriptor: int, process: asyncio.subprocess.Process) -> None:
        self._descriptor = descriptor
        self.process = process
        self._shown = b""
        self._changed = asyncio.Event()
        self._seen = 0
        self._typed = 0
        self._log = []
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # the program has closed its side
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        asked = self._shown.count(_WHERE)  # of all output, because a read may end within the question
        self._shown += data
        for _ in range(self._shown.count(_WHERE) - asked):
            os.write(self._descriptor, b"\x1b[1;1R")
        self._changed.set()

    async def type(self, text: str) -> None:
        """Type a text into the next prompt, as soon as it reads keys: before, Return would become a line feed.

        Text on the screen does not tell: `>` comes before the keys are read, and the end of a response before `>`.
        """
        await self._until(lambda: self._shown.rfind(_READS_KEYS) >= self._typed, "prompt")
        assert not termios.tcgetattr(self._descriptor)[0] & termios.ICRNL, "the terminal is in raw mode"
        self._typed = len(self._shown)
        self._log.append((len(self._shown), text))
        os.write(self._descriptor, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C while no prompt reads keys, which is a signal."""
        os.write(self._descriptor, b"\x03")

    async def sees(self, text: str) -> str:
        """Wait for a text, and return the output since the last wait."""
        await self._until(lambda: text in self._new(), text)
        shown = self._new()
        shown = shown[: shown.index(text) + len(text)]
        self._seen += len(shown)
        return shown

    def _new(self) -> str:
        return _ESCAPES.sub(b"", self._shown).decode("utf-8", "replace")[self._seen :]

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        while not condition():
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), _TIMEOUT_SECONDS)
            except TimeoutError:
                raise AssertionError(f"no {what!r} in {self._shown!r} {self._typed} {self._log}") from None


@contextmanager
def _pseudo_terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    try:
        yield ours, theirs
    finally:
        os.close(ours)


#: Runs the command line in a session that owns the pseudo-terminal, so that Ctrl-C arrives.
_PROGRAM = """
import fcntl, runpy, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("bridge", run_name="__main__", alter_sys=True)
"""


@asynccontextmanager
async def conversation(bridge: Bridge, *arguments: str) -> AsyncIterator[Terminal]:
    with _pseudo_terminal() as (ours, theirs):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PROGRAM, "chat", "--target", bridge.address, *arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm"},
            start_new_session=True,
        )
        os.close(theirs)
        terminal = Terminal(ours, process)
        try:
            yield terminal
        finally:
            asyncio.get_running_loop().remove_reader(ours)
            if process.returncode is None:
                process.kill()
            await process.wait()


def messages(bridge: Bridge) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = json.loads(bridge.gateway.last.body)["messages"]
    return sent


async def test_each_question_carries_the_history(bridge: Bridge) -> None:
    bridge.gateway.script(sse(*HELLO))
    async with conversation(bridge, "--model", "m", "--system", "be brief") as terminal:
        await terminal.type("one\r")
        await terminal.sees("hello")
        shown = await terminal.sees("3 prompt + 2 completion tokens")
        assert "model m" in shown
        await terminal.type("two\x1b\rlines\r")  # Alt-Enter starts a new line
        await terminal.sees("hello")
        assert messages(bridge) == [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "hello"},
            {"role": "user", "content": "two\nlines"},
        ]
        await terminal.type("\x04")  # Ctrl-D
        assert await asyncio.wait_for(terminal.process.wait(), _TIMEOUT_SECONDS) == 0


async def test_ctrl_c_stops_the_response_and_keeps_what_came(bridge: Bridge) -> None:
    stopped = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(chunk("half an"))
        await exchange.wait_closed()
        stopped.set()

    bridge.gateway.script(endless, sse(*HELLO))
    async with conversation(bridge, "--model", "m") as terminal:
        await terminal.type("go\r")
        await terminal.sees("half an")
        terminal.interrupt()
        await asyncio.wait_for(stopped.wait(), _TIMEOUT_SECONDS)  # the upstream's connection was closed
        await terminal.sees("stopped")
        await terminal.type("again\r")
        await terminal.sees("hello")
        assert [message["content"] for message in messages(bridge)] == ["go", "half an", "again"]


async def test_the_commands(bridge: Bridge, tmp_path: Path) -> None:
    """/model, /system, /clear, /save and /exit do what /help says."""
    bridge.gateway.script(sse(*HELLO), respond_json(MODELS), sse(*HELLO))
    saved = tmp_path / "saved.json"
    async with conversation(bridge, "--model", "a/chat") as terminal:
        await terminal.type("/help\r")
        await terminal.sees("end the conversation")
        await terminal.type("one\r")
        await terminal.sees("completion tokens")
        await terminal.type("/model\r")
        assert "* a/chat" in await terminal.sees("b/chat")
        for command in ("/clear", "/system be kind", "/model b/chat"):
            await terminal.type(f"{command}\r")
        await terminal.sees("model b/chat")
        await terminal.type("two\r")
        await terminal.sees("completion tokens")
        assert json.loads(bridge.gateway.last.body)["model"] == "b/chat"
        await terminal.type(f"/save {saved}\r")
        await terminal.sees("Wrote 3 messages")
        assert json.loads(saved.read_text()) == [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "two"},
            {"role": "assistant", "content": "hello"},
        ]
        await terminal.type("/nonsense\r")
        await terminal.sees("Unknown command /nonsense")
        await terminal.type("/exit\r")
        assert await asyncio.wait_for(terminal.process.wait(), _TIMEOUT_SECONDS) == 0


async def test_a_failed_question_does_not_stay_in_the_history(bridge: Bridge) -> None:
    refusal = {"error": {"message": "too long", "code": "context_length_exceeded"}}
    bridge.gateway.script(respond_json(refusal, 400), sse(*HELLO))
    async with conversation(bridge, "--model", "m") as terminal:
        await terminal.type("long\r")
        await terminal.sees("CONTEXT_LENGTH_EXCEEDED")
        await terminal.type("short\r")
        await terminal.sees("hello")
        assert [message["content"] for message in messages(bridge)] == ["short"]


async def test_the_person_responds_tool_calls(bridge: Bridge, tmp_path: Path) -> None:
    tool = tmp_path / "tool.json"
    tool.write_text('{"name": "weather", "parameters": {"type": "object"}}')
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    asked = {"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    bridge.gateway.script(sse(asked), sse(*HELLO))
    async with conversation(bridge, "--model", "m", "--tool", str(tool)) as terminal:
        await terminal.type("how is it?\r")
        await terminal.sees("weather({})")
        await terminal.sees("result>")
        await terminal.type("sunny\r")
        await terminal.sees("hello")
        assert messages(bridge)[-1] == {"role": "tool", "tool_call_id": "c1", "content": "sunny"}
        assert json.loads(bridge.gateway.last.body)["tools"][0]["function"]["name"] == "weather"


async def test_attached_files_go_with_the_first_question(bridge: Bridge, tmp_path: Path) -> None:
    picture = tmp_path / "dot.png"
    picture.write_bytes(b"\x89PNG")
    bridge.gateway.script(sse(*HELLO))
    async with conversation(bridge, "--model", "m", "--image", str(picture)) as terminal:
        await terminal.type("what is it?\r")
        await terminal.sees("completion tokens")
        await terminal.type("sure?\r")
        await terminal.sees("completion tokens")
    first, _, second = messages(bridge)
    assert first["content"][1] == {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
    assert second["content"] == "sure?"
    assert terminal.process.returncode == -signal.SIGKILL


class Locking:
    """A stream that has a lock while Ctrl-C comes, as grpcio's has: an exception there would leave it locked."""

    def __init__(self, presses_at: str = "", ends_with: Exception | None = None) -> None:
        self._presses_at = presses_at
        self._ends_with = ends_with
        self._chunks = 0
        self.locked = self.cancelled = False

    def start(self) -> Any:
        self._step("start")
        return self

    def _step(self, when: str) -> None:
        self.locked = True
        if when == self._presses_at:
            signal.raise_signal(signal.SIGINT)
        self.locked = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> chat_pb2.CreateChatCompletionStreamResponse:
        if self.cancelled:
            raise CallFailed(grpc.StatusCode.CANCELLED, "cancelled")
        self._chunks += 1
        if self._chunks == 2:
            self._step("chunk")
        if self._chunks == 3:
            raise self._ends_with or StopIteration
        return chat_pb2.CreateChatCompletionStreamResponse(choices=[{"delta": {"content": "a"}}])

    def cancel(self) -> None:
        self.cancelled = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._step("end")


@pytest.mark.parametrize(("presses_at", "text"), [("start", ""), ("chunk", "aa\n"), ("end", "aa\n")])
@pytest.mark.parametrize("stoppable", [True, False], ids=["conversation", "one message"])
def test_ctrl_c_leaves_no_lock_behind(
    presses_at: str,
    text: str,
    stoppable: bool,  # noqa: FBT001 # a column
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It cancels the call, and is raised only when the call has ended. Then it is an exception again."""
    stream = Locking(presses_at)
    if stoppable:
        assert print_response(stream.start, chunk_text, stoppable=True).stopped is (presses_at != "end")
    else:
        with pytest.raises(KeyboardInterrupt):
            print_response(stream.start, chunk_text)
    assert capsys.readouterr().out == text
    assert (stream.locked, stream.cancelled) == (False, True)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_ends_a_write_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with `aibridge chat ... | less`, which ignores Ctrl-C and reads only what fits on the screen."""
    reading, writing = os.pipe()
    monkeypatch.setattr("sys.stdout", os.fdopen(writing, "w"))
    stream = Locking()
    pressing = threading.Timer(0.05, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    draining = threading.Timer(5.0, os.close, [reading])  # for the case that the write is not ended
    pressing.start()
    draining.start()
    try:
        assert print_response(stream.start, lambda _: "a\n" * 100_000, stoppable=True).stopped
    finally:
        draining.cancel()
        pressing.join()
    assert (stream.locked, stream.cancelled) == (False, True)
    os.close(reading)
    with suppress(BrokenPipeError):
        sys.stdout.close()


@pytest.mark.parametrize("cause", [ValueError(), CallFailed(grpc.StatusCode.CANCELLED, "by the bridge")])
def test_an_end_without_ctrl_c_is_told(cause: Exception) -> None:
    with pytest.raises(type(cause)):
        print_response(Locking(ends_with=cause).start, chunk_text, stoppable=True)


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    """As in a process that a shell started in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert not print_response(Locking("chunk").start, chunk_text, stoppable=True).stopped
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
