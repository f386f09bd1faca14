"""Type checkers and the installed packages: the programs of tests/client, with mypy and with pyright."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.packages.conftest import Make
from tests.e2e.packages.installed import Environment, run, wheel

PROGRAMS = sorted((Path(__file__).parents[2] / "client" / "programs").glob("*.py"))


def marked(program: Path) -> set[int]:
    return {at for at, line in enumerate(program.read_text("utf-8").splitlines(), 1) if line.endswith("# wrong")}


async def complaints(made: Environment, *command: str | Path) -> str:
    """The checker's output. The exit code is 1 if it reports anything."""
    return await run("sh", "-c", '"$@" || test $? = 1', "sh", made.python, "-m", *command, folder=made.work)


async def mypy(made: Environment, name: str) -> set[int]:
    said = await complaints(made, "mypy", "--strict", name)
    assert "Found" in said or "Success" in said, said
    return {int(line) for line in re.findall(rf"^{name}:(\d+): error: ", said, re.MULTILINE)}


async def pyright(made: Environment, name: str) -> set[int]:
    report = json.loads(await complaints(made, "pyright", "--pythonpath", made.python, "--outputjson", name))
    assert report["summary"]["filesAnalyzed"] == 1, report
    errors = (entry for entry in report["generalDiagnostics"] if entry["severity"] == "error")
    return {entry["range"]["start"]["line"] + 1 for entry in errors}


@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
async def test_type_checkers_find_the_wrong_lines(checker: object, environment: Make) -> None:
    """Each checker reports only the marked lines of the wrong programs. mypy also needs types-grpcio."""
    made = await environment(wheel("aibridge-client"), wheel("aibridge-protos"), "mypy", "types-grpcio", "pyright")
    assert callable(checker)
    for program in PROGRAMS:
        shutil.copy(program, made.work)
        assert await checker(made, program.name) == marked(program), program.name
