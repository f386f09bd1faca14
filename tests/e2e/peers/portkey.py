"""npm `@portkey-ai/gateway`: the headers of a request select its upstream, here llama.cpp.

The pins hold hono and its server for Node.js at older versions. With newer ones, every response that the gateway does
not rewrite, including all streams, fails with `TypeError: immutable`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from bridge.cli import local
from tests.e2e.peers import llama
from tests.e2e.peers.acts import chat, stream, stream_of_killed_server, stream_over_deadline
from tests.e2e.peers.install import installed, pinned_npm_version
from tests.e2e.peers.peer import Peer, Scenario, Server
from tests.e2e.peers.process import free_port, running

_MODEL: Final = llama.PEER.chat_model
_OVERLONG: Final = "word " * 4000
_INVALID: Final = "INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED, HTTP 400"


@contextmanager
def start(*_: str) -> Iterator[Server]:
    """Run it in front of its own llama.cpp. It takes no flags here."""
    port = free_port()
    program = installed("portkey") / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    with ExitStack() as stack:
        behind = stack.enter_context(local.running())
        command = ["node", str(program), f"--port={port}", "--headless"]
        url = stack.enter_context(running("portkey", command, port, ready="/", timeout=60))
        headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": behind}
        yield Server(f"{url}/v1", stack.close, headers)


PEER: Final = Peer(
    name="Portkey",
    title="npm @portkey-ai/gateway, with llama.cpp behind it",
    version=pinned_npm_version("portkey", "@portkey-ai/gateway"),
    start=start,
    chat_model=_MODEL,
    embedding_model=_MODEL,
    slash_model=llama.PEER.slash_model,
    key=llama.PEER.key,
    deviations=llama.PEER.deviations,  # it forwards llama.cpp's response
    scenarios=(
        Scenario(
            "without its headers",
            chat(_MODEL),
            "INVALID_ARGUMENT, INVALID_REQUEST, HTTP 400",
            settings={"upstream_headers": []},
            why="`x-portkey-provider` must name the provider whose API the upstream speaks: `upstream_headers`.",
        ),
        Scenario("prompt over the context", chat(_MODEL, _OVERLONG), _INVALID),
        Scenario("prompt over the context, streamed", stream(_MODEL, _OVERLONG), f"no message, then {_INVALID}"),
        Scenario(
            "deadline in mid-stream", stream_over_deadline(_MODEL), "some messages, then DEADLINE_EXCEEDED", cuts=True
        ),
        Scenario(
            "server ends in mid-stream",
            stream_of_killed_server(_MODEL),
            "some messages, then UNAVAILABLE, UPSTREAM_STREAM_INTERRUPTED",
            cuts=True,
            ends_server=True,
        ),
    ),
)
