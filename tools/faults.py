"""Writes docs/faults.md, which shows how the bridge reports each fault, from tests/faults. `--check` compares only.

The tests of that folder play each row of the table on real sockets.
"""

import sys
from pathlib import Path
from typing import Final

from tests.faults.page import promised, render

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "faults.md"


def main() -> int:
    """Write or compare the page. Returns the exit status."""
    page = render(promised())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page, "utf-8")
        return 0
    return int(not PAGE.exists() or PAGE.read_text("utf-8") != page)


if __name__ == "__main__":
    sys.exit(main())
