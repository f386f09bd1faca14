"""Assembles the server, starts it and stops it."""

import asyncio
from typing import TYPE_CHECKING, Final

import grpc
import structlog
from grpc_channelz.v1 import channelz, channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health, health_pb2_grpc

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2, raw_pb2
from bridge.access.callers import Callers
from bridge.access.limits import Limits
from bridge.server import tls
from bridge.server.boundary import Boundary
from bridge.server.drain import Drain
from bridge.server.gate import HEALTH, TOOLS, Gate
from bridge.server.health import Health
from bridge.server.inflight import InFlightCalls
from bridge.server.probes import Probes
from bridge.server.reflection import add_reflection
from bridge.server.removal import RemovalNotice
from bridge.server.servers import Servers
from bridge.server.turns import Turn
from bridge.services.chat import ChatService
from bridge.services.embeddings import EmbeddingsService
from bridge.services.models import ModelsService
from bridge.services.raw import RawService
from bridge.settings import Settings
from bridge.telemetry import logs
from bridge.telemetry.metrics import Metrics
from bridge.telemetry.observer import Observer
from bridge.upstream.client import Upstream

if TYPE_CHECKING:
    from bridge.telemetry.traces import Traces

_log = structlog.get_logger("aibridge.server")

_SERVICES: Final = {
    models_pb2.DESCRIPTOR.services_by_name["ModelsService"]: ModelsService,
    chat_pb2.DESCRIPTOR.services_by_name["ChatService"]: ChatService,
    embeddings_pb2.DESCRIPTOR.services_by_name["EmbeddingsService"]: EmbeddingsService,
    raw_pb2.DESCRIPTOR.services_by_name["RawService"]: RawService,
}
#: Their full names.
SERVICES: Final = tuple(service.full_name for service in _SERVICES)
_CHANNELZ: Final = channelz_pb2.DESCRIPTOR.services_by_name["Channelz"].full_name
#: The path of each method, and whether it streams.
METHODS: Final = {
    f"/{service.full_name}/{method.name}": bool(method.server_streaming)
    for service in _SERVICES
    for method in service.methods
}


class App:
    """One bridge: its gRPC server and its upstream client. Created and used inside a running event loop.

    `metrics` are its numbers, which someone else serves. `traces` makes spans; None makes none. `turn` is that of
    this process among several workers.
    """

    def __init__(self, settings: Settings, traces: "Traces | None" = None, turn: Turn | None = None) -> None:
        self._settings = settings
        self._turn = turn or Turn()
        self._upstream = Upstream(settings)
        self._health = Health(SERVICES)
        self._removal = RemovalNotice(settings.removal_notice)
        self._probes = Probes(settings, self._health, self._upstream.credentials)
        self._limits = Limits(settings.max_calls, settings.queue_timeout)
        self._in_flight = InFlightCalls()
        self._callers = Callers(settings) if settings.knows_callers else None
        self._tls = tls.Certificates.of(settings)
        observer = Observer(settings, METHODS, traces)
        self.metrics = observer.metrics
        self._show(self.metrics)
        self._boundary = Boundary(settings, self._limits, self._in_flight, self._callers, observer)
        for service, servicer in _SERVICES.items():
            self._boundary.add(service, servicer(self._upstream, settings))
        self._servers = Servers(settings, self._register, self._credentials)
        self._drain = Drain(self._health, self._servers, self._in_flight, self._turn)

    def _register(self, server: grpc.aio.Server) -> None:
        """Add the handlers of all services to a server."""
        self._boundary.register(server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, Gate(server, HEALTH))
        gate = Gate(server, TOOLS, self._callers)
        names = [*SERVICES, health.SERVICE_NAME]
        if self._settings.channelz:
            channelz_pb2_grpc.add_ChannelzServicer_to_server(channelz.aio.ChannelzServicer(), gate)
            names.append(_CHANNELZ)
        if self._settings.reflection:
            add_reflection(gate, names)

    def _credentials(self) -> grpc.ServerCredentials | None:
        """Those of one port; None without TLS."""
        return None if self._tls is None else self._tls.credentials()

    def _show(self, metrics: Metrics) -> None:
        """The values that the metrics read at each scrape."""
        limits, max_calls = self._limits, float(self._settings.max_calls)
        metrics.read("aibridge_limiter_calls", lambda: {("running",): limits.running, ("waiting",): limits.waiting})
        metrics.read("aibridge_limiter_max_calls", lambda: {(): max_calls})
        metrics.read("aibridge_draining", lambda: {(): float(self._health.draining)})
        metrics.read("aibridge_log_lines_dropped_total", lambda: {(): logs.dropped()})
        metrics.read(
            "aibridge_upstream_connections",
            lambda: dict(zip((("used",), ("idle",)), self._upstream.connections(), strict=True)),
        )

    async def start(self) -> str:
        """Start serving. Returns the address that it listens on, with the real port if the setting has port 0.

        Several addresses are separated by commas.

        Raises:
            SettingsError: an address is taken or cannot be bound.
        """
        if self._callers is not None:
            await self._callers.start()
        self._warn()
        address = self._servers.bind()
        await self._upstream.start()
        await self._probes.listen()
        await self._servers.start()
        await self._probes.begin()
        return address

    def _warn(self) -> None:
        """Log a warning for each setting that is allowed but dangerous."""
        settings = self._settings
        if self._tls is None and settings.takes_bearer and settings.is_exposed:
            _log.warning("callers' tokens are received unencrypted", listen=settings.listen)
        if settings.sends_secrets_in_the_clear:
            _log.warning(
                "keys and prompts are sent to the upstream unencrypted: use https", upstream=settings.upstream_url
            )

    @property
    def health_address(self) -> str:
        """The address of the health port, with its real port; empty without one."""
        return self._probes.address

    async def stop(self, *, delay: float = 0.0, grace: float = 0.0) -> int:
        """Drain and stop: serve for `delay` seconds, then let calls in flight finish for `grace` seconds.

        Returns the number of calls that were ended after the grace, with BRIDGE_SHUTTING_DOWN.
        """
        await self._health.leave_endpoints(removed=self._removal.given())
        grace -= await self._drain.serve_on(delay, grace)
        self._boundary.stop()
        if grace:
            await self._in_flight.hold(self._turn.take)
        self._limits.close()
        stopping = self._servers.stop(grace)
        await asyncio.sleep(0)  # clients get GOAWAY before a response lets them call again
        self._turn.end()
        self._health.end_watches()
        self._in_flight.release()
        await asyncio.wait({stopping}, timeout=grace)
        self._in_flight.stop()
        await stopping
        await self._boundary.close()
        await self._probes.close()
        if self._callers is not None:
            await self._callers.stop()
        await self._upstream.close()
        return self._in_flight.stopped_calls
