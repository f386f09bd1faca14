"""The table: what the gateway does, and what it comes to for each RPC.

tools/faults.py makes docs/faults.md from it. Each row's sentence completes "the gateway …".
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.faults import scripts as s
from tests.faults.play import BROKEN, FULL, LONG, REFUSES, STREAM, TRUSTED, UNARY, UNTRUSTED, Scenario, Sees
from tests.faults.scripts import CHUNKED, CLOSE, EVENTS, JSON, LENGTH, cut, http, made, raw, refusal, streamed, whole
from tests.support.forward import Fault
from tests.support.gateway import Script

OK: Final = Sees(reused=True)
GONE: Final = Sees()  # everything but the connection is as usual

#: The bridge has retried, or the call may have been billed: the caller decides about retries, not gRPC.
ASK: Final = "not by gRPC; after 1000 ms"
UNREACHABLE: Final = Sees("UNAVAILABLE", "UPSTREAM_UNREACHABLE", ASK, http=0, attempts=3)
TLS: Final = Sees("UNAVAILABLE", "UPSTREAM_TLS_ERROR", "no", http=0)
PROXY_REJECTED: Final[dict[str, Any]] = {"reason": "UPSTREAM_PROXY_REJECTED", "retry": "no", "attempts": 1}
LOST: Final = Sees("UNAVAILABLE", "UPSTREAM_CONNECTION_LOST", ASK, http=0)
LOST_GET: Final = LOST.but(attempts=3)  # a call that may be retried
NOT_SENT: Final = Sees("UNAVAILABLE", "UPSTREAM_WRITE_FAILED", ASK, http=0)
INTERRUPTED: Final = Sees("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED", ASK)
TIMEOUT: Final = Sees("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "no")
NO_RESPONSE: Final = TIMEOUT.but(http=0)
NO_EVENT: Final = Sees("DEADLINE_EXCEEDED", "UPSTREAM_FIRST_EVENT_TIMEOUT", "no")
STALLED: Final = Sees("DEADLINE_EXCEEDED", "UPSTREAM_STREAM_STALLED", "no")
MALFORMED: Final = Sees("INTERNAL", "UPSTREAM_MALFORMED_RESPONSE", "no")
NO_HTTP: Final = MALFORMED.but(http=0)
MALFORMED_REUSED: Final = MALFORMED.but(reused=True)
TOO_LARGE: Final = Sees("INTERNAL", "UPSTREAM_RESPONSE_TOO_LARGE", "no")
FAILED: Final = Sees("INTERNAL", "UPSTREAM_INTERNAL_ERROR", "no", http=500, reused=True)
UNAVAILABLE: Final = Sees("UNAVAILABLE", "UPSTREAM_UNAVAILABLE", ASK, http=503, attempts=3, reused=True)
LIMITED: Final = Sees("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", ASK, http=429, attempts=3, reused=True)
REFUSED: Final = Sees("INVALID_ARGUMENT", "INVALID_REQUEST", "no", http=400, reused=True)

#: Seconds of a limit that a scenario reaches. The next call must stay within it, even on a busy machine.
SHORT: Final = 0.15
#: Bytes of a limit that a scenario exceeds.
SMALL: Final = 50_000

_CHUNKS: Final = "transfer-encoding: chunked"
_LENGTH: Final = "content-length: SIZE"
_END: Final = b"0\r\n\r\n"


def row(
    name: str, gateway: str, script: Script | Sequence[Script] = s.well, sees: Sees = OK, at: int = 0, **more: Any
) -> Scenario:
    """A row with the same outcome for all RPCs. A stream breaks after `at` chunks, or has all of them."""
    scripts = (script,) if callable(script) else script
    stream = after(s.SAID if sees.code == "OK" else at, sees)
    models = sees.but(retry="yes") if sees.retry == ASK and sees.attempts == 1 else None  # a GET is not billed
    return Scenario(name, gateway, scripts, **{"plain": sees, "stream": stream, "models": models, **more})


def after(chunks: int, sees: Sees) -> Sees:
    """The same after this many chunks, when gRPC does not retry anyway."""
    return sees.but(chunks=chunks, retry="yes" if chunks and sees.retry == ASK else sees.retry)


def stream_row(name: str, gateway: str, script: Script, sees: Sees, **more: Any) -> Scenario:
    """A row that is only about streams."""
    return Scenario(name, gateway, (script,), stream=sees, rpcs=(STREAM,), **more)


def unary_row(name: str, gateway: str, script: Script, sees: Sees, **more: Any) -> Scenario:
    """A row that is only about unary completions."""
    return Scenario(name, gateway, (script,), plain=sees, rpcs=(UNARY,), **more)


def proxy_row(name: str, proxy: str, fault: Fault, sees: Sees, script: Script = s.well, **more: Any) -> Scenario:
    """A row about the forward proxy between the bridge and a gateway with TLS."""
    return row(name, proxy, script, sees, proxy=fault, tls=TRUSTED, **more)


def short(*limits: str) -> dict[str, Any]:
    return dict.fromkeys(limits, SHORT)


NO_CONNECTION: Final = [
    row("refused", "refuses connections", sees=UNREACHABLE, listens=REFUSES),
    row(
        "queue full",
        "leaves the connection unanswered, until connect_timeout",
        sees=UNREACHABLE,
        listens=FULL,
        settings=short("connect_timeout"),
    ),
    row("TLS, unknown authority", "has a certificate of an unknown authority", sees=TLS, tls=UNTRUSTED),
    row("TLS, plain HTTP", "responds to the TLS hello in plain HTTP", sees=TLS, tls=BROKEN, act=s.speaks_plainly),
    row("TLS, closed", "closes in the TLS handshake", sees=UNREACHABLE, tls=BROKEN, act=s.hangs_up),
    row(
        "TLS, silent",
        "does not respond to the TLS hello, until connect_timeout",
        sees=UNREACHABLE,
        tls=BROKEN,
        act=s.says_nothing,
        settings=short("connect_timeout"),
    ),
]

PROXY: Final = [
    proxy_row("proxy, refused", "refuses connections", "refuses", UNREACHABLE),
    proxy_row("proxy, 407", "responds to CONNECT with 407", "407", UNREACHABLE.but(**PROXY_REJECTED)),
    proxy_row("proxy, 403", "responds to CONNECT with 403", "403", UNREACHABLE),
    proxy_row("proxy, 502", "responds to CONNECT with 502", "502", UNREACHABLE),
    proxy_row("proxy, no HTTP", "responds to CONNECT with something other than HTTP", "no http", UNREACHABLE),
    proxy_row("proxy, closed", "closes the connection instead of a response", "hangs up", UNREACHABLE),
    proxy_row(
        "proxy, silent",
        "does not respond to CONNECT, until connect_timeout",
        "silent",
        UNREACHABLE,
        settings=short("connect_timeout"),
    ),
    proxy_row("proxy, dies after the request", "dies after the request", "", LOST, s.proxy_dies, models=LOST_GET),
    proxy_row(
        "proxy, dies in a response", "dies in the middle of a response", "", INTERRUPTED, cut(s.proxy_dies), at=2
    ),
]

BREAKS: Final = [
    row(
        "closed in the request", "closes when the request begins to arrive", sees=LOST, models=LOST_GET, act=s.hangs_up
    ),
    row(
        "reset in a long request",
        "resets while a request of 8 MB arrives",
        sees=NOT_SENT,
        act=s.resets_while_reading,
        rpcs=LONG,
        prompt=8 << 20,
    ),
    row("closed after the request", "closes after the request", s.close, LOST, models=LOST_GET),
    row("reset after the request", "resets after the request", s.reset, LOST, models=LOST_GET),
    row("half a status line", "closes in the status line", raw(b"HTTP/1.1 2"), LOST, models=LOST_GET),
    row(
        "half a header",
        "closes in a header",
        raw(b"HTTP/1.1 200 OK\r\nx-request-id: up-1\r\nconte"),
        LOST,
        models=LOST_GET,
    ),
    row("closed after the head", "closes between head and body", cut(s.close, s.nothing), INTERRUPTED),
    row("reset after the head", "resets between head and body", cut(s.reset, s.nothing), INTERRUPTED),
    row("chunks, closed", "closes in the middle of a chunked body", cut(s.close), INTERRUPTED, at=2),
    row("chunks, reset", "resets in the middle of a chunked body", cut(s.reset), INTERRUPTED, at=2),
    row("length, closed", "closes at half of content-length", cut(s.close, frame=LENGTH), INTERRUPTED, at=2),
    row("length, reset", "resets at half of content-length", cut(s.reset, frame=LENGTH), INTERRUPTED, at=2),
    row(
        "no length, closed",
        "closes in the middle of a body without a length or chunks",
        cut(s.close, frame=CLOSE),
        MALFORMED,
        stream=after(2, INTERRUPTED),
    ),
    row(
        "half, as complete",
        "sends half of the body in chunks, with the end of a complete one",
        made(http(_CHUNKS), lambda right: s.pack(CHUNKED, [s.half(right)]) + _END),
        MALFORMED_REUSED,
        stream=after(2, INTERRUPTED).but(reused=True),
    ),
    row(
        "gzip, closed",
        "compresses without a request to, and closes before the end",
        s.compressed_and_cut,
        INTERRUPTED,
        at=2,
    ),
]

TIME: Final = [
    row("late", "responds late, within all limits", s.late),
    row("byte by byte", "sends the right response byte by byte", s.by_byte),
    row("no response", "is silent, until response_timeout", s.hang, NO_RESPONSE, settings=short("response_timeout")),
    row(
        "no response, deadline",
        "is silent, until default_deadline",
        s.hang,
        NO_RESPONSE,
        settings=short("default_deadline"),
    ),
    row("no response, caller's deadline", "is silent, until the caller's deadline", s.hang, NO_RESPONSE, timeout=0.5),
    row(
        "request not read",
        "leaves a request of 8 MB unread, until response_timeout",
        sees=NO_RESPONSE,
        act=s.says_nothing,
        rpcs=LONG,
        prompt=8 << 20,
        settings=short("response_timeout"),
    ),
    row(
        "slow head",
        "sends the head byte by byte, until response_timeout",
        made(b"HTTP/1.1 200 OK\r\nx-a: ", end=s.drip(b"x")),
        NO_RESPONSE,
        settings=short("response_timeout"),
    ),
    row(
        "endless 102",
        "sends 102 Processing without end, until response_timeout",
        s.drip(b"HTTP/1.1 102 Processing\r\n\r\n"),
        NO_RESPONSE,
        settings=short("response_timeout"),
    ),
    row(
        "no body",
        "is silent after the head, until stall_timeout; for a stream, first_event_timeout",
        cut(s.hang, s.nothing),
        TIMEOUT,
        stream=NO_EVENT,
        settings=short("stall_timeout", "first_event_timeout"),
    ),
    row(
        "half a body",
        "is silent in the middle of the body, until stall_timeout",
        cut(s.hang),
        TIMEOUT,
        stream=STALLED.but(chunks=2),
        settings=short("stall_timeout"),
    ),
    row(
        "slow white space",
        "sends white space instead of a body, byte by byte, until default_deadline",
        cut(s.drip(b"1\r\n \r\n"), s.nothing),
        TIMEOUT,
        settings=short("default_deadline"),
    ),
    stream_row(
        "comments first",
        "sends comments and no event, until first_event_timeout",
        cut(s.drip(s.pack(CHUNKED, [b": wait\n\n"])), s.nothing),
        NO_EVENT,
        settings=short("first_event_timeout"),
    ),
    stream_row(
        "comments in mid-stream",
        "sends two events, then comments that keep the stream alive, until default_deadline",
        cut(s.drip(s.pack(CHUNKED, [b": wait\n\n"])), s.two),
        TIMEOUT.but(chunks=2),
        settings={"default_deadline": 3 * SHORT, "stall_timeout": SHORT},
    ),
    stream_row(
        "pings first",
        "sends events named ping and no other, until first_event_timeout",
        cut(s.drip(s.pack(CHUNKED, [b"event: ping\ndata: {}\n\n"])), s.nothing),
        NO_EVENT,
        settings=short("first_event_timeout"),
    ),
    stream_row(
        "pings in mid-stream",
        "sends two events, then empty ones and events named ping, until default_deadline",
        cut(s.drip(s.pack(CHUNKED, [b"data:\n\nevent: ping\ndata: {}\n\n"])), s.two),
        TIMEOUT.but(chunks=2),
        settings={"default_deadline": 3 * SHORT, "stall_timeout": SHORT},
    ),
    stream_row(
        "slow event",
        "sends two events and a third byte by byte, until stall_timeout",
        cut(s.drip(b"1\r\nx\r\n")),
        STALLED.but(chunks=2),
        settings=short("stall_timeout"),
    ),
    stream_row(
        "stops, deadline",
        "sends two events and is silent, until default_deadline",
        cut(s.hang, s.two),
        TIMEOUT.but(chunks=2),
        settings={"default_deadline": 2 * SHORT},
    ),
]

PROTOCOL: Final = [
    row("another protocol", "speaks SSH", raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), NO_HTTP),
    row("HTTP/2", "speaks HTTP/2", raw(bytes([0, 0, 18, 4, 0, 0, 0, 0, 0]) + bytes(18)), NO_HTTP),
    row("binary", "responds with bytes that are not even text", raw(bytes(range(128, 256)) * 8), NO_HTTP),
    row("bad status", "has a status of two digits", raw(b"HTTP/1.1 20 OK\r\n\r\n"), NO_HTTP),
    row("NUL in a header", "has a NUL in a header", raw(b"HTTP/1.1 200 OK\r\nx-a: \x00\r\n\r\n"), NO_HTTP),
    row("long header", "has a header of 20 kB", raw(b"HTTP/1.1 200 OK\r\nx-a: ", b"x" * 20_000, b"\r\n\r\n"), NO_HTTP),
    row("many headers", "has 600 headers", raw(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n" * 600, b"\r\n"), NO_HTTP),
    row(
        "endless header",
        "sends a header that does not end",
        made(b"HTTP/1.1 200 OK\r\nx-a: ", end=s.flood(b"x" * 4096)),
        NO_HTTP,
    ),
    row(
        "endless headers",
        "sends headers that do not end",
        made(b"HTTP/1.1 200 OK\r\n", end=s.flood(b"x-a: b\r\n" * 8)),
        NO_HTTP,
    ),
    row("two lengths", "names two lengths", made(http(_LENGTH, "content-length: 1"), s.body), NO_HTTP),
    row("negative length", "names a length below zero", made(http("content-length: -1"), s.body), NO_HTTP),
    row("length and chunks", "names a length and sends chunks", made(http(_LENGTH, _CHUNKS), s.chunks, _END), NO_HTTP),
    row("no chunk", "sends something that is no chunk", cut(s.then(b"this is none\r\n"), s.two), INTERRUPTED, at=2),
    row(
        "huge chunk",
        "announces a chunk of 2^64 bytes",
        cut(s.then(b"1" + b"0" * 16 + b"\r\n"), s.two),
        INTERRUPTED,
        at=2,
    ),
    row("long chunk", "sends more than the chunk's size", cut(s.then(b"1\r\nxxxx\r\n"), s.two), INTERRUPTED, at=2),
    row(
        "101",
        "switches protocols",
        made(s.head(101, "", "connection: upgrade", "upgrade: h2c")),
        MALFORMED.but(http=101),
    ),
    row("204", "sends 204", made(s.head(204)), MALFORMED.but(http=204, reused=True)),
    row(
        "204 with a body",
        "sends 204 with a body",
        made(s.head(204, JSON, "content-length: 2"), b"{}"),
        MALFORMED.but(http=204),
    ),
    row("HTTP/1.0", "speaks HTTP/1.0", made(http(first="HTTP/1.0 200 OK"), s.body, end=s.close), GONE),
    row("no reason phrase", "omits the reason phrase", made(http(_LENGTH, first="HTTP/1.1 200"), s.body)),
    row(
        "reason phrase",
        "writes the reason phrase in Latin-1",
        made(http(_LENGTH, first="HTTP/1.1 200 Voil\xe0"), s.body),
    ),
    row(
        "early hints",
        "sends 100 and 103 before the response",
        made(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n", http(_LENGTH), s.body),
    ),
    row(
        "trailers",
        "ends the chunks with trailers that name another request id",
        made(http(_CHUNKS), s.chunks, b"0\r\nx-request-id: other\r\nx-ratelimit-limit-tokens: 1\r\n\r\n"),
    ),
    row(
        "endless trailers",
        "ends the chunks with trailers that do not end",
        made(http(_CHUNKS), s.chunks, b"0\r\n", end=s.flood(b"x-a: b\r\n" * 8)),
        INTERRUPTED,
        stream=GONE.but(chunks=s.SAID),
    ),
    row("longer than its length", "sends more than content-length", made(http(_LENGTH), s.body, b"more\r\n\r\n"), GONE),
    row(
        "two responses",
        "sends a second, unsolicited response",
        made(http(_LENGTH), s.body, s.head(200, JSON, "content-length: 2") + b"{}"),
        GONE,
    ),
]

_STATUS: Final = b'event: status\ndata: {"type": "status", "message": "searching"}\n\n'

CONTENT: Final = [
    row("HTML", "sends a page", whole("<html><body>It works!</body></html>", 200, "text/html"), MALFORMED_REUSED),
    row(
        "wrong content type",
        "labels a correct body as plain text",
        whole(s.body, 200, "text/plain"),
        MALFORMED_REUSED,
        stream=OK.but(chunks=s.SAID),
    ),
    row("JSON content type", "calls the right body JSON, an event stream too", whole(s.body, 200, JSON)),
    row(
        "no content type",
        "omits the content type",
        made(lambda right: s.head(200, "", f"content-length: {len(right.body)}"), s.body),
    ),
    row("empty", "sends an empty body", whole(b""), MALFORMED_REUSED, stream=INTERRUPTED.but(reused=True)),
    row(
        "half a document",
        "sends half of the JSON as a complete body",
        whole(s.half),
        MALFORMED_REUSED,
        stream=after(2, INTERRUPTED).but(reused=True),
    ),
    row(
        "text",
        "sends text that is not JSON",
        whole("OK"),
        MALFORMED_REUSED,
        stream=INTERRUPTED.but(reused=True),
    ),
    row("JSON null", "sends the JSON null", whole("null", 200, JSON), MALFORMED_REUSED),
    row("deep JSON", "nests JSON 100000 deep", whole("[" * 100_000, 200, JSON), MALFORMED_REUSED),
    row("NUL in JSON", "has a NUL in a string", whole(s.noted(b"\x00"))),
    row("invalid UTF-8", "has bytes that are no UTF-8 in a string", whole(s.noted(b"\xff\xfe"))),
    row(
        "event stream for JSON",
        "responds with an event stream, also to a unary call",
        whole(s.body, 200, EVENTS),
        MALFORMED_REUSED,
        stream=OK.but(chunks=s.SAID),
    ),
    stream_row(
        "JSON for an event stream",
        "responds to a stream with a completion",
        whole(json.dumps(s.completion(usage=s.usage(1))).replace("one two three", "one"), 200, JSON),
        OK.but(chunks=1),
    ),
    stream_row(
        "no JSON event",
        "sends two events and one that is not JSON",
        streamed(s.chunk(1), s.chunk(2), b"data: {oops\n\n"),
        MALFORMED_REUSED.but(chunks=2),
    ),
    stream_row(
        "no chunk event",
        "sends two events and one whose choices are not a list",
        streamed(s.chunk(1), s.chunk(2), s.event({"choices": 1})),
        MALFORMED_REUSED.but(chunks=2),
    ),
    stream_row(
        "named events",
        "sends events named ping and status among the others",
        streamed(b"event: ping\ndata: 12:00\n\n", s.chunk(1), _STATUS, s.chunk(2, ends=True), s.DONE),
        OK.but(chunks=2),
    ),
    stream_row(
        "text after the end",
        "sends text that is not JSON after the last finish_reason",
        streamed(s.chunk(1), s.chunk(2, ends=True), b"data: DONE\n\n"),
        OK.but(chunks=2),
    ),
    row("no encoding", "sends content-encoding: none", whole(s.body, 200, None, "content-encoding: none")),
    row("gzip", "compresses unasked", s.compressed),
    row(
        "unknown encoding",
        "compresses with an encoding that the bridge did not offer",
        whole(s.body, 200, None, "content-encoding: br"),
        MALFORMED_REUSED,
    ),
    row(
        "no gzip",
        "labels a plain body as gzip",
        whole(s.body, 200, None, "content-encoding: gzip"),
        MALFORMED_REUSED,
    ),
    row(
        "data after gzip",
        "sends more after the end of the compressed body, until stall_timeout",
        made(
            http("content-encoding: gzip", "connection: close"),
            lambda right: gzip.compress(right.body),
            end=s.flood(b"x" * 65536),
        ),
        TIMEOUT,
        stream=GONE.but(chunks=s.SAID),
        settings=short("stall_timeout"),
    ),
]

SIZE: Final = [
    row(
        "long response",
        "sends a response over max_response_bytes",
        whole(b"{" + b" " * (1 << 20), 200, JSON),
        TOO_LARGE,
        settings={"max_response_bytes": SMALL},
    ),
    row(
        "endless response",
        "sends a response that does not end",
        cut(s.flood(b"10000\r\n" + b" " * 65536 + b"\r\n"), s.nothing),
        TOO_LARGE,
        settings={"max_response_bytes": SMALL, "max_event_bytes": SMALL},
    ),
    row(
        "gzip bomb",
        "sends 64 MiB in 64 KiB of gzip",
        s.bombed(200, JSON),
        TOO_LARGE,
        settings={"max_response_bytes": SMALL},
    ),
    stream_row(
        "gzip bomb in a stream",
        "sends events in a gzip bomb",
        s.bombed(200, EVENTS),
        TOO_LARGE,
        settings={"max_event_bytes": SMALL},
    ),
    stream_row(
        "endless line",
        "sends two events and a line that does not end",
        cut(s.flood(b"1000\r\n" + b"x" * 4096 + b"\r\n")),
        TOO_LARGE.but(chunks=2),
        settings={"max_event_bytes": SMALL},
    ),
    stream_row(
        "endless event",
        "sends two events and one of endlessly many lines",
        cut(s.flood(s.pack(CHUNKED, [b"data: x\n" * 512])), s.two),
        TOO_LARGE.but(chunks=2),
        settings={"max_event_bytes": SMALL},
    ),
    stream_row(
        "flood of comments",
        "sends 500 kB of comments, and then the events",
        s.comments_first,
        GONE.but(chunks=s.SAID),
    ),
    stream_row(
        "comments without end",
        "sends comments as fast as it can, until first_event_timeout",
        cut(s.flood(s.pack(CHUNKED, [b": x\n" * 4096])), s.nothing),
        NO_EVENT,
        settings=short("first_event_timeout"),
    ),
    row(
        "endless error",
        "sends an error whose body does not end",
        made(s.head(500, JSON, _CHUNKS), end=s.flood(s.pack(CHUNKED, [b" " * 65536]))),
        FAILED.but(reused=False),
    ),
    row(
        "gzip bomb as an error",
        "sends an error with a gzip bomb",
        s.bombed(500, JSON),
        FAILED.but(reused=False),
    ),
]

REFUSALS: Final = [
    row(
        "redirect",
        "redirects",
        refusal(307, "location: /v1/other"),
        Sees("INTERNAL", "UPSTREAM_UNEXPECTED_REDIRECT", "no", http=307, reused=True),
    ),
    row(
        "context overflow",
        "sends context_length_exceeded",
        refusal(400, code="context_length_exceeded"),
        REFUSED.but(reason="CONTEXT_LENGTH_EXCEEDED"),
    ),
    row(
        "content filter",
        "sends content_filter",
        refusal(400, code="content_filter"),
        REFUSED.but(reason="CONTENT_FILTERED"),
    ),
    row(
        "key rejected",
        "sends 401 for the bridge's key",
        refusal(401),
        Sees("UNAUTHENTICATED", "BRIDGE_CREDENTIALS_REJECTED", "no", http=401, reused=True),
    ),
    row(
        "early 413",
        "sends 413 while a request of 8 MB arrives",
        sees=REFUSED.but(reason="REQUEST_TOO_LARGE", http=413, reused=False),
        act=s.refuses_while_reading,
        rpcs=LONG,
        prompt=8 << 20,
    ),
    row("429", "sends 429, without Retry-After", refusal(429), LIMITED),
    row(
        "429, in 20 ms",
        "sends 429 with Retry-After-Ms: 20",
        refusal(429, "retry-after-ms: 20"),
        LIMITED.but(retry="not by gRPC; after 20 ms"),
    ),
    row(
        "429, after the deadline",
        "sends 429 with Retry-After: 30, and the caller has 5 seconds",
        refusal(429, "retry-after: 30"),
        LIMITED.but(retry="after 30000 ms", attempts=1),
        timeout=5,
    ),
    row(
        "429, in an hour",
        "sends 429 with Retry-After: 3600",
        refusal(429, "retry-after: 3600"),
        LIMITED.but(retry="no", attempts=1),
    ),
    row(
        "429, no quota",
        "sends 429, insufficient_quota",
        refusal(429, code="insufficient_quota"),
        LIMITED.but(reason="INSUFFICIENT_QUOTA", retry="no", attempts=1),
    ),
    row("429, then all is well", "sends 429, and succeeds the second time", (refusal(429), s.well), OK.but(attempts=2)),
    row(
        "429, in 20 ms, in the body",
        "sends 429 with google.rpc.RetryInfo of 20 ms",
        refusal(429, details=[{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.02s"}]),
        LIMITED.but(retry="not by gRPC; after 20 ms"),
    ),
    row(
        "413, rate limit",
        "sends 413, rate_limit_exceeded",
        refusal(413, code="rate_limit_exceeded"),
        REFUSED.but(reason="REQUEST_TOO_LARGE", http=413),
    ),
    row(
        "424",
        "sends 424",
        refusal(424),
        Sees("FAILED_PRECONDITION", "UPSTREAM_DEPENDENCY_FAILED", "no", http=424, reused=True),
    ),
    row(
        "403, no money",
        "sends 403, INSUFFICIENT_BALANCE, in a flat object",
        whole('{"code": "INSUFFICIENT_BALANCE", "message": "no"}', 403, JSON),
        LIMITED.but(reason="INSUFFICIENT_QUOTA", retry="no", http=403, attempts=1),
    ),
    row("500", "sends 500", refusal(500), FAILED),
    row(
        "500, try again",
        "sends 500 with x-should-retry: true",
        refusal(500, "x-should-retry: true"),
        FAILED.but(attempts=3),
    ),
    row(
        "502, a page",
        "sends 502, with a proxy's page",
        whole("<html>Bad Gateway</html>", 502, "text/html"),
        UNAVAILABLE.but(reason="UPSTREAM_BAD_GATEWAY", http=502),
    ),
    row("503", "sends 503", refusal(503), UNAVAILABLE),
    row(
        "503, do not",
        "sends 503 with x-should-retry: false",
        refusal(503, "x-should-retry: false"),
        UNAVAILABLE.but(attempts=1, retry="no"),
    ),
    row("503, then all is well", "sends 503, and succeeds the second time", (refusal(503), s.well), OK.but(attempts=2)),
    row(
        "503, then reset",
        "sends 503, and the second time resets",
        (refusal(503), s.reset),
        LOST.but(attempts=2),
        models=LOST_GET,
    ),
    row("504", "sends 504", refusal(504), TIMEOUT.but(http=504, reused=True)),
    row(
        "error, closed",
        "closes in the body of a 500",
        made(s.head(500, JSON, "content-length: 99"), b'{"error"', end=s.close),
        FAILED.but(reused=False),
    ),
    row(
        "error, silent",
        "is silent in the body of a 500",
        made(s.head(500, JSON, "content-length: 99"), b'{"error"', end=s.hang),
        FAILED.but(reused=False),
    ),
]

_ERROR: Final = {"error": {"message": "the gateway's words", "code": 503}}
_ELEVEN: Final = [s.chunk(number) for number in range(1, 11)]

INSIDE: Final = [
    row(
        "200 with an error",
        "sends 200, with an error of code 503 in the body",
        whole(json.dumps(_ERROR), 200, JSON),
        UNAVAILABLE.but(retry="yes", attempts=1),
    ),
    stream_row(
        "error as first event",
        "sends an error as the first event",
        streamed(s.event(_ERROR)),
        UNAVAILABLE.but(retry="yes", attempts=1),
    ),
    row(
        "200 with base_resp",
        "sends 200, with base_resp.status_code 1008 in the body",
        whole('{"choices": null, "base_resp": {"status_code": 1008, "status_msg": "no"}}', 200, JSON),
        LIMITED.but(reason="INSUFFICIENT_QUOTA", retry="no", http=500, attempts=1),
    ),
    stream_row(
        "error beside the framing",
        "sends two events, then an error as a line of JSON, and [DONE]",
        streamed(s.chunk(1), s.chunk(2), json.dumps(_ERROR).encode() + b"\n\n" + s.DONE),
        UNAVAILABLE.but(retry="yes", attempts=1, chunks=2),
    ),
    stream_row(
        "error after ten chunks",
        "sends ten events and an error",
        streamed(*_ELEVEN, s.event(_ERROR)),
        UNAVAILABLE.but(retry="yes", attempts=1, chunks=10),
    ),
    stream_row(
        "event named error",
        "sends two events and one named error",
        streamed(s.chunk(1), s.chunk(2), b"event: error\n" + s.event({"message": "no"})),
        FAILED.but(chunks=2),
    ),
    stream_row(
        "finish_reason error",
        "ends the choice with error",
        streamed(s.chunk(1), s.chunk(2, ends="error"), s.DONE),
        FAILED.but(http=200, chunks=2),
    ),
    stream_row(
        "finish_reason content_filter",
        "ends the choice with content_filter",
        streamed(s.chunk(1), s.chunk(2, ends="content_filter"), s.DONE),
        OK.but(chunks=2),
    ),
    unary_row(
        "finish_reason error, plain",
        "ends the choice with error",
        whole(json.dumps(s.completion("error"))),
        FAILED.but(http=200),
    ),
]

ENDS: Final = [
    stream_row(
        "no DONE",
        "ends without [DONE], but with a finish_reason",
        streamed(s.chunk(1), s.chunk(2, ends=True)),
        OK.but(chunks=2),
    ),
    stream_row(
        "no DONE, no finish_reason",
        "ends without [DONE] and without a finish_reason",
        streamed(s.chunk(1), s.chunk(2)),
        after(2, INTERRUPTED).but(reused=True),
    ),
    stream_row("DONE at once", "sends [DONE] and no choice", streamed(s.DONE), MALFORMED_REUSED),
    stream_row("no event", "ends a stream without any event", streamed(b": nothing\n\n"), INTERRUPTED.but(reused=True)),
    stream_row("open after DONE", "keeps the stream open after [DONE]", cut(s.hang, s.body), GONE.but(chunks=s.SAID)),
    stream_row("reset after DONE", "resets after [DONE]", cut(s.reset, s.body), GONE.but(chunks=s.SAID)),
    stream_row(
        "flood after DONE",
        "sends more after [DONE]",
        cut(s.flood(s.pack(CHUNKED, [s.chunk(9)])), s.body),
        GONE.but(chunks=s.SAID),
    ),
]

POOL: Final = [
    row("idle, closed", "closes an idle connection", idle=s.idly(end=s.close)),
    row("idle, reset", "resets an idle connection", idle=s.idly(end=s.reset)),
    row(
        "idle, 408",
        "sends 408 on an idle connection and closes it",
        idle=s.idly(s.head(408, "", "content-length: 0", "connection: close"), end=s.close),
    ),
    row(
        "idle, a response",
        "sends an unsolicited response on an idle connection",
        idle=s.idly(s.head(200, JSON, "content-length: 2") + b"{}"),
    ),
    row("idle, garbage", "sends garbage on an idle connection", idle=s.idly(b"garbage\r\n\r\n")),
    row(
        "closed when reused",
        "closes a kept connection when it is used again",
        (s.close, s.well),
        LOST,
        models=OK.but(attempts=2),
        idle=s.stay,
    ),
    row(
        "reset when reused",
        "resets a kept connection when it is used again",
        (s.reset, s.well),
        LOST,
        models=OK.but(attempts=2),
        idle=s.stay,
    ),
    row(
        "kept for 0 s",
        "sends keep-alive: timeout=0",
        made(http(_LENGTH, "keep-alive: timeout=0"), s.body),
        GONE,
    ),
    row("not kept", "sends connection: close", made(http(_LENGTH, "connection: close"), s.body, end=s.close), GONE),
]

#: Its rows describe the proxy, not the gateway.
PROXY_TITLE: Final = "The forward proxy"
SECTIONS: Final[Mapping[str, Sequence[Scenario]]] = {
    "No connection": NO_CONNECTION,
    PROXY_TITLE: PROXY,
    "The connection breaks": BREAKS,
    "Time": TIME,
    "HTTP": PROTOCOL,
    "Content": CONTENT,
    "Size": SIZE,
    "Refusals": REFUSALS,
    "Errors in a response": INSIDE,
    "How a stream ends": ENDS,
    "The pool": POOL,
}
SCENARIOS: Final = [scenario for section in SECTIONS.values() for scenario in section]
