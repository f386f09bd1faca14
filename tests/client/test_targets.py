"""A target that is no address is refused at once, with what to give instead and without the target: it may be a key."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aibridge.client import Tls, aio, connect
from aibridge.client.openai import async_transport, transport
from aibridge.client.targets import target_problem

EMPTY = "empty: give HOST:PORT, the address of a bridge"
NO_PORT = "no port: give HOST:PORT; a bridge's default port is 50051"
NO_ADDRESS = "no address: give HOST:PORT, as in 127.0.0.1:50051"
WRONG_PORT = "no port from 1 to 65535: give HOST:PORT, as in 127.0.0.1:50051"
KEYS = ["Zk9fQ2xwA7mN", "sk-abcdefgh1234", "Zk9f+/==", "Bearer hunter", "a.b.Zk9f/x", "x" * 64 + ".y"]


@pytest.mark.parametrize("opens", [connect, aio.connect, transport, async_transport])
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("", EMPTY),
        (" \n", EMPTY),
        ("localhost", NO_PORT),
        ("http://127.0.0.1:50051/v1", "give 127.0.0.1:50051, an address without http://"),
        ("https://user:pass@bridge.example:443", "give bridge.example:443 with tls=True, an address without https://"),
    ],
)
async def test_every_way_to_connect(opens: Callable[[str], Any], target: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"^target: ") as caught:
        await asyncio.to_thread(opens, target)
    assert str(caught.value) == f"target: {words}"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("10.0.0.1:", NO_PORT),
        ("[::1]", NO_PORT),
        ("bridge.example", NO_PORT),
        ("dns:///bridge.example", NO_PORT),
        ("dns:bridge", NO_PORT),
        ("dns://8.8.8.8/bridge.example", NO_PORT),
        ("::1", NO_ADDRESS),
        ("50051", NO_ADDRESS),
        ("bridge:0", WRONG_PORT),
        ("bridge:65536", WRONG_PORT),
        ("localhost:65536", WRONG_PORT),
        ("dns:///localhost:99999", WRONG_PORT),
        ("bridge:50051 ", NO_ADDRESS),
        ("bridge:50051/v1", NO_ADDRESS),
        ("https://bridge.example/v1", "give HOST:PORT with tls=True, an address without https://"),
        ("HTTPS://bridge:443", "give bridge:443 with tls=True, an address without https://"),
        ("tcp://bridge:50051", "give bridge:50051, an address without tcp://"),
        ("Zk9fQ2xw://bridge:50051", "give bridge:50051, an address without ://"),
    ],
)
def test_a_target_that_is_no_address(target: str, words: str) -> None:
    assert target_problem(target, tls=False) == words


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "target", ["KEY", "KEY:", "http://KEY", "dns:KEY", "dns:///KEY", "https://u:KEY@h/v1", "KEY/v1"]
)
def test_a_key_is_not_shown(tls: bool, key: str, target: str) -> None:  # noqa: FBT001 # a column
    problem = target_problem(target.replace("KEY", key), tls=tls)
    assert problem
    assert key not in problem


@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:50051",
        "[::1]:50051",
        "[fe80::1%eth0]:50051",
        "bridge_1.namespace:50051",
        "m\u00fcnchen.example:50051",
        "dns:///bridge:50051",
        "dns:bridge:50051",
        "dns://8.8.8.8/bridge:50051",
        "unix:/run/aibridge.sock",
        "unix:///run/aibridge.sock",
        "unix-abstract:aibridge",
        "ipv4:127.0.0.1:50051,127.0.0.1:50052",
        "ipv6:[::1]:50051",
        "xds:///bridge",
    ],
)
def test_a_target(target: str) -> None:
    assert target_problem(target, tls=False) == target_problem(target, tls=True) == ""


@pytest.mark.parametrize(
    "target", ["bridge.example", "localhost", "10.0.0.1", "[::1]", "dns:///bridge.example", "a.b."]
)
def test_the_port_of_tls(target: str) -> None:
    """With TLS gRPC takes port 443."""
    assert target_problem(target, tls=True) == ""
    assert target_problem(target, tls=False) == NO_PORT


def test_tls_of_any_kind_is_tls(tmp_path: Path) -> None:
    connect("bridge.example", tls=True).close()
    connect("bridge.example", tls=Tls()).close()
    with pytest.raises(ValueError, match=r"^target: no port"):
        connect("bridge.example", tls=False)
    with pytest.raises(ValueError, match=r"^target: no port"):
        connect("bridge", tls=tmp_path / "not-read")
