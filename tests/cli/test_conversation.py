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
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from aibridge.v1 import chat_pb2
from bridge.cli.console import chunk_text, print_response
from tests.cli.payloads import HELLO, MODELS, chunk
from tests.support.bridge import Bridge
from tests.support.gateway import Exchange, respond_json, sse

_TIMEOUT_SECONDS = 30.0
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1b\][^\x07]*\x07")
_PROMPT = ">"


class Terminal:
    """A program on a pseudo-terminal: its output so far, and a keyboard."""

    def __init__(self, descriptor: int, process: asyncio.subprocess.Process) -> None:
        self._descriptor = descriptor
        self.process = process
        self._shown = b""
        self._changed = asyncio.Event()
        self._seen = 0
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # the program has closed its side
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        if b"\x1b[6n" in data:  # the program asks for the cursor's position
            os.write(self._descriptor, b"\x1b[1;1R")
        self._shown += data
        self._changed.set()

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    async def sees(self, text: str) -> str:
        """Wait for a text, and return the output since the last wait."""
        while True:
            shown = _ESCAPES.sub(b"", self._shown).decode("utf-8", "replace")[self._seen :]
            if text in shown:
                shown = shown[: shown.index(text) + len(text)]
                self._seen += len(shown)
                return shown
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), _TIMEOUT_SECONDS)
            except TimeoutError:
                raise AssertionError(f"no {text!r} in {shown!r}") from None


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
        await terminal.sees(_PROMPT)
        terminal.type("one\r")
        await terminal.sees("hello")
        shown = await terminal.sees("3 prompt + 2 completion tokens")
        assert "model m" in shown
        terminal.type("two\x1b\rlines\r")  # Alt-Enter starts a new line
        await terminal.sees("hello")
        await terminal.sees(_PROMPT)
        assert messages(bridge) == [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "hello"},
            {"role": "user", "content": "two\nlines"},
        ]
        terminal.type("\x04")  # Ctrl-D
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
        await terminal.sees(_PROMPT)
        terminal.type("go\r")
        await terminal.sees("half an")
        terminal.type("\x03")
        await asyncio.wait_for(stopped.wait(), _TIMEOUT_SECONDS)  # the upstream's connection was closed
        await terminal.sees("stopped")
        terminal.type("again\r")
        await terminal.sees("hello")
        assert [message["content"] for message in messages(bridge)] == ["go", "half an", "again"]


async def test_the_commands(bridge: Bridge, tmp_path: Path) -> None:
    """/model, /system, /clear, /save and /exit do what /help says."""
    bridge.gateway.script(sse(*HELLO), respond_json(MODELS), sse(*HELLO))
    saved = tmp_path / "saved.json"
    async with conversation(bridge, "--model", "a/chat") as terminal:
        await terminal.sees(_PROMPT)
        terminal.type("/help\r")
        await terminal.sees("end the conversation")
        terminal.type("one\r")
        await terminal.sees("completion tokens")
        terminal.type("/model\r")
        assert "* a/chat" in await terminal.sees("b/chat")
        for command in ("/clear", "/system be kind", "/model b/chat"):
            await terminal.sees(_PROMPT)
            terminal.type(f"{command}\r")
        await terminal.sees("model b/chat")
        terminal.type("two\r")
        await terminal.sees("completion tokens")
        assert json.loads(bridge.gateway.last.body)["model"] == "b/chat"
        terminal.type(f"/save {saved}\r")
        await terminal.sees("Wrote 3 messages")
        assert json.loads(saved.read_text()) == [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "two"},
            {"role": "assistant", "content": "hello"},
        ]
        terminal.type("/nonsense\r")
        await terminal.sees("Unknown command /nonsense")
        terminal.type("/exit\r")
        assert await asyncio.wait_for(terminal.process.wait(), _TIMEOUT_SECONDS) == 0


async def test_a_failed_question_does_not_stay_in_the_history(bridge: Bridge) -> None:
    refusal = {"error": {"message": "too long", "code": "context_length_exceeded"}}
    bridge.gateway.script(respond_json(refusal, 400), sse(*HELLO))
    async with conversation(bridge, "--model", "m") as terminal:
        await terminal.sees(_PROMPT)
        terminal.type("long\r")
        await terminal.sees("CONTEXT_LENGTH_EXCEEDED")
        terminal.type("short\r")
        await terminal.sees("hello")
        assert [message["content"] for message in messages(bridge)] == ["short"]


async def test_the_person_responds_tool_calls(bridge: Bridge, tmp_path: Path) -> None:
    tool = tmp_path / "tool.json"
    tool.write_text('{"name": "weather", "parameters": {"type": "object"}}')
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    asked = {"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    bridge.gateway.script(sse(asked), sse(*HELLO))
    async with conversation(bridge, "--model", "m", "--tool", str(tool)) as terminal:
        await terminal.sees(_PROMPT)
        terminal.type("how is it?\r")
        await terminal.sees("weather({})")
        await terminal.sees("result>")
        terminal.type("sunny\r")
        await terminal.sees("hello")
        assert messages(bridge)[-1] == {"role": "tool", "tool_call_id": "c1", "content": "sunny"}
        assert json.loads(bridge.gateway.last.body)["tools"][0]["function"]["name"] == "weather"


async def test_attached_files_go_with_the_first_question(bridge: Bridge, tmp_path: Path) -> None:
    picture = tmp_path / "dot.png"
    picture.write_bytes(b"\x89PNG")
    bridge.gateway.script(sse(*HELLO))
    async with conversation(bridge, "--model", "m", "--image", str(picture)) as terminal:
        await terminal.sees(_PROMPT)
        terminal.type("what is it?\r")
        await terminal.sees("completion tokens")
        terminal.type("sure?\r")
        await terminal.sees("completion tokens")
    first, _, second = messages(bridge)
    assert first["content"][1] == {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
    assert second["content"] == "sure?"
    assert terminal.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("stoppable", [True, False], ids=["conversation", "one message"])
def test_ctrl_c_between_two_steps_of_a_lock(stoppable: bool, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: FBT001
    """It leaves the lock free, and grpcio fails when it releases it. That is Ctrl-C all the same."""

    def chunks(cause: BaseException) -> Iterator[Any]:
        yield chat_pb2.CreateChatCompletionStreamResponse(choices=[{"delta": {"content": "a"}}])
        try:
            raise cause
        except type(cause):
            raise RuntimeError("cannot release un-acquired lock")  # noqa: B904 # as `with` does

    if stoppable:
        assert print_response(chunks(KeyboardInterrupt()), chunk_text, stoppable=True).stopped
    else:
        with pytest.raises(KeyboardInterrupt):
            print_response(chunks(KeyboardInterrupt()), chunk_text)
    assert capsys.readouterr().out == "a\n"
    with pytest.raises(RuntimeError):
        print_response(chunks(ValueError()), chunk_text, stoppable=stoppable)
