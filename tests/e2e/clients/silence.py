"""Clients in other languages wait more than a minute for a silent upstream, with pings every 10 seconds.

The server must tolerate their pings, and no call may be sent again: the upstream counts.
`tests/server/test_keepalive.py` does this for Python.
"""

import asyncio
import base64
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aibridge.v1.chat_pb2 import (
    CreateChatCompletionRequest,
    CreateChatCompletionResponse,
    CreateChatCompletionStreamResponse,
)
from tests.e2e.clients import programs
from tests.e2e.clients.checks import Check
from tests.e2e.clients.programs import ProgramError
from tests.e2e.clients.toolchains import ToolchainError, provide
from tests.support.gateway import Exchange, respond_json, running

NAME: Final = "silence"
#: Seconds without a byte from the upstream. gRPC's default minimum for pings would end a connection after 40.
SECONDS: Final = 75.0
_TIMEOUT: Final = 300.0
_FOLDER: Final = Path(__file__).parent / "silent"
_BUILD: Final = programs.BUILDS / NAME
#: The programs, with their requirements and their commands to build and run, with `BUILD` as for the examples.
_PROGRAMS: Final[Mapping[str, tuple[tuple[str, ...], str, str]]] = {
    "grpc-go": (("go",), 'go build -o "$BUILD/silent" .', '"$BUILD/silent"'),
    "grpc-js": (("node", "npm"), "npm ci --silent --no-audit --no-fund", "node silent.mjs"),
}
#: The calls of each. A stream may have started before the silence.
_KINDS: Final = {
    "unary": "CreateChatCompletion",
    "stream": "CreateChatCompletionStream",
    "begun": "CreateChatCompletionStream",
}
_WORDS: Final = "worth the wait"


async def check() -> list[Check]:
    """A check for each call of each client. All of them wait at the same time."""
    asked: Counter[str] = Counter()

    async def thinks(exchange: Exchange) -> None:
        model = exchange.request.json["model"]
        asked[model] += 1
        await _think(exchange, begun=model.endswith("begun"))

    _BUILD.mkdir(parents=True, exist_ok=True)
    async with running([thinks]) as gateway, programs.bridge(gateway.url, log=NAME) as address:
        found = await asyncio.gather(*(_run(name, address) for name in _PROGRAMS))
    return [
        Check(f"{name}, {kind}", problem or _repeated(asked[f"{name} {kind}"]))
        for name, problems in zip(_PROGRAMS, found, strict=True)
        for kind, problem in problems.items()
    ]


def _repeated(requests: int) -> str:
    return "" if requests == 1 else f"the upstream was asked {requests} times"


async def _think(exchange: Exchange, *, begun: bool) -> None:
    streams = exchange.request.json.get("stream")
    if begun:
        await exchange.head(content_type="text/event-stream")
    await asyncio.sleep(SECONDS)
    choice = {"index": 0, "finish_reason": "stop", "delta" if streams else "message": {"content": _WORDS}}
    if not streams:
        await respond_json({"choices": [choice]})(exchange)
        return
    if not begun:
        await exchange.head(content_type="text/event-stream")
    await exchange.event({"choices": [choice]})
    await exchange.event("[DONE]")
    exchange.writer.close()


async def _run(name: str, address: str) -> dict[str, str]:
    """The problems of a program's calls, by kind."""
    tools, build, run = _PROGRAMS[name]
    calls = " ".join(
        f"{kind}=/aibridge.v1.ChatService/{method}={_request(name, kind)}" for kind, method in _KINDS.items()
    )
    try:
        await provide(tools, (), ())
        await _execute(build)
        printed = await _execute(f"{run} {address} {calls}")
    except (ToolchainError, ProgramError) as error:
        return dict.fromkeys(_KINDS, str(error))
    lines = {line.partition(" ")[0]: line.partition(" ")[2] for line in printed.splitlines()}
    return {kind: _problem(kind, lines.get(kind, "nothing")) for kind in _KINDS}


def _request(name: str, kind: str) -> str:
    message = CreateChatCompletionRequest(model=f"{name} {kind}", messages=[{"role": "user", "content": "hi"}])
    return base64.b64encode(message.SerializeToString()).decode()


async def _execute(line: str) -> str:
    result = await programs.execute(("sh", "-c", line), _FOLDER, {"BUILD": str(_BUILD)}, _TIMEOUT)
    if result.code != 0:
        raise ProgramError(f"{line.partition('=')[0]}\n{result.tail}")
    return result.output


def _problem(kind: str, printed: str) -> str:
    code, _, message = printed.partition(" ")
    if code != "OK":
        return f"ended with {printed}"
    response = CreateChatCompletionResponse if kind == "unary" else CreateChatCompletionStreamResponse
    choice = response.FromString(base64.b64decode(message)).choices[0]
    words = choice.message.content if kind == "unary" else choice.delta.content
    return "" if words == _WORDS else f"said {words!r}"
