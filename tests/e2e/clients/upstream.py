"""The gateway behind the bridge. The model selects the response, and the gateway records when callers go away."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from tests.support.gateway import Exchange, respond_json, running, sse
from tests.support.toolcalls import ORDINARY, STREAMS

_CREATED: Final = 1_767_225_600
#: Seconds between two chunks of the endless stream.
_PACE: Final = 0.02


@dataclass
class Seen:
    """One request at the gateway. Times are the event loop's, in seconds."""

    model: str
    authorization: str
    came: float
    closed: float | None = None


@dataclass
class Upstream:
    """A running gateway: its base URL, and the requests so far."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    #: The style of the tool calls' fragments: one of `tests.support.toolcalls.STREAMS`.
    dialect: str = ORDINARY

    def reset(self, dialect: str = ORDINARY) -> None:
        """Forget everything, before the next program."""
        self.seen.clear()
        self.dialect = dialect

    async def respond(self, exchange: Exchange) -> None:
        """The script of every request."""
        path = exchange.request.path
        body = exchange.request.json if exchange.request.body else {}
        model = body.get("model") or unquote(path.partition("/models/")[2])
        now = asyncio.get_running_loop().time
        entry = Seen(model, exchange.request.headers.get("authorization", ""), now())
        self.seen.append(entry)
        if path.endswith("/models"):
            script = respond_json({"object": "list", "data": [_model("example/chat"), _model("example/embed")]})
        elif model == "example/tools":
            script = _tools(self.dialect)
        else:
            attempt = sum(other.model == model for other in self.seen)
            script = _SCRIPTS.get(model, _missing)(body, attempt)
        try:
            await script(exchange)
        finally:
            if exchange.closed.is_set():
                entry.closed = now()


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    """Run the gateway during the context."""
    this = Upstream()
    async with running([this.respond]) as gateway:
        this.url = gateway.url
        yield this


Script = Callable[[Exchange], Awaitable[None]]


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "example"}


def _usage(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _completion(message: dict[str, Any], finish_reason: str, usage: dict[str, int]) -> Script:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": _CREATED, "model": "example/chat"}
    return respond_json({**head, "choices": [choice], "usage": usage})


def _chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    head = {"id": "chatcmpl-2", "object": "chat.completion.chunk", "created": _CREATED, "model": "example/stream"}
    return {**head, "choices": [choice]}


def _error(status: int, kind: str, code: str | None, message: str, **headers: str) -> Script:
    return respond_json({"error": {"message": message, "type": kind, "param": None, "code": code}}, status, **headers)


def _chat(body: Any, _attempt: int) -> Script:
    """A tool call; or, with its result, a response made from it. Anything else is an invalid request."""
    *_, last = messages = body["messages"]
    if last["role"] == "user":
        function = {"name": "get_weather", "arguments": '{"city":"Paris"}'}
        call = {"id": "call_1", "type": "function", "function": function}
        return _completion({"content": None, "tool_calls": [call]}, "tool_calls", _usage(20, 7))
    asked = [call["id"] for message in messages for call in message.get("tool_calls", ())]
    if last["role"] == "tool" and asked == [last["tool_call_id"]]:
        respond = f"It is {json.loads(last['content'])['degrees']} degrees in Paris."
        return _completion({"content": respond}, "stop", _usage(30, 9))
    return _error(400, "invalid_request_error", None, "a tool's result has to follow its call")


def _stream(body: Any, _attempt: int) -> Script:
    """Four chunks of text, and the usage if requested."""
    chunks = [_chunk({"role": "assistant", "content": "Hello"})]
    chunks += [_chunk({"content": text}) for text in (" from", " the", " bridge.")]
    chunks.append(_chunk({}, "stop"))
    if body.get("stream_options", {}).get("include_usage"):
        chunks.append({**_chunk({}), "choices": [], "usage": _usage(5, 4)})
    return sse(*chunks)


def _tools(dialect: str) -> Script:
    """Two tool calls whose arguments come in pieces."""
    deltas = STREAMS[dialect]
    return sse(*(_chunk({"tool_calls": calls}) for calls in deltas), _chunk({}, "tool_calls"))


def _embed(body: Any, _attempt: int) -> Script:
    vectors = [[0.25, -0.5, 0.125], [-0.75, 0.5, 0.375]]
    if not isinstance(body["input"], list) or len(body["input"]) != len(vectors):
        return _error(400, "invalid_request_error", None, "two texts are expected")
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    return respond_json({"object": "list", "data": data, "model": "example/embed", "usage": usage})


def _flaky(_body: Any, attempt: int) -> Script:
    if attempt == 1:
        return _error(503, "server_error", None, "not yet")
    return respond_json(_model("example/flaky"))


def _endless(_body: Any, _attempt: int) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream")
        while not exchange.closed.is_set():
            await exchange.event(_chunk({"content": "word "}))
            with suppress(TimeoutError):
                await asyncio.wait_for(exchange.closed.wait(), _PACE)

    return script


def _slow(_body: Any, _attempt: int) -> Script:
    return Exchange.wait_closed


def _rate_limited(_body: Any, _attempt: int) -> Script:
    return _error(429, "requests", "rate_limit_exceeded", "Rate limit reached.", retry_after_ms="1500")


def _long_error(_body: Any, _attempt: int) -> Script:
    """An error that is larger than the bridge passes on."""
    headers = {f"x_ratelimit_{number}": "x" * 100 for number in range(20)}
    error = {"message": "ä" * 3000, "type": "x" * 200, "param": "x" * 300, "code": "x" * 100}
    return respond_json({"error": error}, 400, **headers)


def _cut(_body: Any, _attempt: int) -> Script:
    return sse(_chunk({"role": "assistant", "content": "Hel"}), _chunk({"content": "lo"}), done=False)


def _missing(_body: Any, _attempt: int) -> Script:
    return _error(404, "invalid_request_error", "model_not_found", "The model does not exist.")


_SCRIPTS: Final[Mapping[str, Callable[[Any, int], Script]]] = {
    "example/chat": _chat,
    "example/stream": _stream,
    "example/embed": _embed,
    "example/flaky": _flaky,
    "example/endless": _endless,
    "example/slow": _slow,
    "example/rate-limited": _rate_limited,
    "example/cut": _cut,
    "example/long-error": _long_error,
}
