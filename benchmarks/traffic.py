"""A long run of mixed traffic, which measures added delays and growth of memory: `python -m benchmarks.traffic`.

    python -m benchmarks.traffic [--minutes 5] [--busy 0.6] [--output results/traffic.json]

Streams of all shapes (60 chunks, 50 per second), unary calls and embeddings start at random, at a rate that keeps the
bridge's process busy for the given share of a core. Some calls are cancelled, some callers are slow, some streams are
cut or fail upstream, and some requests are refused there. The words of the streams contain the time of their writing,
so that added delays can be measured. Times count from the second fifth of the run on. The exit code is 1 if a call ends
with an unexpected status, or if memory grows by more than 10 % from the second fifth of the run to the last.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import grpc
import uvloop

from benchmarks import machine, report
from benchmarks.callers import Grpc
from benchmarks.delays import Watch
from benchmarks.dialects import mix
from benchmarks.figures import Spread
from benchmarks.payloads import StreamRequest
from benchmarks.processes import Server, allow_files, cpu, files, memory
from benchmarks.stacks import Stacks

EVENTS: Final = 60
INTERVAL: Final = 0.02
_PAUSE: Final = 0.05  # of a slow caller after each message
_EVERY: Final = 5.0  # seconds between two samples
_STEP: Final = 1.0  # seconds between two measurements of the bridge's CPU
_TOLERANCE: Final = 0.10
_CHANNELS: Final = 8
#: No call starts if more are open than this multiple of the expected number, plus a few, or than `_MOST`.
_CROWDED: Final = 1.5
_FEW: Final = 30
_MOST: Final = 600
_TIMEOUT: Final = 60.0

#: Of each kind: its share in a hundred calls, and the expected status.
KINDS: Final[Mapping[str, tuple[int, str]]] = {
    "stream": (70, "OK"),
    "cancelled": (8, "CANCELLED"),
    "slow caller": (5, "OK"),
    "cut": (3, "UNAVAILABLE"),
    "failed": (2, "INTERNAL"),
    "refused": (4, "RESOURCE_EXHAUSTED"),
    "unary": (5, "OK"),
    "embeddings": (3, "OK"),
}
_FAULTS: Final = {"cut", "failed", "refused"}


class Traffic:
    """Calls of all kinds that start at random, at `rate` per second."""

    def __init__(self, port: int) -> None:
        self._caller = Grpc(port, channels=_CHANNELS)
        self._dice = random.Random(4711)  # noqa: S311 # the same in every run
        self._shapes = mix()
        self._kinds = [kind for kind, (share, _) in KINDS.items() for _ in range(share)]
        self._tasks: set[asyncio.Task[None]] = set()
        self.rate = 40.0
        self.watch = Watch()
        self.outcomes: Counter[str] = Counter()
        self.odd: Counter[str] = Counter()
        self.skipped = 0

    @property
    def open(self) -> int:
        return len(self._tasks)

    async def run(self) -> None:
        """Start calls until cancelled."""
        due = time.perf_counter()
        while True:
            due += self._dice.expovariate(self.rate)
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            if self.open >= _MOST:
                self.skipped += 1
                continue
            task = asyncio.create_task(self._one(self._dice.choice(self._kinds), self._dice.choice(self._shapes)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for all calls to end."""
        await asyncio.gather(*self._tasks)
        await self._caller.close()

    async def _one(self, kind: str, shape: str) -> None:
        asked = StreamRequest(shape, EVENTS, INTERVAL, stamped=True, fault=kind if kind in _FAULTS else "")
        try:
            await asyncio.wait_for(self._call(kind, asked.model), _TIMEOUT)
            status = "OK"
        except grpc.aio.AioRpcError as error:
            status = error.code().name
        except asyncio.CancelledError:
            status = "CANCELLED"
        except TimeoutError:
            status = "no end"
        self.outcomes[kind] += 1
        if status != KINDS[kind][1]:
            self.odd[f"{kind}, {shape}: {status}"] += 1

    async def _call(self, kind: str, model: str) -> None:
        if kind in {"unary", "embeddings"}:
            await self._caller.call(kind, model)
            return
        call = self._caller.stream(model)
        if kind == "cancelled":
            for _ in range(self._dice.randrange(EVENTS // 2)):
                await call.read()
            call.cancel()
            await call.read()
        elif kind == "slow caller":
            await Watch().follow(call, _PAUSE)
        else:
            await (self.watch if kind == "stream" else Watch()).follow(call)


async def _steer(traffic: Traffic, pids: list[int], target: float) -> None:
    """Adjust the rate of calls so that the bridge is as busy as requested."""
    before, began = sum(cpu(pids)), time.perf_counter()
    while True:
        await asyncio.sleep(_STEP)
        used, now = sum(cpu(pids)), time.perf_counter()
        busy = (used - before) / 1e9 / (now - began)
        wanted = min(1.3, max(0.8, target / max(busy, 0.01))) ** 0.5
        # If the machine is busy with other work, calls pile up, and more of them would not make the bridge busier.
        traffic.rate *= 0.9 if traffic.open > _CROWDED * traffic.rate * EVENTS * INTERVAL + _FEW else wanted
        before, began = used, now


async def _watch(traffic: Traffic, server: Server, seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Samples during the run, and the spread of all times."""
    firsts, gaps, delays = Spread(), Spread(), Spread()
    samples = []
    begin = before = time.perf_counter()
    used = sum(cpu(server.pids))
    while before - begin < seconds:
        await asyncio.sleep(_EVERY)
        now, spent = time.perf_counter(), sum(cpu(server.pids))
        watch, traffic.watch = traffic.watch, Watch()
        first, gap = Spread(watch.firsts), Spread(watch.gaps)
        if now - begin > seconds / 5:  # the rate has settled by then
            for spread, part in ((firsts, watch.firsts), (gaps, watch.gaps), (delays, watch.delays)):
                spread.add(part)
        samples.append(
            {
                "at": round(now - begin, 1),
                "busy": round((spent - used) / 1e9 / (now - before), 3),
                "memory": memory(server.pids),
                "files": files(server.pids),
                "open": traffic.open,
                "calls_per_second": round(traffic.rate, 1),
                "first_ms": first.milliseconds(),
                "gap_ms": gap.milliseconds(),
                "load": machine.load(),
            }
        )
        last = samples[-1]
        say(f"{last['at']:.0f} s: busy {last['busy']:.2f}, {traffic.open} open, {traffic.rate:.0f} calls/s")
        before, used = now, spent
    times = {"first_ms": firsts, "gap_ms": gaps, "delay_ms": delays}
    return {"samples": samples, **{name: spread.milliseconds() for name, spread in times.items()}}


def grown(samples: list[dict[str, Any]], name: str) -> float:
    """The growth of a peak from the second fifth of a run to the last, as a share."""
    fifth = max(1, len(samples) // 5)
    before = max(sample[name] for sample in samples[fifth : 2 * fifth] or samples)
    after = max(sample[name] for sample in samples[-fifth:])
    return float(after / before - 1)


async def _run(server: Server, seconds: float, target: float, say: Callable[[str], None]) -> dict[str, Any]:
    traffic = Traffic(server.port)
    jobs: list[Awaitable[None]] = [traffic.run(), _steer(traffic, server.pids, target)]
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        found = await _watch(traffic, server, seconds, say)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
    await traffic.close()
    return {
        "target": target,
        "length_seconds": round(seconds),
        "calls": dict(traffic.outcomes),
        "skipped": traffic.skipped,
        "unexpected": dict(traffic.odd),
        "memory_grown": round(grown(found["samples"], "memory"), 4),
        "files_grown": round(grown(found["samples"], "files"), 4),
        **found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traffic", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--busy", type=float, default=0.6, help="of a core, for the bridge")
    parser.add_argument("--output", type=Path, default=report.RESULTS / "traffic.json")
    chosen = parser.parse_args()
    allow_files()
    made_on = machine.described()
    with Stacks() as stacks:
        server = stacks.server("bridge paced")
        found = uvloop.run(
            _run(server, chosen.minutes * 60, chosen.busy, lambda text: print(text, file=sys.stderr, flush=True))
        )
    result = {**made_on, "load_after": machine.load(), **found}
    chosen.output.write_text(json.dumps(result, indent=1) + "\n")
    for name in ("first_ms", "gap_ms", "delay_ms"):
        print(f"{name:10} p50 {result[name]['p50']:.2f}, p99 {result[name]['p99']:.2f}")
    print(f"memory {result['memory_grown']:+.1%}, open files {result['files_grown']:+.1%}")
    for what, number in result["unexpected"].items():
        print(f"unexpected, {number} times: {what}")
    sys.exit(1 if result["unexpected"] or result["memory_grown"] > _TOLERANCE else 0)


if __name__ == "__main__":
    main()
