"""The program behind `make test-openai`. Its last line is `N passed, N failed`; exit status 1 if anything failed."""

import argparse
import asyncio
import sys

from tests.e2e.openai.run import SUBJECTS, run


def main() -> int:
    """Run what was asked for."""
    names = list(SUBJECTS)
    parser = argparse.ArgumentParser(prog="parity", description="Runs OpenAI's libraries with and without a bridge.")
    parser.add_argument("--only", metavar="NAME,…", help=f"some of: {', '.join(names)}")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",") if arguments.only else names
    if unknown := set(chosen) - set(names):
        parser.error(f"no such library: {', '.join(sorted(unknown))}")
    results = asyncio.run(run(subject for name, subject in SUBJECTS.items() if name in chosen))
    failed = sum(result.failed for result in results)
    print(f"{sum(result.passed for result in results)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
