"""The program behind `make test-openai`. Its last line is `N passed, N failed`; exit status 1 if anything failed."""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass, field

from bridge import settings
from bridge.server.app import App
from bridge.telemetry import logs
from parity.cases import Case, load
from parity.compare import problems, request_problems
from parity.gateway import gateway
from parity.libraries import LIBRARIES, Library, LibraryError, outcomes_of


@dataclass
class Result:
    """What became of a library: its versions, and what is wrong, by case."""

    library: Library
    versions: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many cases are not as they should be."""
        return sum(bool(wrong) for wrong in self.verdicts.values())


async def check(library: Library, cases: list[Case]) -> Result:
    """Run all cases with a library, directly and over a bridge of this process."""
    result = Result(library)
    mine = [case for case in cases if case.call not in library.without]
    async with gateway(mine) as upstream:
        options = settings.load(listen="127.0.0.1:0", upstream_url=upstream.url, upstream_credentials="caller")
        app = App(options)
        target = await app.start()
        try:
            setup = {"url": upstream.url, "target": target, "tasks": [case.task for case in mine]}
            outcomes, result.versions = await outcomes_of(library, setup)
        except LibraryError as error:
            result.verdicts = {library.name: [str(error)]}
            return result
        finally:
            await app.stop()
        for case in mine:
            seen = upstream.seen.get(case.name, [])
            result.verdicts[case.name] = [
                *problems(case, outcomes),
                *request_problems(case, seen, library.clients, heeds=library.heeds),
            ]
    return result


async def _main(chosen: list[Library]) -> int:
    logs.configure(settings.load(log_level="error"))
    cases = load()
    results = []
    for library in chosen:
        started = time.monotonic()
        result = await check(library, cases)
        results.append(result)
        for name, wrong in result.verdicts.items():
            for line in wrong:
                print(f"FAIL {library.name}: {name}: {line}")
        print(
            f"{library.name} {result.versions.get('library', '?')}: {len(result.verdicts) - result.failed} passed "
            f"in {time.monotonic() - started:.1f} s"
        )
        sys.stdout.flush()
    failed = sum(result.failed for result in results)
    print(f"{sum(len(result.verdicts) for result in results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def main() -> int:
    """Run what was asked for."""
    names = [library.name for library in LIBRARIES]
    parser = argparse.ArgumentParser(prog="parity", description="Runs OpenAI's libraries with and without a bridge.")
    parser.add_argument("--only", metavar="NAME,…", help=f"some of: {', '.join(names)}")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",") if arguments.only else names
    if unknown := set(chosen) - set(names):
        parser.error(f"no such library: {', '.join(sorted(unknown))}")
    return asyncio.run(_main([library for library in LIBRARIES if library.name in chosen]))


if __name__ == "__main__":
    sys.exit(main())
