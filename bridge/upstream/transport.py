"""An httpx transport for one upstream: as many connections as it takes, over TCP or TLS, kept for the next request.

httpx's own transport costs a bridge more than gRPC does, and what others offer loses what arrived just before a
connection broke. With one fixed origin a pool is a dictionary: the connection that was used last is used next, so that
those which a burst needed grow old, and are closed.
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
from bridge.upstream.heads import Headers, head_of
from bridge.upstream.proxy import Proxy

#: Seconds for which an idle connection is kept where the server does not say. A server that closes it in the moment
#: of the next request loses that request: uvicorn closes after 5 s, what stands behind TLS is mostly a proxy with more.
_IDLE_SECONDS: Final = 4.0
_IDLE_TLS_SECONDS: Final = 30.0
#: Less than the server says by so many seconds, or by half; and this long at most.
_IDLE_MARGIN_SECONDS: Final = 1.0
_MAX_IDLE_SECONDS: Final = 300.0
_KEEP_ALIVE: Final = re.compile(rb"(?:^|[,; \t])timeout[ \t]*=[ \t]*\"?([0-9]{1,9})", re.IGNORECASE)
#: Connections that are made at the same time. A crowd would else fill the queue of the upstream's listener, and part of
#: it would wait for TCP's own retries, a second and more.
_MAX_CONNECTING: Final = 64
_PROXY_CREDENTIALS: Final = 407


class Body(httpx.AsyncByteStream):
    """A request's body that is there already: `data`."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.data


class ResponseBody(httpx.AsyncByteStream):
    """A reply's body on its way. Whoever has one must close it."""

    def __init__(self, connection: Connection, release: Callable[[Connection], None]) -> None:
        self.read = connection.read
        self.expect = connection.expect
        self._connection: Connection | None = connection
        self._release = release

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self.read():
            yield data

    def close(self) -> None:
        """Give the connection back if the reply is complete; else close it, at once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self.read = _closed  # what comes next over the connection is somebody else's
            self._release(connection)

    async def aclose(self) -> None:
        """As `close`."""
        self.close()


async def _closed() -> bytes:
    raise httpx.StreamClosed


class Transport(httpx.AsyncBaseTransport):
    """Connections to the origin of `url`; requests to any other are sent there too.

    `tls` gives the context of each connection that is made; `connect_timeout` is the seconds for name, TCP and TLS;
    `max_header_bytes` bounds each line in the head of a response. With `path` connections lead to that unix socket.
    `reachability` is told whether connections can be made. The number of connections, and the time that a request
    may take, are for callers to limit. A HEAD has no place here: llhttp would wait for the body.
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
        self._connect_timeout = connect_timeout
        self._max_header_bytes = max_header_bytes
        self._idle: dict[Connection, None] = {}  # the one used last stands last
        self._used: set[Connection] = set()
        self._ramp = asyncio.Semaphore(_MAX_CONNECTING)
        self._reaper: asyncio.TimerHandle | None = None
        self._reaps_at = math.inf
        self._idle_timeout = _IDLE_TLS_SECONDS if self._tls else _IDLE_SECONDS
        self._closing = False

    def connections(self) -> tuple[int, int]:
        """How many connections are in use and how many idle. May be asked from any thread."""
        return len(self._used), len(self._idle)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The reply to a request, with a `ResponseBody` as its stream.

        Raises:
            httpx.ConnectError: no connection; `causes.cause_of` says why. Nothing was sent.
            httpx.ConnectTimeout: no connection in time. Nothing was sent.
            httpx.ProxyError: no connection, because of the proxy. Nothing was sent.
            httpx.TransportError: as `Connection.ask`.
        """
        stream = request.stream
        headers = request.headers.raw
        if isinstance(stream, Body):
            body = stream.data
        else:
            body = b"".join([part async for part in stream])  # type: ignore[union-attr]
            headers = _of_length(headers, len(body))
        target = request.url.raw_path
        if self._proxy is not None and not self._tls:  # the proxy itself gets the request, with the whole URL
            target = b"http://%b%b" % (request.url.netloc, target)
            headers = [*headers, *self._proxy.header()]
        head = head_of(request.method, target, headers)
        kept = self._kept()
        connection = kept or await self._connect()
        self._used.add(connection)
        try:
            status, headers = await connection.ask(head, body)
        except BaseException:
            self._release(connection)
            raise
        if status == _PROXY_CREDENTIALS and self._proxy is not None:
            self._reachability.failed(Cause.PROXY_CREDENTIALS)
        elif kept is None:
            self._reachability.reached()
        return httpx.Response(status, headers=headers, stream=ResponseBody(connection, self._release), request=request)

    async def aclose(self) -> None:
        """Close all connections, those that are about to be made too."""
        self._closing = True
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        for connection in (*self._idle, *self._used):
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # for the loop to close them

    def _kept(self) -> Connection | None:
        """The connection that was used last, if one is idle and the upstream has said nothing on it meanwhile.

        What it said, a late second response perhaps, would be taken for the answer to the next request.
        """
        now = time.monotonic()
        while self._idle:
            connection, _ = self._idle.popitem()
            if connection.quiet() and connection.idle_until > now:
                return connection
            connection.abort()  # or the server is about to close it
        return None

    def _release(self, connection: Connection) -> None:
        self._used.discard(connection)
        kept = connection.keep_alive
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
        """Close what has been idle for long."""
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
                raise httpx.ConnectTimeout("no connection in time") from error
            raise httpx.ConnectError(str(error)) from error
        if self._closing:
            connection.abort()
            raise httpx.ConnectError("the transport was closed")
        return connection


def _idle_time(keep_alive: bytes, default: float) -> float:
    """Seconds for which a connection may be kept whose server has sent this `keep-alive` header, empty for none."""
    found = _KEEP_ALIVE.search(keep_alive)
    if found is None:
        return default
    seconds = min(float(found[1]), _MAX_IDLE_SECONDS)
    return seconds - min(_IDLE_MARGIN_SECONDS, seconds / 2)


def _of_length(headers: Headers, size: int) -> Headers:
    """The headers for a body of this size. Where httpx does not know one it says that the body comes in chunks."""
    others = [(name, value) for name, value in headers if name.lower() != b"transfer-encoding"]
    return headers if len(others) == len(headers) else [*others, (b"content-length", b"%d" % size)]
