"""The command line as a process: ready line, signals, exit codes, pipes and terminals."""

import asyncio
import os
import pty
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from tests.cli.payloads import MODELS, chunk
from tests.support import gateway as fake
from tests.support.bridge import Bridge
from tests.support.commands import Child, Result, spawn
from tests.support.gateway import Exchange, respond_json, sse


async def run(*arguments: str, **variables: str) -> Result:
    async with spawn(*arguments, **variables) as child:
        return await child.end()


@asynccontextmanager
async def serve(gateway: fake.Gateway, *arguments: str, **variables: str) -> AsyncIterator[Child]:
    every = ("serve", "--listen", "127.0.0.1:0", "--upstream-url", gateway.url, "--log-format", "json")
    async with spawn(*every, *arguments, **variables) as child:
        yield child


async def test_serve_announces_itself_serves_and_stops(gateway: fake.Gateway) -> None:
    gateway.script(respond_json(MODELS))
    async with serve(gateway, AIBRIDGE_UPSTREAM_API_KEY="sk-own-key-of-bridge") as child:
        address = await child.address()
        host, _, port = address.rpartition(":")
        assert (host, int(port) > 0) == ("127.0.0.1", True)
        models = await run("models", "--target", address)
        assert models.out.startswith("a/embed\t")
        assert gateway.last.headers["authorization"] == "Bearer sk-own-key-of-bridge"
        child.signal(signal.SIGTERM)
        result = await child.end()
    assert (result.code, result.out) == (0, "")  # there is no other output
    assert '"draining"' in result.err
    assert "sk-own-key" not in result.err
    assert "Traceback" not in result.err


async def test_workers_are_one_bridge(gateway: fake.Gateway) -> None:
    gateway.script(respond_json(MODELS))
    async with serve(gateway, "--workers", "2") as child:
        address = await child.address()
        assert (await run("models", "--target", address)).code == 0
        child.signal(signal.SIGTERM)
        result = await child.end()
    assert (result.code, result.out) == (0, "")
    assert "Traceback" not in result.err


async def test_sigterm_lets_a_stream_end(gateway: fake.Gateway) -> None:
    halfway, go_on = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(chunk("hel"))
        halfway.set()
        await go_on.wait()
        await exchange.event(chunk("lo", "stop"))
        await exchange.event("[DONE]")
        exchange.writer.close()

    gateway.script(script)
    async with serve(gateway) as server:
        address = await server.address()
        async with spawn("chat", "hi", "--model", "m", "--target", address) as caller:
            await asyncio.wait_for(halfway.wait(), 10)
            server.signal(signal.SIGTERM)
            assert server.process.stderr is not None
            while b"draining" not in await server.process.stderr.readline():
                pass
            go_on.set()
            response, result = await caller.end(), await server.end()
    assert (response.code, response.out) == (0, "hello\n")
    assert result.code == 0


async def test_a_port_that_is_taken_and_settings_that_are_wrong(gateway: fake.Gateway, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text("stall_timeout = 0\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        results = await asyncio.gather(
            run("serve", "--listen", address, "--upstream-url", gateway.url),
            run("serve", "--listen", "nowhere", "--log-level", "loud"),
            run("serve", "--config", str(config)),
            run("serve", AIBRIDGE_DRAIN_GRACE="-1"),
            run("serve", "--listen", "0.0.0.0:0", OPENAI_API_KEY="sk-somebody-pays-for-it"),
        )
    expected = (
        (
            "listen: ",
            f"{address}; it is taken by another program; choose another with --listen HOST",
        ),
        ("listen: ", "log_level: "),
        ("stall_timeout: ",),
        ("drain_grace: ",),
        ("listen: ", "loopback", "allow_anonymous_callers"),
    )
    for result, texts in zip(results, expected, strict=True):
        assert (result.code, result.out) == (2, "")
        assert all(text in result.err for text in texts), result.err
        assert "Traceback" not in result.err
        assert "sk-somebody" not in result.err


async def test_flags_win_over_variables_and_those_over_the_file(gateway: fake.Gateway, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text('listen = "nowhere"\nupstream_url = "nowhere"\nlog_level = "debug"\n')
    gateway.script(respond_json(MODELS))
    arguments = ("serve", "--config", str(config), "--listen", "127.0.0.1:0")
    async with spawn(*arguments, AIBRIDGE_UPSTREAM_URL=gateway.url, AIBRIDGE_LISTEN="nowhere") as child:
        models = await run("models", AIBRIDGE_LISTEN=await child.address())
        assert models.code == 0


async def test_ctrl_c_is_quiet_and_stops_the_model(bridge: Bridge) -> None:
    halfway, closed = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        await exchange.event(chunk("hel"))
        halfway.set()
        await exchange.wait_closed()
        closed.set()

    bridge.gateway.script(script)
    async with spawn("chat", "hi", "--model", "m", "--target", bridge.address) as child:
        await asyncio.wait_for(halfway.wait(), 10)
        assert child.process.stdout is not None
        assert await child.process.stdout.readexactly(3) == b"hel"  # tokens come as they are generated
        child.signal(signal.SIGINT)
        result = await child.end()
    assert (result.code, result.out, result.err) == (130, "\n", "")
    await asyncio.wait_for(closed.wait(), 10)


@pytest.mark.parametrize("arguments", [("models",), ("chat", "hi", "--model", "m")])
async def test_a_closed_pipe_is_quiet(bridge: Bridge, arguments: tuple[str, ...]) -> None:
    many = {"object": "list", "data": [{"id": f"model-{index}"} for index in range(20_000)]}
    bridge.gateway.script(sse(chunk("hel"), chunk("lo", "stop")) if arguments[0] == "chat" else respond_json(many))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        async with spawn(*arguments, stdout=writing, AIBRIDGE_TARGET=bridge.address) as child:
            result = await child.end()
    finally:
        os.close(writing)
    assert (result.code, result.err) == (141, "")


async def on_terminal(*arguments: str, **variables: str) -> str:
    """The output of a command on a terminal, standard output and error together."""
    main, terminal = pty.openpty()
    shown = b""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", *arguments, stdin=terminal, stdout=terminal, stderr=terminal,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80"} | variables,
    )  # fmt: skip
    os.close(terminal)

    def read() -> bytes:
        try:
            return os.read(main, 1 << 16)
        except OSError:  # Linux raises this when the last process has closed the terminal
            return b""

    while data := await asyncio.to_thread(read):
        shown += data
    os.close(main)
    await process.wait()
    return shown.decode()


