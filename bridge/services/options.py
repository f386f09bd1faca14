"""What a call uses of its `BridgeOptions` and the settings: the coalescing window and the interval of heartbeats."""

from typing import Any

from bridge.errors import invalid
from bridge.settings import Settings
from bridge.settings.values import MAX_HEARTBEAT_SECONDS, MAX_WINDOW_SECONDS, MIN_HEARTBEAT_SECONDS


def window_of(options: Any, settings: Settings) -> float | None:
    """The time in seconds that text may be held; None for a message per chunk.

    0 merges only what arrived together. The window is at most half of `stall_timeout`.

    Raises:
        BridgeError: INVALID_REQUEST for a window outside the bounds.
    """
    window = settings.coalesce_window
    if options.HasField("coalesce_window"):
        window = _seconds(options.coalesce_window)
        if not 0 <= window <= MAX_WINDOW_SECONDS:
            raise invalid("bridge_options.coalesce_window", f"must be from 0 to {MAX_WINDOW_SECONDS} seconds")
    coalesce = options.coalesce if options.HasField("coalesce") else settings.coalesce or window > 0
    # When a stream stalls, the text that is held would be lost.
    return min(window, settings.stall_timeout / 2) if coalesce else None


def interval_of(options: Any, settings: Settings) -> float:
    """Seconds between heartbeats; 0 for none.

    Raises:
        BridgeError: INVALID_REQUEST for an interval outside the bounds.
    """
    if not options.HasField("heartbeat"):
        return settings.stream_heartbeat
    seconds = _seconds(options.heartbeat)
    if seconds and not MIN_HEARTBEAT_SECONDS <= seconds <= MAX_HEARTBEAT_SECONDS:
        bounds = f"from {MIN_HEARTBEAT_SECONDS} to {MAX_HEARTBEAT_SECONDS} seconds"
        raise invalid("bridge_options.heartbeat", f"must be 0, or {bounds}")
    return seconds


def _seconds(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)
