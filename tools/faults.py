"""Writes docs/faults.md, what a caller sees of each fault, from the table of tests/faults. `--check` compares instead.

The tests of that folder play each row of the table on real sockets and compare what happens with the row.
"""

import sys
from pathlib import Path
from typing import Final

from tests.faults.page import promised, render

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "faults.md"


def main() -> int:
    """Write the page, or compare it. The result is the exit status."""
    page = render(promised())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page, "utf-8")
        return 0
    return int(not PAGE.exists() or PAGE.read_text("utf-8") != page)


if __name__ == "__main__":
    sys.exit(main())
