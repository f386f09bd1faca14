"""Waits for what gives no event: a file, another process, a counter."""

import asyncio
from collections.abc import Callable

_STEP_SECONDS = 0.005


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Let the loop run until the condition holds.

    Raises:
        TimeoutError: it does not within this time.
    """
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 # there is no event
            await asyncio.sleep(_STEP_SECONDS)
