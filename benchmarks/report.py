"""Writes the results as text: a table for the terminal, and the tables of docs/performance.md.

python -m benchmarks.report            # rewrites the page's tables from results/*.json, and draws the plots python -m
benchmarks.report --check    # fails if the page is stale
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks import plots, shaped, sizes, tables
from benchmarks.tables import Result, Table

RESULTS: Final = Path(__file__).resolve().parent / "results"
PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
_BLOCK: Final = re.compile(r"(<!-- results: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
TABLES: Final[Mapping[str, Callable[[Result], Table]]] = {
    "bars": tables.others,
    "shapes": shaped.shapes,
    "microseconds": shaped.microseconds,
    "reference": shaped.reference,
    "window": shaped.window,
    "machine": tables.machine,
    "latencies": tables.latencies,
    "firsts": tables.firsts,
    "rates": tables.rates,
    "streams": sizes.streams,
    "traffic": sizes.traffic,
    "workers": tables.workers,
    "costs": sizes.costs,
    "checked": sizes.checked,
    "sizing": sizes.sizing,
    "fleet": sizes.fleet,
}


def show(result: Result) -> None:
    """Print the table of limits."""
    bars = tables.bars(result["rows"])
    shown = RichTable(box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(bars.head):
        shown.add_column(name, justify="right" if 1 < index < len(bars.head) - 1 else "left")
    for row in bars.rows:
        style = "red" if row[-1].isupper() else ""
        shown.add_row(*row, style=style)
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=200)  # a log has no width
    console.print(shown)
    before, after = (result[f"load_{when}"] for when in ("before", "after"))
    console.print(f"load average {before} before the run, {after} after it; {result['seconds']} s", highlight=False)


def page(text: str, result: Result) -> str:
    """The page with its tables rebuilt from these results."""

    def made(block: re.Match[str]) -> str:
        return f"{block[1]}{markdown(TABLES[block[2]](result))}\n{block[3]}"

    return _BLOCK.sub(made, text)


def markdown(table: Table) -> str:
    """A table as Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in (table.head, *table.rows)]
    ruler = "|" + "|".join([":--", *["--:"] * (len(table.head) - 1)]) + "|"
    return "\n".join([lines[0], ruler, *lines[1:]])


def read(folder: Path = RESULTS) -> dict[str, Any] | None:
    """The results of the last full run, with those of `peers` and `traffic`, if any; None without a run."""
    found = {name: _read(folder / f"{name}.json") for name in ("bench", "peers", "traffic")}
    return found["bench"] and {**found["bench"], "peers": found["peers"], "traffic": found["traffic"]}


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is not up to date")
    chosen = parser.parse_args()
    result = read()
    if result is None:
        sys.exit("no results yet: make bench")
    old = PAGE.read_text()
    new = page(old, result)
    if chosen.check:
        sys.exit("docs/performance.md: python -m benchmarks.report has not been run" if new != old else 0)
    PAGE.write_text(new)
    print(f"written: {PAGE}")
    print(plots.draw(result, RESULTS))


if __name__ == "__main__":
    main()
