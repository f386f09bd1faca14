"""Everything that can go wrong below an HTTP status: no connection, a broken one, a reply that is none, silence."""

import asyncio
import gzip
import json
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import grpc
import pytest
import trustme
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2, models_pb2
from tests import gateway as fake
from tests.conftest import Start, start_bridge
from tests.details import CHUNK, COMPLETION, LAST, RPCS, Failure, failed, failed_either, failed_stream, text
from tests.gateway import Exchange, Script, json_reply, raw_sse, reply, sse

Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Hello = chat_pb2.CreateChatCompletionRequest
ONE = f"data: {json.dumps(CHUNK)}\n\n"
TWO = f"data: {json.dumps(LAST)}\n\n"
DONE = "data: [DONE]\n\n"
BODY = json.dumps(COMPLETION).encode()


def verdict(failure: Failure) -> tuple[str, str, str | None]:
    return failure.code, failure.reason, failure.pushback


# No connection.


@RPCS
async def test_refused(rpc: str, start: Start, hello: Hello) -> None:
    """A refused connection is UPSTREAM_UNREACHABLE: nothing was sent, whoever likes may try again."""
    async with start(upstream_url="http://127.0.0.1:9/v1") as bridge:
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_UNREACHABLE", None)
    assert "httpStatus" not in failure.metadata
    assert "127.0.0.1" not in failure.shown


@RPCS
async def test_unknown_host(rpc: str, start: Start, hello: Hello) -> None:
    """So is a host that DNS does not know."""
    async with start(upstream_url="http://nonexistent.invalid/v1") as bridge:
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_UNREACHABLE", None)
    assert "nonexistent" not in failure.shown


async def test_connect_timeout(start: Start, hello: Hello) -> None:
    """So is a connection that is not made in time; a listener whose queue is full answers nothing."""
    with _full_listener() as port:
        async with start(upstream_url=f"http://127.0.0.1:{port}/v1", connect_timeout=0.05) as bridge:
            failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_UNREACHABLE", None)


@contextmanager
def _full_listener() -> Iterator[int]:
    """The port of a socket whose queue of connections is full, so that the next one gets no answer."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for taken in (first, second):
            taken.setblocking(False)
            with suppress(BlockingIOError):
                taken.connect(listener.getsockname())
        yield listener.getsockname()[1]


@asynccontextmanager
async def listening(
    server: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """The port of a server that need not speak HTTP."""
    listener = await asyncio.start_server(server, "127.0.0.1", 0, limit=1024)
    async with listener:
        yield listener.sockets[0].getsockname()[1]


@RPCS
async def test_tls(rpc: str, hello: Hello) -> None:
    """A certificate that cannot be verified is UPSTREAM_TLS_ERROR: no retry, and an error in the operator's log."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with fake.running(ssl=context) as gateway, start_bridge(gateway) as bridge:
        with capture_logs() as logs:
            failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_TLS_ERROR", "-1")
    assert "certificate" in failure.message
    assert [line["log_level"] for line in logs if line.get("reason") == "UPSTREAM_TLS_ERROR"] == ["error"]


async def test_plain_http_instead_of_tls(start: Start, hello: Hello) -> None:
    """A server that speaks no TLS is UPSTREAM_TLS_ERROR too."""

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with listening(server) as port, start(upstream_url=f"https://127.0.0.1:{port}/v1") as bridge:
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_TLS_ERROR", "-1")


# A connection that breaks.


async def close(exchange: Exchange) -> None:
    exchange.writer.close()


async def reset(exchange: Exchange) -> None:
    exchange.reset()


async def no_chunk(exchange: Exchange) -> None:
    await asyncio.sleep(0.01)
    await exchange.send("this is no chunk\r\n")
    exchange.writer.close()


