"""The LiteLLM proxy: mocked responses and errors in its dialect, and a real chain with llama.cpp behind it."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from bridge.cli import local
from tests.e2e.peers.acts import chat, embed, stream, stream_over_deadline
from tests.e2e.peers.install import installed, pinned_version
from tests.e2e.peers.peer import Deviation, Peer, Scenario, Server
from tests.e2e.peers.process import free_port, running

_KEY: Final = "sk-peers-3b1f6a90c2d74e58a1"  # not a secret: a key for our own proxy, which refuses weak ones
_TEXT: Final = "A lighthouse is a lamp in a tower by the sea."
_SMOLLM: Final = "smollm2-135m-instruct"


def _mocked(name: str, response: Any, model: str = "openai/gpt-4o-mini", **more: Any) -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {"model": model, "api_key": "none", "mock_response": response, **more},
    }


def _config(llama: str) -> dict[str, Any]:
    """The models: mocks, errors, and llama.cpp at this URL."""
    chained = {"model": f"openai/{_SMOLLM}", "api_key": "none", "api_base": llama}
    return {
        "model_list": [
            _mocked("chat", _TEXT),
            _mocked("acme/lighthouse", _TEXT),
            _mocked("embedding", [0.5, -0.25, 0.125], "openai/text-embedding-3-small"),
            _mocked("rate-limited", "litellm.RateLimitError"),
            _mocked("failing", "litellm.InternalServerError"),
            _mocked("overlong", "litellm.ContextWindowExceededError"),
            _mocked("filtered", "Exception: content_filter_policy"),
            _mocked("failing-in-mid-stream", "Exception: mock_streaming_error"),
            _mocked("slow", _TEXT, mock_delay=5),
            {"model_name": "chained", "litellm_params": chained},
        ],
        "general_settings": {"master_key": _KEY},
        "litellm_settings": {"num_retries": 0},
    }


@contextmanager
def start(*_: str) -> Iterator[Server]:
    """Run it in front of its own llama.cpp. It takes no flags here."""
    port = free_port()
    program = installed("litellm") / "bin" / "litellm"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "config.yaml").write_text(json.dumps(_config(stack.enter_context(local.running()))))
        command = [str(program), "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
        environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
        url = stack.enter_context(
            running("litellm", command, port, ready="/health/readiness", timeout=120, environment=environment)
        )
        yield Server(f"{url}/v1", stack.close)


_BY_MOCK: Final = "mock_response ignores it."
_NO_DATABASE: Final = "Without a database it calls every unknown key a bad request: `no_db_connection`."
_CRASHES: Final = "It fails on the content, and reports that as its own error."
_TEXT_ONLY: Final = (
    "It says why in the message only, `litellm.ContextWindowExceededError: …`, and the bridge reads no text."
)
_LIMITED: Final = "RESOURCE_EXHAUSTED, RATE_LIMIT_EXCEEDED, retry after a delay, HTTP 429"
_INVALID: Final = "INVALID_ARGUMENT, INVALID_REQUEST, HTTP 400"
_LATE: Final = "DEADLINE_EXCEEDED"
_CHAIN: Final = "llama.cpp behind it"

PEER: Final = Peer(
    name="LiteLLM",
    title="PyPI litellm[proxy], with mock_response, and with llama.cpp behind it",
    version=pinned_version("litellm", "litellm"),
    start=start,
    chat_model="chat",
    embedding_model="embedding",
    slash_model="acme/lighthouse",
    key=_KEY,
    deviations={
        "model id with a slash": Deviation(
            "NOT_FOUND, MODEL_NOT_FOUND, HTTP 404",
            "Its route takes one path segment, and `%2F` counts as a slash; retrieve_from_list helps.",
        ),
        "chat, logprobs": Deviation("OK, but no logprobs", _BY_MOCK),
        "stream, logprobs": Deviation("OK, but no logprobs", _BY_MOCK),
        "chat, tool call": Deviation("OK, but no tool call", _BY_MOCK),
        "stream, tool call": Deviation("OK, but no tool call", _BY_MOCK),
        "chat, unknown model": Deviation(_INVALID, "400, with an unspecific type and code."),
        "chat, invalid request": Deviation("INTERNAL, UPSTREAM_INTERNAL_ERROR, HTTP 500", _CRASHES),
        "stream, invalid request": Deviation("INTERNAL, UPSTREAM_INTERNAL_ERROR, HTTP 500", _CRASHES),
        "stream, include_usage": Deviation(
            "OK, usage that adds up, with a choice", "The last chunk has a choice with an empty delta, after its end."
        ),
        "stream, n=2": Deviation(
            "OK, but choices [0]", "Only the first choice gets a finish_reason; [DONE] ends the stream anyway."
        ),
        "embeddings": Deviation(
            "INTERNAL, UPSTREAM_MALFORMED_RESPONSE", "mock_response gives one vector for 2 inputs."
        ),
        "embeddings, base64 sent": Deviation("the peer sends a list of numbers", _BY_MOCK),
        "wrong key of the bridge": Deviation(_INVALID, _NO_DATABASE),
        "wrong key of the caller": Deviation(_INVALID, _NO_DATABASE),
        "request id": Deviation("OK, without a request id", "It has `x-litellm-call-id`, which is passed on."),
    },
    scenarios=(
        Scenario("RateLimitError", chat("rate-limited"), _LIMITED),
        Scenario("RateLimitError, streamed", stream("rate-limited"), f"no message, then {_LIMITED}"),
        Scenario("InternalServerError", chat("failing"), "INTERNAL, UPSTREAM_INTERNAL_ERROR, HTTP 500"),
        Scenario("ContextWindowExceededError", chat("overlong"), _INVALID, why=_TEXT_ONLY),
        Scenario("content filter", chat("filtered"), _INVALID, why="As above."),
        Scenario(
            "mock_streaming_error",
            stream("failing-in-mid-stream"),
            "no message, then UNAVAILABLE, UPSTREAM_OVERLOADED, retry after a delay, HTTP 529",
            cuts=True,
            why="It has sent nothing yet, and so can make it an HTTP status.",
        ),
        Scenario("mock_delay over the deadline", chat("slow", seconds=0.5), _LATE),
        Scenario("mock_delay over the deadline, streamed", stream("slow", seconds=0.5), f"no message, then {_LATE}"),
        Scenario(f"{_CHAIN}, stream", stream("chained"), "OK"),
        Scenario(f"{_CHAIN}, embeddings", embed("chained"), "OK"),
        Scenario(f"{_CHAIN}, prompt over the context", chat("chained", "word " * 4000), _INVALID, why=_TEXT_ONLY),
        Scenario(
            f"{_CHAIN}, prompt over the context, streamed",
            stream("chained", "word " * 4000),
            f"no message, then {_INVALID}",
            why=_TEXT_ONLY,
        ),
        Scenario(
            f"{_CHAIN}, deadline in mid-stream",
            stream_over_deadline("chained"),
            f"some messages, then {_LATE}",
            cuts=True,
        ),
    ),
)
