"""Measures metrics and log lines alone, in µs of CPU per call and chunk: `python -m benchmarks.telemetry`.

For comparison, docs/performance.md has the cost of bare grpc.aio, and that of the whole bridge.
"""

import os
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Final

from bridge import settings
from bridge.call import CallRecord
from bridge.clean import NO_TOKENS
from bridge.server.app import METHODS
from bridge.telemetry import logs
from bridge.telemetry.metrics import Metrics
from bridge.telemetry.observer import Observer

_ROUNDS: Final = 7
_TIMES: Final = 20_000


def main() -> None:
    """Print the figures, each the median of several rounds."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # until the end, because the log's thread writes later
    chosen = settings.load(log_format="json")
    metrics, observer = Metrics(chosen, METHODS), Observer(chosen, METHODS)
    logs.configure(chosen)
    unary, stream = _call("CreateChatCompletion"), _call("CreateChatCompletionStream")
    stream.chunks.arrived(1)
    figures = {
        "metrics, unary call": _cost(partial(_counted, metrics, unary)),
        "metrics, stream": _cost(partial(_counted, metrics, stream)),
        "metrics, stream, each read of chunks": _cost(lambda: stream.chunks.arrived(1)),
        "log line": _cost(lambda: logs.call_ended(unary, "OK", "", "", NO_TOKENS)),
        "both, unary call": _cost(partial(_observed, observer, unary)),
    }
    for name, microseconds in figures.items():
        print(f"{microseconds:6.2f} µs  {name}")


def _counted(metrics: Metrics, record: CallRecord) -> None:
    metrics.begin(record)
    metrics.end(record, "OK", "", NO_TOKENS)


def _observed(observer: Observer, record: CallRecord) -> None:
    observer.begin(record)
    observer.end(record, "OK")


def _call(method: str) -> CallRecord:
    now = time.monotonic()
    path, streams = f"/aibridge.v1.ChatService/{method}", method.endswith("Stream")
    record = CallRecord(path, (("user-agent", "grpc"),), "0" * 32, streams)
    record.model, record.http_status, record.attempts = "anthropic/claude-opus-4.6", 200, 1
    record.sent_at, record.ended_at = now + 0.001, now + 0.2
    record.usage = {"prompt_tokens": 100, "completion_tokens": 200, "total_tokens": 300}
    return record


def _cost(work: Callable[[], object]) -> float:
    """Microseconds of this thread's CPU time per call of `work`."""
    found = []
    for _ in range(_ROUNDS):
        began = time.thread_time_ns()
        for _ in range(_TIMES):
            work()
        found.append((time.thread_time_ns() - began) / 1000 / _TIMES)
    return median(found)


if __name__ == "__main__":
    main()
