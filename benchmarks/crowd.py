"""Measures many concurrent streams: the CPU time and memory of each, and the longest wait of any."""

import asyncio
import statistics
import time
from array import array
from contextlib import suppress
from itertools import pairwise
from typing import Any, Final

import grpc

from benchmarks.callers import Grpc
from benchmarks.figures import percentiles
from benchmarks.payloads import StreamRequest
from benchmarks.processes import cpu, memory

#: Number of streams per channel.
_PER_CHANNEL: Final = 250
_SETTLED: Final = 0.05  # of a core; below it a server counts as idle
_TIMEOUT_SECONDS: Final = 10.0
_FOREVER: Final = 1 << 30
_SILENT: Final = 3600.0  # seconds to the second chunk


class _Crowd:
    """Streams that run until they are closed. Times are by `time.perf_counter`."""

    def __init__(self, port: int, number: int, interval: float, shape: str = "plain") -> None:
        self._caller = Grpc(port, channels=-(-number // _PER_CHANNEL))
        self._model = StreamRequest(shape, _FOREVER, interval).model
        self._number = number
        self._tasks: list[asyncio.Task[None]] = []
        self.firsts = array("d")
        self.gaps: list[array[float]] = []
        self.watched = False
        self.chunks = 0
        self.refused = 0

    async def open(self, per_second: float) -> None:
        """Open streams at this rate, 0 for all at once. Returns when each has received its first message.

        `refused` counts those that were refused.
        """
        began = time.perf_counter()
        arrived = asyncio.Event()
        await asyncio.gather(*(channel.channel_ready() for channel in self._caller.channels))
        for index in range(self._number):
            if per_second and (early := began + index / per_second - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            self._tasks.append(asyncio.create_task(self._follow(arrived)))
        await arrived.wait()

    async def _follow(self, arrived: asyncio.Event) -> None:
        began = time.perf_counter()
        call = self._caller.stream(self._model)
        gaps = array("d")
        self.gaps.append(gaps)
        try:
            try:
                assert await call.read() is not grpc.aio.EOF, await call.details()
            except grpc.aio.AioRpcError:
                self.refused += 1
                return
            else:
                last = time.perf_counter()
                self.firsts.append(last - began)
            finally:
                if len(self.firsts) + self.refused == self._number:
                    arrived.set()
            while await call.read() is not grpc.aio.EOF:
                now = time.perf_counter()
                self.chunks += 1
                if self.watched:
                    gaps.append(now - last)
                last = now
        finally:
            call.cancel()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self._caller.close()


async def _settle(pids: list[int]) -> None:
    """Wait until the servers are idle, up to a limit."""
    deadline = time.perf_counter() + _TIMEOUT_SECONDS
    while time.perf_counter() < deadline:
        before = sum(cpu(pids))
        await asyncio.sleep(0.2)
        if sum(cpu(pids)) - before < _SETTLED * 0.2e9:
            return


async def streams(
    *, port: int, pids: list[int], number: int, per_second: float, ramp: float, seconds: float
) -> dict[str, Any]:
    """Measure streams with `per_second` chunks in total, opened at `ramp` streams per second, for some seconds.

    `worst_wait` is the longest time between two chunks of a stream, as a multiple of the stream's median; the worst of
    all streams.
    """
    crowd = _Crowd(port, number, number / per_second)
    before = sum(cpu(pids))
    await crowd.open(ramp)
    opened, early = sum(cpu(pids)) - before, crowd.chunks
    await asyncio.sleep(0.3)
    crowd.watched = True
    before, chunks, began = sum(cpu(pids)), crowd.chunks, time.perf_counter()
    await asyncio.sleep(seconds)
    used, wall = sum(cpu(pids)) - before, time.perf_counter() - began
    chunks = crowd.chunks - chunks
    held = memory(pids)
    await crowd.close()
    await _settle(pids)
    cost = used / 1e3 / chunks
    waits = [max(gaps) / statistics.median(gaps) for gaps in crowd.gaps if len(gaps) > 2]
    return {
        "us": round(cost, 2),
        "open_us": round(max(0.0, opened / 1e3 - early * cost) / number, 1),
        "busy": round(used / 1e9 / wall, 4),
        "chunks_per_second": round(chunks / wall, 1),
        "memory": held,
        "worst_wait": round(max(waits, default=0.0), 2),
        "refused": crowd.refused,
        "first_ms": percentiles(crowd.firsts),
    }


async def idle(*, port: int, pids: list[int], numbers: list[int], ramp: float) -> dict[str, Any]:
    """The memory in bytes of a warm server with growing numbers of open, silent streams."""
    warm = _Crowd(port, 50, _SILENT)
    await warm.open(ramp)
    await warm.close()
    await _settle(pids)
    base, held, crowds = memory(pids), {}, []
    for before, number in pairwise([0, *numbers]):
        crowd = _Crowd(port, number - before, _SILENT)
        crowds.append(crowd)
        await crowd.open(ramp)
        await asyncio.sleep(0.3)
        held[number] = memory(pids)
    for crowd in crowds:
        await crowd.close()
    await _settle(pids)
    return {"base": base, "held": held}


async def stampede(*, port: int, pids: list[int], number: int) -> dict[str, Any]:
    """Time to the first chunk when many streams are opened at once."""
    crowd = _Crowd(port, number, number / 1000)
    await crowd.open(0)
    await crowd.close()
    await _settle(pids)
    return {"number": number, "refused": crowd.refused, "first_ms": percentiles(crowd.firsts)}
