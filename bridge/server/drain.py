"""Runs the server until it is told to stop: SIGTERM and SIGINT drain it, a second one stops it at once."""

import asyncio
import gc
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

import structlog

from bridge.server import options
from bridge.server.app import App
from bridge.settings import Settings
from bridge.telemetry import exporter, otel

#: Objects made before the garbage collector looks for cycles, and how many looks make a deeper one. Calls leave no
#: cycles, but for some that fail; by default, looking for them was 2 to 3 % of a stream's cost.
_COLLECT: Final = (10_000, 20, 50)

_log = structlog.get_logger("aibridge.server")
#: Seconds for the last spans to reach their collector.
_FAREWELL: Final = 3.0


async def run(
    settings: Settings,
    ready: Callable[[str], None],
    *,
    lifeline: int | None = None,
    scrapes: Connection | None = None,
) -> None:
    """Serve until a signal comes; `ready` is given the address as soon as calls can be made.

    With a `lifeline`, a pipe whose other end is the parent's, the parent passes signals on, and its end is one too.
    With `scrapes`, another such pipe, the parent serves the metrics and asks for them; without, this process does.

    Raises:
        SettingsError: the server cannot listen.
    """
    loop = asyncio.get_running_loop()
    signals: asyncio.Queue[str] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number.name)
    if lifeline is not None:
        loop.add_signal_handler(signal.SIGINT, lambda: None)  # a terminal sends it to the whole group: once is enough
        loop.add_reader(lifeline, _parent_gone, lifeline, signals)
    options.raise_file_limit(settings)
    traces = otel.traces(settings)
    app = App(settings, traces)
    collectors = [app.metrics, *exporter.process()]
    port = None
    if scrapes is None:
        port = exporter.listen(settings, collectors)
    else:
        exporter.answer(scrapes, collectors)
    ready(await app.start())
    gc.freeze()  # what is there now stays: no collection need look at it
    gc.set_threshold(*_COLLECT)
    name = await signals.get()
    _log.info("draining", signal=name, delay=settings.drain_delay, grace=settings.drain_grace)
    draining = asyncio.create_task(app.stop(delay=settings.drain_delay, grace=settings.drain_grace))
    again = asyncio.create_task(signals.get())
    await asyncio.wait({draining, again}, return_when=asyncio.FIRST_COMPLETED)
    if draining.done():
        cut_off = draining.result()
    else:
        _log.warning("stopping at once", signal=again.result())
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)
        cut_off = await app.stop()
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
    if traces is not None:
        await traces.close(_FAREWELL)
    if port is not None:
        await asyncio.to_thread(port.close)
    log = _log.warning if cut_off else _log.info
    log("stopped", calls_cut_off=cut_off)


def _parent_gone(lifeline: int, signals: asyncio.Queue[str]) -> None:
    asyncio.get_running_loop().remove_reader(lifeline)
    signals.put_nowait("parent gone")