def after(data: bytes | str, end: Script, content_type: str = "application/json", **headers: str) -> Script:
    """A reply that begins with `data` and then ends in this way."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=content_type, **headers)
        await exchange.send(data)
        await end(exchange)

    return script


@RPCS
@pytest.mark.parametrize("end", [close, reset])
async def test_lost_before_the_reply(rpc: str, end: Script, start: Start, hello: Hello) -> None:
    """A connection that ends before any byte of the reply is UPSTREAM_CONNECTION_LOST; the bridge does not retry."""
    async with start(max_retries=2) as bridge:
        bridge.gateway.script(end)
        failure = await failed_either(bridge, rpc, hello)
        assert len(bridge.gateway.requests) == 1
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_CONNECTION_LOST", None)


async def test_lost_while_kept_alive(start: Start, hello: Hello) -> None:
    """A kept connection that the upstream closed in the meantime costs nobody anything: a new one is made."""
    async with start() as bridge:
        bridge.gateway.script(json_reply(COMPLETION))
        await bridge.chat.CreateChatCompletion(hello)
        exchange = await bridge.gateway.exchange()
        exchange.writer.close()
        await exchange.writer.wait_closed()
        await asyncio.sleep(0.02)
        reply = await bridge.chat.CreateChatCompletion(hello)
    assert reply.choices[0].message.content == "hello"


@pytest.mark.parametrize("end", [close, reset])
async def test_lost_while_the_request_is_sent(end: Script, start: Start) -> None:
    """A connection that ends while a long request is still being sent leaves it open what the upstream has done."""

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if end is reset:
            writer.transport.abort()
        writer.close()

    long = Hello(model="m", messages=[{"role": "user", "content": "x" * 20_000_000}])
    async with listening(server) as port, start(upstream_url=f"http://127.0.0.1:{port}/v1") as bridge:
        failure = await failed(bridge.chat.CreateChatCompletion(long))
    assert failure.code == "UNAVAILABLE"
    assert failure.reason in {"UPSTREAM_WRITE_FAILED", "UPSTREAM_CONNECTION_LOST"}
    assert failure.pushback is None


CUT = {
    "close, content-length": after(BODY[:20], close, content_length=str(len(BODY))),
    "reset, content-length": after(BODY[:20], reset, content_length=str(len(BODY))),
    "close, chunked": after("5\r\nabcde\r\n", close, transfer_encoding="chunked"),
    "reset, chunked": after("5\r\nabcde\r\n", reset, transfer_encoding="chunked"),
    "in a chunk": after("ff\r\nabcde", close, transfer_encoding="chunked"),
    "gzip": after(gzip.compress(BODY)[:30], close, content_encoding="gzip"),
}


@pytest.mark.parametrize("cut", CUT)
async def test_cut_reply(cut: str, start: Start, hello: Hello) -> None:
    """A plain reply that is cut off is never an answer."""
    async with start() as bridge:
        bridge.gateway.script(CUT[cut])
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED")
    assert failure.metadata["httpStatus"] == "200"


@pytest.mark.parametrize("end", [close, reset])
async def test_cut_without_a_length(end: Script, start: Start, hello: Hello) -> None:
    """Where nothing says how long the reply is, its JSON does."""
    async with start() as bridge:
        bridge.gateway.script(after(BODY[:20], end))
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert (failure.code, failure.reason) == ("INTERNAL", "UPSTREAM_MALFORMED_RESPONSE")


EVENTS = "text/event-stream"


def choices(*reasons: tuple[int, str | None]) -> str:
    """An event with a delta for each choice."""
    value = {"choices": [{"index": at, "delta": {}, "finish_reason": why} for at, why in reasons]}
    return f"data: {json.dumps(value)}\n\n"


def chunked(*pieces: str) -> str:
    return "".join(f"{len(piece):x}\r\n{piece}\r\n" for piece in pieces)


#: Compressed without compression: ten bytes of gzip header, five of block header, and the text.
STORED = gzip.compress((ONE + ONE + TWO + DONE).encode(), 0)
CUT_STREAMS = {
    "close": after(ONE + ONE, close, EVENTS),
    "reset": after(ONE + ONE, reset, EVENTS),
    "close, chunked": after(chunked(ONE, ONE), close, EVENTS, transfer_encoding="chunked"),
    "reset, chunked": after(chunked(ONE, ONE), reset, EVENTS, transfer_encoding="chunked"),
    "clean end of chunks": after(f"{chunked(ONE, ONE)}0\r\n\r\n", close, EVENTS, transfer_encoding="chunked"),
    "content-length": after(ONE + ONE, close, EVENTS, content_length="9999"),
    "reset, content-length": after(ONE + ONE, reset, EVENTS, content_length="9999"),
    "in an event": after(f'{ONE}{ONE}data: {{"choices": [{{"ind', close, EVENTS),
    "reset in an event": after(f'{ONE}{ONE}data: {{"choices": [{{"ind', reset, EVENTS),
    "in a character": after((ONE + ONE + "data: ü").encode()[:-1], close, EVENTS),
    "in a field": after(f"{ONE}{ONE}dat", close, EVENTS),
    "one of two choices": after(ONE + ONE + choices((1, "stop")), close, EVENTS),
    "gzip": after(
        gzip.compress((ONE + ONE + TWO + DONE).encode(), 0)[: 10 + 5 + len(ONE + ONE)],
        close,
        EVENTS,
        content_encoding="gzip",
    ),
}


@pytest.mark.parametrize("cut", CUT_STREAMS)
async def test_cut_stream(cut: str, start: Start, hello: Hello) -> None:
    """A stream that is cut off is never OK, and everything that had arrived before the cut is delivered."""
    async with start() as bridge:
        bridge.gateway.script(CUT_STREAMS[cut])
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert received[:2] == ["one", "one"]
    assert received[2:] == ([""] if cut == "one of two choices" else [])
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED", None)
    assert failure.metadata["chunksDelivered"] == str(len(received))


async def test_bad_chunk(start: Start, hello: Hello) -> None:
    """A broken chunked encoding is never OK either, and takes nothing from what came before it."""
    async with start(stall_timeout=0.05) as bridge:  # aiohttp leaves the reader of the body waiting
        bridge.gateway.script(after("5\r\nabcde\r\n", no_chunk, transfer_encoding="chunked"))
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
        assert failure.code in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
        bridge.gateway.script(after(chunked(ONE, ONE), no_chunk, EVENTS, transfer_encoding="chunked"))
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert received == ["one", "one"]
    assert failure.reason in {"UPSTREAM_STREAM_INTERRUPTED", "UPSTREAM_STREAM_STALLED"}


@pytest.mark.parametrize("end", [close, reset])
async def test_many_events_before_the_cut(end: Script, start: Start, hello: Hello) -> None:
    """Also if they are many, and the caller reads slowly: the cut overtakes nothing."""
    async with start() as bridge:
        bridge.gateway.script(after(ONE * 2000, end, EVENTS))
        call = bridge.chat.CreateChatCompletionStream(hello)
        await asyncio.sleep(0.05)
        received, failure = await failed_stream(call)
    assert (end is reset and len(received) <= 2000) or len(received) == 2000
    assert failure.reason == "UPSTREAM_STREAM_INTERRUPTED"
    assert failure.metadata["chunksDelivered"] == str(len(received))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b": only a comment\n\n",
        b"data:\n\n",
        b'data: {"choices":[],"usage":{"total_tokens":1}}\n\n',
        b'data: {"id":"c"}\n\n',
    ],
)
async def test_empty_stream(body: bytes, start: Start, hello: Hello) -> None:
    """A stream without any choice, and without `[DONE]`, is a cut one."""
    async with start() as bridge:
        bridge.gateway.script(raw_sse(body))
        _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED")


COMPLETE = {
    "without DONE": ONE + TWO,
    "DONE without blank line": f"{ONE}{TWO}data: [DONE]",
    "DONE without blank line or space": f"{ONE}{TWO}data:[DONE]\n",
    "DONE without finish_reason": ONE + DONE,
    "something behind DONE": f"{ONE}{TWO}{DONE}data: garbage\n\n",
    "last event without blank line": ONE + TWO.rstrip("\n"),
    "two choices": choices((0, None), (1, None)) + choices((0, "stop")) + choices((1, "length")),
    "usage behind the end": f'{ONE}{TWO}data: {{"choices":[],"usage":{{"total_tokens":3}}}}\n\n',
}


@pytest.mark.parametrize("body", COMPLETE)
async def test_complete_stream(body: str, start: Start, hello: Hello) -> None:
    """`[DONE]`, or the end after every choice's finish_reason, is a good end."""
    async with start() as bridge:
        bridge.gateway.script(raw_sse(COMPLETE[body]))
        received = [text(chunk.choices) async for chunk in bridge.chat.CreateChatCompletionStream(hello)]
    assert len(received) >= 1


