"""Streams whose words contain the time of their writing: the delay from the upstream to the caller, and the cost."""

import asyncio
import time
from array import array
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

from benchmarks.callers import Grpc
from benchmarks.figures import percentiles
from benchmarks.payloads import StreamRequest, stamps
from benchmarks.processes import cpu


def said(message: Any) -> str:
    """The text of a message, in whichever field it is."""
    texts = []
    for choice in message.choices:
        delta = choice.delta
        texts += [delta.content, delta.reasoning, *(call.function.arguments for call in delta.tool_calls)]
    return "".join(texts)


class Watch:
    """Results of streams, in seconds. `begun` is set when the expected number have received their first message."""

    def __init__(self, expected: int = 0) -> None:
        self._expected = expected
        self.begun = asyncio.Event()
        self.delays = array("d")  # of each word, from the upstream's write to the caller
        self.gaps = array("d")  # by how much the time between two words grew
        self.firsts = array("d")
        self.messages = 0
        self.words = 0

    async def follow(self, messages: AsyncIterator[Any], pause: float = 0.0) -> None:
        """Read a stream that starts now, with a pause after each message."""
        began, first, late = time.perf_counter(), True, array("d")
        async for message in messages:
            now = time.perf_counter()
            if first:
                first = False
                self.firsts.append(now - began)
                if len(self.firsts) == self._expected:
                    self.begun.set()
            self.messages += 1
            written = stamps(said(message))
            self.words += len(written)
            late.extend(now - moment for moment in written)
            if pause:
                await asyncio.sleep(pause)
        self.delays.extend(late)
        self.gaps.extend(after - before for before, after in pairwise(late))


async def delays(*, port: int, pids: list[int], models: list[str], callers: int, window: float) -> dict[str, Any]:
    """Measure one stream per caller, all started at once, with a merge `window` in seconds.

    `us` is the servers' CPU time per word while all streams are open. Starting and ending them is measured by `open_us`
    of `crowd.streams`.
    """
    caller, watch = Grpc(port, channels=-(-callers // 50)), Watch(callers)
    await asyncio.gather(*(channel.channel_ready() for channel in caller.channels))
    asked = [StreamRequest.of(models[index % len(models)]) for index in range(callers)]
    seconds = min(one.events * one.interval for one in asked)
    follow = [asyncio.create_task(watch.follow(caller.stream(one.model, window=window))) for one in asked]
    await watch.begun.wait()
    await asyncio.sleep(0.1)
    before, words, messages = sum(cpu(pids)), watch.words, watch.messages
    await asyncio.sleep(max(0.3, seconds - 0.4))
    used, words, messages = sum(cpu(pids)) - before, watch.words - words, watch.messages - messages
    await asyncio.gather(*follow)
    await caller.close()
    return {
        "us": round(used / 1e3 / words, 2),
        "words": words,
        "messages": messages,
        "delay_ms": percentiles(watch.delays),
        "gap_ms": percentiles(watch.gaps),
        "first_ms": percentiles(watch.firsts),
    }
