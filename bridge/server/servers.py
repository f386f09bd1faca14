"""The gRPC server that callers reach, and the one that takes its place towards the end of a drain.

A client asks DNS again only when a connection closes. One that knows only this pod, because the others are newer than
its last look-up, would have no address to go to when this pod closes its port. So a second server starts on the same
port before the drain delay ends, and the first one tells its connections to go away. Clients ask DNS and connect to the
addresses that it gives, or once more to this pod, which serves them until the delay ends.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

import grpc
import structlog

from bridge.server import options, steering
from bridge.server.listening import bind, check_free
from bridge.settings import Settings, SettingsError
from bridge.settings.values import UNIX

_log = structlog.get_logger("aibridge.server")
#: Time between the replacement and the end of the drain delay. In it clients ask DNS, connect to new pods and check
#: their health. The clients that docs/kubernetes.md describes ask DNS at most once in a second.
REPLACEMENT_SECONDS: Final = 2.0
#: The second server renews its connections as often: clients that found no other pod ask DNS again each time.
_MAX_CONNECTION_AGE_SECONDS: Final = 1.0
#: Time for the status of a stopped call to reach its caller.
STATUS_SECONDS: Final = 0.5

Register = Callable[[grpc.aio.Server], None]
Credentials = Callable[[], grpc.ServerCredentials | None]


class Servers:
    """The servers of one bridge.

    `register` adds the handlers to a server, `credentials` are those of one port. `replacement_seconds` is the time
    between the second server's start and the end of the drain delay; 0 if there will be no second server.
    """

    def __init__(self, settings: Settings, register: Register, credentials: Credentials) -> None:
        self._settings = settings
        self._register = register
        self._credentials = credentials
        self._replaced: grpc.aio.Server | None = None
        self._leaving: asyncio.Task[None] | None = None
        self.replacement_seconds = REPLACEMENT_SECONDS if _can_replace(settings) else 0.0
        self._server = self._new()
        self._addresses = settings.addresses
        self._listening: list[int] = []

    def _new(self, max_connection_age: float | None = None) -> grpc.aio.Server:
        shares = self.replacement_seconds > 0
        chosen = options.of_calls(self._settings, shares_port=shares, max_connection_age=max_connection_age)
        server = grpc.aio.server(options=chosen)
        self._register(server)
        return server

    def bind(self) -> str:
        """Bind the server to its addresses. Returns them, with the real port where the setting has port 0.

        Raises:
            SettingsError: an address is taken or cannot be bound.
        """
        alone = self.replacement_seconds > 0 and self._settings.workers == 1
        for address in self._addresses if alone else ():
            check_free("listen", address)  # two servers may share the port, but not with another process
        self._addresses = self._bind(self._server)
        if alone:  # among several workers' sockets none knows its own number
            self._listening = steering.listening({int(address.rpartition(":")[2]) for address in self._addresses})
        return ",".join(self._addresses)

    def _bind(self, server: grpc.aio.Server) -> list[str]:
        return [bind(server, "listen", address, self._credentials()) for address in self._addresses]

    async def start(self) -> None:
        """Accept calls."""
        await self._server.start()

    async def prepare(self) -> grpc.aio.Server | None:
        """Start the server that will take the place of the first, and that gets all new connections from now on.

        None if that is not possible, which is logged.
        """
        server = self._new(_MAX_CONNECTION_AGE_SECONDS)
        try:
            self._bind(server)
        except SettingsError as error:
            _log.warning("server not replaced before the end of the drain delay", problem=str(error))
            return None
        await server.start()
        steering.steer(self._listening, 1)
        return server

    async def replace(self, server: grpc.aio.Server, grace: float) -> None:
        """Tell the connections of the first server to go away. Its calls may run for `grace` seconds."""
        self._replaced, self._server = self._server, server
        self._leaving = asyncio.create_task(self._replaced.stop(grace + STATUS_SECONDS))
        await asyncio.sleep(0)  # GOAWAY has been sent when this returns

    def stop(self, grace: float) -> asyncio.Future[list[None]]:
        """Tell all connections to go away.

        The future is done when all calls have ended. They may run for `grace` seconds.
        """
        servers = [self._server] if self._replaced is None else [self._server, self._replaced]
        return asyncio.gather(*(asyncio.create_task(server.stop(grace + STATUS_SECONDS)) for server in servers))


def _can_replace(settings: Settings) -> bool:
    """Whether the drain delay is long enough, and two servers can share each address. Unix sockets cannot."""
    return (
        settings.drain_delay >= 2 * REPLACEMENT_SECONDS
        and hasattr(socket, "SO_REUSEPORT")
        and not any(address.startswith(UNIX) for address in settings.addresses)
    )
