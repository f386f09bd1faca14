"""A response that is not what the API promises, or is too large."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from aibridge.v1 import models_pb2
from bridge.codec import to_json
from tests.support.bridge import Bridge, start_bridge
from tests.support.details import RPCS, failed, failed_either, failed_stream, text, verdict
from tests.support.gateway import Exchange, Script, raw_sse, respond, respond_json, sse
from tests.support.payloads import CHUNK
from tests.support.responses import BODY, DONE, EVENTS, ONE, TWO, Hello, after, close

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def garbage(exchange: Exchange) -> None:
    await exchange.send("SSH-2.0-OpenSSH_9.6\r\n\r\n")
    exchange.writer.close()


async def wrong_version(exchange: Exchange) -> None:
    await exchange.send("HTTP/7 200 OK\r\n\r\n")
    exchange.writer.close()


async def long_header(exchange: Exchange) -> None:
    await exchange.send(f"HTTP/1.1 200 OK\r\nx-long: {'x' * 100_000}\r\n\r\n")
    exchange.writer.close()


MALFORMED = {
    "not HTTP": garbage,
    "wrong version": wrong_version,
    "long header": long_header,
    "HTML": respond("<html></html>", content_type="text/html"),
    "plain text": respond(BODY, content_type="text/plain"),
    "bad JSON": respond(b'{"choices": ['),
    "not JSON": respond(b"OK"),
    "invalid, with the prompt": respond(b'{"hi there, this is a prompt'),
    "empty": respond(b""),
    "empty, 204": respond(b"", 204),
    "white space": respond(b" \n "),
    "JSON array": respond(b"[]"),
    "JSON string": respond(b'"text"'),
    "JSON null": respond(b"null"),
    "no choices": respond(b"{}"),
    "choices null": respond(b'{"choices": null}'),
    "choices an object": respond(b'{"choices": {}}'),
    "choices of numbers": respond(b'{"choices": [1]}'),
    "nested 5000 deep": respond(b"[" * 5000 + b"]" * 5000),
    "choices nested 5000 deep": respond(b'{"choices": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "unknown encoding": respond(BODY, content_encoding="br"),
    "gzip that is none": respond(BODY, content_encoding="gzip"),
}


@pytest.mark.parametrize("what", MALFORMED)
@RPCS
async def test_malformed(what: str, rpc: str, warm: Bridge, hello: Hello) -> None:
    """A success that is not what the API promises is INTERNAL, and the status does not quote it."""
    warm.gateway.script(MALFORMED[what])
    failure = await failed_either(warm, rpc, hello)
    assert verdict(failure) == ("INTERNAL", "UPSTREAM_MALFORMED_RESPONSE", "-1")
    assert "hi there" not in failure.shown
    assert "OpenSSH" not in failure.shown


MALFORMED_EVENTS = [
    "nonsense",
    "{",
    '"text"',
    "1",
    "[]",
    "[1]",
    '{"choices": 1}',
    '{"choices": {"a": 1}}',
    '{"choices": [1]}',
]


@pytest.mark.parametrize("event", MALFORMED_EVENTS)
async def test_malformed_event(event: str, warm: Bridge, hello: Hello) -> None:
    """An event that is no chunk fails the call with INTERNAL, after the chunks before it."""
    warm.gateway.script(sse(CHUNK, event))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == ["one"]
    assert verdict(failure) == ("INTERNAL", "UPSTREAM_MALFORMED_RESPONSE", "-1")


def nested_parts(name: str, depth: int) -> bytes:
    """A completion or chunk with lists of content parts in each other."""
    parts = '[{"thinking":' * (depth - 1) + '[{"type":"text","text":"hi"}]' + "}]" * (depth - 1)
    return f'{{"choices":[{{"index":0,"{name}":{{"content":{parts}}},"finish_reason":"stop"}}]}}'.encode()


@pytest.mark.parametrize("depth", [1, 48, 49, 50, 51, 100, 248, 1000])
@RPCS
async def test_nested_content_parts(depth: int, rpc: str, warm: Bridge, hello: Hello) -> None:
    """Content parts that fit into a message arrive. Deeper ones are malformed, never OK without a message."""
    if rpc == "CreateChatCompletion":
        warm.gateway.script(respond(nested_parts("message", depth)))
    else:
        warm.gateway.script(sse(nested_parts("delta", depth).decode()))
    if depth > 49:  # the response, its choice and its message, and two levels for each list
        assert verdict(await failed_either(warm, rpc, hello)) == ("INTERNAL", "UPSTREAM_MALFORMED_RESPONSE", "-1")
    elif rpc == "CreateChatCompletion":
        message = await warm.chat.CreateChatCompletion(hello)
        assert b'"text":"hi"' in to_json(message)
    else:
        (message,) = [message async for message in warm.chat.CreateChatCompletionStream(hello)]
        assert b'"text":"hi"' in to_json(message)


@pytest.mark.parametrize("depth", [300, 501, 1010, 9000])
async def test_nested_unknown_members(depth: int, warm: Bridge, hello: Hello) -> None:
    """Unknown members arrive or the response is malformed, by the same limit on every version of Python."""
    member = b'"x":' + b"[" * depth + b"]" * depth
    warm.gateway.script(respond(b"{" + member + b"," + BODY.lstrip()[1:]))
    if depth > 500:
        assert verdict(await failed(warm.chat.CreateChatCompletion(hello)))[1] == "UPSTREAM_MALFORMED_RESPONSE"
    else:
        assert (await warm.chat.CreateChatCompletion(hello)).extra_json == f"{{{member.decode()}}}"


@pytest.mark.parametrize("depth", [48, 49, 100, 300])
async def test_nested_requests(depth: int, warm: Bridge) -> None:
    """A request that is nested more deeply than protobuf reads is the caller's fault."""
    part: dict[str, Any] = {"type": "text", "text": "hi"}
    for _ in range(depth):
        part = {"type": "thinking", "thinking": {"items": [part]}}
    request = Hello(model="m", messages=[{"role": "user", "content_parts": {"items": [part]}}])
    warm.gateway.script(respond(BODY))
    if depth > 48:  # the message, two levels for each list, and two for the outermost one
        assert verdict(await failed(warm.chat.CreateChatCompletion(request)))[1] == "INVALID_REQUEST"
    else:
        await warm.chat.CreateChatCompletion(request)
        assert warm.gateway.last.body.count(b'"thinking":[') == depth


