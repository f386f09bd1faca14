"""Ways to send bytes to the bridge, and to record what a caller receives."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

from tests.support.gateway import Exchange, Script

#: Turns of the event loop between two writes, in which the bridge reads the first. No clock is involved.
_TURNS = 3


@dataclass
class Outcome:
    """All that a caller receives: messages, status, trailers."""

    messages: list[Any]
    code: grpc.StatusCode
    message: str
    trailers: dict[str, Any]

    @property
    def details(self) -> dict[str, Any]:
        """The details of the status by their type."""
        status = status_pb2.Status.FromString(self.trailers.get("grpc-status-details-bin", b""))
        found = {}
        for packed in status.details:
            detail = getattr(error_details_pb2, packed.TypeName().rpartition(".")[2], None)
            if detail is not None:
                found[detail.__name__] = detail.FromString(packed.value)
        return found

    @property
    def info(self) -> error_details_pb2.ErrorInfo:
        return self.details["ErrorInfo"]


async def drain(call: grpc.aio.UnaryStreamCall) -> Outcome:
    """All of a stream."""
    messages = []
    with suppress(grpc.aio.AioRpcError):
        async for message in call:
            messages.append(message)  # noqa: PERF401, what came before an error counts
    trailers = dict(await call.trailing_metadata() or ())
    return Outcome(messages, await call.code(), await call.details() or "", trailers)


async def ask(call: grpc.aio.UnaryUnaryCall) -> Outcome:
    """One response, or the error in its place."""
    messages = []
    with suppress(grpc.aio.AioRpcError):
        messages.append(await call)
    trailers = dict(await call.trailing_metadata() or ())
    return Outcome(messages, await call.code(), await call.details() or "", trailers)


def pieces(parts: Iterable[bytes]) -> Script:
    """A stream in these pieces, each of which the bridge reads separately."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type="text/event-stream; charset=utf-8")
        for part in parts:
            await exchange.send(part)
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        exchange.writer.close()

    return script


def raw(data: bytes, size: int = 1 << 20) -> Script:
    """A whole response with its head, in pieces of this size, and the end of the connection."""

    async def script(exchange: Exchange) -> None:
        for at in range(0, len(data), size):
            await exchange.send(data[at : at + size])
            await asyncio.sleep(0)
        exchange.writer.close()

    return script


def whole(data: bytes) -> Script:
    return pieces([data])


def by_byte(data: bytes) -> Script:
    return pieces(data[at : at + 1] for at in range(len(data)))


def by_event(data: bytes) -> Script:
    *events, rest = data.split(b"\n\n")
    return pieces([*(event + b"\n\n" for event in events), rest])
