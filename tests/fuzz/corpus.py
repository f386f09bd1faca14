"""The seeds of fuzzing: the responses in `tests/dialects/payloads`, and words of their formats."""

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks.dialects import SHAPES
from bridge.codec import decode
from bridge.jsontext import MalformedJSONError
from tests.fuzz.claims import CREDENTIAL, PROMPT
from tests.fuzz.targets import TARGETS, TYPES, compressed

PAYLOADS: Final = Path(__file__).parents[1] / "dialects" / "payloads"

_BODIES: Final = (
    b'{"error":{"message":"no","type":"invalid_request_error","param":"messages.[0].content","code":"bad"}}',
    b'{"detail":[{"loc":["body","messages",0],"msg":"field required","type":"value_error"}]}',
    b'[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}]',
    b'{"error":{"message":"{\\"error\\":{\\"message\\":\\"inner\\"}}","metadata":{"raw":"x","retry_after_seconds":3}}}',
    b'{"object":"error","message":"sk-abcdefghijklmnop is wrong","code":401}',
    b"<!doctype html><title>502</title>",
    b'"just text"',
    b"",
    b'{"error":"' + PROMPT.replace('"', '\\"').replace("\n", "\\n").encode() + b'"}',
)
#: Chunks with a gap for the text, as servers write them and in other forms, and texts for the gap.
_FRAMES: Final = (
    b'{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"\x01"}}],"usage":null}',
    b'{"choices": [{"delta": {"role": "assistant", "reasoning": "\x01"}, "logprobs": {}}], "zz": 2.50}',
    b'{"zz":[1E5,{"a":NaN}],"choices":[{"delta":{"reasoning_content":"\x01","refusal":null},"stop_reason":null}]}',
    b'{"id":"\xff","choices":[{"delta":{"refusal":"\x01"},"yy":-0.0,"index":1}],"created":12.0,"created":13}',
    b'{"choices":[{"delta":{"content":"\x01","content":"b"}}]}',
    b'{"choices":[{"delta":{"content":"\x01","con\\u0074ent":"b"}}]}',
    b'{"content":"\x01","choices":[{"delta":{"con\\u0074ent":"b"}}]}',
    b'{"choices":[{"delta":{"content":"\x01"}}],"choices":[{"delta":{"con\\u0074ent":"b"}}]}',
    b'{"choices":[{"delta":{"content":\x01}}]}',
)
_GAPS: Final = (b"a", b" b", b"", b'\\"', b"\\u00e9\\/", b"\\ud83d", b"\xff", "\u2028\U0001f600".encode(), b"x\ndata:")
_ODD_GAPS: Final = (
    b'a","refusal":"b', b'"x"', b'"x","role":"y"', b'a"},"finish_reason":"stop","zz":{"a":"b', b"\\", b'"', b"[DONE]",
    b'"}}],"usage":{"total_tokens":1},"z":[{"a":{"b":"', b'a"},"error":{"message":"b',
)  # fmt: skip
#: Frames with several gaps, and values for the gaps.
_WIDE_FRAMES: Final = (
    b'{"choices":[{"index":0,"delta":{"content":"\x01"},"offsets":{"end":\x01,"start":2}}],"obfuscation":"\x01"}',
    b'{"choices":[{"delta":{"reasoning":"\x01","reasoning_details":[{"text":"a","index":\x01}]}}],"p":"\x01"}',
    b'{"choices":[{"logprobs":{"content":[{"token":"\x01","bytes":[\x01],"logprob":-1}]},"delta":{"content":"\x01"}}]}',
    b'{"choices":[{"delta":{"role":"assistant","reasoning_details":[{"text":"\x01","index":\x01,"zz":"\x01"}]}}]}',
    b'{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\x01"}}]}}],"usage":{"total_tokens":\x01}}',
    b'{"created":1,"choices":[{"delta":{"content":"\x01","cost":\x01}}],"x":{"a":[1,{"b":"\x01"}]}}',
)
_ROWS: Final = (b"a", b"1", b"x", b" b", b"22", b"yy", b"\xc3\xa9", b"-3", b"", b"\\n", b"0", b"z")
_ODD_ROWS: Final = (
    b"1e400", b"12345678901234567890", b"1.5", b"1,2", b'1],"token":"', b'a","role":"b', b"2147483648", b"007", b"null",
    b'"', b"\\",
)  # fmt: skip
_OK: Final = b"HTTP/1.1 200 OK\r\n"
_REPLIES: Final = (
    _OK + b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    _OK + b"transfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n006 \r\n world\r\n0\r\nx-sum: 1\r\n\r\n",
    _OK + b"\r\nuntil the end",
    _OK + b"connection: close\r\ncontent-length: 3\r\n\r\nend",
    _OK + b"content-length: 20\r\n\r\ncut",
    _OK + b"content-length: 2\r\n\r\nok" + b"HTTP/1.1 404 No\r\ncontent-length: 1\r\n\r\n!",
    _OK + b"upgrade: h2c\r\nconnection: upgrade\r\nx-empty:\r\ncontent-length: 0\r\n\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nwhatever",
    b"HTTP/1.0 200 OK\nconnection: keep-alive\ncontent-length: 2\n\nok",
    b"HTTP/1.1 204 No\r\n\r\n",
    b"HTTP/1.1 199 So\r\ntransfer-encoding: gzip\r\n\r\nwhat a body",
    _OK + b"x: a\r\n b\r\ncontent-length : 20\r\n\r\ncut",
    b"HTTP/1.1 304 No\r\ncontent-length: 9\r\n\r\n",
    _OK + b"x: y\r\n" * 130 + b"\r\n",
    _OK + b"x: " + b"y" * 200 + b"\r\ncontent-length: 0\r\n\r\n",
)
#: Pieces that mutations insert: structure, limits of numbers, unusual characters, the prompt.
WORDS: Final[tuple[bytes, ...]] = (
    b"data: ", b"\n\n", b"\r\n", b"\r", b"event: error\n", b"[DONE]", b": x\n", b"error: {", b"\xef\xbb\xbf",
    b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u0000", b"\\ud83d", b'\\\\\\"', b"null", b"true", b"1e999",
    b"-0.0", b"12.0", b"9223372036854775808", b"123456789012345678901234567890", b"NaN", b"\xff", b"\x00",
    "\u2028\U0001f600".encode(), b'"x":2.50,', b"[{", b"}]",
    b'"choices":[', b'"delta":{', b'"finish_reason":"stop"', b'"error":{', b'"message":"', b'"code":', b'"type":"',
    b'"param":"', b'"extra_json":"', b'"index":0,', b'"usage":{', b'"tool_calls":[', b"[" * 300, b'{"a":' * 300,
    CREDENTIAL.encode(), b64encode(CREDENTIAL.encode()), b"sk-abcdefghijklmnop", b"Bearer abcdefghijklmnopqrst", b"https://x.test/a?b=c",
    PROMPT.encode()[:40], PROMPT.encode(),
    _OK, b"content-length: 2\r\n", b"transfer-encoding: chunked\r\n", b"connection: close\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n", b"\r\n\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n",
)  # fmt: skip


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    """The seeds of a target, without duplicates."""
    heads = TARGETS[name].heads
    return tuple(dict.fromkeys(head + body for body in _bodies(name) for head in heads))


