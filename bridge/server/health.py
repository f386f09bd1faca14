"""`grpc.health.v1`, whose watches end when the server stops.

The names: the services and `readiness` are SERVING while the bridge accepts calls and can reach the upstream, as far
as that is known. The empty name, the server as a whole, is SERVING while the bridge accepts calls. `liveness` is
SERVING as long as the process answers, so that nobody restarts a bridge because of its upstream, or while it drains.

A drain has two steps. `readiness`, which Kubernetes reads, becomes NOT_SERVING at SIGTERM. The other names, which
clients watch, become NOT_SERVING `CLIENT_NOTICE_SECONDS` before the connections close. A client that balances over the
pods asks DNS again only when a connection closes. If it left this pod earlier, it would have only the pods that it knew
before, and in a rollout those may be stopping too.
"""

import asyncio
from typing import Any, Final

import grpc
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

LIVENESS: Final = "liveness"
READINESS: Final = "readiness"
#: Seconds between the services' NOT_SERVING and the end of the drain delay: time for clients that watch to hear of it.
CLIENT_NOTICE_SECONDS: Final = 1.0


class Health(health.aio.HealthServicer):  # type: ignore[misc] # grpcio-health-checking has no types
    """Health of each service, of the server as a whole under the empty name, and for probes."""

    def __init__(self, services: tuple[str, ...]) -> None:
        super().__init__()
        self._services = services
        self._watches: set[asyncio.Timeout] = set()
        self.draining = False  # since SIGTERM
        self._ended = False

    async def Watch(self, request: HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """As the base, until `end_watches`: no watch ends by itself, and `server.stop` would wait out its grace."""
        if self._ended:
            return
        try:
            async with asyncio.timeout(None) as watch:
                self._watches.add(watch)
                try:
                    await super().Watch(request, context)
                finally:
                    self._watches.discard(watch)
        except TimeoutError:
            return

    async def begin(self, *, ready: bool) -> None:
        """The server has started; it is ready at once, or when `ready` says so."""
        await self.set(LIVENESS, HealthCheckResponse.SERVING)
        await self.ready(ready=ready)

    async def ready(self, *, ready: bool) -> None:
        """Whether the upstream can be reached. Without effect once the drain has begun."""
        if not self.draining:
            status = HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING
            await self._all((READINESS, *self._services), status)

    async def leave_endpoints(self) -> None:
        """First step of a drain: `readiness` is NOT_SERVING for good, and no name follows the upstream any more."""
        self.draining = True
        await self.set(READINESS, HealthCheckResponse.NOT_SERVING)

    async def turn_clients_away(self) -> None:
        """Second step of a drain: every name but `liveness` is NOT_SERVING."""
        await self._all(("", *self._services), HealthCheckResponse.NOT_SERVING)

    async def _all(self, names: tuple[str, ...], status: HealthCheckResponse.ServingStatus) -> None:
        for name in names:
            await self.set(name, status)

    def end_watches(self) -> None:
        """End all watches with status OK; they have been told NOT_SERVING before."""
        self._ended = True
        now = asyncio.get_running_loop().time()
        for watch in self._watches:
            watch.reschedule(now)
