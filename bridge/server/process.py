"""Runs the server until an order to stop: the first order drains it, the second stops it at once (`orders`)."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

import structlog

from bridge.server import options, orders
from bridge.server.app import App
from bridge.server.orders import Orders
from bridge.server.polling import poll_in_batches
from bridge.server.turns import Turn
from bridge.settings import Settings
from bridge.telemetry import exporter, otel

#: Thresholds of the garbage collector. Calls leave no cycles, except some that fail. With the default thresholds the
#: collector took 2 to 3 % of a stream's cost. The second threshold is low because a collection of the middle generation
#: stops all threads: with twenty times the first threshold alive, in a flood of large events, for 40 to 60 ms.
_GC_THRESHOLDS: Final = (10_000, 5, 200)

_log = structlog.get_logger("aibridge.server")
#: Time for the last spans to reach their collector.
_SPANS_SECONDS: Final = 3.0
#: Timeout of an immediate stop. Each of its steps takes less than a tenth of it.
_STOP_NOW_SECONDS: Final = 5.0

_Result = TypeVar("_Result")


async def run(
    settings: Settings,
    ready: Callable[[str], None],
    *,
    parent: Connection | None = None,
    scrapes: Connection | None = None,
) -> None:
    """Serve until an order to stop comes. `ready` is called with the address as soon as calls can be made.

    `parent` is a pipe over which a parent process passes on orders. `scrapes` is a pipe over which the parent asks for
    the metrics, which it serves; without it this process serves them.

    Raises:
        SettingsError: the server cannot listen.
    """
    order, turn = Orders(), Turn(parent)
    if parent is None:
        orders.of_signals(order)
    else:
        orders.of_parent(order, parent, turn)
    options.raise_file_limit(settings)
    traces = otel.traces(settings)
    app = App(settings, traces, turn)
    collectors = [app.metrics, *exporter.process()]
    port = None
    if scrapes is None:
        port = exporter.listen(settings, collectors)
    else:
        exporter.serve_pipe(scrapes, collectors)
    cut_off = await _serve(app, order, settings, ready)
    if traces is not None:
        await _unless(order.stop, traces.close(_SPANS_SECONDS))
    if port is not None:
        await asyncio.to_thread(port.close)
    log = _log.warning if cut_off else _log.info
    log("stopped", calls_cut_off=cut_off)


async def _serve(app: App, order: Orders, settings: Settings, ready: Callable[[str], None]) -> int:
    """Start, serve until the order to drain, and drain. Returns the number of calls that were ended."""
    if not await _unless(order.drain, app.start(), ready):
        _log.info("stopped during startup", cause=order.cause)
        return await _stop_at_once(app)
    poll_in_batches()
    gc.freeze()  # these objects stay, so the collector need not scan them
    gc.set_threshold(*_GC_THRESHOLDS)
    await order.drain.wait()
    return await _drain(app, order, settings)


async def _drain(app: App, order: Orders, settings: Settings) -> int:
    """Drain until done, or until the order to stop at once. Returns the number of calls that were ended."""
    cut_off: list[int] = []
    _log.info("draining", cause=order.cause, delay=settings.drain_delay, grace=settings.drain_grace)
    drained = app.stop(delay=settings.drain_delay, grace=settings.drain_grace)
    if await _unless(order.stop, drained, cut_off.append):
        return sum(cut_off)
    _log.warning("stopping at once")
    return await _stop_at_once(app)


async def _stop_at_once(app: App) -> int:
    with suppress(TimeoutError):
        async with asyncio.timeout(_STOP_NOW_SECONDS):
            return await app.stop()
    return 0


async def _unless(
    event: asyncio.Event, work: Coroutine[Any, Any, _Result], done: Callable[[_Result], None] = lambda _: None
) -> bool:
    """Run `work`, which the event cancels. Returns whether it was completed; `done` gets its result."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        if not working.done():
            working.cancel()
        await asyncio.gather(waiting, working, return_exceptions=True)
    if working.cancelled():
        return False
    done(working.result())
    return True
