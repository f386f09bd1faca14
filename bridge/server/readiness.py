"""Whether the upstream can be reached, looked at again and again, and believed only when it has been so for a while."""

import asyncio
import random

import structlog

from bridge.server.health import Health
from bridge.settings import Settings
from bridge.telemetry.logs import traceback_of
from bridge.upstream.probe import Probe

_log = structlog.get_logger("aibridge.health")


class Hysteresis:
    """A state that changes with the first observation, and after that only when enough in a row speak against it."""

    def __init__(self, failures: int, successes: int) -> None:
        self.good: bool | None = None
        self._needed = {False: failures, True: successes}
        self._streak = 0

    def note(self, *, good: bool) -> bool:
        """Take an observation in. Whether the state has changed by it."""
        self._streak = 0 if good == self.good else self._streak + 1
        if self._streak == 0 or (self.good is not None and self._streak < self._needed[good]):
            return False
        self.good, self._streak = good, 0
        return True


class Readiness:
    """Looks at the upstream from time to time, and tells the health service when that has changed."""

    def __init__(self, settings: Settings, health: Health) -> None:
        self._interval = settings.upstream_check_interval
        self._probe = Probe(settings)
        self._health = health
        self._state = Hysteresis(settings.upstream_check_failures, settings.upstream_check_successes)

    async def run(self) -> None:
        """Look until cancelled: at once, and then with pauses that keep replicas from looking all together."""
        while True:
            problem = await self._look()
            if self._state.note(good=not problem):
                if problem:
                    _log.warning("not ready", problem=problem)
                else:
                    _log.info("ready")
                await self._health.ready(ready=not problem)
            await asyncio.sleep(self._interval * random.uniform(0.9, 1.1))  # noqa: S311 # no secret

    async def _look(self) -> str:
        try:
            return await self._probe.problem()
        except Exception as error:  # noqa: BLE001 # whatever it was, the next look has to come
            _log.error("a look at the upstream failed", **traceback_of(error))
            return "a look at the upstream failed"
