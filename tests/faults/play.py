"""Plays one scenario for one RPC through real sockets, and records what the caller saw.

It also checks what holds for every outcome: the trailers have everything that is known and nothing else, the bridge
serves the next call as usual, and no task, connection or unretrieved exception is left.
"""

import asyncio
import gc
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import grpc
import httpx
import pytest

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge.upstream import exchange, retry
from tests.faults.scripts import HEADERS, SAID, VECTOR, WORDS, usage, well
from tests.support.authority import certificates
from tests.support.bridge import Bridge, start_bridge
from tests.support.details import Failure, failure, text
from tests.support.forward import RUNNING, Fault, ForwardProxy, forwarding
from tests.support.gateway import Gateway, Script

UNARY: Final = "unary"
STREAM: Final = "stream"
EMBEDDINGS: Final = "embeddings"
MODELS: Final = "models"
RPCS: Final = (UNARY, STREAM, EMBEDDINGS, MODELS)
#: The RPCs with long requests.
LONG: Final = (UNARY, STREAM, EMBEDDINGS)

#: How the gateway's socket accepts connections during the fault.
ACCEPTS: Final = "accepts"
REFUSES: Final = "refuses"
FULL: Final = "full"  # full: the next connection is not accepted
#: The TLS of the gateway during the fault, if it has any.
UNTRUSTED: Final = "untrusted"
TRUSTED: Final = "trusted"
BROKEN: Final = "broken"  # the act decides

_ID: Final = "call-1"
_KEY: Final = "sk-bridge-test-key"
#: Half a second for closing connections, in steps of 5 ms.
_TURNS: Final = 100
#: Seconds after which a case counts as hung.
_TIMEOUT_SECONDS: Final = 8

Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter, asyncio.Event], Awaitable[None]]


@dataclass(frozen=True)
class Sees:
    """What the caller and the gateway see. `http` is the received status, 0 for none.

    `attempts` are the requests that the bridge sent or tried to send. `reused` says that the next call used the same
    connection.
    """

    code: str = "OK"
    reason: str = ""
    retry: str = ""
    http: int = 200
    chunks: int = 0
    attempts: int = 1
    reused: bool = False

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)


@dataclass(frozen=True)
class Scenario:
    """A behaviour of the gateway, and its outcome for each kind of RPC.

    `plain` is for the three RPCs with one response, `models` for ListModels if it differs. None means that the fault
    does not apply. `scripts` respond to requests and `act` handles connections, each while the fault lasts. `idle` acts
    on a pooled connection that an earlier call left. `prompt` is the length of the request's text. `proxy` is the fault
    of a forward proxy, which all requests then use; None means no proxy.
    """

    name: str
    gateway: str
    scripts: Sequence[Script] = (well,)
    plain: Sees | None = None
    stream: Sees | None = None
    models: Sees | None = None
    rpcs: Sequence[str] = RPCS
    settings: dict[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    prompt: int = 2
    act: Act | None = None
    listens: str = ACCEPTS
    tls: str = ""
    idle: Script | None = None
    proxy: Fault | None = None

    def __str__(self) -> str:
        return self.name

    def sees(self, rpc: str) -> Sees | None:
        if rpc not in self.rpcs:
            return None
        if rpc == STREAM:
            return self.stream
        return (self.models or self.plain) if rpc == MODELS else self.plain


async def play(scenario: Scenario, rpc: str) -> Sees:
    """Play a scenario for one RPC, and return what the caller sees."""
    problems: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: problems.append(f"{context['message']}: {context.get('exception')}"))
    before = asyncio.all_tasks()
    with _patched():
        async with asyncio.timeout(_TIMEOUT_SECONDS), _standing(scenario) as (bridge, door):
            if scenario.idle is not None:
                await _all_is_well(bridge, rpc)
                await scenario.idle(await bridge.gateway.exchange())
            seen = await _caused(scenario, rpc, bridge)
            await door.mend()
            for proxy in RUNNING:
                proxy.mend()
            bridge.gateway.script(well)
            accepted = door.accepted
            await _all_is_well(bridge, rpc)
            seen = seen.but(reused=door.accepted == accepted)
            await _nothing_left(bridge, door)
    gc.collect()
    assert asyncio.all_tasks() <= before
    assert problems == [], problems
    return seen


