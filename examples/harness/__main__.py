"""The program behind `make test-clients`. Its last line is `N passed, N failed`; exit status 1 if anything failed."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from examples.harness import programs, report
from examples.harness.checks import Check, checks
from examples.harness.report import Outcome
from examples.harness.stacks import STACKS, Stack
from examples.harness.toolchains import ToolchainError, provide
from examples.harness.upstream import Upstream, upstream


def main() -> int:
    """Run what was asked for."""
    names = [stack.name for stack in STACKS]
    parser = argparse.ArgumentParser(prog="examples.harness", description="Builds, runs and checks the examples.")
    parser.add_argument("--only", metavar="NAME,…", help=f"some of: {', '.join(names)}")
    parser.add_argument("--write-report", action="store_true", help="write docs/clients.md; runs everything")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",") if arguments.only else names
    if unknown := set(chosen) - set(names):
        parser.error(f"no such example: {', '.join(sorted(unknown))}")
    if arguments.write_report and arguments.only:
        parser.error("a report is about all examples")
    return asyncio.run(_main([stack for stack in STACKS if stack.name in chosen], write=arguments.write_report))


async def _main(stacks: Sequence[Stack], *, write: bool) -> int:
    async with upstream() as gateway, programs.bridge(gateway.url) as target:
        outcomes = [await _stack(stack, target, gateway) for stack in stacks]
    if write:
        report.PATH.write_text(report.text(outcomes), "utf-8")
    failed = sum(len(outcome.failed) for outcome in outcomes)
    print(f"{sum(len(outcome.checks) for outcome in outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


async def _stack(stack: Stack, target: str, gateway: Upstream) -> Outcome:
    """Build, run and judge one example."""
    started = time.monotonic()
    outcome = Outcome(stack)
    try:
        await provide(stack.tools, stack.tool_packages, stack.debian)
        await programs.build(stack)
    except ToolchainError as error:
        outcome.checks = [Check("toolchain", str(error))]
    except programs.ProgramError as error:
        outcome.checks = [Check("build", str(error))]
    else:
        outcome.language_version, outcome.library_version = await programs.versions(stack)
        built = time.monotonic()
        gateway.reset()
        result = await programs.run(stack, target)
        outcome.checks = checks(stack, result, gateway.seen)
        print(
            f"{stack.name}: {stack.language} {outcome.language_version}, {stack.library} {outcome.library_version}: "
            f"{len(outcome.checks) - len(outcome.failed)} passed "
            f"(built in {built - started:.1f} s, ran for {time.monotonic() - built:.1f} s)"
        )
    for check in outcome.failed:
        print(f"FAIL {stack.name}: {check.name}: {check.problem}")
    sys.stdout.flush()
    return outcome


if __name__ == "__main__":
    sys.exit(main())
