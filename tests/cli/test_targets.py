"""At an address without a bridge, the commands print one line with advice, and nothing of gRPC's own output."""

import asyncio
import socket

import pytest

from tests.support.commands import Result, spawn
from tests.support.processes import free_port


async def models(*arguments: str) -> Result:
    async with spawn("models", *arguments) as child:
        return await child.end()


@pytest.mark.parametrize("options", [(), ("--tls",)], ids=["plain", "tls"])
async def test_no_line_of_grpcs_core_reaches_the_terminal(options: tuple[str, ...]) -> None:
    """After a failed handshake, which gRPC's core logs, the command prints only its own line and advice."""

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 No\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        said = await models(f"--target=127.0.0.1:{server.sockets[0].getsockname()[1]}", *options)
    assert said.code == 1
    first, advice = said.err.splitlines()
    assert first.startswith("UNAVAILABLE: no connection to a bridge at 127.0.0.1:")
    assert advice.startswith("  ")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("", "empty: give HOST:PORT, the address of a bridge"),
        ("http://127.0.0.1:50051/v1", "give 127.0.0.1:50051, an address without http://"),
        ("https://bridge.example:443", "give bridge.example:443 with --tls, an address without https://"),
        ("localhost", "no port: give HOST:PORT; a bridge's default port is 50051"),
        ("50051", "no address: give HOST:PORT, as in 127.0.0.1:50051"),
        ("Zk9fQ2xwA7mN", "no port: give HOST:PORT; a bridge's default port is 50051"),
    ],
    ids=["empty", "http", "https", "name", "port", "key"],
)
async def test_a_target_that_is_no_address(target: str, words: str) -> None:
    said = await models(f"--target={target}")
    assert (said.code, said.err) == (2, f"invalid settings: --target: {words}\n")


@pytest.mark.parametrize("options", [(), ("--workers", "2"), ("--local",)], ids=["one", "workers", "local"])
async def test_a_port_that_is_taken_is_one_line(options: tuple[str, ...]) -> None:
    """It is found before a model is loaded, of which there would be a line too."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with spawn("serve", "--listen", address, "--metrics-listen", "off", *options) as child:
            said = await child.end()
    assert said.code == 2
    assert len(said.err.splitlines()) == 1
    assert f"cannot bind {address}; it is taken by another program; choose" in said.err


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_two_settings_with_one_address(workers: str) -> None:
    """No other program has taken it."""
    address = f"127.0.0.1:{free_port()}"
    command = ("serve", "--listen", address, "--health-listen", address, "--metrics-listen", "off")
    async with spawn(*command, "--workers", workers, "--upstream-url", "http://127.0.0.1:1/v1") as child:
        said = await child.end()
    assert said.code == 2
    assert (
        f"health_listen: {address} overlaps with {address} of listen; choose another with --health-listen" in said.err
    )
