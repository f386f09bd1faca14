"""Responses that upstreams were seen to send in place of valid ones, and the expected outcomes.

`payloads/field.json` has the bytes of 24 cases from public bug reports. The others of each kind are written here.
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.dialects.cases import payload

STREAM = "stream"
UNARY = "unary"
EMBEDDINGS = "embeddings"
OK = ""
EVENTS = "text/event-stream"
DONE = "data: [DONE]\n\n"
MALFORMED = "UPSTREAM_MALFORMED_RESPONSE"
QUOTA = "INSUFFICIENT_QUOTA"
LIMIT = "RATE_LIMIT_EXCEEDED"
FAILED = "UPSTREAM_INTERNAL_ERROR"


@dataclass(frozen=True)
class Case:
    """The bytes of an upstream and the expected outcome: a reason, or OK.

    `text` is the received text, `message` that of the status. `pushback` is the advice to gRPC's retries. `trailers`
    must be present.
    """

    kind: str
    name: str
    rpc: str
    sent: bytes
    reason: str
    text: str = ""
    message: str = ""
    code: str = ""
    pushback: str = ""
    error_code: str = ""
    trailers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


@cache
def _recorded() -> dict[str, str]:
    cases: dict[str, str] = json.loads(payload("field.json"))
    return cases


def recorded(name: str) -> bytes:
    return _recorded()[name].encode()


def http(body: str | bytes, *headers: str, status: int = 200, media: str = "application/json") -> bytes:
    """A response that ends with the connection."""
    data = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {status} Any", *([f"content-type: {media}"] if media else []), *headers, "connection: close"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + data


def events(*parts: str, media: str = EVENTS, headers: tuple[str, ...] = ()) -> bytes:
    return http("".join(parts), *headers, media=media)


def data(value: Any) -> str:
    return f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n"


def chunk(content: str = "", finish: str | None = None, index: int = 0, **delta: Any) -> str:
    given = {**({"content": content} if content else {}), **delta}
    return data({"choices": [{"index": index, "delta": given, "finish_reason": finish}]})


A = chunk("a")
STOP = chunk(finish="stop")
END = STOP + DONE
COMPLETION = {"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}}]}
FINISHED = {"id": "c", "choices": [{**COMPLETION["choices"][0], "finish_reason": "stop"}]}  # type: ignore[dict-item]


def failing(name: str, error: Any, reason: str, **more: Any) -> list[Case]:
    """An error as an event, outside the framing, after a chunk, and as the body of a 200."""
    text = error if isinstance(error, str) else json.dumps(error)
    kind = "shape"
    return [
        Case(kind, f"{name}, in an event", STREAM, events(data(text), DONE), reason, **more),
        Case(kind, f"{name}, after a chunk", STREAM, events(A, data(text), DONE), reason, "a", **more),
        Case(kind, f"{name}, beside the framing", STREAM, events(A, text, "\n\n", DONE), reason, "a", **more),
        Case(kind, f"{name}, as the last line", STREAM, events(A, text), reason, "a", **more),
        Case(kind, f"{name}, as a response", UNARY, http(text), reason, **more),
        Case(kind, f"{name}, as a response to a stream", STREAM, http(text), reason, **more),
    ]


ERROR = {"error": {"message": "x", "code": 429}}


def refused(http_status: int, *headers: str, **error: Any) -> bytes:
    """A refusal with an error object."""
    return http(json.dumps({"error": {"message": "x", **error}}), *headers, status=http_status)
