"""Each Python distribution, as wheel and as sdist, alone in an empty environment, with real calls."""

import asyncio
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.packages.conftest import Make
from tests.e2e.packages.installed import Environment, run, sdist, wheel
from tests.e2e.packages.scripts import calls, says, streams
from tests.support.bridge import Bridge
from tests.support.gateway import respond_json

ROOT: Final = Path(__file__).parents[3]
#: The oldest versions that the manifests allow.
STUBS_FLOOR: Final = ("grpcio==1.72.1", "protobuf==6.30.0")
CLIENT_FLOOR: Final = (
    *("grpcio==1.72.1", "protobuf==6.31.0", "grpcio-health-checking==1.72.1", "googleapis-common-protos==1.70.0"),
)
Kind = Callable[[str], Path]


async def use_stubs(made: Environment, bridge: Bridge) -> None:
    bridge.gateway.script(says("one"), streams("t", "wo"))
    assert await made.program("stubs.py", bridge.address) == "one\ntwo\n"


async def use_client(made: Environment, bridge: Bridge) -> None:
    bridge.gateway.script(
        *(says("one"), streams("t", "wo"), calls("tide", '{"harbour":"Ålesund"}'), says("at noon")),
        respond_json({"error": {"message": "no"}}, 404),
    )
    said = await made.program("client.py", bridge.address)
    assert said.splitlines() == ["one", "two", "at noon", "MODEL_NOT_FOUND 404"]
    assert bridge.gateway.requests[3].json["messages"][-1]["content"] == "high in Ålesund"


async def use_openai(made: Environment, bridge: Bridge) -> None:
    bridge.gateway.script(says("one"), streams("t", "wo"))
    assert await made.program("openai_client.py", bridge.address) == "one\ntwo\n"


kinds = pytest.mark.parametrize("kind", [wheel, sdist], ids=["wheel", "sdist"])


@kinds
async def test_the_stubs_alone(kind: Kind, environment: Make, bridge: Bridge) -> None:
    """Messages and stubs need only protobuf and grpcio, and contain nothing of the client or the server."""
    made = await environment(kind("aibridge-protos"))
    assert made.installed() == ["aibridge_protos", "grpcio", "protobuf", "types_protobuf", "typing_extensions"]
    await use_stubs(made, bridge)


@kinds
async def test_the_client_alone(kind: Kind, environment: Make, bridge: Bridge) -> None:
    """The client is small: at most 10 packages and 30 MB, most of which is grpcio."""
    made = await environment(kind("aibridge-client"), wheel("aibridge-protos"))
    assert len(made.installed()) <= 10, made.installed()
    assert made.size() <= 30_000_000, made.size()
    assert not (made.packages / "bridge").exists()
    await use_client(made, bridge)


async def test_the_client_for_openai(environment: Make, bridge: Bridge) -> None:
    """The extra installs everything that the transport needs."""
    made = await environment(f"{wheel('aibridge-client')}[openai]", wheel("aibridge-protos"))
    await use_openai(made, bridge)


@kinds
async def test_the_bridge_alone(kind: Kind, environment: Make, bridge: Bridge) -> None:
    """The installed command starts a bridge and calls it."""
    made = await environment(kind("aibridge"), wheel("aibridge-client"), wheel("aibridge-protos"))
    command = made.python.parent / "aibridge"
    assert (await run(command, "version", folder=made.work)).startswith("aibridge ")
    bridge.gateway.script(streams("o", "ne"))
    variables = {
        "AIBRIDGE_LISTEN": "127.0.0.1:0",
        "AIBRIDGE_METRICS_LISTEN": "",
        "AIBRIDGE_UPSTREAM_URL": bridge.gateway.url,
        "AIBRIDGE_UPSTREAM_API_KEY": "k",
    }
    server = await asyncio.create_subprocess_exec(
        command, "serve", cwd=made.work, env={"PATH": "/usr/bin:/bin", **variables}, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        ready = (await server.stdout.readline()).decode()
        target = ready.split()[-1]
        said = await run(command, "chat", "--target", target, "--model", "m", "hi", folder=made.work)
        assert said.strip() == "one"
    finally:
        server.terminate()
        assert await server.wait() == 0


async def test_the_stubs_with_the_oldest_libraries(environment: Make, bridge: Bridge) -> None:
    """The stubs work with the oldest allowed libraries."""
    await use_stubs(await environment(wheel("aibridge-protos"), *STUBS_FLOOR), bridge)


async def test_the_client_with_the_oldest_libraries(environment: Make, bridge: Bridge) -> None:
    """The client works with the oldest allowed libraries, also for code for the older openai-python."""
    client = f"{wheel('aibridge-client')}[openai]"
    made = await environment(client, wheel("aibridge-protos"), *CLIENT_FLOOR, "openai==2.0.0")
    await use_client(made, bridge)
    await use_openai(made, bridge)


def needs_without_grpc() -> list[str]:
    """The requirements of the bridge and its tests, except the libraries tested in their oldest versions."""
    manifest = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    everything = [*manifest["project"]["dependencies"], *manifest["dependency-groups"]["test"]]
    return [need for need in everything if not need.startswith(("aibridge", "grpcio", "protobuf", "googleapis"))]


async def test_the_clients_own_tests_with_the_oldest_libraries(environment: Make) -> None:
    """tests/client passes, except tests that measure time.

    The bridge in it is installed in spite of its own minimums.
    """
    old = [f"grpcio-{name}==1.72.1" for name in ("reflection", "channelz", "testing", "status")]
    wheels = (f"{wheel('aibridge-client')}[openai]", wheel("aibridge-protos"))
    made = await environment(*wheels, *CLIENT_FLOOR, *old, *needs_without_grpc())
    await made.install("--no-deps", wheel("aibridge"))
    selection = ("tests/client", "--ignore", "tests/client/test_types.py", "-m", "not alone")
    said = await run(made.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *selection, folder=ROOT)
    assert " passed" in said
