"""`grpc.health.v1`, with watches that end when the server stops.

The services and `readiness` are SERVING while the bridge accepts calls and, as far as is known, can reach the upstream.
The empty name, which is the server as a whole, is SERVING while the bridge accepts calls. `liveness` is SERVING as long
as the process responds, so that a bridge is not restarted because of its upstream or while it drains.

A drain has two steps. `readiness`, which Kubernetes reads, becomes NOT_SERVING at SIGTERM, unless Kubernetes itself is
removing the pod (`bridge.server.removal`). The other names, which clients watch, become NOT_SERVING
`CLIENT_NOTICE_SECONDS` before the connections close. A client that balances over the pods asks DNS again only when a
connection closes. If it left this pod earlier, it would have only the pods that it knew before: none, after a time with
one pod, and in a rollout pods that are stopping too.
"""

import asyncio
from typing import Any, Final

import grpc
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

LIVENESS: Final = "liveness"
READINESS: Final = "readiness"
#: Time between the services' NOT_SERVING and the end of the drain delay, so that watching clients learn of it. If a
#: client knows no other pod, its calls fail in this time, so it is short.
CLIENT_NOTICE_SECONDS: Final = 0.2


class Health(health.aio.HealthServicer):  # type: ignore[misc] # grpcio-health-checking has no types
    """Health of each service, of the server as a whole under the empty name, and for probes."""

    def __init__(self, services: tuple[str, ...]) -> None:
        super().__init__()
        self._services = services
        self._watches: set[asyncio.Timeout] = set()
        self.draining = False  # since SIGTERM
        self._ended = False

    async def Watch(self, request: HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """As the base, until `end_watches`: watches do not end by themselves, so `server.stop` would wait for them."""
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
        """The server has started. It is ready at once, or when `ready` says so."""
        await self.set(LIVENESS, HealthCheckResponse.SERVING)
        await self.ready(ready=ready)

    async def ready(self, *, ready: bool) -> None:
        """Set whether the upstream can be reached. This has no effect once the drain has begun."""
        if not self.draining:
            status = HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING
            await self._all((READINESS, *self._services), status)

    async def leave_endpoints(self, *, removed: bool) -> None:
        """First step of a drain: the upstream's state no longer matters.

        `readiness` becomes NOT_SERVING, unless the orchestrator has `removed` the bridge from its endpoints itself.
        """
        self.draining = True
        if not removed:
            await self.set(READINESS, HealthCheckResponse.NOT_SERVING)

    async def turn_clients_away(self) -> None:
        """Second step of a drain: every name except `liveness` becomes NOT_SERVING."""
        await self._all(("", READINESS, *self._services), HealthCheckResponse.NOT_SERVING)

    async def _all(self, names: tuple[str, ...], status: HealthCheckResponse.ServingStatus) -> None:
        for name in names:
            await self.set(name, status)

    def end_watches(self) -> None:
        """End all watches with OK. They have received NOT_SERVING before."""
        self._ended = True
        now = asyncio.get_running_loop().time()
        for watch in self._watches:
            watch.reschedule(now)
