"""`grpc.health.v1`, whose watches end when the server stops.

The names that can be asked for: the services, and `readiness`, are SERVING while calls are welcome and can reach the
upstream, as far as that is known; the empty name, the server as a whole, while calls are welcome; `liveness` as long as
there is an answer at all, so that nobody restarts a bridge for what its upstream does, or while it drains.
"""

import asyncio
from typing import Any, Final

import grpc
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

LIVENESS: Final = "liveness"
READINESS: Final = "readiness"


class Health(health.aio.HealthServicer):  # type: ignore[misc] # grpcio-health-checking has no types
    """Health of each service, of the server as a whole under the empty name, and for probes."""

    def __init__(self, services: tuple[str, ...]) -> None:
        super().__init__()
        self._following = (READINESS, *services)
        self._watches: set[asyncio.Timeout] = set()
        self._draining = False
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
        """Whether calls can be answered, as far as the upstream is concerned. Without effect in the drain."""
        if not self._draining:
            await self._all(self._following, HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING)

    async def drain(self) -> None:
        """NOT_SERVING for good, but alive."""
        self._draining = True
        await self._all(("", *self._following), HealthCheckResponse.NOT_SERVING)

    async def _all(self, names: tuple[str, ...], status: HealthCheckResponse.ServingStatus) -> None:
        for name in names:
            await self.set(name, status)

    def end_watches(self) -> None:
        """End all watches with status OK; they have been told NOT_SERVING before."""
        self._ended = True
        now = asyncio.get_running_loop().time()
        for watch in self._watches:
            watch.reschedule(now)
