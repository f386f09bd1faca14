"""An httpx transport for one upstream, with a pool of connections.

httpx's own transport costs more than gRPC itself, and other libraries lose the bytes that arrived just before a
connection broke. With one fixed origin a pool is a dictionary. The most recently used connection is used next, so that
connections that only a burst needed time out and are closed.
"""

import asyncio
import math
import re
import ssl
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

import httpx

from bridge.upstream.causes import Cause, Reachability, cause_of
from bridge.upstream.connection import Connection
from bridge.upstream.dialer import Dialer
from bridge.upstream.heads import Fields, head_of
from bridge.upstream.proxy import Proxy

#: Time that an idle connection is kept if the server names none. A request is lost if the server closes the connection
#: at that moment. uvicorn closes after 5 s. TLS usually means a proxy, which keeps connections for longer.
_IDLE_SECONDS: Final = 4.0
_IDLE_TLS_SECONDS: Final = 30.0
#: A connection is kept for this much less than the time that the server names, or for half of it, up to the maximum.
_IDLE_MARGIN_SECONDS: Final = 1.0
_MAX_IDLE_SECONDS: Final = 300.0
_KEEP_ALIVE: Final = re.compile(r"(?:^|[,; \t])timeout[ \t]*=[ \t]*\"?([0-9]{1,9})", re.IGNORECASE)
#: The server accepts no further request on this connection.
_NO_MORE: Final = re.compile(r"(?:^|[,; \t])max[ \t]*=[ \t]*\"?0+(?![0-9])", re.IGNORECASE)
#: Maximum number of connections that are made at the same time. More would fill the upstream's accept queue, and some
#: would wait a second or more for a TCP retransmission.
_MAX_CONNECTING: Final = 64
_PROXY_CREDENTIALS: Final = 407


