"""What the bridge knows about one RPC: made when the call arrives, filled in on its way, read by errors and logs."""

import asyncio
import random
import re
import time
from bisect import bisect_left
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from bridge.clean import word
from bridge.errors import BridgeError, Reason
from bridge.metadata import Metadata

_ID = re.compile(r"[\x21-\x7e]{1,128}")
#: Bounds, in seconds, by which the time between two chunks is sorted: those of the GenAI conventions.
TIMES: Final = tuple(0.01 * 2**power for power in range(14))


class Trace(Protocol):
    """What traces know of a call: its id, and what goes upstream with it."""

    trace_id: str

    def adopt(self, request: Any) -> None:
        """Note what was asked for."""

    def headers(self, call: "Call", method: str, path: str) -> list[tuple[str, str]]:
        """A request goes upstream: the headers that let the upstream go on with the trace."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what it may do.

    `models` are patterns of model ids, None for all. With patterns, `unknown_members` says whether its requests may
    have members that the schema does not know. `max_calls` is how many calls may run at once, 0 for no limit of its
    own. `upstream_api_key_file` has the key, or `upstream_token_command` prints the token, that goes upstream for it in
    place of the bridge's.
    """

    name: str
    models: tuple[str, ...] | None = None
    max_calls: int = 0
    upstream_api_key_file: Path | None = None
    unknown_members: bool = False
    upstream_token_command: str | None = None


@dataclass(slots=True, eq=False)
class Call:
    """One RPC.

    `deadline` is on the event loop's clock, in seconds, already without the margin that lets an error reach the caller
    before its own clock runs out. `caller` is None where callers need not show who they are. The fields behind
    `started` are what was asked for (the model, so many choices; the kind of operation, if the RPC does not say it) and
    what happened: requests sent upstream, the last HTTP status, messages delivered.
    `is_large` says that the request takes long to convert, `has_large_reply` that the reply does: both have to happen
    beside the event loop.
    `cut` says that the bridge stops and the call has to end; `writing`, that a message is on its way to the caller.

    Times are on the clock of `started`, 0 for what has not happened: `asked`, the first request went upstream; `first`
    and `latest`, a chunk of a stream arrived; `replied`, the reply was complete. `queued` is the seconds that the call
    waited for its turn before that. `gaps` counts the times between chunks by `TIMES`. `refusals` are the HTTP statuses
    of the attempts that were followed by another. `posted` says that a request which may be billed went upstream,
    `spent` that the bridge has retried, or has no retry left. `answer` is the reply, or the first chunk of a stream.
    """

    method: str
    metadata: Metadata
    request_id: str
    deadline: float
    caller: Caller | None = None
    started: float = field(default_factory=time.monotonic)
    model: str = ""
    operation: str = ""
    may_retry: bool = True
    inline_data: bool = False
    is_large: bool = False
    has_large_reply: bool = False
    choices: int = 1
    attempts: int = 0
    http_status: int = 0
    upstream_request_id: str = ""
    streams: bool = False
    delivered: int = 0
    writing: bool = False
    cut: bool = False
    usage: dict[str, Any] | None = None
    queued: float = 0.0
    asked: float = 0.0
    first: float = 0.0
    latest: float = 0.0
    replied: float = 0.0
    gaps: list[int] | None = None
    refusals: tuple[int, ...] = ()
    posted: bool = False
    spent: bool = False
    answer: dict[str, Any] | None = None
    finish_reasons: dict[int, str] | None = None
    trace: Trace | None = None
    #: A path in the request's JSON as the place in its message.
    locate: Callable[[str], str] = str
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def adopt(self, request: Any) -> None:
        """Take from a request what the bridge itself has to know of it: the model, and the options for the bridge."""
        self.model = word(request.model) if hasattr(request, "model") else ""
        self.choices = max(1, request.n) if hasattr(request, "n") else 1
        options = request.bridge_options
        if options.HasField("retry"):
            self.may_retry = options.retry
        self.inline_data = options.inline_data
        if self.trace is not None:
            self.trace.adopt(request)

    def adopt_body(self, body: Any) -> None:
        """As `adopt`, from the JSON body of a request that the schema does not know."""
        model = body.get("model") if isinstance(body, dict) else None
        self.model = word(model) if isinstance(model, str) else ""

    def arrived(self, chunks: int) -> None:
        """Note that so many chunks of a stream have arrived, in one read."""
        now = time.monotonic()
        if self.gaps is None:
            self.first = now
            self.gaps = [0] * (len(TIMES) + 1)
        else:
            self.gaps[bisect_left(TIMES, now - self.latest)] += 1
        self.gaps[0] += chunks - 1  # those of one read came together
        self.latest = now

    def check(self) -> None:
        """See that the call may go on.

        Raises:
            BridgeError: BRIDGE_SHUTTING_DOWN for a call that was cut.
        """
        if self.cut:
            raise stopped()


def stopped() -> BridgeError:
    """What a call is told that the bridge's stop has ended."""
    return BridgeError(Reason.BRIDGE_SHUTTING_DOWN, "the bridge stopped before the call was complete")


current: ContextVar[Call] = ContextVar("current")


def begin(method: str, metadata: Metadata, remaining: float | None, *, default: float) -> Call:
    """The call that begins now with `remaining` seconds; None, and anything over `default`, means `default`."""
    seconds = default if remaining is None else min(remaining, default)
    margin = min(0.05, seconds / 10)  # a refusal takes this long to reach the caller
    deadline = asyncio.get_running_loop().time() + seconds - margin
    return Call(method, metadata, _request_id(metadata), deadline)


def _request_id(metadata: Metadata) -> str:
    for key, value in metadata:
        if key == "x-request-id" and isinstance(value, str) and _ID.fullmatch(value):
            return value
    return f"{random.getrandbits(128):032x}"  # a name, not a secret; uuid4 asks the kernel
