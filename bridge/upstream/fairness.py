"""Bounds how many large events of streams are converted in one iteration of the event loop.

One takes up to 40 ms, and a call needs several iterations. If many streams converted one in each iteration, every other
call would wait for all of them several times.
"""

import asyncio


class Turns:
    """Lets the streams of this process go on one after the other, each in an iteration of its own."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()  # first come, first served

    async def take(self) -> None:
        """Wait for a turn. It lasts until this task waits for something else."""
        is_free = not self._one.locked()
        async with self._one:
            if is_free:  # otherwise the turn before this one was in an earlier iteration
                await asyncio.sleep(0)
