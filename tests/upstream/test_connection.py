"""One connection: where a body ends, what may follow it, what is not HTTP, and bounds of memory."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from bridge.upstream.phases import Phase
from bridge.upstream.transport import Transport
from tests.support.wait import until
from tests.upstream.wire import LONGEST, MUCH, OK, Peer, Play, Wire, ask, says, silent, so_far, transport, whole

HEAD = b"HTTP/1.1 200 OK\r\n"
SIZED = HEAD + b"content-length: 11\r\n\r\nhello world"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nx-sum: 1\r\n\r\n"
ENDLESS = HEAD + b"\r\nhello world"  # which the end of the connection ends


@pytest.fixture
async def made(wire: Wire) -> AsyncIterator[Transport]:
    async with transport(wire) as running:
        yield running


def ending(data: bytes, *, reset: bool = False) -> object:
    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(data)
        if reset:
            peer.reset()

    return play


@pytest.mark.parametrize("response", [SIZED, CHUNKED], ids=["length", "chunked"])
async def test_a_cut_is_a_cut_wherever_it_is(response: bytes, made: Transport, wire: Wire) -> None:
    """A cut at any byte gives the body so far and ReadError. An incomplete response never ends well."""
    body_at = response.index(b"\r\n\r\n") + 4
    longest = b""
    for at in range(len(response)):
        wire.play = ending(response[:at])
        data, error = await so_far(made)
        assert isinstance(error, httpx.ReadError), at
        assert b"hello world".startswith(data)
        assert len(data) >= len(longest)
        assert not data or at > body_at
        longest = data
    assert longest == (b"hello world" if response is CHUNKED else b"hello worl")
    wire.play = ending(response)
    assert await so_far(made) == (b"hello world", None)


@pytest.mark.parametrize("response", [SIZED, CHUNKED, ENDLESS], ids=["length", "chunked", "endless"])
async def test_a_reset_is_a_cut_too(response: bytes, made: Transport, wire: Wire) -> None:
    """A reset within a body is ReadError, also if the connection's end would end the body."""
    for at in (9, len(response) - 20, len(response) - 9):
        wire.play = ending(response[:at], reset=True)
        data, error = await so_far(made)
        assert isinstance(error, httpx.ReadError), at
        assert b"hello world".startswith(data)


@pytest.mark.parametrize("name", [b"", b"transfer-encoding: identity\r\n", b"Transfer-Encoding: Identity \r\n"])
async def test_the_end_of_a_body_without_framing_is_the_end_of_the_connection(
    name: bytes, made: Transport, wire: Wire
) -> None:
    """A body without framing ends well with the connection; a head does not."""
    sent = ENDLESS.replace(b"\r\n", b"\r\n" + name, 1)
    for at in range(len(sent) + 1):
        wire.play = ending(sent[:at])
        data, error = await so_far(made)
        if at < len(sent) - 11:
            assert isinstance(error, httpx.ReadError), at
        else:
            assert (data, error) == (b"hello world"[: at - len(sent) + 11], None)


KEPT = {
    "length": OK,
    "no body": HEAD + b"content-length: 0\r\n\r\n",
    "chunked": HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "trailers": HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n",
    "204": b"HTTP/1.1 204 No\r\n\r\n",
    "304": b"HTTP/1.1 304 No\r\ncontent-length: 11\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
    "100": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "103, 103": b"HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n" * 2 + OK,
    "h2c on offer": HEAD + b"upgrade: h2c\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\nok",
    "lines behind": OK + b"\r\n",
    "LF": OK.replace(b"\r\n", b"\n"),
    "LF after a chunk": HEAD.replace(b"\r", b"") + b"transfer-encoding: chunked\n\n2\r\nok\n0\r\n\n",
    "space behind a size": HEAD + b"transfer-encoding: chunked\r\n\r\n2 \r\nok\r\n0  \r\n\r\n",
    "folded": HEAD + b"x: a\r\n b\r\ncontent-length:\r\n 2\r\n\r\nok",
    "no text": HEAD + b"x: \x01\xff\r\ncontent-length: 2\r\n\r\nok",
    "empty header": HEAD + b"x-empty:\r\ncontent-length: 2\r\n\r\nok",
}


