"""What metrics and the log line cost, alone: microseconds of CPU a call and a chunk. `python -m benchmarks.telemetry`.

Bare grpc.aio in Python costs some 237 microseconds a call and 41 to 52 a chunk of a paced stream (docs/performance.md);
these figures are parts of the bridge's own, which `python -m benchmarks` measures as a whole.
"""

import os
import time
from collections.abc import Callable
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
    """Print the figures, each the median of some rounds."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # to the end: the log's thread lags behind
    chosen = settings.load(log_format="json")
    metrics, observer = Metrics(chosen, METHODS), Observer(chosen, METHODS)
    logs.configure(chosen)
    unary, stream = _call("CreateChatCompletion"), _call("CreateChatCompletionStream")
    stream.chunks.arrived(1)
    figures = {
        "metrics, unary call": _cost(lambda: (metrics.begin(unary), metrics.end(unary, "OK", "", NO_TOKENS))),
        "metrics, stream": _cost(lambda: (metrics.begin(stream), metrics.end(stream, "OK", "", NO_TOKENS))),
        "metrics, stream, each read of chunks": _cost(lambda: stream.chunks.arrived(1)),
        "log line": _cost(lambda: logs.call_ended(unary, "OK", "", "", NO_TOKENS)),
        "both, unary call": _cost(lambda: (observer.begin(unary), observer.end(unary, "OK"))),
    }
    for name, microseconds in figures.items():
        print(f"{microseconds:6.2f} µs  {name}")


def _call(method: str) -> CallRecord:
    now = time.monotonic()
    path, streams = f"/aibridge.v1.ChatService/{method}", method.endswith("Stream")
    record = CallRecord(path, (("user-agent", "grpc"),), "0" * 32, streams)
    record.model, record.http_status, record.attempts = "anthropic/claude-opus-4.6", 200, 1
    record.sent_at, record.ended_at = now + 0.001, now + 0.2
    record.usage = {"prompt_tokens": 100, "completion_tokens": 200, "total_tokens": 300}
    return record


def _cost(work: Callable[[], object]) -> float:
    """Microseconds of this thread's CPU for each time."""
    found = []
    for _ in range(_ROUNDS):
        began = time.thread_time_ns()
        for _ in range(_TIMES):
            work()
        found.append((time.thread_time_ns() - began) / 1000 / _TIMES)
    return median(found)


if __name__ == "__main__":
    main()
