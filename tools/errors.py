"""Writes docs/errors.md from the bridge's own tables. `--check` fails if the file is stale."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from google.rpc.code_pb2 import Code

from bridge.errors import BridgeError, ErrorResponse, Reason, Retry
from bridge.upstream.causes import Cause
from bridge.upstream.names import STATUS_OF_TYPE
from bridge.upstream.reasons import ABOUT_THE_REQUEST, BASE_RESP, REFINEMENTS, STATUSES, of_status

PATH: Final = Path(__file__).parent.parent / "docs" / "errors.md"

_STATUSES: Final = [
    http
    for http in sorted(STATUSES)
    if BridgeError(of_status(http), "", ErrorResponse(http)).was_not_processed and of_status(http).retry is not Retry.NO
]
_REFUSED: Final = f"{', '.join(map(str, _STATUSES[:-1]))} and {_STATUSES[-1]}"
INTRODUCTION: Final = f"""\
# Errors

Made by `tools/errors.py` from `bridge/errors.py` and `bridge/upstream/reasons.py` and `names.py`; do not edit.

A failed call is never OK, and a stream that was cut is a failed call. The gRPC code says what kind of failure it is;
the details in `grpc-status-details-bin` (a `google.rpc.Status`) have the rest:

| detail | when | what |
|---|---|---|
| `google.rpc.ErrorInfo` | always (exceptions below) | `reason` from the table below, `domain` `aibridge`, `metadata` |
| `google.rpc.RequestInfo` | always (exceptions below) | the request id, as in the trailer `x-request-id` and the log |
| `google.rpc.RetryInfo` | a retry after a delay makes sense, or the caller has to decide | how long to wait |
| `google.rpc.BadRequest` | the field is known | its path and what is wrong with it |
| `google.rpc.QuotaFailure` | a quota or a rate limit was exceeded | which one |
| `google.rpc.ResourceInfo` | the model was not found | its name |
| `aibridge.v1.UpstreamError` | the upstream responded with an error | its error message and body, clipped and masked |

`ErrorInfo.reason` is the name of a constant of the enum `aibridge.v1.Reason`: compare it with that constant's name.

`ErrorInfo.metadata` has these keys, as far as they are known: `httpStatus`, `upstreamRequestId`, `errorType`,
`errorCode`, `errorParam`, `model`, `caller`, `attempts`, `chunksDelivered` (streams), `promptTokens` and
`contextWindowTokens` (context length), `retryAfterSeconds`, `limitBytes` and `maxElements` (size limits),
`metadataKey` (bad metadata), `cause` (no connection to the upstream). `upstreamRequestId` is the response's header
`x-request-id`; ids under other names (`x-vercel-id`, `x-generation-id`, `apim-request-id`, `cf-ray`) are trailers.

Keys, URLs and parts of the prompt that an upstream repeats are masked. The whole status stays under 2 KiB.

gRPC itself ends some calls, without details: RESOURCE_EXHAUSTED for a message over `max_message_bytes` or metadata over
`max_metadata_bytes`, UNIMPLEMENTED for a compressed request or an unknown method, DEADLINE_EXCEEDED if the client
notices the deadline first, UNAVAILABLE if the connection to the bridge breaks.

## Retries

gRPC's own retries obey the trailer `grpc-retry-pushback-ms`; `RetryInfo` is for the caller.

| retry | `grpc-retry-pushback-ms` | `RetryInfo` |
|---|---|---|
| no | -1 | absent |
| yes | absent: the client's retry policy decides | absent |
| after a delay | the delay in milliseconds | the delay |
| caller decides | -1 | the delay, or one second |

The delay is the upstream's `retry-after-ms`, else `retry-after`, else a delay in the error's body
(`google.rpc.RetryInfo` in `error.details`, `error.metadata.retry_after_seconds`), and for rate limits else
`x-ratelimit-reset-*`; one second if there is none. More than 60 seconds mean "no". "Yes" becomes "after a delay" if the
upstream names one.

"Caller decides" takes the place of "yes" and "after a delay" in two cases:

- The bridge has retried already, or has no retries left. If gRPC retried as well, the attempts would multiply.
- The call may have been billed: a chat or an embedding was sent to the upstream, which did not refuse it. It refuses
  with {_REFUSED}. A call for models is not billed.

A stream that has delivered a chunk keeps "yes" and "after a delay", because gRPC does not retry it anyway.

A call whose connection to the bridge breaks fails with UNAVAILABLE and has no trailers, so the client cannot tell
whether it was billed. The [service config](../examples/service_config.json) of the clients here therefore has a
`retryPolicy` for `ModelsService` alone. gRPC sends a call again without any policy if it can tell that the bridge never
saw it.

