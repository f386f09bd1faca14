"""The table: what the gateway does, and what it comes to for each RPC.

`docs/faults.md` is made from a run of it, by scripts/faults.py. The rows are in sections; each row's sentence completes
"the gateway …".
"""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.faults import scripts as s
from tests.faults.play import BROKEN, FULL, LONG, RPCS, STREAM, UNARY, UNTRUSTED, REFUSES, Scenario, Sees
from tests.faults.scripts import CHUNKED, CLOSE, EVENTS, JSON, LENGTH, Good, cut, raw, refusal, streamed, well, whole
from tests.gateway import Exchange

OK: Final = Sees(reused=True)
OK_STREAM: Final = OK.but(chunks=s.SAID)

UNREACHABLE: Final = Sees("UNAVAILABLE", "UPSTREAM_UNREACHABLE", "yes", http=0, attempts=3)
TLS: Final = Sees("UNAVAILABLE", "UPSTREAM_TLS_ERROR", "no", http=0)
LOST: Final = Sees("UNAVAILABLE", "UPSTREAM_CONNECTION_LOST", "yes", http=0)
INTERRUPTED: Final = Sees("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED", "yes")
TIMEOUT: Final = Sees("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "no")
STALLED: Final = Sees("DEADLINE_EXCEEDED", "UPSTREAM_STREAM_STALLED", "no")
MALFORMED: Final = Sees("INTERNAL", "UPSTREAM_MALFORMED_RESPONSE", "no")
NOT_HTTP: Final = MALFORMED.but(http=0)
TOO_LARGE: Final = Sees("INTERNAL", "UPSTREAM_RESPONSE_TOO_LARGE", "no")
FAILED: Final = Sees("INTERNAL", "UPSTREAM_INTERNAL_ERROR", "no")
UNAVAILABLE: Final = Sees("UNAVAILABLE", "UPSTREAM_UNAVAILABLE", "yes", http=503, attempts=3, reused=True)
LIMITED: Final = Sees("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "after 1000 ms", http=429, attempts=3, reused=True)

#: Seconds of a limit that is meant to be reached: the call after it has to keep it too, on a busy machine.
SHORT: Final = 0.15
LARGE: Final = 50_000


def both(name: str, gateway: str, script: Any, sees: Sees, **more: Any) -> Scenario:
    """A row that comes to the same for all RPCs, apart from the chunks of a success."""
    scripts = script if isinstance(script, tuple) else (script,)
    stream = sees.but(chunks=s.SAID) if sees.code == "OK" else sees
    return Scenario(name, gateway, scripts, plain=sees, stream=stream, **more)


def only_stream(name: str, gateway: str, script: Any, sees: Sees, **more: Any) -> Scenario:
    """A row about streams."""
    return Scenario(name, gateway, (script,), stream=sees, rpcs=(STREAM,), **more)


def only_unary(name: str, gateway: str, script: Any, sees: Sees, **more: Any) -> Scenario:
    """A row about a plain completion."""
    return Scenario(name, gateway, (script,), plain=sees, rpcs=(UNARY,), **more)


def http(*lines: str, first: str = "HTTP/1.1 200 OK") -> Callable[[Good], bytes]:
    """A head of these lines for the right body, with its content type and the headers of all heads."""

    def make(right: Good) -> bytes:
        common = [f"{name}: {value}" for name, value in s.HEADERS.items()]
        told = [line.replace("SIZE", str(len(right.body))) for line in lines]
        return "\r\n".join([first, f"content-type: {right.content_type}", *common, *told, "", ""]).encode("latin-1")

    return make


def chunks(right: Good) -> bytes:
    return s.pack(CHUNKED, right.parts)


def head_and(body: Callable[[Good], bytes], *lines: str) -> Any:
    """A head of these lines, and then this body, read by itself."""

    async def script(exchange: Exchange) -> None:
        right = s.good(exchange.request)
        await s.send(exchange, http(*lines)(right), body(right))
        await exchange.wait_closed()

    return script


CHUNKED_HEAD: Final = "transfer-encoding: chunked"
EMPTY_JSON: Final = b'{"object": "list", "data": [], "choices": []}'

NO_CONNECTION: Final = [
    both("refused", "refuses connections", (), UNREACHABLE, listens=REFUSES),
    both(
        "backlog full",
        "leaves connections unanswered, until connect_timeout",
        (),
        UNREACHABLE,
        listens=FULL,
        settings={"connect_timeout": SHORT},
    ),
    both("TLS, unknown authority", "has a certificate that nobody vouches for", (), TLS, tls=UNTRUSTED),
    both("TLS, plain HTTP", "answers the TLS hello with HTTP", (), TLS, tls=BROKEN, act=s.speaks_plainly),
    both("TLS, hangs up", "closes in the TLS handshake", (), UNREACHABLE, tls=BROKEN, act=s.hangs_up),
    both(
        "TLS, silent",
        "does not answer the TLS hello, until connect_timeout",
        (),
        UNREACHABLE,
        tls=BROKEN,
        act=s.says_nothing,
        settings={"connect_timeout": SHORT},
    ),
]

BREAKS: Final = [
    both("hangs up in the request", "closes while the request arrives", (), LOST, act=s.hangs_up),
    both(
        "resets in a long request",
        "resets while a request of 8 MB arrives",
        (),
        LOST,
        act=s.resets_while_reading,
        rpcs=LONG,
        prompt=8 << 20,
    ),
    both("closes", "takes the request and closes", s.close, LOST),
    both("resets", "takes the request and resets", s.reset, LOST),
    both("half a status line", "closes in the status line", raw(b"HTTP/1.1 2"), LOST),
    both("half a header", "closes in a header", raw(b"HTTP/1.1 200 OK\r\nx-request-id: up-1\r\nconte"), LOST),
    both("closes behind the head", "closes between head and body", cut(s.close, s.nothing), INTERRUPTED),
    both("resets behind the head", "resets between head and body", cut(s.reset, s.nothing), INTERRUPTED),
    Scenario(
        "closes in a chunked body",
        "closes in the middle of a chunked body",
        (cut(s.close),),
        INTERRUPTED,
        INTERRUPTED.but(chunks=2),
    ),
    Scenario(
        "resets in a chunked body",
        "resets in the middle of a chunked body",
        (cut(s.reset),),
        INTERRUPTED,
        INTERRUPTED.but(chunks=2),
    ),
    Scenario(
        "closes before the length",
        "closes when half of content-length is sent",
        (cut(s.close, frame=LENGTH),),
        INTERRUPTED,
        INTERRUPTED.but(chunks=2),
    ),
    Scenario(
        "resets before the length",
        "resets when half of content-length is sent",
        (cut(s.reset, frame=LENGTH),),
        INTERRUPTED,
        INTERRUPTED.but(chunks=2),
    ),
    Scenario(
        "closes, no length",
        "closes in a body whose end nothing else tells",
        (cut(s.close, frame=CLOSE),),
        MALFORMED,
        INTERRUPTED.but(chunks=2),
    ),
    Scenario(
        "ends too early",
        "ends half of a body as if it were all, in good order",
        (cut(s.then(b"0\r\n\r\n")),),
        MALFORMED.but(reused=True),
        INTERRUPTED.but(chunks=2),
    ),
    Scenario(
        "cut in gzip",
        "compresses unasked, and ends before the end",
        (s.compressed(lambda data: data[: len(data) * 3 // 4]),),
        INTERRUPTED,
        INTERRUPTED.but(chunks=2),
    ),
]

TIME: Final = [
    both("late", "answers late, within all limits", s.late, OK),
    both("byte by byte", "sends the right reply byte by byte", s.by_byte, OK),
    both("hangs", "does not answer, until response_timeout", s.hang, TIMEOUT.but(http=0), settings={"response_timeout": SHORT}),
    both("hangs, deadline", "does not answer, until default_deadline", s.hang, TIMEOUT.but(http=0), settings={"default_deadline": SHORT}),
    both("hangs, caller's deadline", "does not answer, until the caller's deadline", s.hang, TIMEOUT.but(http=0), timeout=0.4),
    both(
        "does not read",
        "leaves a request of 8 MB unread, until response_timeout",
        (),
        TIMEOUT.but(http=0),
        act=s.says_nothing,
        rpcs=LONG,
        prompt=8 << 20,
        settings={"response_timeout": SHORT},
    ),
    both(
        "endless head",
        "sends its head in drops, until response_timeout",
        s.again_and_again(b""),
        TIMEOUT.but(http=0),
        settings={"response_timeout": SHORT},
    ),
    both(
        "endless 102",
        "says 102 Processing again and again, until response_timeout",
        s.again_and_again(b"HTTP/1.1 102 Processing\r\n\r\n"),
        TIMEOUT.but(http=0),
        settings={"response_timeout": SHORT},
    ),
    Scenario(
        "no body",
        "stops behind the head, until stall_timeout, for a stream first_event_timeout",
        (cut(s.hang, s.nothing),),
        TIMEOUT,
        TIMEOUT,
        settings={"stall_timeout": SHORT, "first_event_timeout": SHORT},
    ),
    Scenario(
        "stops",
        "stops in the middle of the body, until stall_timeout",
        (cut(s.hang),),
        TIMEOUT,
        STALLED.but(chunks=2),
        settings={"stall_timeout": SHORT},
    ),
    both(
        "endless body, in drops",
        "goes on with drops of white space or of one event, until default_deadline",
        cut(s.again_and_again(b"1\r\n \r\n"), s.nothing),
        TIMEOUT,
        settings={"default_deadline": SHORT},
    ),
    only_stream(
        "comments before the first event",
        "sends comments, until first_event_timeout",
        cut(s.again_and_again(s.pack(CHUNKED, [b": wait\n\n"])), s.nothing),
        TIMEOUT,
        settings={"first_event_timeout": SHORT},
    ),
    only_stream(
        "comments in mid-stream",
        "sends two events and then comments, until stall_timeout",
        cut(s.again_and_again(s.pack(CHUNKED, [b": wait\n\ndata:\n\n"])), s.two),
        STALLED.but(chunks=2),
        settings={"stall_timeout": SHORT},
    ),
    only_stream(
        "an event in drops",
        "sends two events and a third that never ends, until stall_timeout",
        cut(s.again_and_again(b"1\r\nx\r\n")),
        STALLED.but(chunks=2),
        settings={"stall_timeout": SHORT},
    ),
    only_stream(
        "stops, deadline",
        "stops behind two events, until default_deadline",
        cut(s.hang, s.two),
        TIMEOUT.but(chunks=2),
        settings={"default_deadline": 0.3},
    ),
]

NO_HTTP: Final = [
    both("another protocol", "speaks SSH", raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), NOT_HTTP),
    both("HTTP/2", "speaks HTTP/2", raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)), NOT_HTTP),
    both("binary", "answers with random bytes", raw(bytes(range(128, 256)) * 8), NOT_HTTP),
    both("bad status", "has a status of two digits", raw(b"HTTP/1.1 20 OK\r\n\r\n"), NOT_HTTP),
    both("NUL in a header", "has a NUL in a header", raw(b"HTTP/1.1 200 OK\r\nx-a: \x00\r\n\r\n"), NOT_HTTP),
    both("long header", "has a header of 9 kB", raw(b"HTTP/1.1 200 OK\r\nx-a: " + b"x" * 9000 + b"\r\n\r\n"), NOT_HTTP),
    both(
        "many headers", "has 1000 headers", raw(b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 1000 + b"\r\n"), NOT_HTTP
    ),
    both(
        "endless header",
        "sends a header that does not end",
        (raw(b"HTTP/1.1 200 OK\r\nx-a: ", *(b"x" * 4000 for _ in range(100))),),
        NOT_HTTP,
    ),
    both(
        "endless headers",
        "sends headers that do not end",
        (raw(b"HTTP/1.1 200 OK\r\n", *(b"x-a: b\r\n" * 10 for _ in range(100))),),
        NOT_HTTP,
    ),
    both("two lengths", "names two lengths", s.around(http("content-length: SIZE", "content-length: 1")), NOT_HTTP),
    both(
        "length and chunks",
        "names a length and sends chunks",
        head_and(lambda right: chunks(right) + b"0\r\n\r\n", "content-length: SIZE", CHUNKED_HEAD),
        NOT_HTTP,
    ),
    both("negative length", "names a length below zero", s.around(http("content-length: -1")), NOT_HTTP),
    Scenario(
        "chunk without size",
        "sends a chunk that is none",
        (cut(s.then(b"this is no chunk\r\n"), s.two),),
        INTERRUPTED,
        INTERRUPTED.but(chunks=2),
    ),
    Scenario(
        "chunk of 2^64 bytes",
        "announces a chunk of 2^64 bytes",
        (cut(s.then(b"10000000000000000\r\nx"), s.two),),
        INTERRUPTED,
        INTERRUPTED.but(chunks=2),
    ),
    Scenario(
        "chunk with a longer body",
        "sends more than a chunk's size",
        (cut(s.then(b"1\r\nxxxxxxxx\r\n"), s.two),),
        INTERRUPTED,
        INTERRUPTED.but(chunks=2),
    ),
    both(
        "trailers",
        "sends trailers behind the chunks, which claim another request id",
        s.around(http(CHUNKED_HEAD), lambda _: b""),
        OK,
    ),
    both("reason phrase", "has a reason phrase in Latin-1", s.around(http("content-length: SIZE", first="HTTP/1.1 200 Voil\xe0")), OK),
    both("no reason phrase", "has no reason phrase", s.around(http("content-length: SIZE", first="HTTP/1.1 200")), OK),
    both(
        "early hints",
        "says 100 and 103 before the reply",
        s.around(
            lambda right: b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n"
            + http("content-length: SIZE")(right)
        ),
        OK,
    ),
    both("101", "switches protocols", raw(s.head(101, "", "connection: upgrade", "upgrade: h2c")), MALFORMED.but(http=101)),
    both("204", "answers 204", raw(s.head(204)), MALFORMED.but(http=204)),
    both("204 with a body", "answers 204, with a body", raw(s.head(204, JSON, "content-length: 2") + b"{}"), MALFORMED.but(http=204)),
    both(
        "HTTP/1.0",
        "answers in HTTP/1.0, and the end of the connection is the body's",
        (),
        OK.but(reused=False),
    ),
]