async def test_malformed_list_and_model(warm: Bridge) -> None:
    """A list of models, or a model, that is none is malformed too."""
    for value in ({}, {"data": 1}, {"data": [1]}, {"data": None}):
        warm.gateway.script(respond_json(value))
        failure = await failed(warm.models.ListModels(models_pb2.ListModelsRequest()))
        assert failure.reason == "UPSTREAM_MALFORMED_RESPONSE"
        failure = await failed(warm.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="m")))
        assert failure.reason == "UPSTREAM_MALFORMED_RESPONSE"


def bomb(encoding: int = 31) -> bytes:
    """64 MiB of JSON white space in 64 KiB."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, encoding)
    return b"".join([compressor.compress(b" " * (1 << 20)) for _ in range(64)] + [compressor.flush()])


TOO_LARGE = {
    "content-length": respond(BODY + b" " * 100_000),
    "no length": after(BODY + b" " * 100_000, close),
    "gzip bomb": respond(bomb(), content_encoding="gzip"),
    "deflate bomb": respond(bomb(15), content_encoding="deflate"),
}


@pytest.mark.parametrize("what", TOO_LARGE)
@RPCS
async def test_response_too_large(what: str, rpc: str, warm: Bridge, hello: Hello) -> None:
    """A response over the limit is UPSTREAM_RESPONSE_TOO_LARGE, also if its length is not announced."""
    async with start_bridge(warm.gateway, max_response_bytes=50_000) as bridge:
        bridge.gateway.script(TOO_LARGE[what])
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("INTERNAL", "UPSTREAM_RESPONSE_TOO_LARGE", "-1")
    assert failure.metadata["limitBytes"] == "50000"


@pytest.mark.parametrize("piece", ["data: " + "x" * 60_000, "data: xxxxxxxxx\n" * 8000, "x" * 60_000])
async def test_event_too_large(piece: str, warm: Bridge, hello: Hello) -> None:
    """An event over the limit fails, in one line or many, complete or not; earlier chunks are delivered."""
    async with start_bridge(warm.gateway, max_event_bytes=50_000) as bridge:
        bridge.gateway.script(raw_sse(ONE + piece))
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert received == ["one"]
    assert verdict(failure) == ("INTERNAL", "UPSTREAM_RESPONSE_TOO_LARGE", "-1")


FRAMINGS: dict[str, Callable[[bytes], Script]] = {
    "content-length": respond,
    "no length": lambda body: after(body, close),
    "gzip": lambda body: respond(gzip.compress(body), content_encoding="gzip"),
}


@pytest.mark.parametrize("framing", FRAMINGS)
async def test_response_of_exactly_the_limit(framing: str, warm: Bridge, hello: Hello) -> None:
    """A response of exactly `max_response_bytes` is accepted; one byte more is not."""
    limit = 2000
    for size in (limit, limit + 1):
        body = BODY + b" " * (size - len(BODY))
        async with start_bridge(warm.gateway, max_response_bytes=limit) as bridge:
            bridge.gateway.script(FRAMINGS[framing](body))
            if size == limit:
                assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"
            else:
                failure = await failed(bridge.chat.CreateChatCompletion(hello))
                assert failure.reason == "UPSTREAM_RESPONSE_TOO_LARGE"


async def test_white_space_of_exactly_the_limit(warm: Bridge, hello: Hello) -> None:
    """A body of white space, whose kind is unknown, is read up to the limit."""
    limit = 2000
    async with start_bridge(warm.gateway, max_response_bytes=limit) as bridge:
        for size, reason in ((limit, "UPSTREAM_MALFORMED_RESPONSE"), (limit + 1, "UPSTREAM_RESPONSE_TOO_LARGE")):
            bridge.gateway.script(respond(b" " * size, content_type="text/plain"))
            _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
            assert failure.reason == reason


@pytest.mark.parametrize("pause", [None, 6, 1500, -1])
async def test_event_of_exactly_the_limit(pause: int | None, warm: Bridge, hello: Hello) -> None:
    """`max_event_bytes` of data are an event, and one byte more is too large, wherever the event is cut."""
    limit = 2000
    for size in (limit, limit + 1):
        start, end = json.dumps(CHUNK).encode().split(b"one")
        event = b"data: " + start + b"x" * (size - len(start + end)) + end + b"\n\n"

        async def script(exchange: Exchange, event: bytes = event) -> None:
            await exchange.head(content_type=EVENTS)
            if pause is not None:
                await exchange.send(event[:pause])
                await asyncio.sleep(0.02)
            await exchange.send(event[pause or 0 :] + (TWO + DONE).encode())
            exchange.writer.close()

        async with start_bridge(warm.gateway, max_event_bytes=limit) as bridge:
            bridge.gateway.script(script)
            call = bridge.chat.CreateChatCompletionStream(hello)
            if size == limit:
                assert [len(text(chunk.choices)) async for chunk in call] == [limit - len(start + end), 3]
            else:
                assert (await failed_stream(call))[1].reason == "UPSTREAM_RESPONSE_TOO_LARGE"


async def test_many_events_are_not_too_large(warm: Bridge, hello: Hello) -> None:
    """A stream may be of any length: the limit is on each event."""
    async with start_bridge(warm.gateway, max_event_bytes=1024, max_response_bytes=1024) as bridge:
        bridge.gateway.script(raw_sse(ONE * 100 + TWO + DONE))
        received = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello)]
    assert len(received) == 101


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "identity", ""])
@pytest.mark.parametrize("size", [1, 1 << 20])
async def test_known_encodings(encoding: str, size: int, warm: Bridge, hello: Hello) -> None:
    """A compressed response is read although the bridge did not ask for it, also byte by byte."""
    data = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)(BODY)
    stream = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)(
        (ONE + TWO + DONE).encode()
    )

    def script(content_type: str, content: bytes) -> Script:
        async def run(exchange: Exchange) -> None:
            await exchange.head(content_type=content_type, content_encoding=encoding, content_length=str(len(content)))
            for at in range(0, len(content), size):
                await exchange.send(content[at : at + size])
                await asyncio.sleep(0)

        return run

    warm.gateway.script(script("application/json", data))
    assert (await warm.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"
    warm.gateway.script(script(EVENTS, stream))
    received = [text(chunk.choices) async for chunk in warm.chat.CreateChatCompletionStream(hello)]
    assert received == ["one", "two"]


async def test_refusal_in_an_unknown_encoding(warm: Bridge, hello: Hello) -> None:
    """An error with an unreadable body is still the error of its status."""
    warm.gateway.script(respond(b"\x00\x01", 429, content_encoding="br"))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert (failure.reason, failure.message) == ("RATE_LIMIT_EXCEEDED", "HTTP 429 Too Many Requests")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", ""])
async def test_completion_instead_of_a_stream(content_type: str, warm: Bridge, hello: Hello) -> None:
    """A whole completion instead of a stream makes one chunk."""
    warm.gateway.script(respond(BODY, content_type=content_type))
    received = [chunk async for chunk in warm.chat.CreateChatCompletionStream(hello)]
    assert [text(chunk.choices) for chunk in received] == ["hello"]
    assert [chunk.choices[0].finish_reason for chunk in received] == ["stop"]
