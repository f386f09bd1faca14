"""Makes connections for a transport: over TCP, through a proxy or to a unix socket, with or without TLS."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, cast

import httpx
from aiohappyeyeballs import AddrInfoType, start_connection

from bridge.upstream.connection import Connection
from bridge.upstream.proxy import Proxy, Tunnel

#: Time that resolved addresses are reused.
_ADDRESS_TTL_SECONDS: Final = 10.0
#: If an address has not accepted after this time, the next one is tried in parallel (RFC 8305).
_HEAD_START_SECONDS: Final = 0.25
#: Time between two attempts to connect to a unix socket whose queue is full.
_SOCKET_RETRY_SECONDS: Final = 0.01
#: TCP keepalive, in seconds and probes: a connection has to survive minutes in which a model thinks.
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 60, "TCP_KEEPCNT": 5}
#: Default ports.
PORTS: Final = {"http": 80, "https": 443}


class Dialer:
    """Makes connections to the origin of `url`, through `proxy` if there is one, or to the unix socket `path`.

    `tls` returns the context for each connection.
    """

    def __init__(
        self, url: httpx.URL, tls: Callable[[], ssl.SSLContext], proxy: Proxy | None = None, path: str = ""
    ) -> None:
        self._name = url.raw_host.decode("ascii").rstrip(".")
        port = url.port or PORTS[url.scheme]
        self._authority = b"%b:%d" % (url.netloc.rpartition(b":")[0] if url.port else url.netloc, port)
        self._proxy = proxy
        self._path = path
        self._contexts = tls
        # The other end of connections: the proxy, if there is one.
        self._host = proxy.host if proxy is not None else url.raw_host.decode("ascii")
        self._port = proxy.port if proxy is not None else port
        self._tls = url.scheme == "https"
        self._addresses: Sequence[AddrInfoType] = ()
        self._addresses_until = 0.0
        self._resolving = asyncio.Lock()

    async def dial(self, connection: Connection) -> None:
        """Connect, with `connection` as the protocol.

        Raises:
            OSError: no connection could be made. A failure of TLS is an `ssl.SSLError`.
            UnicodeError: the host name is invalid.
            httpx.ProxyError: the proxy made no connection.
        """
        try:
            if self._path or (not self._tls and (self._proxy is None or not self._proxy.tls)):
                await self._open(lambda: connection)
            elif self._proxy is None:
                await self._secure(connection, await self._open(asyncio.Protocol), self._name)
            else:
                await self._through(self._proxy, connection)
            connection.check_new()
        except BaseException:
            connection.abort()
            raise

    def forget(self) -> None:
        """Resolve the name again for the next connection, because its addresses may have changed."""
        self._addresses = ()

    async def _open(self, protocol: Callable[[], asyncio.BaseProtocol]) -> asyncio.Transport:
        """A connection to the other end, without TLS."""
        loop = asyncio.get_running_loop()
        if self._path:
            made = await _to_socket(self._path)
            return await _adopted(made, loop.create_unix_connection(protocol, sock=made))
        addresses = await self._resolve()
        if len(addresses) == 1 and addresses[0][0] == socket.AF_INET:  # takes half the time of a socket of our own
            host, port = addresses[0][4][:2]
            transport: asyncio.Transport
            transport, _ = await loop.create_connection(protocol, str(host), port)
        else:
            made = await start_connection(addresses, happy_eyeballs_delay=_HEAD_START_SECONDS, loop=loop)
            transport = await _adopted(made, loop.create_connection(protocol, sock=made))
        _check_open(transport)
        _tune(transport.get_extra_info("socket"))
        return transport

    async def _through(self, proxy: Proxy, connection: Connection) -> None:
        """Connect through a proxy: TLS to the proxy, a tunnel, and TLS in the tunnel, each if needed."""
        loop = asyncio.get_running_loop()
        tunnel = Tunnel()
        wire = await self._open(lambda: tunnel)
        try:
            if proxy.tls and not self._tls:
                await self._secure(connection, wire, proxy.host)
                return
            if proxy.tls:
                outer = await loop.start_tls(wire, tunnel, self._contexts(), server_hostname=proxy.host)
                wire = cast("asyncio.Transport", outer)
            await tunnel.open(wire, proxy, self._authority)
            await self._secure(connection, wire, self._name)
        except BaseException:
            wire.abort()
            raise

    async def _secure(self, connection: Connection, wire: asyncio.Transport, name: str) -> None:
        try:
            context = self._contexts()
            _check_open(wire)
            secured = await asyncio.get_running_loop().start_tls(wire, connection, context, server_hostname=name)
            _check_open(wire)
        except BaseException:
            wire.abort()
            raise
        connection.secured(cast("asyncio.Transport", secured), wire)

    async def _resolve(self) -> Sequence[AddrInfoType]:
        """The addresses of the upstream. Each new connection starts with the next one."""
        async with self._resolving:  # a burst of calls resolves once
            if not self._addresses or time.monotonic() > self._addresses_until:
                loop = asyncio.get_running_loop()
                self._addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
                self._addresses_until = time.monotonic() + _ADDRESS_TTL_SECONDS
            first, *others = self._addresses
            self._addresses = [*others, first]
            return [first, *others]


async def _adopted(
    made: socket.socket, creating: Coroutine[Any, Any, tuple[asyncio.Transport, asyncio.BaseProtocol]]
) -> asyncio.Transport:
    """The transport that is created for a socket. If there is none, the socket is closed."""
    try:
        return (await creating)[0]
    except BaseException:
        made.close()
        raise


async def _to_socket(path: str) -> socket.socket:
    """A connection to a unix socket. The kernel makes it at once, unless the listener's queue is full."""
    made = socket.socket(socket.AF_UNIX)
    try:
        made.setblocking(False)
        while True:
            try:
                made.connect(path)
            except BlockingIOError:
                await asyncio.sleep(_SOCKET_RETRY_SECONDS)
            else:
                return made
    except BaseException:
        made.close()
        raise


def _check_open(wire: asyncio.BaseTransport) -> None:
    """Check that the other side has not closed a new connection. uvloop has no socket then, and no error from TLS.

    Raises:
        ConnectionResetError: it has.
    """
    if wire.is_closing():
        raise ConnectionResetError("the other side closed the connection before any request")


def _tune(made: socket.socket) -> None:
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):  # not on all systems
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
