"""New connections: name, addresses, TLS; and that a request that does not get through leaves nothing behind."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from bridge.upstream import dialer
from bridge.upstream import transport as module
from bridge.upstream.transport import Transport
from tests.upstream.wire import (
    MUCH,
    OK,
    Peer,
    Wire,
    ask,
    deaf,
    refusing,
    says,
    silent,
    transport,
    trusting,
    whole,
    wired,
)


class Resolver:
    """Replaces the loop's `getaddrinfo`: counts, and returns the test's addresses when released."""

    def __init__(self, *addresses: tuple[str, int]) -> None:
        self.addresses = addresses
        self.own = asyncio.get_running_loop().getaddrinfo
        self.asked = 0
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self, name: str, port: int, **options: Any) -> list[Any]:
        if not name.startswith("name.test"):
            return await self.own(name, port, **options)  # uvloop resolves the address to connect to as well
        self.asked += 1
        await self.may.wait()
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        families = [socket.AF_INET6 if ":" in host else socket.AF_INET for host, _ in self.addresses]
        pairs = zip(families, self.addresses, strict=True)
        return [(family, socket.SOCK_STREAM, 0, "", address) for family, address in pairs]


Resolve = Callable[..., Resolver]


@pytest.fixture
async def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Install a resolver."""

    def put(*addresses: tuple[str, int]) -> Resolver:
        resolver = Resolver(*addresses)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolver)
        return resolver

    return put


async def several(made: Transport, count: int) -> list[int]:
    """This many requests at once, each over its own connection."""
    responses = [await ask(made) for _ in range(count)]
    for response in responses:
        await response.aclose()
    return [response.status_code for response in responses]


async def test_refused() -> None:
    """A refused connection is ConnectError with the cause."""
    with refusing() as (host, port):
        async with Transport(
            httpx.URL(f"http://{host}:{port}"), trusting, connect_timeout=5, max_header_bytes=9
        ) as made:
            with pytest.raises(httpx.ConnectError) as failed:
                await ask(made)
    assert isinstance(failed.value.__cause__, ConnectionRefusedError)


async def test_a_burst_resolves_once(wire: Wire, resolve: Resolve) -> None:
    """A burst of connections resolves the name once, even if the first request is cancelled."""
    resolver = resolve(("127.0.0.1", wire.port))
    resolver.may.clear()
    async with transport(wire, "http://name.test") as made:
        first, *others = [asyncio.create_task(whole(made)) for _ in range(9)]
        await asyncio.sleep(0)
        assert resolver.asked == 1
        first.cancel()
        await asyncio.sleep(0)
        resolver.may.set()
        assert await asyncio.gather(*others) == [b"ok"] * 8
        assert resolver.asked == 2
        assert first.cancelled()


