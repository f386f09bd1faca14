"""Finds out why a call was cancelled: by its caller, because its connection ended, or without a message.

gRPC does not tell a handler which. The kernel knows: its tables no longer list a connection that has ended. They are
read a moment after the call has ended, because gRPC cancels a connection's calls before it closes the connection, and
once for all calls that ended in that moment.
"""

import asyncio
import ipaddress
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote

CALLER: Final = "caller"
#: The bridge closed the connection (too many pings, or no response to its own), or the network or the caller did.
CONNECTION_LOST: Final = "connection_lost"
#: The call ended before its message was complete: the caller cancelled it, or core refused the message, because it was
#: over `max_message_bytes` or compressed. Core does not tell the two apart.
NO_MESSAGE: Final = "no_message"

#: Time between the end of a call and the check of its connection.
_SETTLE_SECONDS: Final = 0.05
#: After a check, the next one waits for this many times as long as it took. That grows with the connections.
_REST_FACTOR: Final = 20
#: Linux's tables of TCP connections. On other systems the caller counts as the cause.
_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED: Final = "01"

Report = Callable[[str], None]


class Departures:
    """Cancelled calls whose cause is not known yet."""

    def __init__(self) -> None:
        self._pending: list[tuple[str, Report, str]] = []
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._pause = _SETTLE_SECONDS

    def note(self, peer: str, report: Report, *, received: bool = True) -> None:
        """A call of this peer (as gRPC writes it) was cancelled, after its message was `received` or before.

        `report` is called with the cause.
        """
        self._pending.append((peer, report, CALLER if received else NO_MESSAGE))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._report())

    async def close(self) -> None:
        """Report the remaining calls at once."""
        self._closing.set()
        if self._task is not None:
            await self._task

    async def _report(self) -> None:
        while self._pending:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause):
                    await self._closing.wait()
            pending, self._pending = self._pending, []
            began = time.monotonic()
            established = await asyncio.to_thread(_established)
            self._pause = max(_SETTLE_SECONDS, _REST_FACTOR * (time.monotonic() - began))
            lost = {peer: _is_lost(peer, established) for peer in {peer for peer, _, _ in pending}}
            for peer, report, otherwise in pending:
                report(CONNECTION_LOST if lost[peer] else otherwise)


def _is_lost(peer: str, established: Collection[str] | None) -> bool:
    endpoints = set(_endpoints(peer))
    return established is not None and bool(endpoints) and endpoints.isdisjoint(established)


def _established() -> set[str] | None:
    """The remote ends of all established connections, as the kernel writes them; None if it does not list them."""
    found: set[str] = set()
    known = False
    for table in _TABLES:
        with suppress(OSError):
            for line in table.read_text("ascii").splitlines()[1:]:
                _, _, remote, state, _ = line.split(maxsplit=4)
                if state == _ESTABLISHED:
                    found.add(remote)
            known = True
    return found if known else None


def _endpoints(peer: str) -> Iterator[str]:
    """The names that a peer may have in the kernel's tables; none if it is not listed, such as a Unix socket."""
    kind, _, rest = unquote(peer).partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in {"ipv4", "ipv6"} or not port.isdecimal():
        return
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return
    forms = [address.packed]
    if address.version == 4:
        forms.append(ipaddress.IPv6Address(f"::ffff:{address}").packed)  # on a socket that accepts IPv4 and IPv6
    for packed in forms:
        words = [int.from_bytes(packed[at : at + 4], sys.byteorder) for at in range(0, len(packed), 4)]
        yield f"{''.join(f'{word:08X}' for word in words)}:{int(port):04X}"