@pytest.mark.parametrize("name", KEPT)
async def test_kept(name: str, made: Transport, wire: Wire) -> None:
    """After a complete response the connection serves the next request, with its own response."""
    wire.play = says(KEPT[name])
    first = await ask(made)
    assert "link" not in first.headers
    body = b"ok" if b"ok" in KEPT[name] else b""
    assert b"".join([piece async for piece in first.stream]) == body
    await first.aclose()
    assert made.connections() == (0, 1)
    assert await whole(made) == body
    assert len(wire.peers) == 1


NOT_KEPT = {
    "close": HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\nok",
    "close, chunked": HEAD + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "bytes behind": OK + b"?",
    "a second response": OK + OK,
    "half a second response": OK + OK[:9],
    "bytes behind close": HEAD + b"connection: close\r\ncontent-length: 2\r\n\r\nok" + OK,
    "204 with a body": b"HTTP/1.1 204 No\r\ncontent-length: 2\r\n\r\nok",
    "304 with chunks": b"HTTP/1.1 304 No\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "101": b"HTTP/1.1 101 On\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    "101, bytes behind": b"HTTP/1.1 101 On\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n" + OK,
    "101 to nothing": b"HTTP/1.1 101 On\r\n\r\n",
}


@pytest.mark.parametrize("name", NOT_KEPT)
async def test_not_kept(name: str, made: Transport, wire: Wire) -> None:
    """Data after a response closes the connection, and the next request uses another."""
    wire.play = says(NOT_KEPT[name])
    head = NOT_KEPT[name].partition(b"\r\n\r\n")[0]
    body = b"ok" if b"200" in head else b""
    for number in (1, 2):
        assert await whole(made) == body
        assert made.connections() == (0, 0)
        assert len(wire.peers) == number
        await wire.peers[-1].over.wait()


NOT_HTTP = {
    "garbage": b"garbage\r\n\r\n",
    "HTTP/2": b"\0\0\x06\4\0\0\0\0\0\0\5\0\0\x40\0",
    "two lengths": HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\nok!",
    "length and chunks": HEAD + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "length with a sign": HEAD + b"content-length: +2\r\n\r\nok",
    "a space behind a name": HEAD + b"content-length : 2\r\n\r\nok",
    "a space in a name": HEAD + b"content-length 9: 2\r\n\r\nok",
    "line without a colon": HEAD + b"content-length\r\n\r\n",
    "CR alone": HEAD + b"x: a\rcontent-length: 2\r\n\r\nok",
    "NUL": HEAD + b"x: \0\r\n\r\n",
    "199 with a body": b"HTTP/1.1 199 So\r\ntransfer-encoding: gzip\r\n\r\nok",
    "103 with chunks": b"HTTP/1.1 103 Hints\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + OK,
    "100 with a body": b"HTTP/1.1 100 Continue\r\ncontent-length: 2\r\n\r\nok" + OK,
}


@pytest.mark.parametrize("name", NOT_HTTP)
async def test_not_http(name: str, made: Transport, wire: Wire) -> None:
    """An ambiguous response is not read."""
    wire.play = says(NOT_HTTP[name])
    with pytest.raises(httpx.RemoteProtocolError):
        await ask(made)
    await wire.peers[0].over.wait()


