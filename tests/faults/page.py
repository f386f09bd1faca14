"""Writes `docs/faults.md`: the table for readers."""

from collections.abc import Iterator, Mapping
from typing import Final

from tests.faults.play import RPCS, STREAM, Scenario, Sees
from tests.faults.scenarios import PROXY_TITLE, SCENARIOS, SECTIONS

Run = Mapping[tuple[str, str], Sees]

_INTRO: Final = """\
# Faults

<!-- Made by tools/faults.py from the table of tests/faults, each row of which is a test. Do not edit. -->

What a caller sees when the gateway fails, in {count} ways. Each is played on real sockets, for each RPC that it can
affect: *unary* is `CreateChatCompletion`, *stream* `CreateChatCompletionStream`, *embeddings* `CreateEmbedding`,
*models* `ListModels`. What the reasons mean is in [errors.md](errors.md).

**HTTP** is the response's status, or that of an error inside a 200. **Retry** is the advice to the caller in
`grpc-retry-pushback-ms` and `RetryInfo`; "not by gRPC" is a pushback of -1 together with `RetryInfo`, because
the bridge has retried or the call may have been billed. **Chunks** is what a stream delivered before its end.
**Tries** are the bridge's attempts; it makes up to two retries if nothing can have been billed. **Kept** says that
the next call used the same connection.

Each run also checks that the trailers have the gateway's request id, its rate-limit headers and the usage seen so far,
if they arrived; that the same bridge serves the next call normally; and that no task, connection or unhandled
exception is left. Time limits are a fraction of a second in these runs, size limits 50 kB.
"""

_HEADER: Final = """\
| Fault | The gateway … | RPC | Status | Reason | HTTP | Retry | Chunks | Tries | Kept |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def promised() -> Run:
    """The table's expectations, in place of a run's results."""
    cases = ((scenario, rpc, scenario.sees(rpc)) for scenario in SCENARIOS for rpc in RPCS)
    return {(scenario.name, rpc): sees for scenario, rpc, sees in cases if sees is not None}


def render(run: Run) -> str:
    """The page."""
    lines = [_INTRO.format(count=len(SCENARIOS))]
    for title, scenarios in SECTIONS.items():
        lines += [f"## {title}", "", _HEADER.replace("gateway", "proxy") if title == PROXY_TITLE else _HEADER]
        for scenario in scenarios:
            lines += _rows(scenario, run)
        lines.append("")
    return "\n".join(lines)


def _rows(scenario: Scenario, run: Run) -> Iterator[str]:
    """A row for each outcome, with its RPCs."""
    seen = {rpc: run[scenario.name, rpc] for rpc in RPCS if (scenario.name, rpc) in run}
    first = f"| {scenario.name} | {scenario.gateway} "
    groups: dict[Sees, list[str]] = {}
    for rpc, sees in seen.items():
        groups.setdefault(sees.but(chunks=0), []).append(rpc)
    for sees, rpcs in groups.items():
        names = "all" if rpcs == list(RPCS) else ", ".join(rpcs)
        chunks = seen[STREAM].chunks if STREAM in rpcs else ""
        kept = "yes" if sees.reused else "no"
        cells = (names, sees.code, f"`{sees.reason}`" if sees.reason else "", sees.http or "", sees.retry, chunks)
        yield f"{first}| {' | '.join(map(str, (*cells, sees.attempts, kept)))} |".replace("  ", " ")
        first = "| | "