def _bodies(name: str) -> Iterator[bytes]:
    files = [path.read_bytes() for path in sorted(PAYLOADS.iterdir()) if path.suffix in {".sse", ".json"}]
    if name == "http":
        yield from _REPLIES
        return
    if name == "sse":
        yield from files
        return
    events = [match[1] for data in files for match in re.finditer(rb"^data: ?(\{.*)$", data, re.MULTILINE)]
    texts = [*events, *(data for data in files if data.lstrip()[:1] in {b"{", b"["})]
    match name:
        case "stream":
            yield from files
            yield from (b"data: [" + event + b"]\n\ndata: [DONE]\n\n" for event in events[:20])
            yield from map(_repeated, _FRAMES)
            yield from (b"".join(b"data: %b\n\n" % event for event in shape.events[:7]) for shape in SHAPES.values())
            yield from _BODIES
        case "repeats" | "coalesced":
            yield from (b"\0".join((frame, *_GAPS, odd, b"a")) for frame in _FRAMES for odd in _ODD_GAPS)
            yield from (b"\0".join((_FRAMES[-1], b'"a"', odd, b'"b"')) for odd in _ODD_GAPS)
            yield from (b"\0".join((frame, *_ROWS, odd, *_ROWS)) for frame in _WIDE_FRAMES for odd in _ODD_ROWS)
            yield from (
                b"\0".join((frame, *_ROWS, *_ROWS, odd, *_ROWS[1:], *_ROWS))
                for frame in _WIDE_FRAMES
                for odd in _ODD_ROWS
            )
        case "message-in":
            yield from _messages(texts)
        case "unary-response":
            yield from texts
            yield from _BODIES
            yield from map(compressed, texts[:5])
        case _:
            yield from _BODIES
            yield from texts


def _repeated(frame: bytes) -> bytes:
    """A stream of chunks that repeat earlier ones, and of some that only seem to."""
    chunks = [b"data: " + frame.replace(b"\x01", gap) for gap in _GAPS]
    return b"\n\n".join(chunks + [chunk.replace(b"1", b"2") for chunk in chunks])


def _messages(texts: list[bytes]) -> Iterator[bytes]:
    for text in texts:
        for message_type in TYPES:
            try:
                yield decode(message_type, text).SerializeToString()
            except MalformedJSONError:
                continue
