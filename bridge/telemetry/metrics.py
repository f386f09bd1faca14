"""The metrics of the bridge, and how Prometheus sees them.

A call costs one look-up of its method and a few additions, nearly all when it ends. A chunk costs nothing here:
`ChunkTimes` records it. Names and labels are those of the gRPC ecosystem and of the GenAI conventions in Prometheus
spelling. The others begin with `aibridge_`. `FAMILIES` lists all of them, also for the docs.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from bridge.call import TIMES, CallRecord
from bridge.clean import Tokens
from bridge.errors import Reason
from bridge.operations import GENAI
from bridge.settings import Settings
from bridge.telemetry.series import TOKENS, Histogram, Histograms, Labels, Reading, counter, gauge, histogram

#: The ecosystem's default buckets for call durations, and more, because completions take longer.
_CALL_TIMES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_OVERHEAD: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
#: gRPC codes as Go writes them, which is the convention for `grpc_code`.
_CODES: Final = {
    "OK": "OK", "CANCELLED": "Canceled", "UNKNOWN": "Unknown", "INVALID_ARGUMENT": "InvalidArgument",
    "DEADLINE_EXCEEDED": "DeadlineExceeded", "NOT_FOUND": "NotFound", "ALREADY_EXISTS": "AlreadyExists",
    "PERMISSION_DENIED": "PermissionDenied", "RESOURCE_EXHAUSTED": "ResourceExhausted",
    "FAILED_PRECONDITION": "FailedPrecondition", "ABORTED": "Aborted", "OUT_OF_RANGE": "OutOfRange",
    "UNIMPLEMENTED": "Unimplemented", "INTERNAL": "Internal", "UNAVAILABLE": "Unavailable", "DATA_LOSS": "DataLoss",
    "UNAUTHENTICATED": "Unauthenticated",
}  # fmt: skip
_CLASSES: Final = ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
_OTHER: Final = "other"


class Family(NamedTuple):
    """One metric: its name in a scrape, its kind, its labels, and its help text."""

    name: str
    kind: Callable[..., Metric]
    labels: tuple[str, ...]
    text: str


_METHOD: Final = ("grpc_type", "grpc_service", "grpc_method")
_GENAI: Final = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model")

FAMILIES: Final = (
    Family("grpc_server_started_total", counter, _METHOD, "Calls that started."),
    Family("grpc_server_handled_total", counter, (*_METHOD, "grpc_code"), "Calls that ended, by gRPC code."),
    Family("grpc_server_msg_received_total", counter, _METHOD, "Messages from callers."),
    Family("grpc_server_msg_sent_total", counter, _METHOD, "Messages to callers. A stream's messages are added when"
        " it ends."),
    Family("grpc_server_handling_seconds", histogram, _METHOD, "Seconds from a call's arrival to its end."),
    Family("gen_ai_client_operation_duration_seconds", histogram, (*_GENAI, "error_type"),
           "Seconds from the request to the upstream to the end of its response; error_type is the reason, if any."),
    Family("gen_ai_client_operation_time_to_first_chunk_seconds", histogram, _GENAI,
           "Seconds from the request to the upstream to the first chunk of a stream."),
    Family("gen_ai_client_operation_time_per_output_chunk_seconds", histogram, _GENAI,
           "Seconds between two chunks of a stream; added when it ends."),
    Family("gen_ai_client_token_usage", histogram, (*_GENAI, "gen_ai_token_type"),
           "Tokens of a call, input and output, if the upstream reports them."),
    Family("aibridge_calls_cancelled_total", counter, ("cause",),
           "Calls that were cancelled: by the caller, because its connection ended (connection_lost), or before their "
           "message was complete (no_message)."),
    Family("aibridge_call_failures_total", counter, ("reason",), "Calls that failed, by reason; see docs/errors.md."),
    Family("aibridge_calls_open", gauge, _METHOD, "Calls that run or wait now."),
    Family("aibridge_overhead_seconds", histogram, _METHOD,
           "Seconds of a call before its request is sent and after its response has arrived, without queueing."),
    Family("aibridge_queue_seconds", histogram, (), "Seconds that a call waited for a free slot or a connection."),
    Family("aibridge_limiter_calls", gauge, ("state",), "Calls that the limiter has admitted (running) or queued."),
    Family("aibridge_limiter_max_calls", gauge, (), "Maximum number of concurrent calls."),
    Family("aibridge_draining", gauge, (), "1 from SIGTERM to the end of the process, otherwise 0."),
    Family("aibridge_upstream_requests_total", counter, ("status_class",),
           "Requests sent upstream, by class of the HTTP status; none means no response."),
    Family("aibridge_upstream_retries_total", counter, (), "Retried requests. Included in"
        " aibridge_upstream_requests_total."),
    Family("aibridge_upstream_connections", gauge, ("state",), "Connections to the upstream, in use or idle."),
    Family("aibridge_log_lines_dropped_total", counter, (), "Log lines lost because standard error was not read."),
    Family("aibridge_build_info", gauge, ("version", "python", "grpcio", "gen_ai_provider_name"), "Always 1."),
)  # fmt: skip


class _MethodCounts:
    """The metrics of one method."""

    __slots__ = ("ended", "handled", "labels", "open", "operation", "overhead", "seconds", "sent", "started", "streams")

    def __init__(self, path: str, *, streams: bool) -> None:
        service, name = path.removeprefix("/").split("/")
        self.labels = ("server_stream" if streams else "unary", service, name)
        self.operation = GENAI.get(name, "")
        self.streams = streams
        self.started = self.sent = 0
        self.handled = dict.fromkeys(_CODES, 0)
        self.seconds = Histogram(_CALL_TIMES)
        self.overhead = Histogram(_OVERHEAD)


def _class(status: int) -> int:
    return min(status // 100, 5)


class Metrics(Collector):
    """The metrics of one process. `methods` maps each method's path to whether it streams."""

    def __init__(self, settings: Settings, methods: Mapping[str, bool]) -> None:
        self._methods = {path: _MethodCounts(path, streams=streams) for path, streams in methods.items()}
        self._provider = settings.provider_name
        self._most_models = settings.metrics_models
        self._models: set[str] = set()
        self._failures = dict.fromkeys(((reason.name,) for reason in Reason), 0.0)
        self._classes = [0] * len(_CLASSES)
        self._retries = 0
        self._cancelled = {("caller",): 0.0, ("connection_lost",): 0.0, ("no_message",): 0.0}
        self._queue = Histogram(_OVERHEAD)
        self._durations, self._firsts, self._gaps = (Histograms(TIMES) for _ in range(3))
        self._tokens = Histograms(TOKENS)
        self._readings: dict[str, Reading] = {}

    def read(self, name: str, reading: Reading) -> None:
        """Let a family show what `reading` returns, by labels, at each scrape. It is called in a thread."""
        self._readings[name] = reading

    def begin(self, record: CallRecord) -> None:
        """A call has begun."""
        self._methods[record.method].started += 1

    def end(self, record: CallRecord, code: str, reason: str, used: Tokens) -> None:
        """A call has ended with this gRPC code. `reason` is the name of a `bridge.errors.Reason`, or empty."""
        now = time.monotonic()
        method = self._methods[record.method]
        method.handled[code] += 1
        method.sent += record.delivered if method.streams else code == "OK"
        seconds = now - record.started
        method.seconds.observe(seconds)
        if reason:
            self._failures[reason,] += 1
        queued = record.queue_seconds + record.connection_seconds
        if queued:
            self._queue.observe(queued)
        if record.sent_at:
            upstream = (record.ended_at or now) - record.sent_at
            method.overhead.observe(max(0.0, seconds - upstream - queued))
            self._classes[_class(record.http_status)] += 1
            if record.earlier_statuses:
                self._retried(record)
            operation = record.operation or method.operation
            if operation:
                error = "" if code == "OK" else reason or code
                self._operation(
                    record,
                    (operation, self._provider, self._model(record.model, known=not error)),
                    upstream,
                    error,
                    used,
                )

    def cancelled(self, cause: str) -> None:
        """The cause of a cancellation is known."""
        self._cancelled[cause,] += 1

    def _retried(self, record: CallRecord) -> None:
        self._retries += len(record.earlier_statuses)
        for status in record.earlier_statuses:
            self._classes[_class(status)] += 1

    def _operation(self, record: CallRecord, labels: Labels, seconds: float, error: str, used: Tokens) -> None:
        self._durations[*labels, error].observe(seconds)
        if record.chunks.first_at:
            self._firsts[labels].observe(record.chunks.first_at - record.sent_at)
            if record.chunks.gaps is not None:
                self._gaps[labels].merge(record.chunks.gaps, record.chunks.last_at - record.chunks.first_at)
        for kind, number in (("input", used.input), ("output", used.output)):
            if number is not None:
                self._tokens[*labels, kind].observe(number)

    def _model(self, name: str, *, known: bool) -> str:
        """The model as a label. Callers choose it, so only models that have answered become labels, up to a limit."""
        if name in self._models:
            return name
        if not known or not name or len(self._models) >= self._most_models:
            return _OTHER
        self._models.add(name)
        return name

    def collect(self) -> Iterator[Metric]:
        """All families with their current values."""
        values = self._values()
        for family in FAMILIES:
            yield family.kind(family.name, family.text, family.labels, values[family.name])

    def _values(self) -> dict[str, Mapping[Any, Any]]:
        methods = list(self._methods.values())
        ended = {m.labels: sum(m.handled.values()) for m in methods}  # before `started`: no call ends before it begins
        started = {m.labels: float(m.started) for m in methods}
        values: dict[str, Mapping[Any, Any]] = {
            "grpc_server_started_total": started,
            "grpc_server_handled_total": {(*m.labels, _CODES[c]): n for m in methods for c, n in m.handled.items()},
            "grpc_server_msg_received_total": started,
            "grpc_server_msg_sent_total": {m.labels: m.sent for m in methods},
            "grpc_server_handling_seconds": {m.labels: m.seconds for m in methods},
            "gen_ai_client_operation_duration_seconds": self._durations,
            "gen_ai_client_operation_time_to_first_chunk_seconds": self._firsts,
            "gen_ai_client_operation_time_per_output_chunk_seconds": self._gaps,
            "gen_ai_client_token_usage": self._tokens,
            "aibridge_calls_cancelled_total": self._cancelled,
            "aibridge_call_failures_total": self._failures,
            "aibridge_calls_open": {labels: number - ended[labels] for labels, number in started.items()},
            "aibridge_overhead_seconds": {m.labels: m.overhead for m in methods},
            "aibridge_queue_seconds": {(): self._queue},
            "aibridge_upstream_requests_total": {(c,): n for c, n in zip(_CLASSES, self._classes, strict=True)},
            "aibridge_upstream_retries_total": {(): self._retries},
            "aibridge_build_info": {
                (version("aibridge"), platform.python_version(), version("grpcio"), self._provider): 1
            },
        }
        for family in FAMILIES:
            if family.name not in values:
                reading = self._readings.get(family.name)
                values[family.name] = reading() if reading is not None else {}
        return values
