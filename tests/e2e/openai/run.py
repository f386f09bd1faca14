"""Runs the libraries, and reports the problems."""

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Final

from bridge import settings
from bridge.server.app import App
from bridge.telemetry import logs
from tests.e2e.openai import codec
from tests.e2e.openai.cases import Case, load
from tests.e2e.openai.compare import problems, request_problems
from tests.e2e.openai.frameworks import FRAMEWORKS, Framework, check_framework
from tests.e2e.openai.gateway import gateway
from tests.e2e.openai.libraries import LIBRARIES, Library, LibraryError, outcomes_of, roundtrip
from tests.e2e.openai.result import Result
from tests.e2e.openai.suites import SUITES, Suite, check_suite

#: The subjects, by name.
SUBJECTS: Final = {subject.name: subject for subject in (*LIBRARIES, *SUITES, *FRAMEWORKS)}


async def run(subjects: Iterable[Library | Suite | Framework]) -> list[Result]:
    """Run all cases with these libraries, and these suites. Prints the progress."""
    logs.configure(settings.load(log_level="error"))
    cases = load()
    results = []
    for subject in subjects:
        started = time.monotonic()
        match subject:
            case Suite():
                result = await check_suite(subject)
            case Framework():
                result = await check_framework(subject)
            case _:
                result = await check(subject, cases)
        results.append(result)
        for name, wrong in result.verdicts.items():
            for line in wrong:
                print(f"FAIL {subject.name}: {name}: {line}")
        version = result.versions.get("library", "?")
        print(f"{subject.name} {version}: {result.passed} passed in {time.monotonic() - started:.1f} s")
        for why, count in result.left_out.items():
            print(f"    {count} left out: {why}")
        sys.stdout.flush()
    return results


async def check(library: Library, cases: Sequence[Case]) -> Result:
    """Run all cases with a library, directly and over a bridge in this process."""
    result = Result(library)
    mine = [case for case in cases if case.call not in library.without]
    async with gateway(mine) as upstream:
        options = settings.load(
            listen="127.0.0.1:0", upstream_url=upstream.url, upstream_credentials="caller", raw_paths="/responses"
        )
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
                *request_problems(case, seen, library.clients, obeys=library.obeys),
            ]
    return result
