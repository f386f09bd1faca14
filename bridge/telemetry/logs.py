"""Logs: one line per call, as JSON or for people. Never a prompt, a completion or a key."""

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import structlog

from bridge.call import CallRecord
from bridge.clean import Tokens, shown
from bridge.errors import Reason
from bridge.jsontext import dumps
from bridge.operations import name_of
from bridge.redact import safe
from bridge.settings import Settings
from bridge.telemetry.capture import captured
from bridge.telemetry.columns import Columns
from bridge.telemetry.writer import Writer

_log = structlog.get_logger("aibridge.rpc")
#: Failures that the operator has to fix.
_OPERATORS: Final = frozenset(
    reason.name
    for reason in (
        Reason.BRIDGE_CREDENTIALS_REJECTED,
        Reason.UPSTREAM_TLS_ERROR,
        Reason.UPSTREAM_PROXY_REJECTED,
        Reason.BRIDGE_REQUEST_REJECTED,
    )
)
_MAX_LINE_CHARACTERS: Final = 300
_ENTRY = dict[str, Any]


class _Output:
    """Where the lines of this process go. `configure` sets it."""

    def __init__(self) -> None:
        self.writer: Writer | None = None
        self.level = logging.INFO
        #: Renders a call's line. None leaves it to structlog, which takes five times as long.
        self.compact: Callable[[_ENTRY], str] | None = None


_output = _Output()


def configure(settings: Settings) -> None:
    """Set up logging for the process, on standard error."""
    level = getattr(logging, settings.log_level.upper())
    terminal = sys.stderr.isatty()
    readable = settings.log_format in {"console", "full"} or (settings.log_format == "auto" and terminal)
    colours = terminal and not os.environ.get("NO_COLOR")
    columns = Columns(full=settings.log_format == "full", colours=colours)
    renderer: Any = columns if readable else structlog.processors.JSONRenderer(_json)
    writer = _output.writer = _output.writer or Writer(os.dup(sys.stderr.fileno()))  # `libraries` handles the rest
    _output.level = level
    _output.compact = None if readable else _rendered
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _shown,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(writer),  # type: ignore[arg-type] # only `write` and `flush` are used
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)
    threading.excepthook = lambda failure: _uncaught(failure.exc_value)
    sys.unraisablehook = lambda failure: _uncaught(failure.exc_value)


def _uncaught(exception: BaseException | None) -> None:
    """Log an exception of a thread or a finalizer, which Python would print with its text."""
    if exception is not None and not isinstance(exception, SystemExit):
        _log.error("uncaught exception", **traceback_of(exception))


def libraries() -> AbstractContextManager[None]:
    """While this is open, what C libraries write to standard error becomes log lines of the same form."""
    log = structlog.get_logger("aibridge.libraries")

    def take(level: str, text: str, **fields: Any) -> None:
        log.log(logging.getLevelName(level.upper()), safe(text, _MAX_LINE_CHARACTERS), **fields)

    return captured(take)


def _shown(_: object, __: str, fields: Any) -> Any:
    return {key: shown(value) for key, value in fields.items()}


def dropped() -> int:
    """Lines of this process that were dropped because nobody read standard error."""
    return _output.writer.dropped if _output.writer is not None else 0


def _json(fields: _ENTRY, **_: Any) -> str:
    return dumps(fields).decode()


class _Libraries(logging.Handler):
    """Write what libraries such as asyncio and grpcio log, in the same form. From WARNING on: httpx logs URLs at INFO.

    Only the first line, masked, and no exception's text: asyncio's messages contain values.
    """

    _log = structlog.get_logger("aibridge.libraries")

    def emit(self, record: logging.LogRecord) -> None:
        text = safe(record.getMessage().partition("\n")[0], _MAX_LINE_CHARACTERS)
        error = record.exc_info[1] if record.exc_info else None
        fields = traceback_of(error) if error is not None else {}
        self._log.log(record.levelno, text, logger=record.name, **fields)


def traceback_of(exception: BaseException) -> _ENTRY:
    """Where an exception came from, without its text and without variables, which may hold a prompt or a key."""
    frames = traceback.extract_tb(exception.__traceback__)
    return {
        "exception": type(exception).__qualname__,
        "traceback": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def call_ended(record: CallRecord, code: str, reason: str, trace_id: str, used: Tokens) -> None:
    """Write a call's line."""
    level = logging.ERROR if reason in _OPERATORS else logging.INFO
    if level >= _output.level:
        _write(level, call_line(record, code, reason, trace_id, used))


def call_cancelled(_record: CallRecord, line: _ENTRY, cause: str) -> None:
    """Write the line of a cancelled call, with the cause unless that is the caller."""
    if _output.level <= logging.INFO:
        _write(logging.INFO, {**line, "cancel_cause": cause} if cause != "caller" else line)


def _write(level: int, line: _ENTRY) -> None:
    if _output.compact is None or _output.writer is None:
        _log.log(level, "call", **line)
    else:
        line["level"] = "info" if level == logging.INFO else "error"
        _output.writer.write(_output.compact(line))


def call_line(record: CallRecord, code: str, reason: str, trace_id: str, used: Tokens) -> _ENTRY:
    """The fields of a call's log line, without those that have no value. Times are in milliseconds."""
    now = time.monotonic()
    line: _ENTRY = {
        "request_id": record.request_id,
        "method": name_of(record.method),
        "code": code,
        "duration_ms": round((now - record.started) * 1000, 1),
    }
    if record.attempts:
        line["attempts"] = record.attempts
        line["upstream_ms"] = round(((record.ended_at or now) - record.sent_at) * 1000, 1)
    words = (
        ("reason", reason),
        ("cause", record.unreachable if reason else ""),
        ("problem", record.problem),
        ("caller", record.caller),
        ("operation", record.operation),
        ("model", record.model),
        ("upstream_status", record.http_status),
    )
    for name, value in words:
        if value:
            line[name] = value
    if record.chunks.first_at:
        line["first_chunk_ms"] = round((record.chunks.first_at - record.started) * 1000, 1)
    if record.delivered:
        line["chunks"] = record.delivered
    if used.input is not None:
        line["input_tokens"] = used.input
    if used.output is not None:
        line["output_tokens"] = used.output
    if trace_id:
        line["trace_id"] = trace_id
    return line


class _Second:
    """The last second that was formatted. Its text serves all calls of that second."""

    number = 0
    text = ""


def _rendered(line: _ENTRY) -> str:
    now = time.time()
    second = int(now)
    if second != _Second.number:
        _Second.number, _Second.text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
    line["event"] = "call"
    line["timestamp"] = f"{_Second.text}.{int((now - second) * 1e6):06d}Z"
    return dumps(line).decode() + "\n"