@contextmanager
def _patched() -> Iterator[None]:
    """No long waits, no keys from the environment, and trust in the tests' CA."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AI_GATEWAY_API_KEY", "OPENAI_API_KEY", "VERCEL_OIDC_TOKEN", "AIBRIDGE_UPSTREAM_API_KEY"):
            patch.delenv(name, raising=False)
        patch.setattr(retry, "_FIRST_DELAY_SECONDS", 0.01)
        patch.setattr(exchange, "_ERROR_TIMEOUT_SECONDS", 0.05)
        patch.setattr(httpx, "create_ssl_context", lambda **_: certificates(trusted=True)[1])
        yield


@asynccontextmanager
async def _standing(scenario: Scenario) -> AsyncIterator[tuple[Bridge, "Door"]]:
    gateway = Gateway()
    gateway.script(well)
    door = Door(gateway, scenario)
    gateway.url = door.url
    settings = {"max_retries": 2, "upstream_api_key": _KEY, **scenario.settings}
    async with AsyncExitStack() as stack:
        await door.start()
        stack.push_async_callback(door.close)
        if scenario.proxy is not None:
            proxy = await stack.enter_async_context(forwarding(ForwardProxy(fault=scenario.proxy)))
            settings["upstream_proxy"] = f"http://127.0.0.1:{proxy.port}"
        yield await stack.enter_async_context(start_bridge(gateway, **settings)), door


async def _caused(scenario: Scenario, rpc: str, bridge: Bridge) -> Sees:
    """Cause the fault during a call, and check its trailers."""
    bridge.gateway.script(*scenario.scripts)
    requests = len(bridge.gateway.requests)
    received, error, trailers = await call(bridge, rpc, prompt=scenario.prompt, timeout=scenario.timeout)
    requests = len(bridge.gateway.requests) - requests
    chunks = len(received) if rpc == STREAM else 0
    assert trailers["x-request-id"] == _ID
    if rpc == STREAM:
        assert received == list(WORDS[:chunks])
    if error is None:
        assert received
        assert "grpc-retry-pushback-ms" not in trailers
        seen = Sees(chunks=chunks, attempts=requests)
    else:
        assert rpc == STREAM or not received
        seen = _told(error, rpc)
        if scenario.act is None and scenario.listens == ACCEPTS and not scenario.tls:
            assert requests == seen.attempts
    from_gateway = {f"x-upstream-{key[2:]}" if key == "x-request-id" else key: text for key, text in HEADERS.items()}
    assert {key: trailers[key] for key in from_gateway if key in trailers} == (from_gateway if seen.http else {})
    assert "x-ratelimit-limit-tokens" not in trailers  # only the trailers of a body claim that
    words = chunks if rpc == STREAM else SAID if error is None and rpc != MODELS else 0
    assert trailers.get("aibridge-usage") == (json.dumps(usage(words), separators=(",", ":")) if words else None)
    return seen


def _told(error: Failure, rpc: str) -> Sees:
    """The details of a failed call, which its trailers must not contradict."""
    known = error.metadata
    assert known.get("upstreamRequestId") == ("up-1" if "httpStatus" in known else None)
    assert known.get("model") == (None if rpc == MODELS else "m")
    assert ("chunksDelivered" in known) == (rpc == STREAM)
    if error.delay_ms is not None and error.pushback == "-1":
        advice = f"not by gRPC; after {error.delay_ms} ms"
    elif error.delay_ms is not None:
        assert error.pushback == str(error.delay_ms)
        advice = f"after {error.delay_ms} ms"
    else:
        advice = {None: "yes", "-1": "no"}[error.pushback]
    return Sees(
        code=error.code,
        reason=error.reason,
        retry=advice,
        http=int(known.get("httpStatus", "0")),
        chunks=int(known.get("chunksDelivered", "0")),
        attempts=int(known.get("attempts", "0")),
    )


async def _all_is_well(bridge: Bridge, rpc: str) -> None:
    received, error, _ = await call(bridge, rpc)
    assert error is None, error
    said = {STREAM: list(WORDS[:SAID]), UNARY: [" ".join(WORDS[:SAID])], EMBEDDINGS: [VECTOR], MODELS: ["m"]}
    assert received == said[rpc]


async def call(
    bridge: Bridge, rpc: str, *, prompt: int = 2, **options: Any
) -> tuple[list[Any], Failure | None, dict[str, Any]]:
    """A call's messages, its failure, and its trailers."""
    received: list[Any] = []
    options["metadata"] = [("x-request-id", _ID)]
    words = "x" * prompt
    chat = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": words}])
    try:
        if rpc == STREAM:
            made = bridge.chat.CreateChatCompletionStream(chat, **options)
            async for message in made:
                received.append(text(message.choices))  # noqa: PERF401 # chunks before an error count
        elif rpc == UNARY:
            made = bridge.chat.CreateChatCompletion(chat, **options)
            received.append((await made).choices[0].message.content)
        elif rpc == EMBEDDINGS:
            request = embeddings_pb2.CreateEmbeddingRequest(model="m", input=words)
            made = bridge.embeddings.CreateEmbedding(request, **options)
            received.append(tuple((await made).data[0].embedding))
        else:
            made = bridge.models.ListModels(models_pb2.ListModelsRequest(), **options)
            received.extend(model.id for model in (await made).data)
    except grpc.aio.AioRpcError as error:
        told = failure(error)
        return received, told, told.trailers
    return received, None, dict(await made.trailing_metadata())


