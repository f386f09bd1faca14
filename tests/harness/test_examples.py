"""The harness of the examples can fail: each check finds its problem, and missing tools are named."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from aibridge.client import SERVICE_CONFIG
from tests.e2e.clients.checks import CHECKS, EXPECTED, checks
from tests.e2e.clients.programs import EXAMPLES, TOKEN, Result
from tests.e2e.clients.stacks import STACKS
from tests.e2e.clients.toolchains import ToolchainError, provide
from tests.e2e.clients.upstream import Seen

ROOT: Final = Path(__file__).parents[2]
MODELS: Final = (
    *("", "chat", "chat", "stream", "tools", "embed", "flaky", "flaky", "endless", "slow"),
    *("rate-limited", "cut", "missing"),
)


def seen() -> list[Seen]:
    """A good run as the gateway sees it: a request per second, and both cancelled calls closed by the next one."""
    entries = [
        Seen(model and f"example/{model}", f"Bearer {TOKEN}", float(number)) for number, model in enumerate(MODELS)
    ]
    for number, entry in enumerate(entries):
        if entry.model in {"example/endless", "example/slow"}:
            entry.closed = number + 1.1
    return entries


def failed(lines: list[str], requests: list[Seen], code: int | None = 0) -> set[str]:
    verdicts = checks(Result(code, "".join(f"{line}\n" for line in lines), ""), requests)
    assert [check.name for check in verdicts] == list(CHECKS)
    return {check.name for check in verdicts if check.problem}


def test_a_good_run() -> None:
    """A run with the expected lines passes every check."""
    assert failed(EXPECTED, seen()) == set()


@pytest.mark.parametrize("line", range(len(EXPECTED)))
def test_each_line_counts(line: int) -> None:
    """A missing or different line fails its step."""
    step = EXPECTED[line].partition(":")[0]
    assert failed([*EXPECTED[:line], *EXPECTED[line + 1 :]], seen()) == {step, "nothing else"}
    assert failed([*EXPECTED[:line], EXPECTED[line] + "!", *EXPECTED[line + 1 :]], seen()) == {step, "nothing else"}


def test_nothing_else_may_be_printed() -> None:
    assert failed([*EXPECTED, "debug"], seen()) == {"nothing else"}
    assert failed(EXPECTED[::-1], seen()) >= {"nothing else"}
    assert failed(EXPECTED, seen(), code=1) == {"nothing else"}
    assert failed(EXPECTED, seen(), code=None) == {"nothing else"}


@pytest.mark.parametrize(("model", "name"), [("endless", "closes on cancel"), ("slow", "closes on deadline")])
def test_a_caller_who_goes_has_to_be_seen(model: str, name: str) -> None:
    for closed in (None, 99.0):
        requests = seen()
        for entry in requests:
            if entry.model == f"example/{model}":
                entry.closed = closed
        assert failed(EXPECTED, requests) == {name}


def test_each_request_comes_as_often_as_it_should() -> None:
    for number in range(len(MODELS)):
        requests = seen()
        assert "attempts" in failed(EXPECTED, [*requests[:number], *requests[number + 1 :]])
    assert failed(EXPECTED, [*seen(), seen()[-2]]) == {"attempts"}
    assert failed(EXPECTED, [*seen(), seen()[-3]]) == {"attempts"}


def test_the_token_has_to_come() -> None:
    requests = seen()
    requests[4].authorization = ""
    assert failed(EXPECTED, requests) == {"token"}


def test_a_program_that_only_prints_does_not_pass() -> None:
    assert failed(EXPECTED, []) == {"closes on cancel", "closes on deadline", "attempts", "token"}


async def test_a_missing_toolchain_is_named() -> None:
    with pytest.raises(ToolchainError, match="no-such-compiler"):
        await provide(("sh", "no-such-compiler"), (), ())


async def test_a_missing_toolchain_fails_the_run(tmp_path: Path) -> None:
    """Without Go on the PATH, the run fails."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.e2e.clients", "--direct", "--only", "go"),
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(child.communicate(), 60)
    *_, failure, last = output.decode().splitlines()
    assert failure == "FAIL go: toolchain: toolchain: not on the PATH: go"
    assert (last, child.returncode) == ("2 passed, 1 failed", 1)  # what does not need Go: large messages, long errors


def test_the_table() -> None:
    """Each stack has its own name, and a folder with a README."""
    assert len({stack.name for stack in STACKS}) == len(STACKS)
    for entry in STACKS:
        assert (EXAMPLES / entry.folder / "README.md").is_file(), entry.name


def test_the_service_config_is_that_of_the_python_client() -> None:
    """Each folder has a copy of the service config, so that it can be copied out of the repository."""
    copies = sorted(EXAMPLES.glob("*/service_config.json"))
    assert len(copies) == 9
    for path in (EXAMPLES / "service_config.json", *copies):
        assert json.loads(path.read_text("utf-8")) == SERVICE_CONFIG, path


@pytest.mark.parametrize("folder", sorted({stack.folder for stack in STACKS}))
def test_a_program_reads_nothing_outside_of_its_folder(folder: str) -> None:
    """Programs read nothing outside their folder, except the protos, whose place can be set."""
    for path in (EXAMPLES / folder).rglob("*"):
        sources = {".cc", ".h", ".go", ".java", ".kt", ".php", ".py", ".rb", ".rs", ".ts"}
        if path.suffix in sources and "node_modules" not in path.parts:
            outside = [line for line in path.read_text("utf-8").splitlines() if re.search(r"""["']\.\./""", line)]
            assert [line for line in outside if "PROTOS" not in line and "import.meta.url" not in line] == [], path
