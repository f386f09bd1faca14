"""The check of all log lines for prompts and keys works."""

import asyncio
import sys

import structlog

from tests.support import leaks
from tests.support.processes import Process


async def test_a_leak_is_found() -> None:
    """A leak is found in this process and in another."""
    structlog.get_logger("aibridge.test").error("failed", text=f"could not send {leaks.PROMPT}")
    program = f'import sys; print(\'{{"event": "with {leaks.KEY}"}}\', file=sys.stderr)'
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE)
    await Process(child).ended()
    texts = leaks.found[-2:]
    assert leaks.PROMPT in texts[0]
    assert leaks.KEY in texts[1]
    del leaks.found[-2:]
