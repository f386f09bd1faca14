"""What happens beside a call: its metrics, its spans, its log line."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import structlog

from bridge.call import Call
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
    """Told of each call's begin and end, once each. `methods` says of each method's path whether it streams.

    Nothing that goes wrong here may change how a call ends.
    """

    def __init__(self, settings: Settings, methods: Mapping[str, bool], traces: "Traces | None" = None) -> None:
        self.metrics = Metrics(settings, methods)
        self._traces = traces

    def begin(self, call: Call) -> None:
        """A call has arrived."""
        self.metrics.begin(call)
        if self._traces is not None:
            _safely(self._traces.begin, call)

    def end(self, call: Call, code: str, reason: str = "") -> None:
        """A call has ended with this gRPC code; `reason` is the name of a `bridge.errors.Reason`, empty for none."""
        _safely(logs.call_ended, call, code, reason, _trace_id(call), self._end(call, code, reason))

    def cancelled(self, call: Call) -> Callable[[str], None]:
        """A call was cancelled. What is returned has to be told the cause once that is known, for the log line."""
        used = self._end(call, _CANCELLED, "")
        line = logs.call_line(call, _CANCELLED, "", _trace_id(call), used)

        def tell(cause: str) -> None:
            self.metrics.cancelled(cause)
            _safely(logs.call_cancelled, call, line, cause)

        return tell

    def _end(self, call: Call, code: str, reason: str) -> Tokens:
        used = tokens(call.usage)
        _safely(self.metrics.end, call, code, reason, used)
        if self._traces is not None:
            _safely(self._traces.end, call, code, reason, used)
        return used


def _safely(note: Callable[..., None], call: Call, *facts: object) -> None:
    try:
        note(call, *facts)
    except Exception as exception:  # noqa: BLE001 # as the class says
        _log.error("telemetry failed", request_id=call.request_id, **logs.traceback_of(exception))


def _trace_id(call: Call) -> str:
    """The trace that the call belongs to: the bridge's own, or the one that the caller names by the W3C's rules."""
    if call.trace is not None:
        return call.trace.trace_id
    values = [value for key, value in call.metadata if key == "traceparent"]
    match = _TRACEPARENT.fullmatch(values[0]) if len(values) == 1 and isinstance(values[0], str) else None
    if match is None:
        return ""
    version, trace_id, span_id, more = match.groups()
    is_valid = version != "ff" and trace_id.strip("0") and span_id.strip("0") and not (version == "00" and more)
    return trace_id if is_valid else ""
