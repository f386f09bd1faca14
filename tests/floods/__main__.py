"""Runs the attacks at full length and prints the results: `make attack`.

python -m tests.floods [--only NAME]... [--write]       --write puts the table into SECURITY.md
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from tests.floods.attack import Attack, Figures, attacks
from tests.floods.target import target

_SECURITY: Final = Path(__file__).parents[2] / "SECURITY.md"
_BEGIN, _END = "<!-- attacks: begin -->", "<!-- attacks: end -->"
_HEAD: Final = (
    "| attack | memory, MB over the start | longest wait of another caller, s | its calls, failed of all |",
    "|---|---|---|---|",
)


def row(attack: Attack, figures: Figures) -> str:
    """A line of the table, with the bounds next to the figures."""
    memory = f"{figures.memory_mb} (bound {attack.max_memory_mb})"
    wait = f"{figures.wait:.2f} (bound {attack.max_wait:g})"
    return f"| {attack.name} | {memory} | {wait} | {figures.failed} of {figures.calls} |"


async def run(attack: Attack, *, long: bool) -> Figures:
    """Run one attack against a new bridge."""
    async with target(attack, long=long) as victim:
        return await victim.measure(attack)


def main() -> int:
    """Run all attacks, or the named ones. The exit code says whether all bounds held."""
    parser = argparse.ArgumentParser(prog="python -m tests.floods", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="attacks whose name has this text")
    parser.add_argument("--short", action="store_true", help="as the tests run them")
    parser.add_argument("--write", action="store_true", help="put the table into SECURITY.md")
    arguments = parser.parse_args()
    chosen = [attack for attack in attacks() if not arguments.only or any(x in attack.name for x in arguments.only)]
    rows, problems = [], []
    for attack in chosen:
        figures = asyncio.run(run(attack, long=not arguments.short))
        rows.append(row(attack, figures))
        print(
            rows[-1], f"{figures.call_seconds * 1000:.2f} ms of processor time for a call without an attack", flush=True
        )
        problems += [f"{attack.name}: {problem}" for problem in figures.problems(attack)]
    print(*problems, sep="\n")
    if arguments.write:
        text = _SECURITY.read_text("utf-8")
        before, _, rest = text.partition(_BEGIN)
        _, _, after = rest.partition(_END)
        table = "\n".join((_BEGIN, *_HEAD, *rows, _END))
        _SECURITY.write_text(f"{before}{table}{after}", "utf-8")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
