"""`aibridge demo`: a real bridge in front of a real model, both on this machine, with each kind of call.

The bridge is a child process, started with the same command that users run. It ends with the demo, unless the demo is
killed with -9.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, Final, NoReturn

import grpc
from rich.text import Text

from aibridge.client import CallFailed, Client, connect
from aibridge.v1.chat_pb2 import CreateChatCompletionRequest, StreamOptions
from aibridge.v1.embeddings_pb2 import CreateEmbeddingRequest
from aibridge.v1.models_pb2 import ListModelsRequest
from bridge.cli import console
from bridge.cli.local import MODEL_VARIABLE
from bridge.errors import Reason

_READY: Final = "listening on "
_READY_TIMEOUT_SECONDS: Final = 180.0  # bridge.cli.local gives the model 120
_KILL_DELAY_SECONDS: Final = 5.0  # between SIGTERM and SIGKILL; the child has nothing to drain
_QUESTION: Final = "In one sentence: what does a bridge do?"
_TOO_LONG: Final = "all work and no play " * 2000  # the embedded model's window is 2048 tokens


class _NotReadyError(Exception):
    """The bridge did not start. Its messages were already printed."""


@dataclass
class _Tour:
    """The steps, and what they share."""

    client: Client
    model: str = ""

    def models(self) -> str:
        """The list of models."""
        listed = self.client.models.ListModels(ListModelsRequest()).data
        self.model = listed[0].id
        for model in listed:
            console.write(f"{model.id}\n")
        return f"{len(listed)} listed"

    def chat(self) -> str:
        """A question, and its response token by token."""
        console.note(f"> {_QUESTION}", style="dim")
        request = CreateChatCompletionRequest(
            model=self.model,
            messages=[{"role": "user", "content": _QUESTION}],
            temperature=0,
            max_tokens=60,
            stream_options=StreamOptions(include_usage=True),
        )
        start = partial(self.client.chat.CreateChatCompletionStream, request)
        return console.print_response(start, console.chunk_text).summary()

    def embedding(self) -> str:
        """A text as a vector."""
        request = CreateEmbeddingRequest(model=self.model, input=_QUESTION)
        vector = self.client.embeddings.CreateEmbedding(request).data[0].embedding
        console.write(f"[{console.numbers(vector)}]\n")
        return f"{len(vector)} numbers"

    def error(self) -> str:
        """A prompt that is too long: the model's server refuses it, and status and reason say so."""
        request = CreateChatCompletionRequest(model=self.model, messages=[{"role": "user", "content": _TOO_LONG}])
        try:
            self.client.chat.CreateChatCompletion(request)
        except CallFailed as error:
            if (error.code, error.reason) != (grpc.StatusCode.INVALID_ARGUMENT, Reason.CONTEXT_LENGTH_EXCEEDED.name):
                raise
            console.write(f"{error}\n")
            for key in ("httpStatus", "promptTokens", "contextWindowTokens"):
                console.write(f"  {key}: {error.metadata.get(key, 'unknown')}\n")
            return "refused, as expected"
        raise CallFailed(grpc.StatusCode.OK, "a prompt over the model's context window was not refused")


def run() -> bool:
    """Run all steps. The result says whether all of them worked."""
    times: list[tuple[str, str, str]] = []
    with _ends_on_signals():
        started = time.monotonic()
        _title("A bridge starts, with a small model behind it")
        try:
            with _bridge() as address, connect(address, timeout=120) as client:
                console.write(f"aibridge {_READY}{address}\n")
                times.append(("start", _duration(started), "model loaded, port open"))
                worked = _take(_Tour(client), times)
        except _NotReadyError as error:
            console.note(str(error))
            return False
    _title("Times")
    console.rows(("step", "time", ""), times)
    return worked


def _take(tour: _Tour, times: list[tuple[str, str, str]]) -> bool:
    steps: tuple[tuple[str, str, Callable[[], str]], ...] = (
        ("models", "The models", tour.models),
        ("chat", "A chat, streamed", tour.chat),
        ("embedding", "An embedding", tour.embedding),
        ("error", "An error, on purpose: a prompt over the model's context window", tour.error),
    )
    for name, title, step in steps:
        _title(title)
        started = time.monotonic()
        try:
            result = step()
        except CallFailed as error:
            console.failure(error)
            times.append((name, _duration(started), "FAILED"))
            return False
        times.append((name, _duration(started), result))
    return True


@contextmanager
def _bridge() -> Iterator[str]:
    """Run a bridge in front of the embedded model in a child process, and yield its address."""
    # Without settings meant for another bridge, so that the demo is the same everywhere.
    environment = {
        name: value
        for name, value in os.environ.items()
        if (not name.startswith("AIBRIDGE_") or name == MODEL_VARIABLE) and name != "GRPC_VERBOSITY"
    }
    # -P: a folder named `bridge` where the demo is run is not ours.
    command = [sys.executable, "-P", "-m", "bridge", "serve", "--local", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(  # noqa: S603 # our own interpreter and module, no shell
        [*command, "--log-level", "warning", "--metrics-listen", "off"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        encoding="utf-8",
        errors="replace",
    ) as child:
        try:
            yield _await_ready(child)
        finally:
            _stop(child)


def _await_ready(child: subprocess.Popen[str]) -> str:
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert child.stdout is not None  # noqa: S101 # for the type checker: both are pipes
    assert child.stderr is not None  # noqa: S101 # as above
    threading.Thread(target=lambda pipe: lines.put(pipe.readline()), args=(child.stdout,), daemon=True).start()
    reader = threading.Thread(target=_relay, args=(child.stderr,), daemon=True)
    reader.start()
    try:
        line = lines.get(timeout=_READY_TIMEOUT_SECONDS)
    except queue.Empty:
        raise _NotReadyError(f"The bridge was not ready within {_READY_TIMEOUT_SECONDS:g} s.") from None
    if _READY not in line:
        code = child.wait(_KILL_DELAY_SECONDS)
        reader.join(_KILL_DELAY_SECONDS)  # it has the reason
        raise _NotReadyError(f"The bridge ended before it was ready (exit code {code}).")
    return line.split()[-1]


def _relay(pipe: IO[str]) -> None:
    """Print the bridge's messages as they arrive. Reading to the end keeps the pipe from filling up."""
    for line in pipe:
        console.note(f"  {line.rstrip()}", style="dim")


def _stop(child: subprocess.Popen[str]) -> None:
    try:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(_KILL_DELAY_SECONDS)
    finally:  # also if a second Ctrl-C interrupts the wait
        child.kill()  # nothing happens if it has ended
        child.wait()


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the demo as Ctrl-C does."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _leave) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _leave(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def _title(text: str) -> None:
    console.screen().print(Text(f"\n{text}", style="bold"))


def _duration(started: float) -> str:
    seconds = time.monotonic() - started
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
