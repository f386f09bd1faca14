"""Lines for people: a call in columns, a failure with details, anything else as a sentence."""

import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest

from bridge.telemetry.columns import Columns

CALL = {
    "event": "call", "level": "info", "timestamp": "t", "request_id": "r1", "method": "CreateChatCompletionStream",
    "code": "OK", "duration_ms": 1840.6, "attempts": 1, "model": "openai/gpt-5.4", "input_tokens": 14,
    "output_tokens": 187,
}  # fmt: skip


def line(*, full: bool = False, **fields: Any) -> str:
    return re.sub(
        r"^\d\d:\d\d:\d\d  ",
        "",
        Columns(full=full, colours=False)(
            None, "", {name: value for name, value in {**CALL, **fields}.items() if value is not None}
        ),
    )


def test_a_call_that_was_served() -> None:
    """A successful call has method, model, code, duration and tokens, and no other field."""
    assert line() == (
        "CreateChatCompletionStream  openai/gpt-5.4                OK                       1841 ms  14 + 187 tokens"
    )


def test_columns_stand_below_each_other() -> None:
    """Columns are aligned, also if a call lacks a value."""
    lines = [line(), line(method="ListModels", model=""), line(code="DEADLINE_EXCEEDED", duration_ms=60000)]
    assert len({text.index(" ms") for text in lines}) == 1


def test_a_call_that_failed_says_what_to_look_for() -> None:
    text = line(code="UNAVAILABLE", reason="UPSTREAM_UNREACHABLE", caller="search", upstream_status=503)
    assert text.endswith(" tokens  UPSTREAM_UNREACHABLE  caller=search upstream_status=503 request_id=r1")
    assert "attempts" not in text


@pytest.mark.parametrize("name", ["cause", "cancel_cause", "problem"])
def test_a_call_that_failed_says_why(name: str) -> None:
    text = line(code="UNAVAILABLE", **{name: "as logged"})
    assert text.endswith(f" tokens  {name}=as logged request_id=r1")


def test_full_lines_have_every_field() -> None:
    text = line(full=True, trace_id="t1")
    assert text.endswith("14 + 187 tokens  request_id=r1 attempts=1 trace_id=t1")


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"output_tokens": None}, "1841 ms  14 tokens"),
        ({"input_tokens": None, "output_tokens": None}, "1841 ms"),
        ({"model": "", "operation": "/responses"}, "14 + 187 tokens"),
    ],
    ids=["input", "none", "operation"],
)
def test_what_is_not_known_is_left_out(fields: dict[str, Any], end: str) -> None:
    text = line(**fields)
    assert text.endswith(end)
    assert ("/responses" in text) == ("operation" in fields)


def test_other_events_are_a_sentence_and_their_fields() -> None:
    text = Columns(full=False, colours=False)(None, "", {"event": "draining", "level": "warning", "calls": 3})
    assert text[8:] == "  warning  draining calls=3"


PROGRAM = """
from bridge import settings
from bridge.telemetry import logs
import structlog
logs.configure(settings.load())
structlog.get_logger().error("call", method="ListModels", code="UNAVAILABLE", duration_ms=1.0, request_id="r")
"""


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}], ids=["colours", "none"])
def test_a_terminal_gets_columns(variables: dict[str, str]) -> None:
    """A terminal gets columns by default, in colour unless NO_COLOR is set."""
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", PROGRAM], stderr=theirs, env={**os.environ, **variables}, check=True)  # noqa: S603 # the bridge's own
    os.close(theirs)
    text = os.read(ours, 4096).decode()
    os.close(ours)
    assert ("\x1b[" in text) == (not variables)
    plain = re.sub(r"\x1b\[\d*m", "", text)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  ListModels +UNAVAILABLE +1 ms  request_id=r\r\n", plain)
