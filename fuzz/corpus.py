"""What fuzzing starts from: the recorded-style replies of `tests/dialects/payloads`, and words of their language."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from bridge.codec import decode
from bridge.jsontext import MalformedJSONError
from fuzz.targets import PROMPT, TARGETS, TYPES, compressed

PAYLOADS: Final = Path(__file__).parents[1] / "tests" / "dialects" / "payloads"

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
#: Pieces that a mutation puts in: structure, limits of numbers, odd characters, the prompt.
WORDS: Final[tuple[bytes, ...]] = (
    b"data: ", b"\n\n", b"\r\n", b"\r", b"event: error\n", b"[DONE]", b": x\n", b"error: {", b"\xef\xbb\xbf",
    b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u0000", b"\\ud83d", b'\\\\\\"', b"null", b"true", b"1e999",
    b"-0.0", b"12.0", b"9223372036854775808", b"123456789012345678901234567890", b"NaN", b"\xff", b"\x00",
    "\u2028\U0001f600".encode(), b'"x":2.50,', b"[{", b"}]",
    b'"choices":[', b'"delta":{', b'"finish_reason":"stop"', b'"error":{', b'"message":"', b'"code":', b'"type":"',
    b'"param":"', b'"extra_json":"', b'"index":0,', b'"usage":{', b'"tool_calls":[', b"[" * 300, b'{"a":' * 300,
    b"sk-abcdefghijklmnop", b"Bearer abcdefghijklmnopqrst", b"https://x.test/a?b=c",
    PROMPT.encode()[:40], PROMPT.encode(),
)  # fmt: skip


@cache
def seeds(name: str) -> tuple[bytes, ...]:
    """The seeds of a target, without repetition."""
    heads = TARGETS[name].heads
    return tuple(dict.fromkeys(head + body for body in _bodies(name) for head in heads))


def _bodies(name: str) -> Iterator[bytes]:
    files = [path.read_bytes() for path in sorted(PAYLOADS.iterdir()) if path.suffix in {".sse", ".json"}]
    if name == "sse":
        yield from files
        return
    events = [match[1] for data in files for match in re.finditer(rb"^data: ?(\{.*)$", data, re.MULTILINE)]
    texts = [*events, *(data for data in files if data.lstrip()[:1] in {b"{", b"["})]
    match name:
        case "stream":
            yield from files
            yield from (b"data: [" + event + b"]\n\ndata: [DONE]\n\n" for event in events[:20])
            yield from _BODIES
        case "message-in":
            yield from _messages(texts)
        case "plain-reply":
            yield from texts
            yield from _BODIES
            yield from map(compressed, texts[:5])
        case _:
            yield from _BODIES
            yield from texts


def _messages(texts: list[bytes]) -> Iterator[bytes]:
    for text in texts:
        for message_type in TYPES:
            try:
                yield decode(message_type, text).SerializeToString()
            except MalformedJSONError:
                continue
