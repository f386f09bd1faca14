"""Values of `content-encoding` that are not codings, and encoded errors."""

import gzip
import json
import zlib
from functools import partial

from tests.dialects.field.case import (
    END,
    EVENTS,
    FINISHED,
    LIMIT,
    MALFORMED,
    OK,
    QUOTA,
    STOP,
    STREAM,
    UNARY,
    A,
    Case,
    events,
    http,
    recorded,
)

BODY = json.dumps({"error": {"message": "x", "type": "insufficient_quota"}})


def encoded(encoding: str, body: bytes | str = BODY) -> bytes:
    return http(body, f"content-encoding: {encoding}", status=429)


encoding = partial(Case, "encoding")
ENCODINGS = [
    encoding("recorded, none", STREAM, recorded("content-encoding-none"), OK, "a"),
    encoding("recorded, none of an error", UNARY, recorded("content-encoding-none-of-an-error"), QUOTA, message="x"),
    *(
        encoding(f"{name}, {rpc}", rpc, sent, OK, "a")
        for name in (
            "none",
            "None",
            "utf-8",
            "UTF8",
            "identity, identity",
            "identity,none",
            "",
            "us-ascii",
            "identity;q=1",
        )
        for rpc, sent in (
            (STREAM, events(A, END, headers=(f"content-encoding: {name}",))),
            (UNARY, http(json.dumps(FINISHED), f"content-encoding: {name}")),
        )
    ),
    *(
        encoding(f"an error, {name}", UNARY, encoded(name), QUOTA, message="x")
        for name in ("br", "zstd", "gzip", "deflate", "utf-8", "identity, gzip", "x-unknown", "gzip, br", "a b c")
    ),
    encoding(
        "gzip, identity",
        STREAM,
        http(gzip.compress((A + END).encode()), "content-encoding: gzip, identity", media=EVENTS),
        OK,
        "a",
    ),
    encoding(
        "gzip, a member for each event",
        STREAM,
        http(b"".join(gzip.compress(part.encode()) for part in (A, A, END)), "content-encoding: gzip", media=EVENTS),
        OK,
        "aa",
    ),
    encoding(
        "gzip, the last member is cut off",
        STREAM,
        http(
            gzip.compress((A + STOP).encode()) + gzip.compress(A.encode())[:12], "content-encoding: gzip", media=EVENTS
        ),
        "UPSTREAM_STREAM_INTERRUPTED",
        "a",
    ),
    encoding("an error in gzip", UNARY, encoded("gzip", gzip.compress(BODY.encode())), QUOTA, message="x"),
    encoding("an error in deflate", UNARY, encoded("deflate", zlib.compress(BODY.encode())), QUOTA, message="x"),
    encoding(
        "an error in gzip that nobody named", UNARY, http(gzip.compress(BODY.encode()), status=429), QUOTA, message="x"
    ),
    encoding(
        "an error in gzip under another name", UNARY, encoded("br", gzip.compress(BODY.encode())), QUOTA, message="x"
    ),
    encoding(
        "an error in gzip that is cut off",
        UNARY,
        encoded("gzip", gzip.compress(BODY.encode())[:-9]),
        QUOTA,
        message="x",
    ),
    encoding(
        "an error that cannot be read",
        UNARY,
        encoded("br", b"\x8b\x00\x80say no more\x03"),
        LIMIT,
        message="HTTP 429 Too Many Requests",
    ),
    encoding("a success in br", UNARY, http(json.dumps(FINISHED), "content-encoding: br"), MALFORMED),
]
