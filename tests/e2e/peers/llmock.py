"""PyPI `llmock`: an OpenAI-like API with HTTP errors and broken streams by flags."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import httpx

from tests.e2e.peers.acts import cancelled, chat, embed, last_of, stream
from tests.e2e.peers.caller import Caller
from tests.e2e.peers.install import installed, pinned_version
from tests.e2e.peers.peer import Act, Deviation, Peer, Scenario, Server
from tests.e2e.peers.process import free_port, running

_MODEL: Final = "gpt-4o"
_EMBEDDING: Final = "text-embedding-3-small"


@contextmanager
def start(*flags: str) -> Iterator[Server]:
    """Run it with these flags."""
    port = free_port()
    program = installed("llmock") / "bin" / "llmock"
    command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port), *flags]
    with ExitStack() as stack:
        url = stack.enter_context(
            running(" ".join(("llmock", *flags)), command, port, ready="/_llmock/scenario", timeout=30)
        )
        yield Server(f"{url}/v1", stack.close)


def _status(status: int, sees: str) -> Scenario:
    """Set an error by the control API, because `--error-rate` would need a server for each."""

    async def act(caller: Caller, server: Server) -> str:
        await _control(server, "POST", "scenario", {"behaviors": [{"type": "fail", "status": status}]})
        return await chat(_MODEL)(caller, server)

    return Scenario(f"fail with {status}", act, sees)


def _broken(kind: str, sees: str, act: Act | None = None, name: str = "") -> Scenario:
    flags = ("--stream-fault", f"{kind}=1", "--stream-stall-seconds", "20")
    settings = {"stall_timeout": 0.5}
    return Scenario(f"--stream-fault {kind}=1{name}", act or stream(_MODEL), sees, flags, settings, cuts=True)


def _judged(act: Act) -> Act:
    """This call, and llmock's report on its client, which is the bridge."""

    async def judged(caller: Caller, server: Server) -> str:
        told = await act(caller, server)
        verdict = await _control(server, "GET", "verdict")
        findings = ", ".join(finding["code"] for finding in verdict["findings"]) or "no findings"
        return f"{told}; attempts: {verdict['attempts']}; verdict: {findings}"

    return judged


async def _cancelled(caller: Caller, server: Server) -> str:
    """Cancel a stream that stalls for 20 seconds. llmock waits 2 seconds for requests, and lists what ended."""
    told = await cancelled(_MODEL)(caller, server)
    ended = (await _control(server, "GET", "requests"))["count"]
    return f"{told}; the bridge {'hung up' if ended else 'stayed'}"


