"""Runs the libraries, and says what is wrong."""

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bridge import settings
from bridge.server.app import App
from bridge.telemetry import logs
from tests.e2e.openai import codec
from tests.e2e.openai.cases import Case, load
from tests.e2e.openai.compare import problems, request_problems
from tests.e2e.openai.gateway import gateway
from tests.e2e.openai.libraries import LIBRARIES, Library, LibraryError, outcomes_of, roundtrip


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

    @property
    def passed(self) -> int:
        """How many are."""
        return len(self.verdicts) - self.failed


async def run(libraries: Iterable[Library] = LIBRARIES) -> list[Result]:
    """Run all cases with each of these libraries; prints how it goes."""
    logs.configure(settings.load(log_level="error"))
    cases = load()
    results = []
    for library in libraries:
        started = time.monotonic()
        result = await check(library, cases)
        results.append(result)
        for name, wrong in result.verdicts.items():
            for line in wrong:
                print(f"FAIL {library.name}: {name}: {line}")
        version = result.versions.get("library", "?")
        print(f"{library.name} {version}: {result.passed} passed in {time.monotonic() - started:.1f} s")
        sys.stdout.flush()
    return results


async def check(library: Library, cases: Sequence[Case]) -> Result:
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
            if library.codec:
                objects = codec.tasks()
                result.verdicts["codec"] = list(codec.problems(objects, await roundtrip(objects)))
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