async def test_reset_behind_done(start: Start, hello: Hello) -> None:
    """What happens to the connection behind `[DONE]` takes nothing from the answer."""
    async with start() as bridge:
        bridge.gateway.script(after(ONE + TWO + DONE, reset, EVENTS))
        received = [text(chunk.choices) async for chunk in bridge.chat.CreateChatCompletionStream(hello)]
    assert received == ["one", "two"]


# A reply that is none.


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
    "HTML": reply("<html></html>", content_type="text/html"),
    "plain text": reply(BODY, content_type="text/plain"),
    "bad JSON": reply(b'{"choices": ['),
    "not JSON": reply(b"OK"),
    "invalid, with the prompt": reply(b'{"hi there, this is a prompt'),
    "empty": reply(b""),
    "empty, 204": reply(b"", 204),
    "white space": reply(b" \n "),
    "JSON array": reply(b"[]"),
    "JSON string": reply(b'"text"'),
    "JSON null": reply(b"null"),
    "no choices": reply(b"{}"),
    "choices null": reply(b'{"choices": null}'),
    "choices an object": reply(b'{"choices": {}}'),
    "choices of numbers": reply(b'{"choices": [1]}'),
    "nested 5000 deep": reply(b"[" * 5000 + b"]" * 5000),
    "choices nested 5000 deep": reply(b'{"choices": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "unknown encoding": reply(BODY, content_encoding="br"),
    "gzip that is none": reply(BODY, content_encoding="gzip"),
}