async def _control(server: Server, method: str, what: str, body: Any = None) -> Any:
    """The response of llmock's control API."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        response = await client.request(method, f"{server.url.removesuffix('/v1')}/_llmock/{what}", json=body)
    return response.raise_for_status().json()


_NO_SLASH: Final = "It lists no model with a slash, and has no GET /models/{id}."
_NO_ROUTE: Final = "It has no GET /models/{id}; with retrieve_from_list the bridge answers from the list."
_NO_LOGPROBS: Final = "It ignores logprobs."
_UNPROCESSABLE: Final = "FastAPI's 422 where OpenAI sends 400; the same for the caller."
_NO_KEY: Final = "It ignores keys."
_LIMITED: Final = "RESOURCE_EXHAUSTED, RATE_LIMIT_EXCEEDED, retry after a delay, HTTP 429"
_UNAVAILABLE: Final = "UNAVAILABLE, UPSTREAM_UNAVAILABLE, retry after a delay, HTTP 503"
_CUT: Final = "some messages, then UNAVAILABLE, UPSTREAM_STREAM_INTERRUPTED"

_ERRORS: Final = {
    400: "INVALID_ARGUMENT, INVALID_REQUEST, HTTP 400",
    401: "UNAUTHENTICATED, BRIDGE_CREDENTIALS_REJECTED, HTTP 401",
    402: "RESOURCE_EXHAUSTED, INSUFFICIENT_QUOTA, HTTP 402",
    403: "PERMISSION_DENIED, ACCESS_DENIED, HTTP 403",
    404: "NOT_FOUND, MODEL_NOT_FOUND, HTTP 404",
    408: "DEADLINE_EXCEEDED, UPSTREAM_TIMEOUT, HTTP 408",
    409: "ABORTED, UPSTREAM_CONFLICT, HTTP 409",
    413: "INVALID_ARGUMENT, REQUEST_TOO_LARGE, HTTP 413",
    422: "INVALID_ARGUMENT, INVALID_REQUEST, HTTP 422",
    429: _LIMITED,
    500: "INTERNAL, UPSTREAM_INTERNAL_ERROR, HTTP 500",
    501: "UNIMPLEMENTED, UPSTREAM_NOT_SUPPORTED, HTTP 501",
    502: "UNAVAILABLE, UPSTREAM_BAD_GATEWAY, HTTP 502",
    503: _UNAVAILABLE,
    504: "DEADLINE_EXCEEDED, UPSTREAM_TIMEOUT, HTTP 504",
    529: "UNAVAILABLE, UPSTREAM_OVERLOADED, retry after a delay, HTTP 529",
}

PEER: Final = Peer(
    name="llmock",
    title="PyPI llmock",
    version=pinned_version("llmock", "llmock"),
    start=start,
    chat_model=_MODEL,
    embedding_model=_EMBEDDING,
    slash_model="acme/lighthouse",
    key="sk-nobody-looks-at-this",
    deviations={
        "model": Deviation("NOT_FOUND, MODEL_NOT_FOUND, HTTP 404", _NO_ROUTE),
        "model id with a slash": Deviation("NOT_FOUND, MODEL_NOT_FOUND, HTTP 404", _NO_SLASH),
        "chat, logprobs": Deviation("OK, but no logprobs", _NO_LOGPROBS),
        "stream, logprobs": Deviation("OK, but no logprobs", _NO_LOGPROBS),
        "chat, unknown model": Deviation("OK", "It serves any model."),
        "chat, invalid request": Deviation("INVALID_ARGUMENT, INVALID_REQUEST, HTTP 422", _UNPROCESSABLE),
        "stream, invalid request": Deviation("INVALID_ARGUMENT, INVALID_REQUEST, HTTP 422", _UNPROCESSABLE),
        "embeddings, base64 sent": Deviation("the peer sends a list of numbers", "It ignores encoding_format."),
        "wrong key of the bridge": Deviation("OK", _NO_KEY),
        "wrong key of the caller": Deviation("OK", _NO_KEY),
        "request id": Deviation("OK, without a request id", "It sends none."),
    },
    scenarios=(
        _broken("disconnect", _CUT),
        _broken("truncate", _CUT),
        _broken("stall", "some messages, then DEADLINE_EXCEEDED, UPSTREAM_STREAM_STALLED"),
        _broken("stall", "CANCELLED; the bridge hung up", _cancelled, ", cancelled by the caller"),
        _broken("malformed", "some messages, then INTERNAL, UPSTREAM_MALFORMED_RESPONSE"),
        *(_status(status, sees) for status, sees in _ERRORS.items()),
        Scenario(
            "--error-rate 503=1, streamed",
            stream(_MODEL),
            f"no message, then {_UNAVAILABLE}",
            ("--error-rate", "503=1"),
        ),
        Scenario("--error-rate 503=1, embeddings", embed(_EMBEDDING), _UNAVAILABLE, ("--error-rate", "503=1")),
        Scenario(
            "--error-rate 429=1, max_retries=1, judged",
            _judged(chat(_MODEL)),
            f"{_LIMITED}; attempts: 2; verdict: no findings",
            ("--error-rate", "429=1"),
            {"max_retries": 1},
        ),
        Scenario(
            "--error-rate 401=1, max_retries=1, judged",
            _judged(chat(_MODEL)),
            f"{_ERRORS[401]}; attempts: 1; verdict: no findings",
            ("--error-rate", "401=1"),
            {"max_retries": 1},
        ),
        Scenario(
            "--error-rate 500=1, max_retries=1, judged",
            _judged(chat(_MODEL)),
            f"{_ERRORS[500]}; attempts: 1; verdict: gave_up",
            ("--error-rate", "500=1"),
            {"max_retries": 1},
            why="On purpose: after a 500 the model may have worked, and a second attempt may be billed again.",
        ),
        Scenario(
            "--context-window 20",
            chat(_MODEL, "word " * 100),
            "INVALID_ARGUMENT, CONTEXT_LENGTH_EXCEEDED, HTTP 400",
            ("--context-window", "20"),
        ),
        Scenario("--rpm 2, third call", last_of(3, chat(_MODEL)), _LIMITED, ("--rpm", "2")),
        Scenario(
            "--latency-ms over the deadline",
            stream(_MODEL, seconds=0.5),
            "no message, then DEADLINE_EXCEEDED",
            ("--latency-ms", "5000"),
        ),
    ),
)
