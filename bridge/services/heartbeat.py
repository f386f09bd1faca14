"""Heartbeats: empty messages in a stream while the upstream is silent, for load balancers that cut idle streams.

They begin once the upstream has accepted the request. Before that, a message would commit the call, and gRPC's own
retries would end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from bridge.errors import invalid
from bridge.settings import Settings

T = TypeVar("T")

_MIN_INTERVAL: Final = 0.1  # seconds
_MAX_INTERVAL: Final = 3600.0


def interval_of(options: Any, settings: Settings) -> float:
    """Seconds between two heartbeats that a call's options ask for, else the setting; 0 for none.

    Raises:
        BridgeError: INVALID_REQUEST for an interval outside the bounds.
    """
    if not options.HasField("heartbeat"):
        return settings.stream_heartbeat
    seconds = float(options.heartbeat.seconds + options.heartbeat.nanos / 1e9)
    if seconds and not _MIN_INTERVAL <= seconds <= _MAX_INTERVAL:
        raise invalid("bridge_options.heartbeat", f"must be 0, or from {_MIN_INTERVAL} to {_MAX_INTERVAL:.0f} seconds")
    return seconds


async def beating(
    read: Callable[[], Coroutine[Any, Any, T]], interval: float, beat: Callable[[], Awaitable[object]]
) -> T:
    """What `read` returns, with a `beat` every `interval` seconds until then.

    The read has a task of its own and goes on during a beat, so that nothing of it is lost. The beats are written by
    the caller's task, as everything else is.
    """
    reading = asyncio.create_task(read())
    try:
        while not (await asyncio.wait((reading,), timeout=interval))[0]:
            await beat()
        return await reading
    finally:
        if not reading.done():
            reading.cancel()
            await asyncio.wait((reading,))
        elif not reading.cancelled():
            reading.exception()  # the beat's own comes first