@pytest.mark.parametrize("what", MALFORMED)
@RPCS
async def test_malformed(what: str, rpc: str, start: Start, hello: Hello) -> None:
    """A success that is not what the API promises is INTERNAL, and nothing of it is quoted."""
    async with start() as bridge:
        bridge.gateway.script(MALFORMED[what])
        failure = await failed_either(bridge, rpc, hello)
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
async def test_malformed_event(event: str, start: Start, hello: Hello) -> None:
    """An event that is no chunk ends the call with INTERNAL, after what came before it."""
    async with start() as bridge:
        bridge.gateway.script(sse(CHUNK, event))
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert received == ["one"]
    assert verdict(failure) == ("INTERNAL", "UPSTREAM_MALFORMED_RESPONSE", "-1")


async def test_malformed_list_and_model(start: Start) -> None:
    """So it is with a list of models that is none, and a model that is none."""
    async with start() as bridge:
        for value in ({}, {"data": 1}, {"data": [1]}, {"data": None}):
            bridge.gateway.script(json_reply(value))
            failure = await failed(bridge.models.ListModels(models_pb2.ListModelsRequest()))
            assert failure.reason == "UPSTREAM_MALFORMED_RESPONSE"
            failure = await failed(bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="m")))
            assert failure.reason == "UPSTREAM_MALFORMED_RESPONSE"


