"""C libraries' output on standard error becomes log lines of the bridge's form, and blocks nothing."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge.telemetry.capture import captured
from tests.support.authority import chain, key
from tests.support.gateway import Gateway, respond_json
from tests.support.payloads import COMPLETION
from tests.support.processes import serving

Hello = chat_pb2.CreateChatCompletionRequest
CA = trustme.CA()
CORE = b"E1126 23:39:03.370831    3682 ssl_transport_security.cc:1893] Handshake failed with error SSL_ERROR_SSL\n"


class Sink:
    """A descriptor in place of standard error, and the lines that were written to it."""

    def __init__(self) -> None:
        self.reader, self.descriptor = os.pipe()
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def take(self, level: str, text: str, **more: Any) -> None:
        self.lines.append((level, text, more))


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    os.close(made.reader)
    os.close(made.descriptor)


def test_lines_of_core(sink: Sink) -> None:
    """Core's lines get a level and a place. The bridge's own lines are not repeated. The end restores everything."""
    with captured(sink.take, sink.descriptor):
        os.write(sink.descriptor, CORE)
        os.write(sink.descriptor, b"E1126 23:39:03.370831 1 add_port.cc:83] Failed to add port to server: taken\n")
        os.write(sink.descriptor, b"I0101 00:00:00.000001 1 a.cc:1] x\nW0101 00:00:00.000001 1 b.cc:2] y\nno")
        os.write(sink.descriptor, b" line of core's\n\n\xff\xfe")
    os.write(sink.descriptor, b"direct")
    assert os.read(sink.reader, 100) == b"direct"
    place = {"logger": "grpc", "at": "ssl_transport_security.cc:1893"}
    assert sink.lines == [
        ("error", "Handshake failed with error SSL_ERROR_SSL", place),
        ("info", "x", {"logger": "grpc", "at": "a.cc:1"}),
        ("warning", "y", {"logger": "grpc", "at": "b.cc:2"}),
        ("warning", "no line of core's", {"logger": "stderr"}),
        ("warning", "\ufffd\ufffd", {"logger": "stderr"}),
    ]


def test_a_flood_of_lines(sink: Sink) -> None:
    """Some lines of a flood pass, and the next one counts those left out. Lines are bounded, and no writer waits."""
    began = time.monotonic()
    with captured(sink.take, sink.descriptor):
        written = 0
        for _ in range(5000):
            with contextlib.suppress(BlockingIOError):
                written += os.write(sink.descriptor, CORE)
        with contextlib.suppress(BlockingIOError):
            os.write(sink.descriptor, b"x" * (1 << 20))
        time.sleep(0.05)
    assert time.monotonic() - began < 10
    assert written > 0
    assert 20 <= len(sink.lines) < 100
    assert all(len(text) <= 4096 for _, text, _ in sink.lines)
    assert [more for _, _, more in sink.lines if "lines_left_out" in more] or len(sink.lines) == 20


def test_a_line_without_end(sink: Sink) -> None:
    """A line without an end takes bounded memory."""
    with captured(sink.take, sink.descriptor):
        for _ in range(200):
            with contextlib.suppress(BlockingIOError):
                os.write(sink.descriptor, b"x" * 60_000)
            time.sleep(0.001)
    ((_, text, _),) = sink.lines
    assert len(text) == 4096


def secured(folder: Path) -> tuple[str, ...]:
    pair = CA.issue_cert("127.0.0.1")
    (folder / "crt").write_bytes(chain(pair))
    (folder / "key").write_bytes(key(pair))
    return ("--tls-certificate-file", str(folder / "crt"), "--tls-key-file", str(folder / "key"))


def break_handshakes(address: str, count: int) -> None:
    """This many connections without TLS, one after the other."""
    host, _, port = address.rpartition(":")
    for _ in range(count):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * 3)
            with contextlib.suppress(ConnectionError):  # but not TimeoutError, which means that the server hangs
                while connection.recv(1000):
                    pass


@contextlib.asynccontextmanager
async def calling(address: str) -> Any:
    credentials = grpc.ssl_channel_credentials(CA.cert_pem.bytes())
    async with grpc.aio.secure_channel(address, credentials, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield chat_pb2_grpc.ChatServiceStub(channel)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_broken_handshakes_in_the_log(gateway: Gateway, hello: Hello, tmp_path: Path, workers: str) -> None:
    """After broken handshakes each line of standard error is JSON, with core's logger and place, also of workers."""
    gateway.script(respond_json(COMPLETION))
    async with serving(gateway, *secured(tmp_path), "--workers", workers, "--metrics-listen", "off") as process:
        await asyncio.to_thread(break_handshakes, process.address, 5)
        async with calling(process.address) as stub:
            await stub.CreateChatCompletion(hello)
        await process.logged("call")
        process.terminate()
        assert await process.ended() == 0
    assert process.noise == []
    lines = [line for line in process.log if line.get("logger") == "grpc"]
    assert lines
    assert all(re.fullmatch(r"[\w.]+:\d+", line["at"]) for line in lines)
    assert {line["level"] for line in lines} <= {"info", "warning", "error"}


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_nobody_reads(gateway: Gateway, hello: Hello, tmp_path: Path, workers: str) -> None:
    """When standard error stays full, broken handshakes delay no call, on old or new connections."""
    gateway.script(respond_json(COMPLETION))
    reader, writer = os.pipe()
    command = ("-m", "bridge", "serve", "--listen", "127.0.0.1:0", "--upstream-url", gateway.url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, *secured(tmp_path), "--metrics-listen", "off", "--workers", workers,
        stdout=asyncio.subprocess.PIPE, stderr=writer, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().split()[-1]
        fill(writer)
        async with calling(address) as old:
            await old.CreateChatCompletion(hello)
            await asyncio.to_thread(break_handshakes, address, 600)
            for _ in range(5):
                await asyncio.wait_for(old.CreateChatCompletion(hello), 5)
                async with calling(address) as new:
                    await asyncio.wait_for(new.CreateChatCompletion(hello), 5)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # including its workers
        await process.wait()
        os.close(reader)
        os.close(writer)


def fill(writer: int) -> None:
    """Fill a pipe, and make it blocking for its writers again, as the bridge has it too."""
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_port_that_is_taken(log_format: str, workers: str) -> None:
    """If a port is taken, the bridge reports it, and core's own line is suppressed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        options = ("--listen", address, "--log-format", log_format, "--metrics-listen", "off", "--workers", workers)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge", "serve", *options, stderr=asyncio.subprocess.PIPE
        )
        _, text = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert text.decode().startswith(f"invalid settings: listen: cannot bind {address}")
    assert len(text.decode().splitlines()) == 1


PROGRAM = """
import os, sys, threading
from bridge import settings
from bridge.telemetry import logs
logs.configure(settings.load(log_format="json"))

class Broken:
    def __del__(self):
        raise ValueError("the prompt, word for word")

def fails():
    raise ValueError("the prompt, word for word")

with logs.libraries():
    thread = threading.Thread(target=fails)
    thread.start()
    thread.join()
    Broken()
    os.write(2, b"a key: sk-abcdefghijklmnop\\n")
print("behind it", file=sys.stderr)
"""


async def test_exceptions_that_nobody_catches() -> None:
    """Uncaught exceptions of threads and finalisers are log lines with type and place, without the text."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stderr=asyncio.subprocess.PIPE, env=os.environ
    )
    _, data = await asyncio.wait_for(child.communicate(), 30)
    *lines, last = sorted(data.decode().splitlines(), key=lambda line: line == "behind it")
    assert last == "behind it"
    assert "word for word" not in data.decode()
    seen = [json.loads(line) for line in lines]
    assert [line.get("exception") for line in seen if line["level"] == "error"] == ["ValueError", "ValueError"]
    assert [line["event"] for line in seen if line["level"] == "warning"] == ["a key: [secret]"]
