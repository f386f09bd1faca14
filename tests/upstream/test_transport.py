"""The transport: httpx's interface, and the connections that it keeps."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from bridge.upstream.phases import Phase
from bridge.upstream.transport import Transport
from tests.support.wait import until
from tests.upstream.wire import OK, Peer, Wire, ask, says, silent, transport, trusting, whole


@pytest.fixture
async def made(wire: Wire) -> AsyncIterator[Transport]:
    async with transport(wire) as running:
        yield running


async def test_a_plain_client(either: Wire) -> None:
    """It works as the transport of an `httpx.AsyncClient`: GET, POST with any content, streams."""

    async def play(peer: Peer) -> None:
        while head := await peer.hear():
            fields = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:] if line)
            assert b"transfer-encoding" not in fields
            body = await peer.reader.readexactly(int(fields.get(b"content-length", b"0")))
            echo = head.splitlines()[0] + b"|" + body
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nx-a: b\r\n\r\n%b" % (len(echo), echo))

    async def parts(*given: bytes) -> AsyncIterator[bytes]:
        for part in given:
            yield part

    either.play = play
    made = Transport(httpx.URL(either.url), trusting, connect_timeout=5, max_header_bytes=4096)
    async with httpx.AsyncClient(transport=made, base_url=either.url) as client:
        response = await client.get("/models", params={"a": "b c"})
        assert (response.status_code, response.headers["x-a"], response.text) == (
            200,
            "b",
            "GET /models?a=b+c HTTP/1.1|",
        )
        assert (await client.post("/x", json={})).text == "POST /x HTTP/1.1|{}"
        assert (await client.post("/x", content=b"a" * 100_000)).text == "POST /x HTTP/1.1|" + "a" * 100_000
        assert (await client.post("/x", content=parts(b"some", b"", b"thing"))).text == "POST /x HTTP/1.1|something"
        assert (await client.post("/x", content=parts())).text == "POST /x HTTP/1.1|"
        assert (await client.delete("/x")).text == "DELETE /x HTTP/1.1|"
        async with client.stream("GET", "/x") as streamed:
            assert [line async for line in streamed.aiter_lines()] == ["GET /x HTTP/1.1|"]
        async with client.stream("GET", "/x") as streamed:
            pass  # unread
        assert (await client.get("/x")).text == "GET /x HTTP/1.1|"
    assert made.connections() == (0, 0)


@pytest.mark.parametrize(
    ("play", "kind"),
    [
        (says(b"", close=True), httpx.ReadError),
        (says(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok", close=True), httpx.ReadError),
        (says(b"garbage\r\n"), httpx.RemoteProtocolError),
    ],
)
async def test_the_errors_of_a_client_are_those_of_httpx(
    play: Callable[[Peer], Any], kind: type[Exception], wire: Wire
) -> None:
    """Errors have httpx's types, with their request."""
    wire.play = play
    made = Transport(httpx.URL(wire.url), trusting, connect_timeout=5, max_header_bytes=4096)
    async with httpx.AsyncClient(transport=made, base_url=wire.url) as client:
        with pytest.raises(kind) as failed:
            await client.get("/x")
        assert failed.value.request.url.path == "/x"


@pytest.mark.parametrize("value", ["a\nb: c", "a\r\nb: c", "a\r", "\n"])
async def test_a_header_with_a_line_break(value: str, made: Transport, wire: Wire) -> None:
    """A header with a line break is LocalProtocolError: no connection is made and nothing sent."""
    headers = [(b"host", b"test"), (b"x", value.encode())]
    with pytest.raises(httpx.LocalProtocolError):
        await made.handle_async_request(httpx.Request("GET", "http://test/", headers=headers))
    assert made.connections() == (0, 0)
    assert wire.peers == []


async def test_the_last_used_is_the_next_used(made: Transport, wire: Wire) -> None:
    """The last used connection is used next, so that those of a burst grow old."""
    wire.play = says(OK)
    responses = [await ask(made) for _ in range(3)]
    connections = [response.stream._connection for response in responses]
    for number in (1, 2, 0):
        await responses[number].aclose()
    assert made.connections() == (0, 3)
    for number in (0, 2, 1):
        responses[number] = await ask(made)
        assert responses[number].stream._connection is connections[number]
    for response in responses:
        await response.aclose()
    assert len(wire.peers) == 3