def bomb(encoding: int = 31) -> bytes:
    """64 MiB of JSON white space in 64 KiB."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, encoding)
    return b"".join([compressor.compress(b" " * (1 << 20)) for _ in range(64)] + [compressor.flush()])


TOO_LARGE = {
    "content-length": reply(BODY + b" " * 100_000),
    "no length": after(BODY + b" " * 100_000, close),
    "gzip bomb": reply(bomb(), content_encoding="gzip"),
    "deflate bomb": reply(bomb(15), content_encoding="deflate"),
}


@pytest.mark.parametrize("what", TOO_LARGE)
@RPCS
async def test_reply_too_large(what: str, rpc: str, start: Start, hello: Hello) -> None:
    """A reply over the limit, also one that only grows over it, is UPSTREAM_RESPONSE_TOO_LARGE."""
    async with start(max_reply_bytes=50_000) as bridge:
        bridge.gateway.script(TOO_LARGE[what])
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("INTERNAL", "UPSTREAM_RESPONSE_TOO_LARGE", "-1")
    assert failure.metadata["limitBytes"] == "50000"


@pytest.mark.parametrize("piece", ["data: " + "x" * 60_000, "data: xxxxxxxxx\n" * 8000, "x" * 60_000])
async def test_event_too_large(piece: str, start: Start, hello: Hello) -> None:
    """So is an event over the limit, in one line or in many, finished or not; what came before it is delivered."""
    async with start(max_event_bytes=50_000) as bridge:
        bridge.gateway.script(raw_sse(ONE + piece))
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert received == ["one"]
    assert verdict(failure) == ("INTERNAL", "UPSTREAM_RESPONSE_TOO_LARGE", "-1")


async def test_many_events_are_not_too_large(start: Start, hello: Hello) -> None:
    """A stream may be of any length: the limit is on each event."""
    async with start(max_event_bytes=1024, max_reply_bytes=1024) as bridge:
        bridge.gateway.script(raw_sse(ONE * 100 + TWO + DONE))
        received = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello)]
    assert len(received) == 101


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "identity", ""])
@pytest.mark.parametrize("size", [1, 1 << 20])
async def test_known_encodings(encoding: str, size: int, start: Start, hello: Hello) -> None:
    """A compressed reply is read although the bridge asks for none, also in pieces of a byte."""
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

    async with start() as bridge:
        bridge.gateway.script(script("application/json", data))
        assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"
        bridge.gateway.script(script(EVENTS, stream))
        received = [text(chunk.choices) async for chunk in bridge.chat.CreateChatCompletionStream(hello)]
        assert received == ["one", "two"]


async def test_refusal_in_an_unknown_encoding(start: Start, hello: Hello) -> None:
    """An error whose body cannot be read is still the error that its status says."""
    async with start() as bridge:
        bridge.gateway.script(reply(b"\x00\x01", 429, content_encoding="br"))
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert (failure.reason, failure.message) == ("RATE_LIMIT_EXCEEDED", "HTTP 429 Too Many Requests")


# A stream was asked for, and something else came.


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", ""])
async def test_completion_instead_of_a_stream(content_type: str, start: Start, hello: Hello) -> None:
    """A plain completion where a stream was asked for makes one chunk."""
    async with start() as bridge:
        bridge.gateway.script(reply(BODY, content_type=content_type))
        received = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello)]
    assert [text(chunk.choices) for chunk in received] == ["hello"]
    assert [chunk.choices[0].finish_reason for chunk in received] == ["stop"]


# Silence.


def then_wait(data: bytes | str = b"", content_type: str = EVENTS, *, head: bool = True) -> Script:
    async def script(exchange: Exchange) -> None:
        if head:
            await exchange.head(content_type=content_type)
        await exchange.send(data)
        await exchange.wait_closed()

    return script


async def heartbeat(exchange: Exchange) -> None:
    """A stream that stops after a chunk, and goes on with comments and empty events."""
    await exchange.head(content_type=EVENTS)
    await exchange.send(ONE)
    while not exchange.closed.is_set():
        with suppress(ConnectionError):
            await exchange.send(": still here\n\ndata:\n\n")
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    "script", [then_wait(ONE), heartbeat, then_wait(f'{ONE}data: {{"choi')], ids=["silence", "comments", "half"]
)
async def test_stall(script: Script, start: Start, hello: Hello) -> None:
    """A stream that stops is UPSTREAM_STREAM_STALLED: comments and half an event are no progress."""
    async with start(stall_timeout=0.05) as bridge:
        bridge.gateway.script(script)
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
        await (await bridge.gateway.exchange()).wait_closed()
    assert received == ["one"]
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_STREAM_STALLED", "-1")


async def test_slow_stream_is_no_stall(start: Start, hello: Hello) -> None:
    """The limit is on the pause between two events, not on the stream."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=EVENTS)
        for _ in range(8):
            await exchange.send(ONE)
            await asyncio.sleep(0.02)
        await exchange.send(TWO + DONE)

    async with start(stall_timeout=0.1) as bridge:
        bridge.gateway.script(script)
        assert len([chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello)]) == 9


