"""npm `@copilotkit/aimock`: fixtures, and faults by flags."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.e2e.peers.acts import chat, embed, stream
from tests.e2e.peers.install import PeerError, installed, pinned_npm_version
from tests.e2e.peers.peer import Deviation, Peer, Scenario, Server
from tests.e2e.peers.process import free_port, running

_MODEL: Final = "gpt-4o"
_EMBEDDING: Final = "text-embedding-3-small"
_KEY: Final = "sk-peers-of-aibridge"
_TEXT: Final = "A lighthouse is a lamp in a tower by the sea."


def _failing(status: int, kind: str, code: str | None = None) -> dict[str, Any]:
    error = {"message": "scripted", "type": kind, "code": code}
    return {"match": {"userMessage": f"fail {status}"}, "response": {"error": error, "status": status}}


_FIXTURES: Final = [
    {"match": {"userMessage": "cut"}, "response": {"content": _TEXT}, "truncateAfterChunks": 2, "latency": 30},
    {"match": {"userMessage": "slow"}, "response": {"content": _TEXT}, "latency": 2000},
    {
        "match": {"userMessage": "fail once", "sequenceIndex": 0},
        "response": {"error": {"message": "scripted", "type": "server_error"}, "status": 503},
    },
    {"match": {"userMessage": "fail once"}, "response": {"content": _TEXT}},
    _failing(400, "invalid_request_error", "context_length_exceeded"),
    _failing(429, "insufficient_quota", "insufficient_quota"),
    _failing(500, "server_error"),
    _failing(503, "service_unavailable_error"),
    {
        "match": {"toolName": "get_weather"},
        "response": {"toolCalls": [{"name": "get_weather", "arguments": {"city": "Bergen"}}]},
    },
    {"match": {"inputText": "lighthouse"}, "response": {"embedding": [0.5, -0.25, 0.125]}},
    {"match": {"inputText": "ship"}, "response": {"embedding": [0.25, 0.75, -1.0]}},
    {"match": {"toolCallId": "call_1"}, "response": {"content": "It rains."}},
    {"match": {"userMessage": "lighthouse"}, "response": {"content": _TEXT}},
]


@contextmanager
def start(*flags: str) -> Iterator[Server]:
    """Run it with these flags."""
    node = shutil.which("node")
    if node is None:
        raise PeerError("node is needed for aimock, and it is not on the PATH")
    program = installed("aimock") / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    port = free_port()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "fixtures.json").write_text(json.dumps({"fixtures": _FIXTURES}))
        command = [node, str(program), "--port", str(port), "--fixtures", str(folder), "--strict", *flags]
        environment = {"AIMOCK_API_KEYS": _KEY}
        url = stack.enter_context(
            running(" ".join(("aimock", *flags)), command, port, ready="/health", timeout=20, environment=environment)
        )
        yield Server(f"{url}/v1", stack.close)


_NO_SLASH: Final = "It lists no model with a slash, and has no GET /models/{id}."
_NO_ROUTE: Final = "It has no GET /models/{id}; with retrieve_from_list the bridge answers from the list."
_ONE_CHOICE: Final = "It ignores n."
_NO_LOGPROBS: Final = "It ignores logprobs."
_UNREAD: Final = "It does not check the type of content, and sends 503 because no fixture matches."
_LIMITED: Final = "RESOURCE_EXHAUSTED, RATE_LIMIT_EXCEEDED, retry after a delay, HTTP 429"
_MALFORMED: Final = "INTERNAL, UPSTREAM_MALFORMED_RESPONSE"
_LOST: Final = "UNAVAILABLE, UPSTREAM_CONNECTION_LOST, retry after a delay"
_LATE: Final = "DEADLINE_EXCEEDED"
_SLOW: Final = ("--chaos-latency", "5000")

PEER: Final = Peer(
    name="aimock",
    title="npm @copilotkit/aimock, with fixtures",
    version=pinned_npm_version("aimock", "@copilotkit/aimock"),
    start=start,
    chat_model=_MODEL,
    embedding_model=_EMBEDDING,
    slash_model="acme/lighthouse",
    key=_KEY,
    deviations={
        "model": Deviation("NOT_FOUND, MODEL_NOT_FOUND, HTTP 404", _NO_ROUTE),
        "model id with a slash": Deviation("NOT_FOUND, MODEL_NOT_FOUND, HTTP 404", _NO_SLASH),
        "chat, n=2": Deviation("OK, but choices [0]", _ONE_CHOICE),
        "stream, n=2": Deviation("OK, but choices [0]", _ONE_CHOICE),
        "chat, logprobs": Deviation("OK, but no logprobs", _NO_LOGPROBS),
        "stream, logprobs": Deviation("OK, but no logprobs", _NO_LOGPROBS),
        "chat, unknown model": Deviation("OK", "It serves any model."),
        "chat, invalid request": Deviation("UNAVAILABLE, UPSTREAM_UNAVAILABLE, HTTP 503", _UNREAD),
        "stream, invalid request": Deviation("UNAVAILABLE, UPSTREAM_UNAVAILABLE, HTTP 503", _UNREAD),
        "embeddings, base64 sent": Deviation("the peer sends a list of numbers", "It ignores encoding_format."),
    },
    scenarios=(
        Scenario(
            "error context_length_exceeded",
            chat(_MODEL, "fail 400"),
            "INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED, HTTP 400",
        ),
        Scenario(
            "error insufficient_quota",
            stream(_MODEL, "fail 429"),
            "no message, then RESOURCE_EXHAUSTED, INSUFFICIENT_QUOTA, HTTP 429",
        ),
        Scenario("error 500", chat(_MODEL, "fail 500"), "INTERNAL, UPSTREAM_INTERNAL_ERROR, HTTP 500"),
        Scenario(
            "error 503",
            stream(_MODEL, "fail 503"),
            "no message, then UNAVAILABLE, UPSTREAM_UNAVAILABLE, HTTP 503",
        ),
        Scenario("error 503 once, max_retries=1", chat(_MODEL, "fail once"), "OK", settings={"max_retries": 1}),
        Scenario(
            "truncateAfterChunks",
            stream(_MODEL, "cut"),
            "some messages, then UNAVAILABLE, UPSTREAM_STREAM_INTERRUPTED",
            cuts=True,
        ),
        Scenario(
            "a pause in mid-stream over stall_timeout",
            stream(_MODEL, "slow"),
            "some messages, then DEADLINE_EXCEEDED, UPSTREAM_STREAM_STALLED",
            settings={"stall_timeout": 0.3},
            cuts=True,
        ),
        Scenario(
            "--chaos-drop",
            chat(_MODEL),
            "INTERNAL, UPSTREAM_INTERNAL_ERROR, HTTP 500",
            ("--chaos-drop", "1"),
        ),
        Scenario("--chaos-malformed", chat(_MODEL), _MALFORMED, ("--chaos-malformed", "1")),
        Scenario(
            "--chaos-malformed, streamed",
            stream(_MODEL),
            f"no message, then {_MALFORMED}",
            ("--chaos-malformed", "1"),
            cuts=True,
        ),
        Scenario("--chaos-malformed, embeddings", embed(_EMBEDDING), _MALFORMED, ("--chaos-malformed", "1")),
        Scenario("--chaos-disconnect", chat(_MODEL), _LOST, ("--chaos-disconnect", "1")),
        Scenario(
            "--chaos-disconnect, streamed",
            stream(_MODEL),
            f"no message, then {_LOST}",
            ("--chaos-disconnect", "1"),
            cuts=True,
        ),
        Scenario("--chaos-ratelimit", chat(_MODEL), _LIMITED, ("--chaos-ratelimit", "1")),
        Scenario("--chaos-ratelimit, embeddings", embed(_EMBEDDING), _LIMITED, ("--chaos-ratelimit", "1")),
        Scenario("--chaos-latency over the deadline", stream(_MODEL, seconds=0.5), f"no message, then {_LATE}", _SLOW),
        Scenario(
            "--chaos-latency over response_timeout",
            chat(_MODEL),
            "DEADLINE_EXCEEDED, UPSTREAM_TIMEOUT",
            _SLOW,
            {"response_timeout": 0.5},
        ),
    ),
)