async def test_idle_ones_are_closed_in_time(made: Transport, wire: Wire) -> None:
    """Each idle connection is closed after its own time; one in use is not."""
    made._idle_timeout = 0.01
    responses = [await ask(made) for _ in range(4)]
    for response in responses[:3]:
        await response.aclose()
    used_later = list(made._idle)[2]
    used_later.idle_until += 3600
    await wire.peers[0].over.wait()
    await wire.peers[1].over.wait()
    assert made.connections() == (1, 1)
    assert made._reaper is not None
    assert made._reaps_at == used_later.idle_until
    used_later.idle_until = time.monotonic()
    made._reap_at(used_later.idle_until)
    await wire.peers[2].over.wait()
    assert made.connections() == (1, 0)
    assert made._reaper is None
    await responses[3].aclose()
    assert made.connections() == (0, 1)


async def test_one_that_still_has_to_send_is_not_kept(made: Transport, wire: Wire) -> None:
    """The upstream has responded, and does not read the rest of the request: the next one would wait for that."""
    wire.play = says(OK)
    response = await ask(made)
    response.stream._connection.pause_writing()
    assert await response.aread() == b"ok"
    await response.aclose()
    assert made.connections() == (0, 0)


@pytest.mark.parametrize(("is_full", "kind"), [(True, httpx.WriteError), (False, httpx.ReadError)])
async def test_whether_a_request_was_sent(
    is_full: bool,  # noqa: FBT001, a row of the table
    kind: type[Exception],
    made: Transport,
    wire: Wire,
) -> None:
    """What the transport still buffers has not been sent when the connection ends."""
    wire.play = silent
    asking = asyncio.create_task(ask(made))
    peer = await wire.peer()
    await until(lambda: made._used)
    (connection,) = made._used
    await until(lambda: connection.phase is Phase.WAITING)
    if is_full:
        connection.pause_writing()
    peer.close()
    with pytest.raises(kind):
        await asking


KEEP_ALIVE = {
    b"keep-alive: timeout=5": 4.0,
    b"Keep-Alive: timeout=5, max=100": 4.0,
    b"KEEP-ALIVE: max=100, Timeout = 10": 9.0,
    b'keep-alive: timeout="30"': 29.0,
    b"keep-alive: timeout=2": 1.0,
    b"keep-alive: timeout=1": 0.5,
    b"keep-alive: timeout=0": 0.0,
    b"keep-alive: timeout=86400": 299.0,
    b"keep-alive: timeout=5\r\nkeep-alive: timeout=9": 4.0,
    b"keep-alive: max=100\r\nkeep-alive: timeout=2": 1.0,
    b"keep-alive: timeout=5, max=0": 0.0,
    b"keep-alive: timeout=5\r\nkeep-alive: MAX = 0": 0.0,
    b"keep-alive: timeout=5, max=01": 4.0,
    b"keep-alive: timeout=5, xmax=0": 4.0,
    b"keep-alive: max=100": None,
    b"keep-alive: timeout=soon": None,
    b"keep-alive: xtimeout=5": None,
    b"x-keep-alive: timeout=5": None,
    b"connection: keep-alive": None,
}


@pytest.mark.parametrize(("header", "seconds"), KEEP_ALIVE.items(), ids=[header.decode() for header in KEEP_ALIVE])
async def test_the_server_says_how_long_an_idle_one_is_kept(
    header: bytes, seconds: float | None, either: Wire, request: pytest.FixtureRequest
) -> None:
    """The idle time is `keep-alive: timeout` less a margin; otherwise 4 s without TLS and 30 s with it."""
    either.play = says(b"HTTP/1.1 200 OK\r\n" + header + b"\r\ncontent-length: 2\r\n\r\nok")
    default = 30.0 if "TLS" in request.node.callspec.id else 4.0
    async with transport(either) as made:
        began = time.monotonic()
        assert await whole(made) == b"ok"
        (connection,) = made._idle
        expected = default if seconds is None else seconds
        assert began + expected <= connection.idle_until <= time.monotonic() + expected


