"""The load generator, a separate process: reads commands as JSON lines, makes the calls, and writes figures.

A command has a function's name, `do`, and its arguments. CPU time is read here, right before and after the calls, from
the processes in the command.
"""

import asyncio
import json
import sys
import time
from array import array
from collections.abc import Awaitable, Callable, Mapping
from itertools import cycle
from typing import Any, Final

import uvloop

from benchmarks import crowd, delays
from benchmarks.callers import Caller, Grpc, Http, OpenAI
from benchmarks.figures import percentiles
from benchmarks.payloads import LITELLM_KEY, StreamRequest
from benchmarks.processes import cpu

_made: dict[tuple[str, int], Caller] = {}


def _caller(client: str, port: int) -> Caller:
    """The client for a server, which keeps its connections between commands."""
    if (client, port) not in _made:
        make: Mapping[str, Callable[[int], Caller]] = {
            "grpc": Grpc,
            "aiohttp": Http,
            "openai": OpenAI,
            "litellm": lambda port: Http(port, {"authorization": f"Bearer {LITELLM_KEY}"}),
        }
        _made[client, port] = make[client](port)
    return _made[client, port]


async def calls(
    *, port: int, pids: list[int], kind: str, models: list[str], callers: int, seconds: float, client: str = "grpc"
) -> dict[str, Any]:
    """Run a number of callers for some seconds, each with one call after the other. All calls are finished.

    The calls use these models in turn. `us` is the servers' CPU time per unit: a call or an event.
    """
    caller = _caller(client, port)
    await asyncio.gather(
        *(caller.call("unary", models[0]) for _ in range(callers))
    )  # connections and lazy initialization
    latencies, firsts = array("d"), array("d")
    units, names = 0, cycle(models)
    own, before, began = time.process_time(), sum(cpu(pids)), time.perf_counter()

    async def one() -> None:
        nonlocal units
        while (start := time.perf_counter()) - began < seconds:
            model = next(names)
            first = await caller.call(kind, model)
            units += 1 if kind in {"unary", "embeddings"} else StreamRequest.of(model).events
            latencies.append(time.perf_counter() - start)
            firsts.append(first - start)

    await asyncio.gather(*(one() for _ in range(callers)))
    wall = time.perf_counter() - began
    used, own = sum(cpu(pids)) - before, time.process_time() - own
    return {
        "us": round(used / 1e3 / units, 2),
        "caller_us": round(own * 1e6 / units, 2),
        "units": units,
        "seconds": round(wall, 3),
        "busy": round(used / 1e9 / wall, 3),
        "latency_ms": percentiles(latencies),
        "first_ms": percentiles(firsts),
    }


async def rate(*, port: int, model: str, per_second: float, seconds: float, client: str = "grpc") -> dict[str, Any]:
    """Unary calls that start at fixed times, even if earlier calls still run. Latency counts from these times."""
    caller = _caller(client, port)
    latencies = array("d")
    await caller.call("unary", model)

    async def one(due: float) -> None:
        await caller.call("unary", model)
        latencies.append(time.perf_counter() - due)

    began = time.perf_counter()  # the loop's clock has a resolution of 1 ms
    tasks = []
    for index in range(int(per_second * seconds)):
        due = began + index / per_second
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    return {"per_second": per_second, "latency_ms": percentiles(latencies)}


async def shares(
    *, port: int, pids: list[int], channels: int, own: bool, seconds: float, further: list[int]
) -> dict[str, Any]:
    """Unary calls over fresh channels: the share of each process in their total CPU time.

    With `further` ports, each channel connects to all of these servers.
    """
    caller = Grpc(port, *further, channels=channels, own=own)
    await asyncio.gather(*(caller.call("unary", "bench") for _ in range(max(channels, 16))))
    before, count, began = cpu(pids), 0, time.perf_counter()

    async def one() -> None:
        nonlocal count
        while time.perf_counter() - began < seconds:
            await caller.call("unary", "bench")
            count += 1

    await asyncio.gather(*(one() for _ in range(16)))
    wall = time.perf_counter() - began
    used = [after - start for after, start in zip(cpu(pids), before, strict=True)]
    await caller.close()
    return {
        "shares": [round(part / sum(used), 3) for part in used],
        "per_second": round(count / wall, 1),
        "us": round(sum(used) / 1e3 / count, 1),
    }


_COMMANDS: Final[Mapping[str, Callable[..., Awaitable[dict[str, Any]]]]] = {
    "calls": calls,
    "rate": rate,
    "shares": shares,
    "delays": delays.delays,
    "streams": crowd.streams,
    "idle": crowd.idle,
    "stampede": crowd.stampede,
}


async def main() -> None:
    loop = asyncio.get_running_loop()
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        print(json.dumps(await _COMMANDS[command.pop("do")](**command)), flush=True)
    for caller in _made.values():
        await caller.close()


if __name__ == "__main__":
    uvloop.run(main())
