"""Log lines for a terminal: calls in columns, everything else as a sentence with its fields."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

#: Widths of the first columns of a call's line. Wider values push the rest to the right, so that nothing is cut.
_METHOD_WIDTH: Final = len("CreateChatCompletionStream")
_MODEL_WIDTH: Final = 28
_CODE_WIDTH: Final = len("RESOURCE_EXHAUSTED")
_COLUMNS: Final = frozenset({"method", "model", "code", "duration_ms", "input_tokens", "output_tokens", "reason"})
#: Fields that are shown elsewhere in the line, or are only for programs.
_FRAME: Final = frozenset({"timestamp", "level", "event"})
#: What a person needs to find a failed call at the gateway.
_OF_FAILURES: Final = ("caller", "problem", "upstream_status", "cause", "cancel_cause", "request_id")
_RESET: Final = "\x1b[0m"
_DIM: Final = "\x1b[2m"
_COLOURS: Final = {"error": "\x1b[31m", "critical": "\x1b[31m", "warning": "\x1b[33m"}
_GOOD: Final = "\x1b[32m"


class Columns:
    """A structlog renderer. With `full` a call's line has all its fields, otherwise those that people read."""

    def __init__(self, *, full: bool, colours: bool) -> None:
        self._full = full
        self._colours = colours

    def __call__(self, _: object, __: str, fields: Mapping[str, Any]) -> str:
        """The line, without a line feed."""
        when = self._paint(time.strftime("%H:%M:%S"), _DIM)
        if fields.get("event") == "call":
            return f"{when}  {self._call(fields)}"
        level = str(fields.get("level", "info"))
        rest = _pairs((name, value) for name, value in fields.items() if name not in _FRAME)
        words = [self._paint(f"{level:<8}", _COLOURS.get(level, "")), str(fields.get("event", "")), rest]
        return f"{when}  {' '.join(words).rstrip()}"

    def _call(self, fields: Mapping[str, Any]) -> str:
        failed = fields.get("code") != "OK"
        colour = _GOOD if not failed else _COLOURS["error" if fields.get("level") == "error" else "warning"]
        tokens = [str(fields[name]) for name in ("input_tokens", "output_tokens") if name in fields]
        words = [
            f"{fields.get('method', ''):<{_METHOD_WIDTH}}",
            f"{fields.get('model') or fields.get('operation', ''):<{_MODEL_WIDTH}}",
            self._paint(f"{fields.get('code', ''):<{_CODE_WIDTH}}", colour),
            f"{fields.get('duration_ms', 0):>9.0f} ms",
            f"{' + '.join(tokens)} tokens" if tokens else "",
            str(fields.get("reason", "")),
        ]
        shown = [name for name in fields if name not in _COLUMNS | _FRAME] if self._full else _OF_FAILURES * failed
        rest = _pairs((name, fields[name]) for name in shown if name in fields)
        return "  ".join([*words[:4], *filter(None, words[4:]), self._paint(rest, _DIM)]).rstrip()

    def _paint(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_RESET}" if self._colours and colour and text else text


def _pairs(fields: Iterable[tuple[str, Any]]) -> str:
    return " ".join(f"{name}={value}" for name, value in fields)
