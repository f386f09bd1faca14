"""Writes docs/dialects.md from a run's observations, without times, ports or anything else that varies."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.e2e.peers.checks import CHECKS
from tests.e2e.peers.peer import Peer
from tests.e2e.peers.rows import PEERS

#: By peer, and by name of check or scenario.
Seen = dict[tuple[str, str], str]

PATH: Final = Path(__file__).resolve().parents[3] / "docs" / "dialects.md"
_HEAD: Final = """\
# Dialects

How other projects' servers implement the OpenAI API, and what a gRPC caller of aibridge sees. `make peers-report`
writes this page from a run against the real servers, and each run of `make test-peers` compares with it.
[peers/README.md](../tests/e2e/peers/README.md) says how, and which other servers could not be tested.
"""
_OVERVIEW: Final = """\
## Overview

`=` is as the API promises; a number refers to a note on the difference. An error is shown as gRPC code, reason and HTTP
status ([errors.md](errors.md)). The bridge does not retry here, unless a row says so.
"""


def text(seen: Seen) -> str:
    """The whole page."""
    parts = [_HEAD, _versions(), _OVERVIEW, _overview(seen)]
    for peer in PEERS:
        parts += [f"## {peer.name}\n", f"{peer.title}, version {peer.version}.\n"]
        parts += [_deviations(peer, seen), _scenarios(peer, seen)]
    return "\n".join(parts)


def _versions() -> str:
    return _table(("peer", "what it is", "version"), [(peer.name, peer.title, peer.version) for peer in PEERS])


def _overview(seen: Seen) -> str:
    rows = []
    for check in CHECKS:
        marks = [_mark(peer, check.name, seen[peer.name, check.name] == check.promised) for peer in PEERS]
        rows.append((f"`{check.rpc}`", check.name, check.promised, *marks))
    return _table(("RPC", "check", "promised", *(peer.name for peer in PEERS)), rows)


def _mark(peer: Peer, name: str, kept: bool) -> str:  # noqa: FBT001 # one question, one answer
    return "=" if kept else str(list(peer.deviations).index(name) + 1) if name in peer.deviations else "?"


def _deviations(peer: Peer, seen: Seen) -> str:
    rows = [
        (str(number), name, seen[peer.name, name], deviation.why)
        for number, (name, deviation) in enumerate(peer.deviations.items(), 1)
    ]
    return _table(("", "check", "what the caller sees", "why"), rows)


def _scenarios(peer: Peer, seen: Seen) -> str:
    rows = [(scenario.name, seen[peer.name, scenario.name], scenario.why) for scenario in peer.scenarios]
    return _table(("what happens", "what the caller sees", "why"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_lines([head, ["---"] * len(head), *rows])) + "\n"


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
