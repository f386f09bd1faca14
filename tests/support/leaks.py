"""What no log line of the whole test run may have in it: the prompt and the key that nearly all tests call with."""

from collections.abc import MutableMapping
from typing import Any, Final

import structlog

PROMPT: Final = "a prompt that is in no log line"
KEY: Final = "sk-bridge-test-key"

#: The lines that had one of them.
found: list[str] = []


def look(text: str) -> None:
    """Look at one log line, of this process or of another."""
    if PROMPT in text or KEY in text:
        found.append(text)


def watch() -> None:
    """Look at each line that is logged in this process from now on."""
    structlog.configure(processors=[_processor, *structlog.get_config()["processors"]])


def _processor(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    look(repr(event))
    return event