async def test_addresses_are_good_for_a_while(wire: Wire, resolve: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses are reused for a while, and then resolved again for a new connection."""
    resolver = resolve(("127.0.0.1", wire.port))
    wire.play = says(OK, close=True)
    async with transport(wire, "http://name.test") as made:
        for _ in range(3):
            await (await ask(made)).aclose()
            next(iter(made._idle)).abort()
            made._idle.clear()
        assert resolver.asked == 1
        monkeypatch.setattr(made._dialer, "_addresses_until", 0.0)
        assert await whole(made) == b"ok"
        assert resolver.asked == 2


async def test_addresses_take_turns(wire: Wire, resolve: Resolve) -> None:
    """Each new connection begins with the next address."""
    async with wired() as other:
        resolve(("127.0.0.1", wire.port), ("127.0.0.1", other.port))
        async with transport(wire, "http://name.test") as made:
            await several(made, 4)
        assert (len(wire.peers), len(other.peers)) == (2, 2)


async def test_an_address_that_is_dead(wire: Wire, resolve: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a dead address the next one is used: at once if the first refuses, after its head start if it is silent."""
    monkeypatch.setattr(dialer, "_HEAD_START_SECONDS", 0.01)
    with refusing() as nobody, deaf() as silence:
        resolve(nobody, silence, ("127.0.0.1", wire.port))
        async with transport(wire, "http://name.test") as made:
            assert await several(made, 3) == [200] * 3
    assert len(wire.peers) == 3


async def test_ipv6(resolve: Resolve) -> None:
    """IPv6 works by address, and by a name with addresses of both kinds."""
    try:
        async with wired("::1") as wire:
            async with transport(wire) as made:
                assert await whole(made) == b"ok"
            with refusing() as nobody:
                resolve(("::1", wire.port), nobody)
                async with transport(wire, "http://name.test") as made:
                    assert await several(made, 2) == [200] * 2
    except OSError:
        pytest.skip("no IPv6 here")


async def test_a_failed_connect_forgets_the_addresses(wire: Wire, resolve: Resolve) -> None:
    """A failed connect forgets the addresses, which may have changed."""
    with refusing() as nobody, deaf() as silence:
        resolver = resolve(nobody)
        async with transport(wire, "http://name.test", seconds=0.05) as made:
            with pytest.raises(httpx.ConnectError):
                await ask(made)
            resolver.addresses = (silence,)
            with pytest.raises(httpx.ConnectTimeout):
                await ask(made)
            resolver.addresses = ()
            with pytest.raises(httpx.ConnectError):
                await ask(made)
            resolver.addresses = (("127.0.0.1", wire.port),)
            assert await whole(made) == b"ok"
    assert resolver.asked == 4


@pytest.mark.parametrize("host", ["a" * 64 + ".test", "xn--" + "a" * 70])
async def test_no_name(host: str) -> None:
    """A host that is no valid name is ConnectError too."""
    async with Transport(httpx.URL(f"http://{host}"), trusting, connect_timeout=5, max_header_bytes=9) as made:
        with pytest.raises(httpx.ConnectError):
            await ask(made)


async def test_the_dot_after_a_name(tls: Wire, resolve: Resolve) -> None:
    """A name may end with a dot, which the certificate does not have."""
    resolver = resolve(("127.0.0.1", tls.port))
    async with transport(tls, "https://name.test.") as made:
        with pytest.raises(httpx.ConnectError, match=r"not valid for 'name\.test'"):
            await ask(made)
    assert resolver.asked == 1


async def left(made: Transport, task: "asyncio.Task[Any]", wire: Wire, number: int = 0) -> None:
    """Cancel a request: its connection is closed, and nothing of it is left."""
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert made.connections() == (0, 0)
    if wire.peers:
        await wire.peers[number].over.wait()


async def test_cancelled_in_resolving(wire: Wire, resolve: Resolve) -> None:
    """After a cancellation during resolving the next request resolves again."""
    resolver = resolve(("127.0.0.1", wire.port))
    resolver.may.clear()
    async with transport(wire, "http://name.test") as made:
        task = asyncio.create_task(ask(made))
        await asyncio.sleep(0)
        await left(made, task, wire)
        resolver.may.set()
        assert await whole(made) == b"ok"


@pytest.mark.parametrize("count", [1, 2])
async def test_cancelled_in_connecting(count: int, wire: Wire, resolve: Resolve) -> None:
    """A connect can be cancelled, to one address or to several at once."""
    with deaf() as silence:
        resolve(*[silence] * count)
        async with transport(wire, "http://name.test") as made:
            task = asyncio.create_task(ask(made))
            await asyncio.sleep(0.01)
            await left(made, task, wire)


async def test_cancelled_in_the_handshake(wire: Wire) -> None:
    """A TLS handshake with a silent server can be cancelled."""
    wire.play = silent
    async with transport(wire, wire.url.replace("http", "https")) as made:
        task = asyncio.create_task(ask(made))
        await wire.peer()
        await asyncio.sleep(0.01)
        await left(made, task, wire)


async def test_cancelled_when_connected(either: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request can be cancelled after the loop has connected and before its task continues."""
    loop = asyncio.get_running_loop()
    last = "start_tls" if either.url.startswith("https") else "create_connection"
    connect = getattr(loop, last)

    async def connected(*args: Any, **options: Any) -> None:
        await connect(*args, **options)
        task.cancel()
        await asyncio.sleep(0)

    monkeypatch.setattr(loop, last, connected)
    async with transport(either) as made:
        task = asyncio.create_task(ask(made))
        await either.peer()
        await asyncio.wait([task])
        await left(made, task, either)


@pytest.mark.parametrize("body", [b"", MUCH], ids=["waiting", "sending"])
async def test_cancelled_in_asking(body: bytes, either: Wire) -> None:
    """A request can be cancelled while it waits for the response or sends a large body."""

    async def play(peer: Peer) -> None:
        await peer.hear()
        heard.set()
        await asyncio.sleep(0.01)
        await peer.gone()

    heard = asyncio.Event()
    either.play = play
    async with transport(either) as made:
        task = asyncio.create_task(ask(made, body))
        await heard.wait()
        await left(made, task, either)


async def test_cancelled_in_the_body(either: Wire) -> None:
    """When the reader closes, the upstream's connection is closed."""
    either.play = says(OK[:-1])
    async with transport(either) as made:
        task = asyncio.create_task(whole(made))
        await either.peer()
        await asyncio.sleep(0.02)
        await left(made, task, either)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n\r\nok", OK[:-1]], ids=["waiting", "endless", "length"])
async def test_closing_in_the_middle(head: bytes, either: Wire) -> None:
    """Closing makes running requests fail, so that no body seems complete, and later requests too."""
    either.play = says(head)
    made = Transport(httpx.URL(either.url), trusting, connect_timeout=5, max_header_bytes=4096)
    task = asyncio.create_task(whole(made))
    await either.peer()
    await asyncio.sleep(0.02)
    await made.aclose()
    with pytest.raises(httpx.ReadError):
        await task
    with pytest.raises(httpx.ConnectError):
        await ask(made)
    assert made.connections() == (0, 0)


async def test_closing_with_a_response_in_hand(either: Wire) -> None:
    """A closed transport does not keep the connection of an open response."""
    async with transport(either) as made:
        response = await ask(made)
        await made.aclose()
        await response.aclose()
        assert made.connections() == (0, 0)


async def test_closing_while_connecting(wire: Wire, resolve: Resolve) -> None:
    """A connection in the making is closed."""
    resolver = resolve(("127.0.0.1", wire.port))
    resolver.may.clear()
    async with transport(wire, "http://name.test") as made:
        task = asyncio.create_task(ask(made))
        await asyncio.sleep(0)
        await made.aclose()
        resolver.may.set()
        with pytest.raises(httpx.ConnectError):
            await task
        assert made.connections() == (0, 0)


async def test_a_crowd_connects_in_turns(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most as many connections are made at once as the ramp allows, and each waiting request gets its turn."""
    monkeypatch.setattr(module, "_MAX_CONNECTING", 3)
    wire.play = silent  # which passes no TLS handshake
    async with transport(wire, wire.url.replace("http:", "https:")) as made:
        asking = [asyncio.ensure_future(ask(made)) for _ in range(8)]
        await wire.peer(2)
        for _ in range(10):
            await asyncio.sleep(0.005)
        assert len(wire.peers) == 3
        for task in asking[:2]:
            task.cancel()
        await wire.peer(4)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def test_a_connection_that_is_free_meanwhile(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that waits for its turn takes a connection that another call has released."""
    monkeypatch.setattr(module, "_MAX_CONNECTING", 1)
    async with transport(wire) as made:
        assert await asyncio.gather(*(whole(made) for _ in range(20))) == [b"ok"] * 20
        assert len(wire.peers) < 20


async def test_the_crowd_is_bounded(wire: Wire) -> None:
    """At most 64 connect at once: a listener's queue is often 128, beyond which clients wait for TCP's retries."""
    wire.play = silent
    async with transport(wire, wire.url.replace("http:", "https:")) as made:
        asking = [asyncio.ensure_future(ask(made)) for _ in range(100)]
        await wire.peer(63)
        for _ in range(10):
            await asyncio.sleep(0.005)
        assert len(wire.peers) == 64
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


@pytest.mark.parametrize("said", [b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nSTOLEN", b"\n", None], ids=str)
async def test_a_server_that_speaks_at_once(said: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that arrive before the request are not its response, even if the event loop has not delivered them yet.

    Nor is a request sent to a server that has closed (None): it can go elsewhere, as nothing was sent.
    """
    tune = dialer._tune
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speaks(made: socket.socket) -> None:
            tune(made)
            peer, _ = server.accept()
            peers.append(peer)
            if said is None:
                peer.shutdown(socket.SHUT_WR)
            else:
                peer.sendall(said)

        peers: list[socket.socket] = []
        monkeypatch.setattr(dialer, "_tune", speaks)
        url = httpx.URL(f"http://127.0.0.1:{server.getsockname()[1]}/")
        made = Transport(url, trusting, connect_timeout=5, max_header_bytes=4096)
        with pytest.raises(httpx.ConnectError):
            async with asyncio.timeout(5):
                await made.handle_async_request(httpx.Request("POST", url, content=b"{}"))
        assert made.connections() == (0, 0)
        await made.aclose()
        with peers[0], suppress(ConnectionError):  # the server may see a reset
            assert peers[0].recv(100) == b""  # no request


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("addresses", [1, 2])
async def test_a_server_that_closes_as_it_accepts(scheme: str, addresses: int, resolve: Resolve) -> None:
    """A balancer without servers does that. It is a failure of the connection, whichever event the loop sees first."""
    loop = asyncio.get_running_loop()

    def accept() -> None:
        server.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        loop.add_reader(server, accept)
        port = server.getsockname()[1]
        resolve(*[("127.0.0.1", port)] * addresses)
        url = httpx.URL(f"{scheme}://name.test:{port}/")
        made = Transport(url, trusting, connect_timeout=5, max_header_bytes=4096)
        for _ in range(10):
            with pytest.raises(httpx.TransportError):
                await made.handle_async_request(httpx.Request("POST", url, content=b"{}"))
        assert made.connections() == (0, 0)
        loop.remove_reader(server)
        await made.aclose()


async def test_the_socket(either: Wire) -> None:
    """Small requests are sent at once, and a long silent peer is probed."""
    async with transport(either) as made:
        response = await ask(made)
        (connection,) = made._used
        option = connection._wire.get_extra_info("socket").getsockopt
        assert option(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert option(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert option(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
        await response.aclose()


async def test_no_handshake(wire: Wire) -> None:
    """A server that closes in the TLS handshake, sends something else, or nothing, gives no connection."""

    async def closes(peer: Peer) -> None:
        await peer.reader.read(1)

    async def responses(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.say(b"HTTP/1.1 400 No\r\n\r\n")

    for play, kind in [(closes, httpx.ConnectError), (responses, httpx.ConnectError), (silent, httpx.ConnectTimeout)]:
        wire.play = play
        async with transport(wire, wire.url.replace("http", "https"), seconds=0.1) as made:
            with pytest.raises(kind):
                await ask(made)
            await wire.peers[-1].over.wait()
