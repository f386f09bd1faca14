"""Measures what the bridge costs and prints the table of bars.

    python -m benchmarks            # everything, about ten minutes; writes results/bench.json and draws plots
    python -m benchmarks --quick    # the bars only, with few rounds, in 90 seconds; writes nothing
    python -m benchmarks --peers    # against the LiteLLM proxy, which it installs; writes results/peers.json

The exit code says whether it could be measured, never how fast it was.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import machine, plots, report
from benchmarks.figures import Row
from benchmarks.measures import QUICK, Bench, Plan
from benchmarks.processes import StartError, allow_files
from benchmarks.stacks import Load, Stacks


class _Progress:
    """One line on a terminal, one line for each thing measured elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._last = ""

    def __call__(self, what: str) -> None:
        text = f"{time.monotonic() - self._began:4.0f} s  {what}"
        if self._console.is_terminal:
            self._console.print(text.ljust(70), end="\r", highlight=False)
        elif (topic := what.partition(":")[0]) != self._last:
            self._console.print(text, highlight=False)
            self._last = topic


def _measured(bench: Bench) -> tuple[list[Row], dict[str, Any]]:
    """Everything but the peers."""
    rows, costs = bench.costs()
    latency, one_caller = bench.latency()
    memory, idle = bench.memory()
    crowd, streams = bench.crowd()
    details = {
        "costs": costs,
        "one_caller": one_caller,
        "idle": idle,
        "streams": streams,
        "stampede": bench.stampede(),
        "rates": bench.rates(),
        "workers": bench.workers(),
    }
    return [*rows, latency, memory, *crowd], details


def _run(*, quick: bool, peers: bool, console: Console) -> dict[str, Any]:
    began = time.monotonic()
    made_on = machine.described()
    with Stacks() as stacks, Load() as load:
        bench = Bench(stacks, load, QUICK if quick else Plan(), _Progress(console))
        rows, details = ([bench.litellm()], {}) if peers else _measured(bench)
    upstreams = {"canned": stacks.canned, "paced": "asyncio, one event per write"}
    took = round(time.monotonic() - began)
    return {**made_on, "seconds": took, "upstreams": upstreams, "rows": [row.as_json() for row in rows], **details}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds, bars only, in 90 seconds; writes nothing")
    parser.add_argument("--peers", action="store_true", help="against the LiteLLM proxy, which is installed for it")
    parser.add_argument("--output", type=Path, help="where to write the results as JSON")
    chosen = parser.parse_args()
    allow_files()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # and end the children on the way out
    console = Console(stderr=True)
    try:
        result = _run(quick=chosen.quick, peers=chosen.peers, console=console)
    except StartError as error:
        sys.exit(str(error))
    report.show(result)
    path = chosen.output or (
        None if chosen.quick else report.RESULTS / ("peers.json" if chosen.peers else "bench.json")
    )
    if path:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(result, indent=1) + "\n")
        console.print(f"written: {path}")
        if not chosen.peers:
            console.print(plots.draw(result, report.read("peers"), path.parent))
        console.print("docs/performance.md: python -m benchmarks.report writes its tables anew")


if __name__ == "__main__":
    main()
