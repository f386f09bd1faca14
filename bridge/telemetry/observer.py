"""Telemetry of calls: metrics, spans and log lines."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import structlog

from bridge.call import CallRecord
from bridge.clean import Tokens, tokens
from bridge.settings import Settings
from bridge.telemetry import logs
from bridge.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from bridge.telemetry.traces import Traces

_log = structlog.get_logger("aibridge.telemetry")
_CANCELLED: Final = "CANCELLED"
_TRACEPARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


class Observer:
    """Records each call's begin and end, once each. `methods` maps each method's path to whether it streams.

    No error here may change how a call ends.
    """

    def __init__(self, settings: Settings, methods: Mapping[str, bool], traces: "Traces | None" = None) -> None:
        self.metrics = Metrics(settings, methods)
        self._traces = traces

    def begin(self, record: CallRecord) -> None:
        """A call has arrived."""
        self.metrics.begin(record)
        if self._traces is not None:
            _safely(self._traces.begin, record)

    def end(self, record: CallRecord, code: str, reason: str = "") -> None:
        """A call has ended with this gRPC code. `reason` is the name of a `bridge.errors.Reason`, or empty."""
        _safely(logs.call_ended, record, code, reason, _trace_id(record), self._end(record, code, reason))

    def cancelled(self, record: CallRecord) -> Callable[[str], None]:
        """A call was cancelled. The returned function must be called with the cause, and writes the log line."""
        used = self._end(record, _CANCELLED, "")
        line = logs.call_line(record, _CANCELLED, "", _trace_id(record), used)

        def tell(cause: str) -> None:
            self.metrics.cancelled(cause)
            _safely(logs.call_cancelled, record, line, cause)

        return tell

    def _end(self, record: CallRecord, code: str, reason: str) -> Tokens:
        used = tokens(record.usage)
        _safely(self.metrics.end, record, code, reason, used)
        if self._traces is not None:
            _safely(self._traces.end, record, code, reason, used)
        return used


def _safely(note: Callable[..., None], record: CallRecord, *facts: object) -> None:
    try:
        note(record, *facts)
    except Exception as exception:  # noqa: BLE001 # as the class says
        _log.error("telemetry failed", request_id=record.request_id, **logs.traceback_of(exception))


def _trace_id(record: CallRecord) -> str:
    """The id of the call's trace: the bridge's, or the one in the caller's valid `traceparent`."""
    if record.trace is not None:
        return record.trace.trace_id
    values = [value for key, value in record.metadata if key == "traceparent"]
    match = _TRACEPARENT.fullmatch(values[0]) if len(values) == 1 and isinstance(values[0], str) else None
    if match is None:
        return ""
    version, trace_id, span_id, more = match.groups()
    is_valid = version != "ff" and trace_id.strip("0") and span_id.strip("0") and not (version == "00" and more)
    return trace_id if is_valid else ""
