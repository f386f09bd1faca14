"""What orchestrators see of a bridge: its health from start to end, on a separate port if a setting says so."""

import asyncio

import grpc
import structlog
from grpc_health.v1 import health_pb2_grpc

from bridge.server import options
from bridge.server.gate import HEALTH, MAX_REQUEST_BYTES, Gate
from bridge.server.health import Health
from bridge.server.listening import bind
from bridge.server.readiness import Readiness
from bridge.settings import Settings
from bridge.upstream.credentials import Credentials

_log = structlog.get_logger("aibridge.health")


class Probes:
    """The health port and the upstream probes, each if a setting asks for it."""

    def __init__(self, settings: Settings, health: Health, credentials: Credentials) -> None:
        self._settings = settings
        self._credentials = credentials
        self._health = health
        self._server: grpc.aio.Server | None = None
        self._looking: asyncio.Task[None] | None = None
        self.address = ""

    async def listen(self) -> None:
        """Open the health port, if there is one.

        Raises:
            SettingsError: its address is taken or cannot be bound.
        """
        address = self._settings.health_listen
        if address is None:
            return
        self._server = grpc.aio.server(options=options.of_health(self._settings, MAX_REQUEST_BYTES))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, Gate(self._server, HEALTH))
        self.address = bind(self._server, "health_listen", address)
        await self._server.start()
        _log.info("health port", address=self.address)

    async def begin(self) -> None:
        """The server has started. It is ready now, or when the upstream has been reached."""
        looks = self._settings.upstream_check_interval > 0
        await self._health.begin(ready=not looks)
        if looks:
            self._looking = asyncio.create_task(Readiness(self._settings, self._health, self._credentials).run())

    async def close(self) -> None:
        """Stop the probes and the health port."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        if self._server is not None:
            await self._server.stop(None)
