"""Probes the upstream periodically. Readiness changes only when enough probes in a row agree."""

import asyncio
import random
from collections.abc import Iterator
from typing import Final

import structlog

from bridge.server.health import Health
from bridge.settings import Settings
from bridge.telemetry.logs import traceback_of
from bridge.upstream.credentials import Credentials
from bridge.upstream.probe import Probe

_log = structlog.get_logger("aibridge.health")
#: Time between probes while the bridge is not ready; the last one repeats. After a short outage the pod must not wait a
#: whole `upstream_check_interval` for each success that it needs.
_NOT_READY_SECONDS: Final = (1.0, 2.0, 4.0)


def pauses_until_ready(interval: float) -> Iterator[float]:
    """Seconds between probes while the bridge is not ready, at most `interval`."""
    yield from (min(pause, interval) for pause in _NOT_READY_SECONDS)
    while True:
        yield min(_NOT_READY_SECONDS[-1], interval)


class Hysteresis:
    """A state that changes with the first observation, and then only after enough contrary ones in a row."""

    def __init__(self, failures: int, successes: int) -> None:
        self.good: bool | None = None
        self._needed = {False: failures, True: successes}
        self._streak = 0

    def note(self, *, good: bool) -> bool:
        """Add an observation. Returns whether it changed the state."""
        self._streak = 0 if good == self.good else self._streak + 1
        if self._streak == 0 or (self.good is not None and self._streak < self._needed[good]):
            return False
        self.good, self._streak = good, 0
        return True


class Readiness:
    """Probes the upstream and tells the health service when the state changes."""

    def __init__(self, settings: Settings, health: Health, credentials: Credentials) -> None:
        self._interval = settings.upstream_check_interval
        self._probe = Probe(settings, credentials)
        self._health = health
        self._state = Hysteresis(settings.upstream_check_failures, settings.upstream_check_successes)

    async def run(self) -> None:
        """Probe until cancelled: at once, then once per interval, and more often while not ready.

        The pauses vary by a tenth, so that replicas do not all probe at the same moment.
        """
        soon = pauses_until_ready(self._interval)
        while True:
            problem = await self._run_probe()
            if self._state.note(good=not problem):
                if problem:
                    _log.warning("not ready", problem=problem)
                else:
                    _log.info("ready")
                    soon = pauses_until_ready(self._interval)
                await self._health.ready(ready=not problem)
            pause = self._interval if self._state.good else next(soon)
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311 # no secret

    async def _run_probe(self) -> str:
        try:
            return await self._probe.problem()
        except Exception as error:  # noqa: BLE001 # the next probe has to run in any case
            _log.error("upstream probe failed", **traceback_of(error))
            return "upstream probe failed"
