"""Runs the loads against the bridge and the bare server, in turn, and prints CPU per call or chunk as a ratio.

    python -m benchmarks [--rounds 5] [--calls 400]

CPU is user and system time of the server process, from `/proc/PID/task/*/schedstat`, in nanoseconds. Absolute figures
mean nothing from one run to the next; the ratio does, and the spread says how far to believe it.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import grpc

from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, embeddings_pb2_grpc
from benchmarks.payloads import CHUNKS

_PACE: Final = 0.005
_CALLERS: Final = 16
_CHAT: Final = chat_pb2.CreateChatCompletionRequest(
    model="bench/model", messages=[{"role": "user", "content": "When is high water at Oban?"}], temperature=0
)
_EMBED: Final = embeddings_pb2.CreateEmbeddingRequest(
    model="bench/embedding", input_texts={"items": [f"text {index}" for index in range(16)]}
)


class Work(NamedTuple):
    """One row of the table: what is called, how many units (calls or chunks) a call is, and the bar."""

    name: str
    unit: str
    paced: bool
    units: int
    share: float
    bar: float
    call: Callable[[grpc.aio.Channel], Awaitable[Any]]


async def _unary(channel: grpc.aio.Channel) -> None:
    await chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(_CHAT)


async def _stream(channel: grpc.aio.Channel) -> None:
    count = 0
    async for _ in chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletionStream(_CHAT):
        count += 1
    if count != CHUNKS:
        sys.exit(f"{count} chunks of {CHUNKS}")


async def _embed(channel: grpc.aio.Channel) -> None:
    await embeddings_pb2_grpc.EmbeddingsServiceStub(channel).CreateEmbedding(_EMBED)


WORK: Final = (
    Work("unary chat", "call", False, 1, 1.0, 3.2, _unary),
    Work("stream, paced", "chunk", True, CHUNKS, 0.12, 1.65, _stream),
    Work("stream, all events at once", "chunk", False, CHUNKS, 0.12, 1.7, _stream),
    Work("embeddings 16x1536", "call", False, 1, 0.5, 3.2, _embed),
)


@contextmanager
def _process(*command: str, env: dict[str, str] | None = None) -> Iterator[tuple[int, str]]:
    """A child process and the first line that it prints."""
    with subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
    ) as child:
        try:
            assert child.stdout is not None
            yield child.pid, child.stdout.readline().strip()
        finally:
            child.terminate()


def _cpu(pid: int) -> int:
    """Nanoseconds of processor time of all threads."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


async def _measure(pid: int, port: str, work: Work, calls: int) -> float:
    """Microseconds of the server's CPU for one unit."""
    options = [("grpc.max_receive_message_length", 64 << 20), ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        await work.call(channel)
        left = iter(range(calls))

        async def caller() -> None:
            for _ in left:
                await work.call(channel)

        before = _cpu(pid)
        await asyncio.gather(*(caller() for _ in range(_CALLERS)))
        return (_cpu(pid) - before) / 1000 / calls / work.units


async def _run(stacks: dict[tuple[str, bool], tuple[int, str]], rounds: int, calls: int) -> list[dict[str, Any]]:
    rows = []
    for work in WORK:
        count = max(_CALLERS, int(calls * work.share))
        costs: dict[str, list[float]] = {"bare": [], "bridge": []}
        for round_ in range(rounds + 1):
            for name, figures in costs.items():
                cost = await _measure(*stacks[name, work.paced], work, count)
                if round_:  # the first one warms up
                    figures.append(cost)
            print(f"\r{work.name}: round {round_} of {rounds}", end="", file=sys.stderr, flush=True)
        print("\r" + " " * 60, end="\r", file=sys.stderr)
        ratios = sorted(ours / bare for ours, bare in zip(costs["bridge"], costs["bare"], strict=True))
        rows.append(
            {
                "work": work.name,
                "unit": work.unit,
                "bare_us": round(statistics.median(costs["bare"]), 1),
                "bridge_us": round(statistics.median(costs["bridge"]), 1),
                "ratio": round(statistics.median(ratios), 2),
                "spread": [round(ratios[0], 2), round(ratios[-1], 2)],
                "bar": work.bar,
            }
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=400, help="unary calls a round; streams are fewer")
    parser.add_argument("--output", type=Path, help="write the rows as JSON")
    chosen = parser.parse_args()
    with ExitStack() as stack:
        stacks = {}
        for paced in (False, True):
            pace = str(_PACE if paced else 0)
            _, upstream = stack.enter_context(_process("benchmarks.upstream", pace))
            stacks["bare", paced] = stack.enter_context(_process("benchmarks.bare", pace))
            env = {"AIBRIDGE_UPSTREAM_URL": f"http://127.0.0.1:{upstream}/v1", "AIBRIDGE_LOG_FORMAT": "json"}
            pid, line = stack.enter_context(_process("bridge", "serve", "--listen", "127.0.0.1:0", env=env))
            stacks["bridge", paced] = pid, line.rpartition(":")[2]
        rows = asyncio.run(_run(stacks, chosen.rounds, chosen.calls))
    print(f"{'work':28} {'per':6} {'bare µs':>9} {'bridge µs':>10} {'ratio':>6} {'spread':>14} {'bar':>5}")
    for row in rows:
        low, high = row["spread"]
        figures = f"{row['bare_us']:9} {row['bridge_us']:10} {row['ratio']:6} {low:6} to {high:<5} {row['bar']:5}"
        print(f"{row['work']:28} {row['unit']:6} {figures}")
    if chosen.output:
        machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "grpcio": version("grpcio")}
        chosen.output.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
