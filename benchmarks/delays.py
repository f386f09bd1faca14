"""Streams whose words say when the upstream wrote them: what the way to the caller adds to each, and what it costs."""

import asyncio
import time
from array import array
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

from benchmarks.callers import Grpc
from benchmarks.figures import percentiles
from benchmarks.payloads import Asked, stamps
from benchmarks.processes import cpu


def said(message: Any) -> str:
    """The words of a message, whatever member has them."""
    texts = []
    for choice in message.choices:
        delta = choice.delta
        texts += [delta.content, delta.reasoning, *(call.function.arguments for call in delta.tool_calls)]
    return "".join(texts)


class Watch:
    """What came of some streams. Times in seconds."""

    def __init__(self) -> None:
        self.delays = array("d")  # of each word, from the upstream's write to the caller
        self.gaps = array("d")  # by how much the time between two words became longer
        self.firsts = array("d")
        self.messages = 0

    async def follow(self, messages: AsyncIterator[Any], pause: float = 0.0) -> None:
        """Read a stream that begins now, with a pause behind each message."""
        began, first, late = time.perf_counter(), True, array("d")
        async for message in messages:
            now = time.perf_counter()
            if first:
                first = False
                self.firsts.append(now - began)
            self.messages += 1
            late.extend(now - written for written in stamps(said(message)))
            if pause:
                await asyncio.sleep(pause)
        self.delays.extend(late)
        self.gaps.extend(after - before for before, after in pairwise(late))


async def delays(*, port: int, pids: list[int], models: list[str], callers: int, window: float) -> dict[str, Any]:
    """One stream of each caller, all begun at once; with a `window`, in seconds, in which words are merged.

    `us` is the servers' processor time for each event of the upstream.
    """
    caller, watch = Grpc(port, channels=-(-callers // 50)), Watch()
    await asyncio.gather(*(channel.channel_ready() for channel in caller.channels))
    chosen = [models[index % len(models)] for index in range(callers)]
    before = sum(cpu(pids))
    await asyncio.gather(*(watch.follow(caller.stream(model, window=window)) for model in chosen))
    used, units = sum(cpu(pids)) - before, sum(Asked.of(model).events for model in chosen)
    await caller.close()
    return {
        "us": round(used / 1e3 / units, 2),
        "messages": watch.messages,
        "units": units,
        "delay_ms": percentiles(watch.delays),
        "gap_ms": percentiles(watch.gaps),
        "first_ms": percentiles(watch.firsts),
    }
