"""Measures the CPU time per chunk inside the bridge, without sockets: `python -m benchmarks.chunks`.

    python -m benchmarks.chunks [SHAPE ...] [--profile]

The real handler runs on bytes from memory: `read` with one event per read, `burst` with many, `merged` with many and
`coalesce`, in µs per token. The reference, from the same rounds, is the minimum for a Python server: parse the event's
JSON, and write a prepared message. Each figure is the minimum of many short runs, because other load can only make a
run longer. The last column is the codec alone: JSON text to message to bytes.

`--profile` prints the functions that take the time, with one event per read, in place of the figures.
"""

import argparse
import asyncio
import cProfile
import math
import pstats
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

import uvloop

from aibridge.v1 import chat_pb2
from benchmarks.dialects import SHAPES, stream
from benchmarks.shapes import CHUNKS
from bridge import settings
from bridge.call import CallContext, new_record
from bridge.codec import decode
from bridge.jsontext import loads
from bridge.services.chat import ChatService
from bridge.upstream.client import Request, Upstream
from bridge.upstream.clock import Clock
from bridge.upstream.exchange import Exchange, Sent
from bridge.upstream.fairness import FairQueue

_METHOD: Final = "/aibridge.v1.ChatService/CreateChatCompletionStream"
_ROUNDS: Final = 25
_PIECE: Final = 1 << 14
_MESSAGE: Final = chat_pb2.CreateChatCompletionStreamResponse
_HEADERS: Final = [(b"content-type", b"text/event-stream"), (b"transfer-encoding", b"chunked")]


class _Response:
    """A response from memory, in place of the transport's."""

    status = 200
    fields: Final = (("content-type", "text/event-stream"),)

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    async def read(self) -> bytes:
        return next(self._pieces, b"")

    def is_over(self) -> bool:
        return False  # the exchange then reads the end

    def close(self) -> None:
        pass


class _Upstream(Upstream):
    """Responds to each request with the same pieces."""

    def __init__(self, pieces: list[bytes], chosen: settings.Settings) -> None:  # without a transport
        self._pieces = pieces
        self._settings = chosen

    def clock(self, call: CallContext) -> Clock:
        return Clock(call.deadline, asyncio.get_running_loop())

    async def begin(self, request: Request, call: CallContext, accept: str, clock: Clock) -> Exchange:
        response: Any = _Response(self._pieces)
        sent = Sent(request.body, uses_bridge_credential=False, secrets=())
        return Exchange(response, call, sent, clock, self._settings, FairQueue(), on_close=lambda: None)


class _Context:
    """Serializes written messages at once, as grpcio does."""

    def __init__(self) -> None:
        self.written = 0

    async def write(self, message: Any) -> None:
        message.SerializeToString()
        self.written += 1

    async def heartbeat(self, message: Any) -> None:
        """Never called, because no stream here is silent for long enough."""


def _run(chosen: settings.Settings, pieces: list[bytes], *, coalesce: bool = False) -> Callable[[], Awaitable[None]]:
    """A stream through the bridge's handler."""
    service = ChatService(_Upstream(pieces, chosen), chosen)
    request = chat_pb2.CreateChatCompletionRequest(model="bench", messages=[{"role": "user", "content": "hi"}])
    request.bridge_options.coalesce = coalesce

    async def run() -> None:
        context: Any = _Context()
        record = new_record(_METHOD, (), streams=True)
        call = CallContext(record, record.method, (), math.inf, model="bench")
        await service.CreateChatCompletionStream(request, call, context)
        assert coalesce or context.written == CHUNKS, context.written

    return run


def runs_of(chosen: settings.Settings, shape: str) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """The runs to measure for a shape, by column."""
    events, texts = stream(shape), SHAPES[shape].events
    body = b"".join(events)
    pieces = [body[start : start + _PIECE] for start in range(0, len(body), _PIECE)]
    ready = [decode(_MESSAGE, data) for data in texts]

    async def reference() -> None:
        context = _Context()
        for data, message in zip(texts, ready, strict=True):
            loads(data)
            await context.write(message)

    async def codec() -> None:
        for data in texts:
            decode(_MESSAGE, data).SerializeToString()

    return {
        "reference": reference,
        "read": _run(chosen, events),
        "burst": _run(chosen, pieces),
        "merged": _run(chosen, pieces, coalesce=True),
        "codec": codec,
    }


async def measured(runs: Mapping[str, Callable[[], Awaitable[None]]], rounds: int = _ROUNDS) -> dict[str, float]:
    """Microseconds per chunk."""
    least = dict.fromkeys(runs, math.inf)
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.thread_time_ns()
            await run()
            least[name] = min(least[name], (time.thread_time_ns() - began) / 1e3 / CHUNKS)
    return least


async def _profile(run: Callable[[], Awaitable[None]]) -> None:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(_ROUNDS):
        await run()
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(20)


def _lines(shape: str, found: Mapping[str, float]) -> Iterator[str]:
    size = sum(map(len, SHAPES[shape].events)) // CHUNKS
    yield f"{shape:10} {size:6} {found['reference']:9.2f}"
    for name in ("read", "burst", "merged"):
        yield f"{found[name]:7.2f} {found[name] / found['reference']:5.1f} x"
    yield f"{found['codec']:7.2f}"


async def _main(shapes: list[str], *, profile: bool) -> None:
    chosen = settings.load()
    if not profile:
        print(f"{'shape':10} {'bytes':>6} {'reference':>9} {'read':>15} {'burst':>15} {'merged':>15} {'codec':>7}")
    for shape in shapes:
        runs = runs_of(chosen, shape)
        if profile:
            print(shape)
            await _profile(runs["read"])
        else:
            print(" ".join(_lines(shape, await measured(runs))), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chunks", description=__doc__.splitlines()[0])
    parser.add_argument("shapes", nargs="*", help=f"of {', '.join(SHAPES)}; default: all")
    parser.add_argument("--profile", action="store_true", help="print a profile in place of the figures")
    chosen = parser.parse_args()
    uvloop.run(_main(chosen.shapes or list(SHAPES), profile=chosen.profile))


if __name__ == "__main__":
    main()
