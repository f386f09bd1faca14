"""Measures the cost of the bridge, and prints the results with their limits.

    python -m benchmarks                       # everything, some 15 minutes; writes results/bench.json, draws plots
    python -m benchmarks --quick               # the bars only, with few rounds, in 120 seconds; writes nothing
    python -m benchmarks --only paced/azure    # one row, or `paced` for all of its rows; may be repeated
    python -m benchmarks --peers               # against the LiteLLM proxy, which it installs; writes results/peers.json

The exit code says whether the measurement succeeded, not whether the limits hold.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import golang, machine, report
from benchmarks.crowds import Crowds
from benchmarks.figures import BARS, Row
from benchmarks.measures import Calls
from benchmarks.plan import QUICK, Durations
from benchmarks.processes import StartError, allow_files
from benchmarks.stacks import Load, Stacks


class _Progress:
    """Shows progress: one line on a terminal, otherwise a line for each measurement."""

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


class Bench(Calls, Crowds):
    """All measurements."""


def _measured(bench: Bench) -> tuple[list[Row], dict[str, Any]]:
    """Measure the requested rows, and the other figures of the page."""
    rows, costs = bench.costs()
    for part in (bench.paced, bench.burst):
        found, further = part()
        rows += found
        costs |= further
    details: dict[str, Any] = {"costs": costs}
    found, details["window"] = bench.window()
    rows += found
    if bench.wants("latency"):
        row, details["one_caller"] = bench.latency()
        rows.append(row)
    if bench.wants("stampede"):
        found, details["stampede"] = bench.stampede()
        rows += found
    if bench.wants("memory"):
        row, details["idle"] = bench.memory()
        rows.append(row)
    if bench.wants("crowd"):
        found, details["streams"] = bench.crowd()
        rows += found
    if bench.wants("rates"):
        details["rates"] = bench.rates()
    if bench.wants("workers"):
        details["workers"] = bench.workers()
    return rows, details


def _run(chosen: argparse.Namespace, console: Console) -> dict[str, Any]:
    began = time.monotonic()
    made_on = machine.described()
    with Stacks() as stacks, Load() as load:
        bench = Bench(stacks, load, QUICK if chosen.quick else Durations(), _Progress(console), chosen.only)
        rows, details = ([bench.litellm()], {}) if chosen.peers else _measured(bench)
    after = {
        "seconds": round(time.monotonic() - began),
        "load_after": machine.load(),
        "upstreams": {"unary": stacks.canned, "streams": "asyncio"},
        "reference": "" if chosen.quick or chosen.peers else golang.version(),
    }
    return {**made_on, **after, "rows": [row.as_json() for row in rows], **details}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few rounds, bars only, in 120 seconds; writes nothing")
    parser.add_argument(
        "--only", action="append", default=[], metavar="ROW", help="this row, or those below this name; writes nothing"
    )
    parser.add_argument("--peers", action="store_true", help="against the LiteLLM proxy, which is installed for it")
    parser.add_argument("--output", type=Path, help="where to write the results as JSON")
    chosen = parser.parse_args()
    rows = (*BARS, "rates", "workers")
    for name in chosen.only:
        if not any(f"{row}/".startswith(f"{name}/") for row in rows):
            parser.error(f"no row {name}; there are: {', '.join(rows)}")
    allow_files()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # ends the child processes too
    console = Console(stderr=True)
    try:
        result = _run(chosen, console)
    except StartError as error:
        sys.exit(str(error))
    report.show(result)
    path = chosen.output or (
        None if chosen.quick or chosen.only else report.RESULTS / ("peers.json" if chosen.peers else "bench.json")
    )
    if path:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(result, indent=1) + "\n")
        console.print(f"written: {path}")
        console.print("docs/performance.md: python -m benchmarks.report writes its tables anew")


if __name__ == "__main__":
    main()