async def test_a_terminal_gets_a_table(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json(MODELS))
    shown = await on_terminal("models", "--target", bridge.address)
    assert "context" in shown
    assert "a/chat   a      language   200000" in shown


async def test_a_terminal_gets_no_control_characters_from_a_model(bridge: Bridge) -> None:
    bridge.gateway.script(sse(chunk("hel\x1b]0;owned\x07"), chunk("lo", "stop")))
    shown = await on_terminal("chat", "hi", "--model", "m", "--target", bridge.address)
    assert shown.startswith("hel]0;ownedlo\r\n")


async def test_a_terminal_gets_no_colour_with_no_color() -> None:
    arguments = ("models", "--target", "127.0.0.1:1")
    coloured, plain = await asyncio.gather(on_terminal(*arguments), on_terminal(*arguments, NO_COLOR="1"))
    assert "\x1b[1;31m" in coloured
    assert "UNAVAILABLE" in plain
    assert "31m" not in plain


async def test_a_terminal_without_texts_is_told_so() -> None:
    assert "give texts, as an argument or on standard input" in await on_terminal("embed")


async def test_arguments_that_are_no_utf8(bridge: Bridge) -> None:
    bridge.gateway.script(sse(chunk("ok", "stop")))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", "chat", b"caf\xe9", "--model", "m", "--target", bridge.address,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == 0
    assert bridge.gateway.last.json["messages"][0]["content"] == "caf\ufffd"


async def test_the_demo_says_why_it_cannot(tmp_path: Path) -> None:
    result = await run("demo", AIBRIDGE_LOCAL_MODEL=str(tmp_path / "missing.gguf"))
    assert result.code == 1
    assert "not found" in result.err
    assert "exit code 1" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "no key: callers send their own"),
        ({"AIBRIDGE_UPSTREAM_API_KEY": "sk-of-the-bridge"}, "with the bridge's key"),
        ({"OPENAI_API_KEY": "sk-of-openai"}, "with the bridge's key from OPENAI_API_KEY"),
        (
            {"OPENAI_API_KEY": "sk-of-openai", "AI_GATEWAY_API_KEY": "vck_of-vercel"},
            "with the bridge's key from AI_GATEWAY_API_KEY",
        ),
        ({"AIBRIDGE_UPSTREAM_CREDENTIALS": "none"}, "no key is sent"),
    ],
)
async def test_the_first_line_says_where_calls_go_and_on_whose_account(
    gateway: fake.Gateway, variables: dict[str, str], words: str
) -> None:
    """The address is the last word of the line, for programs that read it."""
    async with serve(gateway, **variables) as child:
        line = await child.line()
        assert line.startswith(f"aibridge for {gateway.url}, {words}, TLS off, callers: any, listening on 127.0.0.1:")
        assert int(line.rstrip().rpartition(":")[2]) > 0
        child.signal(signal.SIGTERM)
        assert (await child.end()).code == 0


async def test_the_first_line_says_who_may_call(gateway: fake.Gateway, tmp_path: Path) -> None:
    leaf = trustme.CA().issue_cert("127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    (tmp_path / "tokens").write_text(f"search sha256:{'0' * 64}\n")
    tls = {f"AIBRIDGE_TLS_{name}_FILE": str(tmp_path / "both.pem") for name in ("CERTIFICATE", "KEY", "CLIENT_CA")}
    callers = {"AIBRIDGE_TLS_CLIENT_NAMES": "dns:*", "AIBRIDGE_CALLER_TOKENS_FILE": str(tmp_path / "tokens")}
    async with serve(gateway, **tls, **callers) as child:
        assert ", TLS on, callers: with a token or certificate, listening on " in await child.line()


async def test_commands_call_one_of_several_addresses(gateway: fake.Gateway, tmp_path: Path) -> None:
    """The commands use the variable with the bridge's listen address too."""
    gateway.script(respond_json(MODELS))
    listen = f"unix:{tmp_path}/aibridge.sock,127.0.0.1:0"
    async with spawn("serve", "--upstream-url", gateway.url, AIBRIDGE_LISTEN=listen) as child:
        models = await run("models", AIBRIDGE_LISTEN=await child.address())
        assert models.code == 0, models.err
