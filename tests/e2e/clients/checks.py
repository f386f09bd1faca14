"""Checks an example's output, and what the gateway saw."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.e2e.clients.programs import EXAMPLES, TOKEN, Result
from tests.e2e.clients.upstream import Seen

#: Maximum seconds until the gateway notices that a caller has gone, after the program's next call.
_PROMPT: Final = 0.5
#: Expected number of requests by model. The list of models has none.
_REQUESTS: Final = {
    "": 1,
    "example/chat": 2,
    "example/stream": 1,
    "example/tools": 1,
    "example/embed": 1,
    "example/flaky": 2,
    "example/endless": 1,
    "example/slow": 1,
    "example/rate-limited": 1,
    "example/cut": 1,
    "example/missing": 1,
}

EXPECTED: Final = (EXAMPLES / "expected.txt").read_text("utf-8").splitlines()
#: The steps in their order.
STEPS: Final = tuple(dict.fromkeys(line.partition(":")[0] for line in EXPECTED))
#: All checks by name, in the order of `checks`, with their claims.
CHECKS: Final = {
    "models": "lists the models",
    "chat": "gets a tool call, sends its result, and reads the response and its usage",
    "stream": "accumulates a stream, including the usage",
    "tools": "accumulates two parallel tool calls by their index, from fragments in the styles of seven servers",
    "embed": "reads two vectors, exactly",
    "retry": "does not notice an UNAVAILABLE of a call for a model, because gRPC retries by the service config",
    "cancel": "cancels a stream, and gets CANCELLED",
    "deadline": "gets DEADLINE_EXCEEDED when its deadline has passed",
    "invalid": "reads ErrorInfo and BadRequest of an invalid request",
    "rate-limit": "reads ErrorInfo, RetryInfo, RequestInfo and UpstreamError of a rate limit",
    "cut": "gets the part of a cut stream that arrived, then UNAVAILABLE and the reason",
    "missing": "reads ResourceInfo of a model that does not exist",
    "nothing else": "prints these lines in this order and no others, and exits with 0",
    "closes on cancel": "its cancelled stream is closed at the gateway within half a second, while it goes on",
    "closes on deadline": "the same for the call whose deadline has passed",
    "attempts": "sends each request once, and the retried one twice",
    "token": "sends the caller's token with each request",
}


@dataclass(frozen=True)
class Check:
    """The result of a check. `problem` is empty if it passed."""

    name: str
    problem: str = ""


def checks(result: Result, seen: Sequence[Seen]) -> list[Check]:
    """The results of all checks, in the order of `CHECKS`."""
    printed = result.output.splitlines()
    verdicts = [Check(step, _step(step, printed)) for step in STEPS]
    return [
        *verdicts,
        Check("nothing else", _rest(printed, result)),
        Check("closes on cancel", _closed("example/endless", seen)),
        Check("closes on deadline", _closed("example/slow", seen)),
        Check("attempts", _attempts(seen)),
        Check("token", _token(seen)),
    ]


def tools_check(result: Result) -> Check:
    """Check the same tool calls, from fragments in another server's style."""
    return Check("tools", _step("tools", result.output.splitlines()))


def _step(step: str, printed: Sequence[str]) -> str:
    wanted, got = ([line for line in lines if line.partition(":")[0] == step] for lines in (EXPECTED, printed))
    return "" if wanted == got else f"expected {wanted}, printed {got}"


def _rest(printed: Sequence[str], result: Result) -> str:
    if result.code != 0:
        return f"exit status {result.code}; the end of its output:\n{result.tail}"
    other = [line for line in printed if line not in EXPECTED]
    return f"printed {other}" if other else "" if printed == EXPECTED else "the lines are in another order"


def _closed(model: str, seen: Sequence[Seen]) -> str:
    """Compares with the time of the next request, not with the program's end, which would close everything."""
    numbers = [number for number, entry in enumerate(seen) if entry.model == model]
    if not numbers or numbers[-1] + 1 == len(seen):
        return "the request, or the one after it, did not come"
    this, following = seen[numbers[-1]], seen[numbers[-1] + 1]
    if this.closed is None:
        return "the connection was never closed"
    late = this.closed - following.came
    return "" if late <= _PROMPT else f"closed {late:.2f} s after the next call"


def _attempts(seen: Sequence[Seen]) -> str:
    counts = Counter(entry.model for entry in seen)
    wrong = [
        f"{counts[model]} for {model or 'the list of models'}, not {_REQUESTS.get(model, 0)}"
        for model in _REQUESTS | counts
        if counts[model] != _REQUESTS.get(model, 0)
    ]
    return f"requests: {', '.join(wrong)}" if wrong else ""


def _token(seen: Sequence[Seen]) -> str:
    bare = [entry.model or "models" for entry in seen if entry.authorization != f"Bearer {TOKEN}"]
    return f"missing with {bare}" if bare else "" if seen else "no request came"
