"""The calls of the scenarios. Each makes one call, and describes what the caller saw."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from tests.e2e.peers.caller import LIMIT, Caller, ask, embedded, refusal, unary
from tests.e2e.peers.peer import Act, Server


def chat(model: str, text: str = "What is a lighthouse?", seconds: float = LIMIT, **fields: Any) -> Act:
    """A unary completion."""

    async def act(caller: Caller, _: Server) -> str:
        return _either_clock(await _told(unary(caller, ask(model, text, **fields), seconds)), seconds)

    return act


def stream(model: str, text: str = "What is a lighthouse?", seconds: float = LIMIT, **fields: Any) -> Act:
    """A streamed completion. Reports whether anything was delivered before a failure."""

    async def act(caller: Caller, _: Server) -> str:
        return await _told_stream(caller, ask(model, text, **fields), seconds, lambda: None)

    return act


def stream_over_deadline(model: str) -> Act:
    """A streamed completion that outlasts the caller's deadline, which is longer if nothing arrives in time."""

    async def act(caller: Caller, _: Server) -> str:
        request = ask(model, max_tokens=1900, ignore_eos=True)
        told = ""
        for seconds in (0.8, 3.2, 12.8):
            told = await _told_stream(caller, request, seconds, lambda: None)
            if not told.startswith("no message"):
                break
        return told

    return act


def stream_of_killed_server(model: str) -> Act:
    """A streamed completion whose server is killed after the first message."""

    async def act(caller: Caller, server: Server) -> str:
        return await _told_stream(caller, ask(model, max_tokens=1900, ignore_eos=True), LIMIT, server.close)

    return act


def chat_after_kill(model: str) -> Act:
    """A unary completion after the server was killed."""

    async def act(caller: Caller, server: Server) -> str:
        server.close()
        return await _told(unary(caller, ask(model)))

    return act


def embed(model: str, text: str = "a lighthouse") -> Act:
    """An embedding."""

    async def act(caller: Caller, _: Server) -> str:
        return await _told(embedded(caller, model, text))

    return act


def last_of(number: int, act: Act) -> Act:
    """The outcome of the last of several consecutive calls."""

    async def repeated(caller: Caller, server: Server) -> str:
        for _ in range(number - 1):
            await act(caller, server)
        return await act(caller, server)

    return repeated


def cancelled(model: str) -> Act:
    """A streamed completion that the caller cancels after the first message."""

    async def act(caller: Caller, _: Server) -> str:
        request = ask(model, max_tokens=1900, ignore_eos=True)
        call = caller.chat.CreateChatCompletionStream(request, timeout=LIMIT)
        await call.read()
        call.cancel()
        code: grpc.StatusCode = await call.code()
        return code.name

    return act


async def _told(call: Awaitable[Any]) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return refusal(error)
    return "OK"


def _either_clock(told: str, seconds: float) -> str:
    """At the caller's deadline, either the bridge's clock or the caller's may end the call. The result is the same."""
    return told.removesuffix(", UPSTREAM_TIMEOUT") if seconds < LIMIT else told


async def _told_stream(caller: Caller, request: Any, seconds: float, after_first: Callable[[], None]) -> str:
    call = caller.chat.CreateChatCompletionStream(request, timeout=seconds)
    delivered = 0
    try:
        async for _ in call:
            delivered += 1
            if delivered == 1:
                await asyncio.to_thread(after_first)
    except grpc.aio.AioRpcError as error:
        before = "some messages" if delivered else "no message"
        return _either_clock(f"{before}, then {refusal(error)}", seconds)
    return "OK"
