"""Streams with a read timeout: how long to wait for a chunk, as HTTP libraries define it.

A gRPC deadline would count from the start of the call and end streams that make progress. The time that a slow reader
takes for a chunk does not count.
"""

import asyncio
import threading
import time
from typing import Any, Protocol

import grpc

from aibridge.client import asynchronous, sync
from aibridge.client.failures import CallFailed


class Chunks(Protocol):
    """A stream of chunks, of either client."""

    async def read(self) -> Any:
        """The next chunk, or None at the end.

        Raises:
            CallFailed: the call has failed, or no chunk arrived within the read timeout.
        """

    def cancel(self) -> None:
        """Cancel the call. Does nothing once it has ended."""


class SyncChunks:
    """The chunks of the synchronous client; `read` blocks. A `timeout` of None waits without limit.

    One timer per stream checks, when it fires, how long the wait has been. A timer for each chunk would be a thread for
    each chunk.
    """

    def __init__(self, chunks: sync.Stream[Any], timeout: float | None) -> None:
        self._chunks = chunks
        self._timeout = timeout
        self._since: float | None = None  # when the current wait for a chunk started; None if nobody waits
        self._expired = False
        self._ended = False
        self._timer: threading.Timer | None = None

    async def read(self) -> Any:
        """The next chunk, or None at the end. It never suspends."""
        self._since = time.monotonic()
        if self._timeout is not None and self._timer is None and not self._ended:
            self._start(self._timeout)
        try:
            chunk = next(self._chunks, None)
        except CallFailed:
            self._stop()
            if self._expired:
                raise _timed_out(self._timeout) from None
            raise
        if chunk is None:
            self._stop()
        self._since = None
        return chunk

    def cancel(self) -> None:
        """Cancel the call. Does nothing once it has ended."""
        self._stop()
        self._chunks.cancel()

    def _start(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._check)
        self._timer.daemon = True
        self._timer.start()

    def _stop(self) -> None:
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()

    def _check(self) -> None:
        timeout, since = self._timeout, self._since
        if timeout is None or self._ended:
            return
        left = timeout if since is None else since + timeout - time.monotonic()
        if left > 0:
            self._start(left)
        else:
            self._expired = True
            self._chunks.cancel()


class AsyncChunks:
    """The chunks of the asyncio client. A `timeout` of None waits without limit."""

    def __init__(self, chunks: asynchronous.Stream[Any], timeout: float | None) -> None:
        self._chunks = chunks
        self._timeout = timeout

    async def read(self) -> Any:
        """The next chunk, or None at the end."""
        try:
            async with asyncio.timeout(self._timeout):
                return await anext(self._chunks, None)
        except TimeoutError:
            self._chunks.cancel()
            raise _timed_out(self._timeout) from None

    def cancel(self) -> None:
        """Cancel the call. Does nothing once it has ended."""
        self._chunks.cancel()


def _timed_out(timeout: float | None) -> CallFailed:
    return CallFailed(grpc.StatusCode.DEADLINE_EXCEEDED, f"no chunk within {timeout:g} s")
