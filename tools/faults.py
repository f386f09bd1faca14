#!/usr/bin/env python
"""Writes docs/faults.md: what a caller sees of each fault in tests/faults, from a run of all of them.

    python tools/faults.py           run and write it, in half a minute
    python tools/faults.py --check   run, and fail where the page, or the table, says something else

`make test` runs the same table, and compares the page with it.
"""

import asyncio
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
import uvloop

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "faults.md"
sys.path.insert(0, str(ROOT))

from tests.faults.page import Run, promised, render  # noqa: E402 # found from the root
from tests.faults.play import RPCS, play  # noqa: E402
from tests.faults.scenarios import SCENARIOS  # noqa: E402


async def run() -> Run:
    """What is seen of each scenario by each RPC."""
    return {
        (scenario.name, rpc): await play(scenario, rpc)
        for scenario in SCENARIOS
        for rpc in RPCS
        if scenario.sees(rpc) is not None
    }


def main(arguments: Sequence[str]) -> int:
    """Run, and write the page, or with --check compare it. The result is the exit status."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    gc.freeze()  # each case ends with a garbage collection
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(run())
    table = promised()
    problems = [
        f"{name}, {rpc}: {sees}, and not {table[name, rpc]}"
        for (name, rpc), sees in seen.items()
        if sees != table[name, rpc]
    ]
    page = render(seen)
    if "--check" not in arguments:
        PAGE.write_text(page, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != page:
        problems.append("docs/faults.md is stale: run python tools/faults.py")
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