@pytest.mark.parametrize("size", [b"x", b"-1", b"f" * 17, b""])
async def test_a_broken_chunk(size: bytes, made: Transport, wire: Wire) -> None:
    """Before a broken chunk all is read; then the response is broken, not cut."""
    wire.play = says(HEAD + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n" + size + b"\r\n")
    data, error = await so_far(made)
    assert data == b"ok"
    assert isinstance(error, httpx.RemoteProtocolError)


FLOODS = {
    "before": (b"", b"\r\n"),
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "name": (HEAD, b"x"),
    "value": (HEAD + b"x: ", b"x"),
    "spaces": (HEAD + b"x:", b" "),
    "lines": (HEAD, b"x: y\r\n"),
    "length": (HEAD + b"content-length: ", b"0"),
    "chunk size": (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"0"),
    "extension": (HEAD + b"transfer-encoding: chunked\r\n\r\n5;", b"x"),
    "trailer": (HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\nx: ", b"x"),
    "trailers": (HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
}


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("step", [1 << 10, 1 << 16], ids=["slow", "fast"])
async def test_floods(name: str, step: int, made: Transport, wire: Wire) -> None:
    """Endless data that is no body soon fails."""
    begin, more = FLOODS[name]
    piece = more * (step // len(more))
    sent = 0

    async def play(peer: Peer) -> None:
        nonlocal sent
        await peer.hear()
        await peer.say(begin)
        while True:
            await peer.say(piece)
            sent += len(piece)
            assert sent < 64 << 20, "nobody minds"

    wire.play = play
    _, error = await so_far(made)
    assert isinstance(error, httpx.RemoteProtocolError)


def much() -> tuple[Play, asyncio.Event]:
    """A server that sends `MUCH`, and an event that says that all of it was sent."""
    sent = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(HEAD + b"content-length: %d\r\n\r\n" % len(MUCH))
        await peer.say(*(MUCH[at : at + (1 << 16)] for at in range(0, len(MUCH), 1 << 16)))
        sent.set()

    return play, sent


async def test_a_body_that_nobody_reads_stops_the_upstream(either: Wire) -> None:
    """Unread data is bounded, and none is lost when the upstream has closed meanwhile."""
    size = len(MUCH)
    either.play, sent = much()
    async with transport(either) as made:
        response = await ask(made)
        connection = next(iter(made._used))
        await until(lambda: connection.is_paused)
        for _ in range(20):
            await asyncio.sleep(0.001)
            assert connection.unread_bytes <= (1 << 16) + (1 << 18) + (1 << 14)
        assert not sent.is_set()
        got = 0
        async for piece in response.stream:
            assert len(piece) <= (1 << 16) + (1 << 18) + (1 << 14)
            got += len(piece)
        assert got == size
        await response.aclose()


async def test_a_body_that_is_needed_whole_does_not_pause(either: Wire) -> None:
    """It arrives while nobody reads it, also if the connection has paused before."""
    either.play, sent = much()
    async with transport(either) as made:
        response = await ask(made)
        connection = next(iter(made._used))
        await until(lambda: connection.is_paused)
        response.stream.expect(connection.unread_bytes - 1)  # type: ignore[union-attr] # of the bridge's own
        assert connection.is_paused
        response.stream.expect(len(MUCH))  # type: ignore[union-attr] # as above
        await asyncio.wait_for(sent.wait(), 5)
        await until(lambda: connection.unread_bytes == len(MUCH))
        await response.aclose()


@pytest.mark.parametrize("head", [b"content-length: 200000\r\n\r\n", b"\r\n"], ids=["length", "endless"])
@pytest.mark.parametrize("polite", [False, True])
async def test_what_came_before_the_end_is_read(polite: bool, head: bytes, either: Wire) -> None:  # noqa: FBT001
    """A slow reader gets all data, even if the connection was closed while it did not read."""
    body = b"x" * 100_000 + b"y" * 100_000

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(HEAD + head, body[:100_000])
        await asyncio.sleep(0.01)
        await peer.say(body[100_000:])
        if not polite:
            peer.shut()

    either.play = play
    async with transport(either) as made:
        response = await ask(made)
        await either.peers[0].over.wait()
        await asyncio.sleep(0.02)
        assert b"".join([piece async for piece in response.stream]) == body
        await response.aclose()


@pytest.mark.parametrize("size", [2, 60_000, 100_000])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_a_complete_response_that_nobody_read(size: int, chunked: bool, made: Transport, wire: Wire) -> None:  # noqa: FBT001
    """After a complete, unread response the connection is reused, and reading has resumed."""
    body = b"x" * size
    framed = b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (size, body)
    wire.play = says(HEAD + (framed if chunked else b"content-length: %d\r\n\r\n%b" % (size, body)))
    response = await ask(made)
    connection = next(iter(made._used))
    await until(lambda: connection.phase is Phase.COMPLETE or connection.is_paused)
    await response.aclose()
    assert await whole(made) == body
    assert await whole(made) == body
    assert size > 1 << 16 or len(wire.peers) == 1


async def test_a_response_that_was_not_read_to_its_end(made: Transport, wire: Wire) -> None:
    """The connection of a partly read response is closed at once."""

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(SIZED[:-1])
        await peer.gone()

    wire.play = play
    response = await ask(made)
    await response.aclose()
    assert made.connections() == (0, 0)
    await wire.peers[0].over.wait()


@pytest.mark.parametrize("close", [False, True])
async def test_an_early_response(close: bool, made: Transport, wire: Wire) -> None:  # noqa: FBT001
    """A response during a large request ends the sending, and the rest is not sent as another request."""

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.reader.read(1)
        await peer.say(HEAD.replace(b"200", b"413") + b"content-length: 2\r\n\r\nno")
        if not close:
            assert len(await peer.gone()) < len(MUCH) - 1

    wire.play = play
    response = await ask(made, MUCH)
    assert response.status_code == 413
    if not close:
        assert b"".join([piece async for piece in response.stream]) == b"no"
    await response.aclose()
    assert made.connections() == (0, 0)


async def test_an_informational_response_does_not_end_the_sending(made: Transport, wire: Wire) -> None:
    """A large request is sent completely despite 100 Continue."""

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        await peer.reader.readexactly(len(MUCH))
        await peer.say(OK)
        await peer.gone()

    wire.play = play
    response = await ask(made, MUCH)
    assert response.status_code == 200
    await response.aclose()
    assert made.connections() == (0, 1)


async def test_no_more_responses(either: Wire) -> None:
    """If the server ends its side and reads nothing, a large request fails at once."""

    async def play(peer: Peer) -> None:
        await peer.hear()
        if peer.writer.can_write_eof():
            peer.writer.write_eof()
            await peer.writer.wait_closed()

    either.play = play
    async with transport(either) as made:
        with pytest.raises((httpx.WriteError, httpx.ReadError)):
            await ask(made, MUCH)


async def test_a_break_in_an_early_response_is_a_read_error(made: Transport, wire: Wire) -> None:
    """A break in an early response is a ReadError, even if the request was still being sent."""

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(HEAD + b"content-length: 4\r\n\r\nok")
        peer.writer.write_eof()
        await peer.writer.wait_closed()

    wire.play = play
    response = await ask(made, MUCH)
    assert await response.stream.read() == b"ok"
    with pytest.raises(httpx.ReadError):
        await response.stream.read()
    await response.aclose()


async def test_who_reads_on_after_the_end_gets_nothing_of_the_next(made: Transport, wire: Wire) -> None:
    """A closed response cannot be read, and the connection's next response belongs to the next request."""
    wire.play = says(OK)
    response = await ask(made)
    pieces = aiter(response.stream)
    assert await anext(pieces) == b"ok"
    await response.aclose()
    following = await ask(made)
    with pytest.raises(httpx.StreamClosed):
        await anext(pieces)
    assert b"".join([piece async for piece in following.stream]) == b"ok"
    await following.aclose()


async def test_who_waits_for_a_response_that_is_closed(made: Transport, wire: Wire) -> None:
    """A read of another task ends when the response is closed."""

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(SIZED[:-11])
        await peer.gone()

    wire.play = play
    response = await ask(made)
    reading = asyncio.create_task(response.stream.read())
    await asyncio.sleep(0)
    await response.aclose()
    with pytest.raises(httpx.ReadError):
        await reading


async def test_a_longer_line_than_that(made: Transport, wire: Wire) -> None:
    """A header may be as long as the limit, and no longer."""
    for over in (0, 1):
        wire.play = says(HEAD + b"x:" + b"y" * (LONGEST - 1 + over) + b"\r\ncontent-length: 0\r\n\r\n", close=True)
        _, error = await so_far(made)
        assert (error is None) == (over == 0)
    wire.play = silent


@pytest.mark.parametrize("loose", [b"", b"x:"], ids=["status line", "header"])
async def test_a_line_that_does_not_end(loose: bytes, made: Transport, wire: Wire) -> None:
    """A line without an end is read up to the limit."""
    begun = HEAD + loose if loose else b"HTTP/1.1 200 "
    more = asyncio.Event()

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(begun + b"y" * (LONGEST - len(begun)))
        await more.wait()
        await peer.say(b"y")
        await peer.gone()

    wire.play = play
    asking = asyncio.create_task(ask(made))
    await until(lambda: made._used and next(iter(made._used))._unparsed_bytes == LONGEST)
    assert not asking.done()
    more.set()
    with pytest.raises(httpx.RemoteProtocolError):
        await asyncio.wait_for(asking, 5)
    assert made.connections() == (0, 0)


@pytest.mark.parametrize("place", ["head", "trailers", "an informational response"])
async def test_lines_are_counted(place: str, made: Transport, wire: Wire) -> None:
    """The heads of a response, or its trailers, may have 512 lines. One more makes the response invalid."""
    for over in (0, 1):
        lines = b"x: y\r\n" * (511 + over - (place == "an informational response") * OK.count(b": "))
        wire.play = says(
            {
                "head": HEAD + lines + b"content-length: 0\r\n\r\n",
                "trailers": HEAD + b"transfer-encoding: chunked\r\n\r\n0\r\n" + lines + b"x: y\r\n\r\n",
                "an informational response": b"HTTP/1.1 103 So\r\n" + lines + b"x: y\r\n\r\n" + OK,
            }[place],
            close=True,
        )
        _, error = await so_far(made)
        assert (error is None) == (over == 0)


@pytest.mark.parametrize("place", ["head", "informational responses"])
async def test_lines_have_a_total_size(place: str, made: Transport, wire: Wire) -> None:
    """The heads of a response may be as long as 64 lines of the maximum length together."""
    for over in (0, 1):
        line = b"x: %b\r\n" % (b"y" * (LONGEST - 1))
        last = b"x: %b\r\n" % (b"y" * (LONGEST - 1 - 64 + over))  # less than the lines that follow it
        lines = line * 63 + last
        wire.play = says(
            {
                "head": HEAD + lines + b"x: %b\r\n" % (b"y" * 48) + b"content-length: 0\r\n\r\n",
                "informational responses": b"HTTP/1.1 103 So\r\n"
                + line * 40
                + b"\r\nHTTP/1.1 103 So\r\n"
                + line * 23
                + last
                + b"x: %b\r\n\r\n" % (b"y" * 48)
                + HEAD
                + b"content-length: 0\r\n\r\n",
            }[place],
            close=True,
        )
        _, error = await so_far(made)
        assert (error is None) == (over == 0)


async def test_a_response_that_ends_while_nothing_is_read(made: Transport, wire: Wire) -> None:
    """TLS may deliver the end of a body after a pause of reading. The connection reads again afterwards."""
    size = 1 << 20

    async def play(peer: Peer) -> None:
        await peer.hear()
        await peer.say(HEAD + b"content-length: %d\r\n\r\n" % size, MUCH[: size - 1])
        await peer.gone()

    wire.play = play
    response = await ask(made)
    connection = next(iter(made._used))
    await until(lambda: connection.is_paused)
    connection.data_received(MUCH[: size - connection.unread_bytes])
    assert connection.phase is Phase.COMPLETE
    await response.aclose()
    assert made.connections() == (0, 0)
    await wire.peers[0].over.wait()
