"""`grpc.health.v1`, whose watches end when the server stops."""

import asyncio
from typing import Any

import grpc
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse


class Health(health.aio.HealthServicer):  # type: ignore[misc] # grpcio-health-checking has no types
    """Health of each service, and of the server as a whole under the empty name."""

    def __init__(self) -> None:
        super().__init__()
        self._watches: set[asyncio.Timeout] = set()
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

    async def serving(self, services: tuple[str, ...]) -> None:
        """Report these services as SERVING."""
        for service in services:
            await self.set(service, HealthCheckResponse.SERVING)

    def end_watches(self) -> None:
        """End all watches with status OK; they have been told NOT_SERVING before."""
        self._ended = True
        now = asyncio.get_running_loop().time()
        for watch in self._watches:
            watch.reschedule(now)
