"""Runs what would hold up the event loop in a thread beside it: the conversion of large documents.

It is one thread for the process. The interpreter runs one thread at a time, so a second one would convert nothing
sooner, and would make the event loop wait for two. The event loop gets the interpreter back within `_SWITCH` seconds,
but not from within a single call of a C library: what runs here has to be made of many short ones.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: Seconds after which a thread that computes lets another one run. Python's own 5 ms add up: a call has several turns.
_SWITCH: Final = 0.001

_thread: Final = ThreadPoolExecutor(1, "aibridge-aside", sys.setswitchinterval, (_SWITCH,))


async def aside(function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
    """The result of a function that shares no state with the event loop.

    A task that is cancelled stops waiting; a function that has begun runs to its end.
    """
    task: Any = partial(function, *arguments, **options)
    result: R = await asyncio.get_running_loop().run_in_executor(_thread, task)
    return result
