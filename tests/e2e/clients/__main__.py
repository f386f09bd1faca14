"""The program behind `make test-clients`. Its last line is `N passed, N failed`; exit status 1 if anything failed."""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from typing import Final

from tests.e2e.clients import blocks, limits, programs, proxies, report, silence, tools
from tests.e2e.clients.checks import Check, checks, tools_check
from tests.e2e.clients.programs import ProgramError
from tests.e2e.clients.report import Outcome
from tests.e2e.clients.stacks import STACKS, Stack
from tests.e2e.clients.toolchains import ToolchainError, provide
from tests.e2e.clients.tools import TOOLS, Tool
from tests.e2e.clients.upstream import Upstream, upstream
from tests.e2e.openai.frameworks import Framework
from tests.e2e.openai.libraries import Library, LibraryError
from tests.e2e.openai.run import SUBJECTS
from tests.e2e.openai.run import run as parity
from tests.e2e.openai.suites import Suite
from tests.support.toolcalls import FOR_CLIENTS

_SUBJECTS: Final = {subject.name: subject for subject in (*STACKS, *TOOLS)}
_PROXIES: Final = {proxy.name: proxy for proxy in proxies.PROXIES}
_ADDRESS: Final = "127.0.0.1:50051"
_DIRECT: Final = "direct"


def main() -> int:
    """Run the requested checks."""
    parser = argparse.ArgumentParser(prog="tests.e2e.clients", description="Builds, runs and checks the examples.")
    names = [*_SUBJECTS, silence.NAME, blocks.NAME]
    parser.add_argument("--only", metavar="NAME,…", help=f"some of: {', '.join(names)}")
    parser.add_argument("--direct", action="store_true", help="not through the proxies")
    parser.add_argument(
        "--serve", action="store_true", help=f"only serve, on {_ADDRESS}, until Ctrl-C: to try examples"
    )
    parser.add_argument("--write-report", action="store_true", help="write docs/clients.md; runs everything")
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(_serve())
        return 0
    chosen = arguments.only.split(",") if arguments.only else names
    if unknown := set(chosen) - set(names):
        parser.error(f"no such example or tool: {', '.join(sorted(unknown))}")
    if arguments.write_report and (arguments.only or arguments.direct):
        parser.error("a report is about everything")
    through = () if arguments.direct else tuple(_PROXIES)
    subjects = [subject for name, subject in _SUBJECTS.items() if name in chosen]
    libraries = () if arguments.only else tuple(SUBJECTS.values())
    more = {silence.NAME, blocks.NAME} & set(chosen)
    return asyncio.run(_main(subjects, through, libraries, more, write=arguments.write_report))


async def _serve() -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # without a handler, the bridge would outlive this
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with upstream() as gateway, programs.bridge(gateway.url, _ADDRESS) as address:
        print(f"a bridge with a scripted gateway behind it: {address}; stop it with Ctrl-C", flush=True)
        await stopped.wait()


async def _main(
    subjects: Sequence[Stack | Tool],
    through: Sequence[str],
    libraries: Sequence[Library | Suite | Framework],
    more: AbstractSet[str],
    *,
    write: bool,
) -> int:
    passed = failed = 0
    silent = None
    if silence.NAME in more:
        silent = asyncio.create_task(silence.check())  # it only waits, while the others run
    async with AsyncExitStack() as servers:
        gateway = await servers.enter_async_context(upstream())
        bridge = await servers.enter_async_context(programs.bridge(gateway.url))
        ways = {_DIRECT: bridge}
        for name in through:
            try:
                ways[name] = await servers.enter_async_context(proxies.running(_PROXIES[name], bridge))
            except (ToolchainError, ProgramError) as error:
                print(f"FAIL {name}: {error}")
                failed += 1
        for name, address in ways.items():
            failed += _print_failures(name, found := await limits.check(address))
            passed += sum(not check.problem for check in found)
        outcomes = [await _outcome(subject, ways, gateway) for subject in subjects]
        versions = {name: await proxies.version(_PROXIES[name]) if name in _PROXIES else "" for name in ways}
    if blocks.NAME in more:
        failed += _print_failures(blocks.NAME, found := await _blocks())
        passed += sum(not check.problem for check in found)
    results = await parity(libraries)
    if silent is not None:
        failed += _print_failures(silence.NAME, found := await silent)
        passed += (good := sum(not check.problem for check in found))
        print(f"{silence.NAME}: {good} calls passed that wait for {silence.SECONDS:.0f} s")
    if write:
        report.PATH.write_text(report.text(outcomes, versions, results), "utf-8")
    failed += sum(len(outcome.failed) for outcome in outcomes) + sum(result.failed for result in results)
    passed += sum(outcome.total - len(outcome.failed) for outcome in outcomes)
    passed += sum(result.passed for result in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


async def _blocks() -> list[Check]:
    try:
        return await blocks.check()
    except (LibraryError, ProgramError, ToolchainError) as error:
        return [Check("build", str(error))]


def _print_failures(name: str, found: Sequence[Check]) -> int:
    """Print the failures and return their number."""
    failures = [check for check in found if check.problem]
    for check in failures:
        print(f"FAIL {name}: {check.name}: {check.problem}")
    return len(failures)


async def _outcome(subject: Stack | Tool, ways: Mapping[str, str], gateway: Upstream) -> Outcome:
    """Build, run and check."""
    started = time.monotonic()
    outcome = Outcome(subject)
    try:
        if isinstance(subject, Tool):
            outcome.checks[_DIRECT] = await tools.use(subject, ways[_DIRECT])
        else:
            await _stack(subject, ways, gateway, outcome)
    except ToolchainError as error:
        outcome.checks["toolchain"] = [Check("toolchain", str(error))]
    except ProgramError as error:
        outcome.checks["build"] = [Check("build", str(error))]
    version = subject.version if isinstance(subject, Tool) else outcome.library_version
    passed = outcome.total - len(outcome.failed)
    print(f"{subject.name} {version}: {passed} passed in {time.monotonic() - started:.1f} s")
    for way, check in outcome.failed:
        print(f"FAIL {subject.name}: {way}: {check.name}: {check.problem}")
    sys.stdout.flush()
    return outcome


async def _stack(stack: Stack, ways: Mapping[str, str], gateway: Upstream, outcome: Outcome) -> None:
    """Build one example, and run it directly and through each proxy."""
    await provide(stack.tools, stack.tool_packages, stack.debian)
    await programs.build(stack)
    outcome.language_version, outcome.library_version = await programs.versions(stack)
    for way, address in ways.items():
        gateway.reset()
        result = await programs.run(stack, address)
        outcome.checks[way] = checks(result, gateway.seen)
    for dialect in FOR_CLIENTS:
        gateway.reset(dialect)
        result = await programs.run(stack, ways[_DIRECT])
        outcome.checks[dialect] = [tools_check(result)]


if __name__ == "__main__":
    sys.exit(main())
