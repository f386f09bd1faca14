"""Heartbeats: empty messages in a stream while the upstream is silent, for load balancers that cut idle streams.

They start once the upstream has accepted the request. An earlier message would commit the call and end gRPC's own
retries.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")
_Read: TypeAlias = Callable[[], Coroutine[Any, Any, T]]


class Heartbeats(Generic[T]):
    """A context manager with a `read` that calls `beat` every `interval` seconds until it returns; never if that is 0.

    With beats, a read runs in a task of its own. It goes on during a beat, and when the caller of `read` is cancelled;
    the next call then returns its result. The end of the context ends it. Beats are written by the caller's task, as
    all messages are.
    """

    def __init__(self, read: _Read[T], interval: float, beat: Callable[[], Awaitable[object]]) -> None:
        self._read = read
        self._interval = interval
        self._beat = beat
        self._reading: asyncio.Task[T] | None = None

    async def __aenter__(self) -> _Read[T]:
        return self._read_with_beats if self._interval else self._read

    async def __aexit__(self, *_: object) -> None:
        reading, self._reading = self._reading, None
        if reading is None:
            return
        if not reading.done():
            reading.cancel()
            await asyncio.wait((reading,))
        if not reading.cancelled():
            reading.exception()  # the exception that ended the block takes precedence

    async def _read_with_beats(self) -> T:
        reading = self._reading = self._reading or asyncio.create_task(self._read())
        while not (await asyncio.wait((reading,), timeout=self._interval))[0]:
            await self._beat()
        self._reading = None
        return reading.result()
