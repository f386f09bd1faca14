"""Runs long conversions of large documents in a thread beside the event loop.

There is one thread per process. The interpreter runs one thread at a time, so a second one would convert nothing
sooner, and the event loop would wait for two. The event loop gets the interpreter back within `_SWITCH_SECONDS`, but
not from within a single call of a C library: what runs here has to be made of many short calls.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: Time after which a computing thread lets another one run. Python's default of 5 ms adds up over several turns.
_SWITCH_SECONDS: Final = 0.001

_thread: Final = ThreadPoolExecutor(1, "aibridge-aside", sys.setswitchinterval, (_SWITCH_SECONDS,))


async def aside(function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
    """The result of a function that shares no state with the event loop.

    A cancelled task stops waiting. A function that has started runs to its end.
    """
    task: Any = partial(function, *arguments, **options)
    result: R = await asyncio.get_running_loop().run_in_executor(_thread, task)
    return result
