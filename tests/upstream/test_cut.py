"""A response or a stream that is cut, and how a complete one ends."""

import asyncio
import gzip

import pytest

from tests.support.bridge import Bridge
from tests.support.details import failed, failed_stream, text, verdict
from tests.support.gateway import Exchange, Script, raw_sse
from tests.support.responses import BODY, DONE, EVENTS, ONE, TWO, Hello, after, choices, chunked, close, reset

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def no_chunk(exchange: Exchange) -> None:
    await asyncio.sleep(0.01)
    await exchange.send("this is no chunk\r\n")
    exchange.writer.close()


CUT = {
    "close, content-length": after(BODY[:20], close, content_length=str(len(BODY))),
    "reset, content-length": after(BODY[:20], reset, content_length=str(len(BODY))),
    "close, chunked": after("5\r\nabcde\r\n", close, transfer_encoding="chunked"),
    "reset, chunked": after("5\r\nabcde\r\n", reset, transfer_encoding="chunked"),
    "in a chunk": after("ff\r\nabcde", close, transfer_encoding="chunked"),
    "gzip": after(gzip.compress(BODY)[:30], close, content_encoding="gzip"),
}


@pytest.mark.parametrize("cut", CUT)
async def test_cut_response(cut: str, warm: Bridge, hello: Hello) -> None:
    """A unary response that is cut is never OK."""
    warm.gateway.script(CUT[cut])
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED")
    assert failure.metadata["httpStatus"] == "200"


@pytest.mark.parametrize("end", [close, reset])
async def test_cut_without_a_length(end: Script, warm: Bridge, hello: Hello) -> None:
    """A response without a length is cut if its JSON is."""
    warm.gateway.script(after(BODY[:20], end))
    failure = await failed(warm.chat.CreateChatCompletion(hello))
    assert (failure.code, failure.reason) == ("INTERNAL", "UPSTREAM_MALFORMED_RESPONSE")


#: gzip without compression: ten bytes of gzip header, five of block header, and the text.
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
    "gzip": after(STORED[: 15 + len(ONE + ONE)], close, EVENTS, content_encoding="gzip"),
}


@pytest.mark.parametrize("cut", CUT_STREAMS)
async def test_cut_stream(cut: str, warm: Bridge, hello: Hello) -> None:
    """A stream that is cut is never OK, and everything before the cut is delivered."""
    warm.gateway.script(CUT_STREAMS[cut])
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received[:2] == ["one", "one"]
    assert received[2:] == ([""] if cut == "one of two choices" else [])
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED", None)
    assert failure.metadata["chunksDelivered"] == str(len(received))


async def test_bad_chunk(warm: Bridge, hello: Hello) -> None:
    """Broken chunked encoding is never OK either, and everything before it is delivered."""
    warm.gateway.script(after("5\r\nabcde\r\n", no_chunk, transfer_encoding="chunked"))
    failure = await failed(warm.chat.CreateChatCompletion(hello, timeout=20))
    assert failure.reason == "UPSTREAM_STREAM_INTERRUPTED"
    warm.gateway.script(after(chunked(ONE, ONE), no_chunk, EVENTS, transfer_encoding="chunked"))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello, timeout=20))
    assert received == ["one", "one"]
    assert failure.reason == "UPSTREAM_STREAM_INTERRUPTED"


@pytest.mark.parametrize("end", [close, reset])
async def test_many_events_before_the_cut(end: Script, warm: Bridge, hello: Hello) -> None:
    """Many events before the cut are all delivered, even if the caller reads slowly."""
    warm.gateway.script(after(ONE * 2000, end, EVENTS))
    call = warm.chat.CreateChatCompletionStream(hello)
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
async def test_empty_stream(body: bytes, warm: Bridge, hello: Hello) -> None:
    """A stream without any choice and without `[DONE]` was cut."""
    warm.gateway.script(raw_sse(body))
    _, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED")


async def test_a_choice_that_never_began(warm: Bridge, hello: Hello) -> None:
    """If the request asks for two choices and one never begins, the stream was cut."""
    hello.n = 2
    warm.gateway.script(raw_sse(ONE + TWO))
    received, failure = await failed_stream(warm.chat.CreateChatCompletionStream(hello))
    assert received == ["one", "two"]
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED")
    warm.gateway.script(raw_sse(ONE + TWO + DONE))  # with which the server says that the stream is complete
    assert len([chunk async for chunk in warm.chat.CreateChatCompletionStream(hello)]) == 2


COMPLETE = {
    "without DONE": ONE + TWO,
    "DONE without blank line": f"{ONE}{TWO}data: [DONE]",
    "DONE without blank line or space": f"{ONE}{TWO}data:[DONE]\n",
    "DONE without finish_reason": ONE + DONE,
    "something behind DONE": f"{ONE}{TWO}{DONE}data: garbage\n\n",
    "last event without blank line": ONE + TWO.rstrip("\n"),
    "two choices": choices((0, None), (1, None)) + choices((0, "stop")) + choices((1, "length")),
    "usage after the end": f'{ONE}{TWO}data: {{"choices":[],"usage":{{"total_tokens":3}}}}\n\n',
}


@pytest.mark.parametrize("body", COMPLETE)
async def test_complete_stream(body: str, warm: Bridge, hello: Hello) -> None:
    """`[DONE]`, or the end after every choice's finish_reason, completes a stream."""
    warm.gateway.script(raw_sse(COMPLETE[body]))
    received = [text(chunk.choices) async for chunk in warm.chat.CreateChatCompletionStream(hello)]
    assert len(received) >= 1


async def test_reset_after_done(warm: Bridge, hello: Hello) -> None:
    """A failure of the connection after `[DONE]` does not matter."""
    warm.gateway.script(after(ONE + TWO + DONE, reset, EVENTS))
    received = [text(chunk.choices) async for chunk in warm.chat.CreateChatCompletionStream(hello)]
    assert received == ["one", "two"]
