"""Streams that are given up when no chunk comes for too long, which is what an HTTP library's read timeout means.

A gRPC deadline would count from the beginning of the call, and end streams that are under way. The time that a slow
reader takes for a chunk does not count.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc

from aibridge.client import aio
from aibridge.client.failures import CallFailed
from aibridge.client.sync import Stream


class Patient:
    """The chunks of a stream, each within `limit` seconds; None: whenever they come.

    One timer per stream looks, when it fires, how long the wait has been: a timer for each chunk would be a thread for
    each chunk.
    """

    def __init__(self, chunks: Stream[Any], limit: float | None) -> None:
        self._chunks = chunks
        self._limit = limit
        self._since: float | None = None  # when the wait for the next chunk began; None while nobody waits
        self._expired = False
        self._ended = False
        self._timer: threading.Timer | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self._since = time.monotonic()
        if self._limit is not None and self._timer is None and not self._ended:
            self._arm(self._limit)
        try:
            chunk = next(self._chunks)
        except CallFailed:
            self._disarm()
            if self._expired:
                raise _too_late(self._limit) from None
            raise
        except StopIteration:
            self._disarm()
            raise
        self._since = None
        return chunk

    def cancel(self) -> None:
        """Give the stream up. Nothing happens once it has ended."""
        self._disarm()
        self._chunks.cancel()

    def _arm(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _disarm(self) -> None:
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        limit, since = self._limit, self._since
        if limit is None or self._ended:
            return
        left = limit if since is None else since + limit - time.monotonic()
        if left > 0:
            self._arm(left)
        else:
            self._expired = True
            self._chunks.cancel()


class AsyncPatient:
    """As `Patient`, for asyncio."""

    def __init__(self, chunks: aio.Stream[Any], limit: float | None) -> None:
        self._chunks = chunks
        self._limit = limit

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            async with asyncio.timeout(self._limit):
                return await anext(self._chunks)
        except TimeoutError:
            self._chunks.cancel()
            raise _too_late(self._limit) from None

    def cancel(self) -> None:
        """Give the stream up. Nothing happens once it has ended."""
        self._chunks.cancel()


def _too_late(limit: float | None) -> CallFailed:
    return CallFailed(
        grpc.StatusCode.DEADLINE_EXCEEDED, f"no chunk within {limit:g} s" if limit else "no chunk in time"
    )
