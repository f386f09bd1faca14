"""The time between the order to drain and the stop: the bridge serves on while its callers move to other bridges."""

import asyncio
from typing import Final

from bridge.server.health import CLIENT_NOTICE_SECONDS, Health
from bridge.server.inflight import InFlightCalls
from bridge.server.servers import Servers
from bridge.server.turns import Turn

#: With a second server, the drain delay is over when no call has begun for this time.
_QUIET_SECONDS: Final = 1.0
#: The delay is extended by this at most, and by at most half of the grace.
_MAX_LONGER_SECONDS: Final = 30.0
#: `readiness` turns so long before the end of that, if it has not: two failed probes of the chart, the change of the
#: endpoints, and the renewal of connections. The kubelet runs the preStop hook also when it stops a pod by itself (a
#: shutdown of its node), and then only readiness takes the pod out of the endpoints.
_LEAVE_SECONDS: Final = 7.0


class Drain:
    """Drains one bridge. `turn` is that of this process among several workers."""

    def __init__(self, health: Health, servers: Servers, in_flight: InFlightCalls, turn: Turn) -> None:
        self._health = health
        self._servers = servers
        self._in_flight = in_flight
        self._turn = turn

    async def serve_on(self, delay: float, grace: float) -> float:
        """Serve for `delay` seconds, and longer while calls arrive from clients that find no other bridge.

        Returns the seconds that it took longer, which are those of the grace.
        """
        now = asyncio.get_running_loop().time
        end, rest, longer = now() + delay, self._servers.replacement_seconds, 0.0
        if 0 < rest < delay:
            await asyncio.sleep(delay - rest)
            if await self._replace_server(rest + grace):
                await asyncio.sleep(end - now() - _QUIET_SECONDS)
                await self._until_quiet(end + min(grace / 2, _MAX_LONGER_SECONDS))
                longer = min(max(0.0, now() - end), grace / 2)  # with workers their turns may take longer
        notice = min(delay, CLIENT_NOTICE_SECONDS)
        await asyncio.sleep(end - notice - now())
        await self._health.turn_clients_away()
        await asyncio.sleep(max(end - now(), notice))
        return longer

    async def _replace_server(self, grace: float) -> bool:
        """Make clients ask DNS and connect again, while this bridge still serves those that find no other one.

        Returns whether there is a second server.
        """
        server = await self._servers.prepare()
        if server is None:
            return False
        await self._in_flight.hold(self._turn.take)
        await self._servers.replace(server, grace)
        self._turn.end()
        self._in_flight.release()
        return True

    async def _until_quiet(self, latest: float) -> None:
        """Wait until no call has begun for some time, or until `latest`, in the loop's time."""
        begun_calls, now = -1, asyncio.get_running_loop().time
        while begun_calls != self._in_flight.begun_calls and now() < latest:
            begun_calls = self._in_flight.begun_calls
            if now() >= latest - _LEAVE_SECONDS:
                await self._health.leave_endpoints(removed=False)
            await asyncio.sleep(_QUIET_SECONDS)
