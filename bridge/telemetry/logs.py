"""Logs: one line a call, as JSON or for people. Never a prompt, a completion or a key."""

import logging
import sys
import time
import traceback
from typing import Any

import structlog

from bridge.call import Call
from bridge.jsontext import dumps
from bridge.settings import Settings


def configure(settings: Settings) -> None:
    """Set up logging for the process, on standard error."""
    level = getattr(logging, settings.log_level.upper())
    readable = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(_json)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)  # grpcio, asyncio; httpx would log whole URLs at INFO


def _json(fields: dict[str, Any], **_: Any) -> str:
    return dumps(fields).decode()


def traceback_of(exception: BaseException) -> dict[str, Any]:
    """Where an exception came from, without its text and without any variable: both may hold a prompt or a key."""
    frames = traceback.extract_tb(exception.__traceback__)
    return {
        "exception": type(exception).__qualname__,
        "traceback": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def call_line(call: Call, code: str, reason: str = "") -> dict[str, Any]:
    """The fields of a call's log line; those without a value are left out."""
    line = {
        "request_id": call.request_id,
        "method": call.method.rpartition("/")[2],
        "code": code,
        "reason": reason,
        "model": call.model[:128],
        "upstream_status": call.http_status,
        "attempts": call.attempts,
        "chunks": call.delivered,
        "duration_ms": round((time.monotonic() - call.started) * 1000, 1),
    }
    return {key: value for key, value in line.items() if value}
