"""An upstream over TLS whose connection ends without `close_notify`, as one does that somebody on the way has cut."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support import gateway as fake
from tests.support.authority import certificates
from tests.support.bridge import Bridge, start_bridge
from tests.support.details import failed, failed_stream
from tests.support.gateway import Exchange, Script, respond_json
from tests.support.payloads import COMPLETION
from tests.support.responses import BODY, DONE, EVENTS, ONE, TWO, Hello, chunked


async def cut(exchange: Exchange) -> None:
    """End the connection below TLS. The other side gets what was sent, and then the end of the bytes."""
    with socket.socket(fileno=os.dup(exchange.writer.get_extra_info("socket").fileno())) as wire:
        wire.shutdown(socket.SHUT_WR)


def then_cut(data: bytes | str, content_type: str | None = "application/json", **headers: str) -> Script:
    """These bytes, with a head before them unless the content type is None, and then the cut."""

    async def script(exchange: Exchange) -> None:
        if content_type is not None:
            await exchange.head(content_type=content_type, **headers)
        await exchange.send(data)
        await cut(exchange)
        await exchange.wait_closed()

    return script


@pytest.fixture
async def bridge(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bridge]:
    """A bridge whose upstream speaks TLS."""
    server, client = certificates(trusted=True)
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **_: client)
    async with fake.running(ssl=server) as upstream, start_bridge(upstream) as running:
        yield running


_LENGTH = {"content_length": str(len(BODY))}
_CHUNKED = {"transfer_encoding": "chunked"}
WHOLE = {
    "before the head": (then_cut(b"", None), "UPSTREAM_CONNECTION_LOST"),
    "in the head": (then_cut(b"HTTP/1.1 200 OK\r\ncontent-ty", None), "UPSTREAM_CONNECTION_LOST"),
    "behind the head": (then_cut(b"", **_LENGTH), "UPSTREAM_STREAM_INTERRUPTED"),
    "in the body": (then_cut(BODY[:-1], **_LENGTH), "UPSTREAM_STREAM_INTERRUPTED"),
    "in a body without a length": (then_cut(BODY[:-1]), "UPSTREAM_MALFORMED_RESPONSE"),
    "in a chunk": (then_cut(f"ff\r\n{BODY.decode()}", **_CHUNKED), "UPSTREAM_STREAM_INTERRUPTED"),
    "in the size of a chunk": (then_cut(f"{chunked(BODY.decode())}f", **_CHUNKED), "UPSTREAM_STREAM_INTERRUPTED"),
    "before the last chunk": (then_cut(chunked(BODY.decode()), **_CHUNKED), "UPSTREAM_STREAM_INTERRUPTED"),
    "in the last chunk": (then_cut(f"{chunked(BODY.decode())}0\r\n", **_CHUNKED), "UPSTREAM_STREAM_INTERRUPTED"),
}


@pytest.mark.parametrize("name", WHOLE)
async def test_a_response_that_is_cut(name: str, bridge: Bridge, hello: Hello) -> None:
    """It is never taken for a whole one."""
    script, reason = WHOLE[name]
    bridge.gateway.script(script)
    failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert failure.reason == reason


async def test_a_whole_body_without_a_length(bridge: Bridge, hello: Hello) -> None:
    """Many servers never send `close_notify`. The JSON says that nothing is missing."""
    bridge.gateway.script(then_cut(BODY))
    assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"


STREAMS = {
    "in an event": (then_cut(ONE + TWO[:-9], EVENTS), 1),
    "between events": (then_cut(ONE, EVENTS), 1),
    "between chunks": (then_cut(chunked(ONE), EVENTS, **_CHUNKED), 1),
    "in a chunk": (then_cut(f"{chunked(ONE)}ff\r\n{TWO}", EVENTS, **_CHUNKED), 2),
    "before [DONE]": (then_cut(chunked(ONE, TWO), EVENTS, **_CHUNKED), 2),
    "in [DONE]": (then_cut(chunked(ONE, TWO, DONE[:9]), EVENTS, **_CHUNKED), 2),
    "before any event": (then_cut(": hello\n\n", EVENTS), 0),
}


@pytest.mark.parametrize("name", STREAMS)
async def test_a_stream_that_is_cut(name: str, bridge: Bridge, hello: Hello) -> None:
    """What came before the cut is told, and then that the stream was interrupted."""
    script, count = STREAMS[name]
    bridge.gateway.script(script)
    received, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(hello))
    assert received == ["one", "two"][:count]
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_STREAM_INTERRUPTED")


@pytest.mark.parametrize("headers", [{}, _CHUNKED], ids=["unframed", "chunked"])
async def test_a_stream_that_is_cut_behind_its_end(headers: dict[str, str], bridge: Bridge, hello: Hello) -> None:
    """`[DONE]` says that nothing is missing. The connection serves no other call."""
    pieces = (ONE, TWO, DONE)
    bridge.gateway.script(then_cut(chunked(*pieces) if headers else "".join(pieces), EVENTS, **headers))
    for _ in range(2):
        chunks = [chunk async for chunk in bridge.chat.CreateChatCompletionStream(hello)]
        assert [chunk.choices[0].delta.content for chunk in chunks] == ["one", "two"]
    first, second = bridge.gateway.exchanges
    assert first.writer is not second.writer


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "later"])
async def test_an_idle_connection_that_is_cut(waits: bool, bridge: Bridge, hello: Hello) -> None:  # noqa: FBT001
    """The next call gets a new connection, whether or not the event loop has seen the end."""
    bridge.gateway.script(respond_json(COMPLETION))
    for number in range(3):
        response = await bridge.chat.CreateChatCompletion(hello)
        assert response.choices[0].message.content == "hello"
        exchange = await bridge.gateway.exchange(number)
        await cut(exchange)
        while waits and not exchange.reader.at_eof():  # noqa: ASYNC110 # nobody tells when the bridge has closed it
            await asyncio.sleep(0.001)
    assert len({id(exchange.writer) for exchange in bridge.gateway.exchanges}) == 3


async def test_an_idle_connection_that_is_cut_behind_a_request(bridge: Bridge, hello: Hello) -> None:
    """The request may have been worked on: the call fails, and is not tried again by itself."""
    bridge.gateway.script(respond_json(COMPLETION), then_cut(b"", None), respond_json(COMPLETION))
    await bridge.chat.CreateChatCompletion(hello)
    failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert (failure.code, failure.reason) == ("UNAVAILABLE", "UPSTREAM_CONNECTION_LOST")
    first, second = bridge.gateway.exchanges
    assert first.writer is second.writer
    await bridge.chat.CreateChatCompletion(hello)
