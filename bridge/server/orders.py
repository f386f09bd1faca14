"""Orders to a serving process, by signals or from its parent process: drain, then stop at once.

SIGTERM, SIGINT and SIGHUP mean the same. The first one drains, the second one stops at once, the third one kills the
process. SIGHUP does not reload anything, because files are read again when they change. If SIGHUP is ignored when the
process starts (`nohup`), it stays ignored.

A worker obeys its parent and SIGTERM. A terminal and systemd send signals to the parent and to the workers. The order
that the parent then passes on does not count as a second signal.
"""

import asyncio
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

from bridge.server import turns

DRAIN: Final = "drain"
STOP: Final = "stop"
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Orders:
    """The orders of one process. Each is an event that stays set. `cause` says where the first one came from."""

    def __init__(self) -> None:
        self.drain = asyncio.Event()
        self.stop = asyncio.Event()
        self.cause = ""

    def take(self, order: str, cause: str) -> None:
        """Give an order. Giving it again has no effect."""
        if not self.drain.is_set():
            self.cause = cause
            self.drain.set()
        if order == STOP:
            self.stop.set()


def of_signals(orders: Orders) -> None:
    """Take orders from signals."""
    _listen(orders, SIGNALS)


def of_parent(orders: Orders, pipe: Connection, turn: turns.Turn) -> None:
    """Take orders from the parent's pipe and from SIGTERM. The end of the pipe means drain, too.

    The parent grants the `turn` over the pipe, too.
    """
    loop = asyncio.get_running_loop()
    for number in SIGNALS[1:]:
        loop.add_signal_handler(number, _nothing)  # the parent passes on those of a terminal
    _listen(orders, SIGNALS[:1])

    def read() -> None:
        try:
            order, cause = pipe.recv()
        except (EOFError, OSError):
            loop.remove_reader(pipe.fileno())
            turn.orphan()
            order, cause = DRAIN, "parent gone"
        if order == turns.GRANT:
            turn.grant()
        else:
            orders.take(order, cause)

    loop.add_reader(pipe.fileno(), read)


def listen(first: Callable[[str], None], second: Callable[[str], None], numbers: tuple[signal.Signals, ...]) -> None:
    """Call `first` at the first of these signals and `second` at the second. The third one kills the process."""
    loop = asyncio.get_running_loop()
    calls = [second, first]

    def take(name: str) -> None:
        call = calls.pop()
        if not calls:
            for number in listened:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)
        call(name)

    listened = [number for number in numbers if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    for number in listened:
        loop.add_signal_handler(number, take, number.name)


def _listen(orders: Orders, numbers: tuple[signal.Signals, ...]) -> None:
    listen(lambda name: orders.take(DRAIN, name), lambda name: orders.take(STOP, name), numbers)


def _nothing() -> None:
    """Leave a signal to the parent."""
