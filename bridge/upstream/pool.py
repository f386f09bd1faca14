"""The pool of connections to the upstream: aiohttp's, with what it lets pass put right."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import aiohttp


def pool(tls: Callable[[], ssl.SSLContext], max_header_bytes: int) -> aiohttp.ClientSession:
    """A pool without a limit: `Upstream` counts connections, where waiting has a limit and an error of its own.

    `tls` gives the context of each connection that is made.
    """
    return aiohttp.ClientSession(
        connector=_Connector(tls, limit=0, keepalive_timeout=30.0),
        cookie_jar=aiohttp.DummyCookieJar(),  # what an upstream sets for one caller must not go out for the next
        response_class=_Response,
        auto_decompress=False,
        max_line_size=max_header_bytes,
        max_field_size=max_header_bytes,
    )


def usage(session: aiohttp.ClientSession) -> tuple[int, int]:
    """How many connections of a pool are in use and how many idle. May be asked from any thread."""
    connector = session.connector
    if not isinstance(connector, _Connector):  # the session is closed
        return 0, 0
    return len(connector._acquired), sum(len(idle) for idle in list(connector._conns.values()))  # noqa: SLF001 # ours


class _Connector(aiohttp.TCPConnector):
    """Takes no connection from the pool on which something has come in since its last reply.

    aiohttp looks only whether it is still open. A reply that nobody asked for would go to the next caller.
    """

    def __init__(self, tls: Callable[[], ssl.SSLContext], **options: Any) -> None:
        super().__init__(**options)
        self._tls = tls
        self._used: WeakSet[Any] = WeakSet()

    def _get_ssl_context(self, req: Any) -> ssl.SSLContext | None:
        return self._tls() if req.is_ssl() else None

    async def connect(self, req: Any, traces: Any, timeout: aiohttp.ClientTimeout) -> Any:  # noqa: ASYNC109 # aiohttp's
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol: Any = connection.protocol
            if protocol not in self._used:
                break
            if not protocol.should_close:
                return connection
            connection.close()
        self._used.add(protocol)
        if protocol.closed is not None:
            protocol.closed.add_done_callback(_seen)
        return connection


def _seen(closed: asyncio.Future[None]) -> None:
    """Why a connection was lost is told by what was read from it; asyncio would log that nobody looked."""
    if not closed.cancelled():
        closed.exception()


class _Response(aiohttp.ClientResponse):
    """A reply without its reason phrase, which is of no use, and stops the transport if it is not UTF-8."""

    async def start(self, connection: Any) -> "_Response":
        await super().start(connection)
        self.reason = None
        return self