async def test_what_the_server_is_about_to_close_is_not_used(made: Transport, wire: Wire) -> None:
    """A connection that the server will soon close is not used, even if its timer is late.

    Each response restarts the time.
    """
    wire.play = says(b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=0\r\ncontent-length: 2\r\n\r\nok")
    for _ in range(3):
        assert await whole(made) == b"ok"
    assert len(wire.peers) == 3
    wire.play = says(OK)
    assert await whole(made) == b"ok"
    assert await whole(made) == b"ok"
    assert len(wire.peers) == 4
    (connection,) = made._idle
    connection.idle_until = time.monotonic()
    assert await whole(made) == b"ok"
    assert len(wire.peers) == 5


async def test_idle_ones_of_different_times(made: Transport, wire: Wire) -> None:
    """Each idle connection is closed at its own time, whichever was used first."""
    responses = [await ask(made) for _ in range(2)]
    for response in responses:
        await response.aclose()
    first, second = made._idle
    assert first.idle_until < second.idle_until
    made._idle_timeout = 0.01
    wire.play = says(OK)
    assert await whole(made) == b"ok"
    await wire.peers[1].over.wait()
    assert list(made._idle) == [first]
    assert made._reaper is not None


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nSTOLEN", b"\n", None], ids=str)
async def test_an_idle_one_that_has_just_said_something(said: bytes | None, made: Transport, wire: Wire) -> None:
    """An idle connection with unexpected bytes or its end (None) is not used, even before the loop reports it."""
    wire.play = says(OK)
    assert await whole(made) == b"ok"
    (peer,) = wire.peers
    with socket.fromfd(peer.writer.get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_STREAM) as other:
        if said is None:
            other.shutdown(socket.SHUT_WR)
        else:
            other.sendall(said)
    assert await whole(made) == b"ok"  # no step of the event loop in between
    assert len(wire.peers) == 2
    await peer.over.wait()
    assert made.connections() == (0, 1)


@pytest.mark.parametrize("end", [Peer.close, Peer.reset, Peer.shut])
async def test_an_idle_one_that_ends(end: Callable[[Peer], None], either: Wire) -> None:
    """An idle connection that ends is removed at once, and no request meets it."""
    async with transport(either) as made:
        for number in range(3):
            assert await whole(made) == b"ok"
            end(either.peers[number])
            await until(lambda: not made._idle)
        assert len(either.peers) == 3


async def test_an_idle_one_that_is_ending(either: Wire) -> None:
    """If the loop knows of a connection's end, but has not reported it, the request uses another."""
    async with transport(either) as made:
        assert await whole(made) == b"ok"
        next(iter(made._idle))._wire.abort()
        assert await whole(made) == b"ok"
        assert len(either.peers) == 2


@pytest.mark.parametrize("said", [b"HTTP/1.1 408 Late\r\ncontent-length: 0\r\n\r\n", b"?", b"\r\n"])
async def test_what_an_idle_one_says(said: bytes, either: Wire) -> None:
    """Data on an idle connection is no response, and closes the connection."""
    async with transport(either) as made:
        assert await whole(made) == b"ok"
        await either.peers[0].say(said)
        await either.peers[0].over.wait()
        assert made.connections() == (0, 0)
        assert await whole(made) == b"ok"


async def test_a_server_that_speaks_first(either: Wire) -> None:
    """Data before the request is not its response."""

    async def play(peer: Peer) -> None:
        await peer.say(OK)
        await peer.gone()

    either.play = play
    async with transport(either) as made:
        with pytest.raises(httpx.ConnectError):  # noqa: PT012 # after the event loop has reported it
            connection = await made._connect()
            await until(lambda: connection.phase is Phase.FAILED)
            await connection.ask(b"GET / HTTP/1.1\r\n\r\n", b"")
        for peer in either.peers:
            await peer.over.wait()
