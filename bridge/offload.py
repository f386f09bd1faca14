"""Runs long conversions of large documents in a thread, off the event loop.

There is one thread per process. The interpreter runs one thread at a time, so a second one would not finish sooner, and
the event loop would wait for both. The event loop gets the interpreter back within `_SWITCH_SECONDS`, but not during a
single call of a C library. So work for this thread has to consist of many short calls.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: Time after which a busy thread lets another one run. Python's default of 5 ms adds up over several turns.
_SWITCH_SECONDS: Final = 0.001

_thread: Final = ThreadPoolExecutor(1, "aibridge-offload", sys.setswitchinterval, (_SWITCH_SECONDS,))


async def offload_if(
    is_large: bool,  # noqa: FBT001 # no keyword may stand between the parameters of a ParamSpec
    function: Callable[P, R],
    *arguments: P.args,
    **options: P.kwargs,
) -> R:
    """Call a function and return its result, in the thread if what it converts is large."""
    return await offload(function, *arguments, **options) if is_large else function(*arguments, **options)


async def offload(function: Callable[P, R], *arguments: P.args, **options: P.kwargs) -> R:
    """Call a function in the thread and return its result. It must not share state with the event loop.

    If the task is cancelled, it stops waiting, but a function that has started runs to its end.
    """
    task: Any = partial(function, *arguments, **options)
    result: R = await asyncio.get_running_loop().run_in_executor(_thread, task)
    return result
