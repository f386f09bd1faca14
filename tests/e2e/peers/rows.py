"""All observations as rows in the order in which they run: each peer's checks, then its scenarios."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from tests.e2e.peers import aimock, litellm, llama, llmock, portkey
from tests.e2e.peers.checks import CHECKS, Case, Check, seen
from tests.e2e.peers.peer import Peer, Scenario

PEERS: Final = (llama.PEER, aimock.PEER, llmock.PEER, portkey.PEER, litellm.PEER)


@dataclass(frozen=True)
class Row:
    """One observation. `alone` says that it needs its own server, with these flags."""

    peer: Peer
    name: str
    expected: str
    observe: Callable[[Case], Awaitable[str]]
    flags: tuple[str, ...] = ()
    alone: bool = False


def _of_check(peer: Peer, check: Check) -> Row:
    deviation = peer.deviations.get(check.name)
    return Row(peer, check.name, deviation.sees if deviation else check.promised, partial(seen, check))


def _of_scenario(peer: Peer, scenario: Scenario) -> Row:
    async def observe(case: Case) -> str:
        async with case.bridge(**scenario.settings) as caller:
            return await scenario.act(caller, case.server)

    alone = bool(scenario.flags) or scenario.ends_server
    return Row(peer, scenario.name, scenario.sees, observe, scenario.flags, alone)


def _rows() -> Iterator[Row]:
    for peer in PEERS:
        for check in CHECKS:
            yield _of_check(peer, check)
        for scenario in sorted(peer.scenarios, key=lambda item: bool(item.flags) or item.ends_server):
            yield _of_scenario(peer, scenario)


ROWS: Final = tuple(_rows())


class Servers:
    """The running peer. Rows share a server if they can."""

    def __init__(self) -> None:
        self._shared: Case | None = None
        self._stack = ExitStack()

    @contextmanager
    def of(self, row: Row) -> Iterator[Case]:
        """The server for this row."""
        if row.alone:
            with row.peer.start(*row.flags) as server:
                yield Case(row.peer, server)
            return
        if self._shared is None or self._shared.peer is not row.peer:
            self.close()
            self._shared = Case(row.peer, self._stack.enter_context(row.peer.start()))
        yield self._shared

    def close(self) -> None:
        """Close the shared server."""
        self._shared = None
        self._stack.close()