class Response(httpx.AsyncByteStream):
    """A response whose head has arrived, and the stream of its body. The caller must close it."""

    def __init__(
        self, status: int, fields: Fields, connection: Connection, release: Callable[[Connection], None]
    ) -> None:
        self.status = status
        self.fields = fields
        self.read = connection.read
        self.expect = connection.expect
        self.hold = connection.hold
        self.is_over = connection.is_over
        self._connection: Connection | None = connection
        self._release = release

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self.read():
            yield data

    def close(self) -> None:
        """Return the connection to the pool if the response is complete. If not, close it at once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self.read = _closed  # later bytes on the connection belong to another request
            self._release(connection)

    async def aclose(self) -> None:
        """As `close`."""
        self.close()


async def _closed() -> bytes:
    raise httpx.StreamClosed


class Transport(httpx.AsyncBaseTransport):
    """Connections to the origin of `url`, to which all requests are sent, whatever their URL.

    `tls` returns the context for each new connection. `connect_timeout` includes name resolution, TCP and TLS.
    `max_header_bytes` is the maximum length of a line in a response's head. With `path`, connections lead to that unix
    socket. `reachability` is told whether connections can be made. The caller limits the number of connections and the
    time of a request. HEAD is not supported: llhttp would wait for a body.
    """

    def __init__(
        self,
        url: httpx.URL,
        tls: Callable[[], ssl.SSLContext],
        *,
        connect_timeout: float,
        max_header_bytes: int,
        proxy: Proxy | None = None,
        path: str = "",
        reachability: Reachability | None = None,
    ) -> None:
        self._dialer = Dialer(url, tls, proxy, path)
        self._proxy = proxy
        self._reachability = reachability or Reachability()
        self._tls = url.scheme == "https"
        self._authority = url.netloc.decode("ascii")
        self._connect_timeout = connect_timeout
        self._max_header_bytes = max_header_bytes
        self._idle: dict[Connection, None] = {}  # the most recently used is last
        self._used: set[Connection] = set()
        self._ramp = asyncio.Semaphore(_MAX_CONNECTING)
        self._reaper: asyncio.TimerHandle | None = None
        self._reaps_at = math.inf
        self._idle_timeout = _IDLE_TLS_SECONDS if self._tls else _IDLE_SECONDS
        self._closing = False

    def connections(self) -> tuple[int, int]:
        """How many connections are in use and how many are idle. May be called from any thread."""
        return len(self._used), len(self._idle)

    async def send(self, method: str, target: str, fields: Fields, body: bytes) -> Response:
        """The response to a request. The fields say how long the body is.

        Raises:
            httpx.ConnectError: no connection; `causes.cause_of` says why. Nothing was sent.
            httpx.ConnectTimeout: connecting timed out. Nothing was sent.
            httpx.ProxyError: no connection, because of the proxy. Nothing was sent.
            httpx.LocalProtocolError: a field contains a line break. Nothing was sent.
            httpx.TransportError: as `Connection.ask`.
        """
        if self._proxy is not None and not self._tls:  # the request goes to the proxy, with the whole URL
            target = f"http://{self._authority}{target}"
            fields = [*fields, *self._proxy.header()]
        head = head_of(method, target, fields)
        kept = self._kept()
        connection = kept or await self._connect()
        self._used.add(connection)
        try:
            status, received = await connection.ask(head, body)
        except BaseException:
            self._release(connection)
            raise
        if status == _PROXY_CREDENTIALS and self._proxy is not None:
            self._reachability.failed(Cause.PROXY_CREDENTIALS)
        elif kept is None:
            self._reachability.reached()
        return Response(status, received, connection, self._release)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As `send`, for an httpx client."""
        body = b"".join([part async for part in request.stream])  # type: ignore[union-attr]
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        target = request.url.raw_path.decode("ascii")
        response = await self.send(request.method, target, _of_length(fields, len(body)), body)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.fields]
        return httpx.Response(response.status, headers=headers, stream=response, request=request)

    async def aclose(self) -> None:
        """Close all connections, also those that are being made."""
        self._closing = True
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        for connection in (*self._idle, *self._used):
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # let the event loop close them

    def _kept(self) -> Connection | None:
        """The most recently used idle connection on which the upstream has sent nothing since; None if there is none.

        Such bytes, for example a late second response, would be taken for the response to the next request.
        """
        now = time.monotonic()
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.is_reusable() and connection.idle_until > now:
                return connection
            connection.abort()  # or the server is about to close it
        return None

    def _release(self, connection: Connection) -> None:
        self._used.discard(connection)
        kept = connection.head.keep_alive
        if connection.release():
            until = time.monotonic() + _idle_time(kept, self._idle_timeout)
            connection.idle_until = until
            self._idle[connection] = None
            if until < self._reaps_at:
                self._reap_at(until)

    def _reap_at(self, moment: float) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaps_at = moment
        self._reaper = asyncio.get_running_loop().call_later(max(0.0, moment - time.monotonic()), self._reap)

    def _forget(self, connection: Connection) -> None:
        self._idle.pop(connection, None)

    def _reap(self) -> None:
        """Close the connections that were idle for too long."""
        self._reaper, self._reaps_at = None, math.inf
        now = time.monotonic()
        for connection in list(self._idle):
            if connection.idle_until <= now:
                self._forget(connection)
                connection.abort()
        if self._idle:
            self._reap_at(min(connection.idle_until for connection in self._idle))

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(self._connect_timeout), self._ramp:
                connection = self._kept()
                if connection is None:
                    connection = Connection(self._max_header_bytes, self._forget)
                    await self._dialer.dial(connection)
        except (OSError, UnicodeError, httpx.ProxyError) as error:
            self._dialer.forget()
            self._reachability.failed(cause_of(error))
            if isinstance(error, httpx.ProxyError):
                raise
            if isinstance(error, TimeoutError):
                raise httpx.ConnectTimeout("connecting timed out") from error
            raise httpx.ConnectError(str(error)) from error
        if self._closing:
            connection.abort()
            raise httpx.ConnectError("the transport was closed")
        return connection


def _idle_time(keep_alive: str, default: float) -> float:
    """The time in seconds to keep a connection whose server sent these `keep-alive` fields, which may be empty."""
    if not keep_alive:
        return default
    if _NO_MORE.search(keep_alive):
        return 0.0
    found = _KEEP_ALIVE.search(keep_alive)
    if found is None:
        return default
    seconds = min(float(found[1]), _MAX_IDLE_SECONDS)
    return seconds - min(_IDLE_MARGIN_SECONDS, seconds / 2)


def _of_length(fields: Fields, size: int) -> Fields:
    """The fields with the size of the body. httpx announces a chunked body if it does not know the size."""
    others = [(name, value) for name, value in fields if name.lower() != "transfer-encoding"]
    return fields if len(others) == len(fields) else [*others, ("content-length", str(size))]