async def _nothing_left(bridge: Bridge, door: "Door") -> None:
    """The last call's connection may be kept, but no other connection, slot or task may be left."""
    upstream, limits = bridge.app._upstream, bridge.app._limits
    transport = upstream._transport
    for _ in range(_TURNS):
        if door.open <= 1 and not transport._used and not _at_work() and not limits.running:
            break
        await asyncio.sleep(0.005)
    assert door.open <= 1
    assert not transport._used
    assert len(transport._idle) <= 1
    assert _at_work() == []
    assert upstream._free._value == upstream._settings.upstream_connections
    assert (limits.running, limits.waiting) == (0, 0)


def _at_work() -> list[str]:
    """The tasks that serve a call or a request of the bridge."""
    names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(("_handle_", "Transport", "Upstream", "Boundary"))]


class Door:
    """The gateway's listening socket: what happens to a connection before HTTP, or in place of it."""

    def __init__(self, gateway: Gateway, scenario: Scenario) -> None:
        self.accepted = 0
        self.open = 0
        self._gateway = gateway
        self._scenario = scenario
        self._over = asyncio.Event()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._fillers = [socket.socket() for _ in range(2)]
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.url = f"{'https' if scenario.tls else 'http'}://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    async def start(self) -> None:
        """Start with the fault."""
        if self._scenario.listens == FULL:
            self._socket.listen(0)
            for filler in self._fillers:
                filler.setblocking(False)
                with suppress(BlockingIOError):
                    filler.connect(self._socket.getsockname())
        elif self._scenario.listens == ACCEPTS:
            trusted = {UNTRUSTED: False, TRUSTED: True}.get(self._scenario.tls)
            await self._listen(None if trusted is None else certificates(trusted=trusted)[0])

    async def mend(self) -> None:
        """End the fault."""
        self._over.set()
        for filler in self._fillers:
            filler.close()
        if self._scenario.tls or self._server is None:
            if self._server is not None:
                self._server.close()
            await self._listen(certificates(trusted=True)[0] if self._scenario.tls else None)

    async def _listen(self, context: ssl.SSLContext | None) -> None:
        self._server = await asyncio.start_server(self._serve, sock=self._socket.dup(), ssl=context)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        self.open += 1
        try:
            if self._scenario.act is None or self._over.is_set():
                await self._gateway.serve(reader, writer)
            else:
                await self._scenario.act(reader, writer, self._over)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.open -= 1
            self._tasks.discard(task)

    async def close(self) -> None:
        self._over.set()
        for filler in self._fillers:
            filler.close()
        if self._server is not None:
            self._server.close()
        self._socket.close()
        await self._gateway.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)