async def test_slow_caller_is_no_stall(start: Start, hello: Hello) -> None:
    """A caller that takes its time is not the upstream's stall."""
    large = {"choices": [{"index": 0, "delta": {"content": "x" * 100_000}, "finish_reason": None}]}

    async def script(exchange: Exchange) -> None:
        await exchange.head(content_type=EVENTS)
        for _ in range(20):
            await exchange.event(large)
        await exchange.send(TWO + DONE)

    async with start(stall_timeout=0.05) as bridge:
        bridge.gateway.script(script)
        call = bridge.chat.CreateChatCompletionStream(hello)
        count = 0
        while await call.read() is not grpc.aio.EOF:
            count += 1
            if count < 4:
                await asyncio.sleep(0.05)
    assert count == 21


@pytest.mark.parametrize("script", [then_wait(), then_wait(": wait\n\n")], ids=["nothing", "comment"])
async def test_no_first_event(script: Script, start: Start, hello: Hello) -> None:
    """No first event in time is UPSTREAM_TIMEOUT."""
    async with start(first_event_timeout=0.05) as bridge:
        bridge.gateway.script(script)
        _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")


@RPCS
async def test_no_headers(rpc: str, start: Start, hello: Hello) -> None:
    """No reply in time is UPSTREAM_TIMEOUT; the connection is closed, so that the upstream can stop."""
    async with start(response_timeout=0.05) as bridge:
        bridge.gateway.script(then_wait(head=False))
        failure = await failed_either(bridge, rpc, hello)
        await (await bridge.gateway.exchange()).wait_closed()
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")
    assert "httpStatus" not in failure.metadata


async def test_reply_stops(start: Start, hello: Hello) -> None:
    """A plain reply that stops in the middle is UPSTREAM_TIMEOUT."""
    async with start(stall_timeout=0.05) as bridge:
        bridge.gateway.script(then_wait(BODY[:20], "application/json"))
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")


@RPCS
async def test_refusal_stops(rpc: str, start: Start, hello: Hello) -> None:
    """An error body that stops in the middle takes nothing from the status, nor from what it said so far."""

    async def script(exchange: Exchange) -> None:
        await exchange.head(429, retry_after="3", content_length="999")
        await exchange.send('{"error": {"message": "slow down", ')
        await exchange.wait_closed()

    async with start(stall_timeout=0.05) as bridge:
        bridge.gateway.script(script)
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "3000")
    assert failure.message == "slow down"


@RPCS
async def test_deadline(rpc: str, start: Start, hello: Hello) -> None:
    """The caller's deadline ends the request, and the bridge says so before the caller's own clock does."""
    async with start() as bridge:
        bridge.gateway.script(then_wait(head=False))
        failure = await failed_either(bridge, rpc, hello, timeout=0.3)
        await (await bridge.gateway.exchange()).wait_closed()
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")


async def test_deadline_in_a_stream(start: Start, hello: Hello) -> None:
    """So it is in mid-stream, after what was delivered."""
    async with start() as bridge:
        bridge.gateway.script(then_wait(ONE))
        received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello, timeout=0.3))
    assert received == ["one"]
    assert verdict(failure) == ("DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT", "-1")
    assert failure.metadata["chunksDelivered"] == "1"


@RPCS
async def test_no_free_connection(rpc: str, start: Start, hello: Hello) -> None:
    """No free connection in time is BRIDGE_OVERLOADED, with a delay; the call that has it is not disturbed."""
    async with start(upstream_connections=1, queue_timeout=0.05) as bridge:
        release = asyncio.Event()

        async def script(exchange: Exchange) -> None:
            await release.wait()
            await json_reply(COMPLETION)(exchange)

        bridge.gateway.script(script)
        first = asyncio.ensure_future(bridge.chat.CreateChatCompletion(hello))
        await bridge.gateway.exchange()
        failure = await failed_either(bridge, rpc, hello)
        release.set()
        assert (await first).choices[0].message.content == "hello"
        assert len(bridge.gateway.requests) == 1
        assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"
    assert verdict(failure) == ("RESOURCE_EXHAUSTED", "BRIDGE_OVERLOADED", "1000")
    assert failure.delay_ms == 1000
