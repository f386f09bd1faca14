"""`aibridge demo` and `aibridge serve --local` as a user starts them."""

import asyncio
import os
import signal
import socket
import sys

import pytest

pytestmark = pytest.mark.real


async def start(*arguments: str, **variables: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", *arguments, stdout=pipe, stderr=pipe, env=os.environ | variables
    )


async def announced(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    while line := await asyncio.wait_for(process.stdout.readline(), 60):
        if b"listening on" in line:
            return line.decode().split()[-1]
    _, err = await process.communicate()
    pytest.fail(err.decode(), pytrace=False)


def listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


async def test_the_demo_shows_everything() -> None:
    process = await start("demo")
    out, err = await asyncio.wait_for(process.communicate(), 60)
    text = out.decode()
    assert process.returncode == 0, err.decode()
    assert "smollm2-135m-instruct" in text
    assert "INVALID_ARGUMENT CONTEXT_LENGTH_EXCEEDED: " in text
    times = dict(line.split("\t")[:2] for line in text.splitlines() if "\t" in line)
    assert list(times) == ["start", "models", "chat", "embedding", "error"]
    assert all(time.endswith("s") for time in times.values())
    assert "576 numbers" in text
    assert "completion tokens" in text
    assert b"Loading" in err
    assert b"Traceback" not in err
    assert not listens(text.split("listening on ")[1].split()[0])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
async def test_the_demo_leaves_nothing_behind(number: signal.Signals, code: int) -> None:
    process = await start("demo")
    address = await announced(process)
    process.send_signal(number)
    _, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, b"Traceback" in err) == (code, False), err.decode()
    assert not listens(address)


async def test_serve_local_needs_no_key_and_uses_none() -> None:
    """The embedded model gets no key, so `serve --local` may listen on all interfaces even if a key is set."""
    process = await start("serve", "--local", "--listen", "0.0.0.0:0", OPENAI_API_KEY="sk-somebody-pays-for-it")
    address = await announced(process)
    assert address.startswith("0.0.0.0:")
    asking = await start("chat", "hi", "--max-tokens", "3", "--target", address)
    out, err = await asyncio.wait_for(asking.communicate(), 30)
    assert (asking.returncode, b"completion tokens" in err) == (0, True), err.decode()
    assert out.endswith(b"\n")
    process.send_signal(signal.SIGTERM)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, out) == (0, b"")
    assert b"Loading" in err
    assert not listens(address)
