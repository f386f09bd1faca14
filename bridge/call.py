"""What the bridge knows about one call: what is fixed (`CallContext`), and what happens to it (`CallRecord`)."""

import random
import re
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from bridge.metadata import Metadata

_ID = re.compile(r"[\x21-\x7e]{1,128}")
#: Bucket bounds, in seconds, for the time between two chunks: those of the GenAI conventions.
TIMES: Final = tuple(0.01 * 2**power for power in range(14))


class Trace(Protocol):
    """The trace of a call."""

    trace_id: str

    def adopt(self, request: Any) -> None:
        """Record the parameters of the request."""

    def headers(self, record: "CallRecord", method: str, path: str) -> list[tuple[str, str]]:
        """The headers that let the upstream continue the trace. Called for each request."""


class ResponseStream(Protocol):
    """The caller's end of a streamed response."""

    async def write(self, message: Any) -> None:
        """Send a message of the response. Returns when the caller's flow control has taken it.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN if the bridge has stopped meanwhile.
        """

    async def heartbeat(self, message: Any) -> None:
        """As `write`, for an empty message, which is not counted."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller and what it may do.

    `models` are patterns of model ids, None for all. With patterns, `unknown_members` says whether requests may have
    members that the schema does not know. `max_calls` is the maximum number of concurrent calls, 0 for no limit per
    caller. The key in `upstream_api_key_file`, or the token that `upstream_token_command` prints, is sent upstream for
    this caller instead of the bridge's credential.
    """

    name: str
    models: tuple[str, ...] | None = None
    max_calls: int = 0
    upstream_api_key_file: Path | None = None
    unknown_members: bool = False
    upstream_token_command: str | None = None


class ChunkTimes:
    """When the chunks of a stream arrived, by `time.monotonic`; 0 if there were none.

    `gaps` counts the times between two chunks by the buckets of `TIMES`.
    """

    __slots__ = ("first_at", "gaps", "last_at")

    def __init__(self) -> None:
        self.first_at = self.last_at = 0.0
        self.gaps: list[int] | None = None

    def arrived(self, chunks: int) -> None:
        """Record that this many chunks have arrived in one read."""
        now = time.monotonic()
        if self.gaps is None:
            self.first_at = now
            self.gaps = [0] * (len(TIMES) + 1)
        else:
            self.gaps[bisect_left(TIMES, now - self.last_at)] += 1
        self.gaps[0] += chunks - 1  # there is no time between the chunks of one read
        self.last_at = now


@dataclass(slots=True, eq=False)
class CallRecord:
    """What happens to a call, for telemetry and errors. Each field is written by one module only.

    Times are by `time.monotonic`, 0 for what has not happened. The writer of a field bounds text from outside.
    """

    # Set when the call arrives, and not written again.
    method: str
    metadata: Metadata
    request_id: str
    streams: bool = False
    started: float = field(default_factory=time.monotonic)
    chunks: ChunkTimes = field(default_factory=ChunkTimes)
    # server.boundary: the caller's name, and how long the call waited for the limits.
    caller: str = ""
    queue_seconds: float = 0.0
    # access.callers: what is wrong with the call's credential. Only the operator learns it.
    problem: str = ""
    # server.response: the messages that were written to the caller.
    delivered: int = 0
    # services.entry: the model, and the operation if the RPC does not determine it.
    model: str = ""
    operation: str = ""
    # telemetry.traces
    trace: Trace | None = None
    # upstream.client: the number of requests sent, the time of the first, whether one may be billed, the HTTP statuses
    # of all but the latest, the seconds that the first waited for a connection, and why the latest could not be sent (a
    # `causes.Cause`).
    attempts: int = 0
    sent_at: float = 0.0
    posted: bool = False
    earlier_statuses: tuple[int, ...] = ()
    connection_seconds: float = 0.0
    unreachable: str = ""
    # upstream.retry: the bridge has retried, or has no retry left.
    retries_spent: bool = False
    # upstream.exchange: status, id, trailers and end time of the latest response.
    http_status: int = 0
    upstream_request_id: str = ""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    ended_at: float = 0.0
    # upstream.responses: what identifies the response; the usage.
    response: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    # upstream.choices: the finish_reason of each choice.
    finish_reasons: dict[int, str] | None = None


class CallContext(NamedTuple):
    """What is fixed about a call once its request has been received. Handlers get it as an argument and pass it on.

    `deadline` is on the event loop's clock. It is a little before the caller's deadline, so that an error can reach the
    caller in time. `caller` is None if callers need not authenticate. `is_large` says that converting the request takes
    long, so that a thread has to do it. `locate` maps a path in the request's JSON to one in its message.
    """

    record: CallRecord
    method: str
    metadata: Metadata
    deadline: float
    caller: Caller | None = None
    model: str = ""
    choices: int = 1
    may_retry: bool = True
    inline_data: bool = False
    is_large: bool = False
    locate: Callable[[str], str] = str


def new_record(method: str, metadata: Metadata, *, streams: bool = False) -> CallRecord:
    """A record for a call that has just arrived."""
    return CallRecord(method, metadata, _request_id(metadata), streams)


def deadline_of(now: float, remaining: float | None, *, default: float) -> float:
    """The deadline of a call that has `remaining` seconds from `now`. None, and over `default`, means `default`."""
    seconds = default if remaining is None else min(remaining, default)
    margin = min(0.05, seconds / 10)  # time for an error to reach the caller
    return now + seconds - margin


def _request_id(metadata: Metadata) -> str:
    for key, value in metadata:
        if key == "x-request-id" and isinstance(value, str) and _ID.fullmatch(value):
            return value
    return f"{random.getrandbits(128):032x}"  # not a secret, so no system call as for uuid4