grpc-java retries each call that fails with a delay in `grpc-retry-pushback-ms`, whatever its code and the
`retryableStatusCodes` are, if there is a `retryPolicy` for its method.
"""

REFINED: Final = f"""\
`error.code`, then `error.type`, then Google's `details[].reason` or Azure's `innererror.code` decide before the HTTP
status does. Upper and lower case, punctuation, a final `Error` and a detail after a dot make no difference.
One exception: the statuses {", ".join(map(str, sorted(ABOUT_THE_REQUEST)))} are about this request
itself, so a code about the current load (`rate_limit_exceeded`) does not override them. A name that is not listed
counts as `INSUFFICIENT_QUOTA` if its words are about used-up money, such as `BalanceNotEnough` or `out_of_funds`, and
so do messages of Anthropic, xAI and Gemini that say so without a name.
"""
#: Notes on statuses that do not decide alone.
NOTES: Final[Mapping[int, str]] = {
    401: "`BRIDGE_CREDENTIALS_REJECTED` if the bridge's own credential was sent",
    404: "`MODEL_NOT_FOUND` for an error object of the API, a message that names the model, and for `RetrieveModel`",
    429: "`INSUFFICIENT_QUOTA` by the error's code or type, see below",
    500: "`INVALID_REQUEST` if the message says that the model takes no image, audio or video input (llama.cpp)",
    498: "Groq: no capacity for the flex tier",
    524: "Cloudflare, as all of 520 to 530",
}


def document() -> str:
    """The whole text."""
    return "\n".join([INTRODUCTION, *_reasons(), *_causes(), *_statuses(), *_refinements(), *_names(), *_base_resp()])


def _table(*columns: str, rows: Iterable[Iterable[str]]) -> Iterator[str]:
    for row in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(row)} |".replace("| --- ", "|---").replace("--- |", "---|")
    yield ""


def _reasons() -> Iterator[str]:
    yield "## Reasons\n"
    rows = ([f"`{reason.name}`", Code.Name(reason.code), _retry(reason), reason.meaning] for reason in Reason)
    yield from _table("reason", "gRPC code", "retry", "meaning", rows=rows)


def _retry(reason: Reason) -> str:
    if reason.retry is Retry.YES and not BridgeError(reason, "").was_not_processed:
        return "yes; caller decides if it was sent"
    return reason.retry.value


def _causes() -> Iterator[str]:
    yield "## Why there is no connection\n"
    yield "`ErrorInfo.metadata` of a call, and the log line `upstream cannot be reached`, name the `cause`.\n"
    rows = ([f"`{cause.value}`", cause.words, cause.advice] for cause in Cause)
    yield from _table("cause", "meaning", "what to do", rows=rows)


def _statuses() -> Iterator[str]:
    yield "## By HTTP status\n"
    yield "An error object inside a 200 response or a stream counts as the status that it names.\n"
    rows = [[str(http), *_verdict(http), NOTES.get(http, "")] for http in sorted(STATUSES)]
    for http, name in ((300, "3xx"), (418, "other 4xx"), (599, "other 5xx")):
        rows.append([name, *_verdict(http), "never followed" if http == 300 else ""])
    yield from _table("HTTP", "gRPC code", "reason", "", rows=rows)


def _verdict(http: int) -> tuple[str, str]:
    reason = of_status(http)
    return Code.Name(reason.code), f"`{reason.name}`"


def _refinements() -> Iterator[str]:
    yield "## By the error's code or type\n"
    yield REFINED
    rows = ([f"`{name}`", Code.Name(reason.code), f"`{reason.name}`"] for name, reason in REFINEMENTS.items())
    yield from _table("code or type", "gRPC code", "reason", rows=rows)


def _names() -> Iterator[str]:
    yield "## Errors without a status\n"
    yield "An error without a status in a 200 response or a stream counts as its type or code says, otherwise as 500."
    yield "Of other names, those with `rate_limit`, `throttl` or `too_many_requests` count as 429, those that end in"
    yield "`timeout` as 504, in `overloaded` as 529, in `unavailable` or `busy` as 503, in `access_denied` as 403."
    yield "Names that begin with `invalid_request`, `invalid_parameter`, `missing_parameter` or similar count as 400.\n"
    yield from _table("type or code", "HTTP", rows=([f"`{name}`", str(http)] for name, http in STATUS_OF_TYPE.items()))


def _base_resp() -> Iterator[str]:
    yield "## MiniMax\n"
    yield "`base_resp.status_code` is read as one of the names above. Other numbers than 0 count as 500.\n"
    yield from _table("status_code", "as", rows=([number, f"`{name}`"] for number, name in BASE_RESP.items()))


def main() -> int:
    """Write the file, or check it."""
    text = document().rstrip("\n") + "\n"
    if "--check" in sys.argv[1:]:
        return 0 if PATH.is_file() and PATH.read_text("utf-8") == text else 1
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
