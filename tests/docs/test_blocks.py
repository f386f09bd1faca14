"""Every code block of the pages is checked, or has the reason why not."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from bridge.access import rules
from bridge.settings import load
from bridge.settings.reference import reference
from tests.docs.blocks import BLOCKS, ROOT, Block, of
from tests.docs.commands import problems

CHART = ROOT / "deploy" / "helm" / "aibridge"
#: Languages that are checked here. `tests/e2e/clients` checks others with their compilers.
HERE = ("python", "sh", "toml", "yaml", "json")
COMPILED = ("go", "ts", "java")


def named(block: Block) -> str:
    return block.name


def test_every_block_is_checked_or_says_why_not() -> None:
    """A block in a language that nothing checks needs the mark, and a mark needs a reason."""
    wrong = [
        block.name
        for block in BLOCKS
        if block.mark not in {"", "run", "unchecked"}
        or (block.mark and not block.text)
        or (block.mark != "unchecked" and block.language not in {*HERE, *COMPILED})
        or (block.mark == "run" and block.language != "python")
    ]
    assert wrong == []
    assert {block.language for block in BLOCKS} >= {*HERE, *COMPILED}


def test_python_blocks_pass_mypy(tmp_path: Path) -> None:
    """Each Python block is a whole module that passes mypy, including its imports."""
    names = {}
    for number, block in enumerate(of("python")):
        compile(block.code, block.name, "exec")
        (tmp_path / f"block_{number}.py").write_text(block.code, "utf-8")
        names[f"block_{number}.py"] = block.name
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--no-error-summary",
        "--no-namespace-packages",
    ]
    done = subprocess.run(  # noqa: S603 # our own
        [*command, f"--cache-dir={ROOT}/.mypy_cache/docs", *sorted(names)],
        env={**os.environ, "MYPYPATH": f"{ROOT}/generated/python:{ROOT}/clients/python"},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    readable = re.sub(r"^block_\d+\.py", lambda found: f"{names[found[0]]} +", done.stdout, flags=re.MULTILINE)
    assert done.returncode == 0, readable + done.stderr


@pytest.mark.parametrize("block", of("sh"), ids=named)
def test_commands_exist(block: Block) -> None:
    """Commands, options, variables, targets, files and methods exist in this revision."""
    assert list(problems(block.code, ROOT / block.page)) == []


def test_a_wrong_command_is_found() -> None:
    """A removed flag, command, variable, target, file or method is reported."""
    page = ROOT / "README.md"
    for line, what in {
        "aibridge serve --drain-dely 5": "No such option: --drain-dely",
        "aibridge chat --max-tokens many": "Invalid value for '--max-tokens'",
        "aibridge chatter": "there is no command chatter",
        "AIBRIDGE_DRAIN_DELY=5 aibridge serve": "there is no variable AIBRIDGE_DRAIN_DELY",
        "cat x | aibridge chat --modle m": "No such option: --modle",
        "docker run --rm -e AIBRIDGE_X=1 aibridge:0.1.0 tokens": "there is no variable AIBRIDGE_X",
        "make testing": "make has no target testing",
        "pip install ./client": "there is no ./client",
        "pip install 'aibridge[locale]'": "aibridge has no extra locale",
        "python -m benchmarks.nothing": "there is no benchmarks/nothing",
        "grpcurl -plaintext x:1 aibridge.v1.ChatService/Chat": "aibridge.v1.ChatService/Chat: 'Chat'",
        "buf curl -d '{\"modle\": 1}' http://x:1/aibridge.v1.ModelsService/RetrieveModel": 'no field named "modle"',
        "frobnicate": "nothing is known of the program frobnicate",
    }.items():
        assert what in " ".join(problems(line, page)), line


@pytest.mark.parametrize("block", of("toml"), ids=named)
def test_settings_and_rules_are_accepted(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of settings is valid for the bridge; any other TOML block has valid rules for callers."""
    entries = tomllib.loads(block.code)
    (tmp_path / "az").write_text("#!/bin/sh\n", "utf-8")  # the command of an example
    (tmp_path / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    secret = tmp_path / "secret"
    secret.write_text("user:secret", "utf-8")
    code = re.sub(r'"/run/secrets/[^"]*"', f'"{secret}"', block.code)
    if set(entries) & set(reference()):
        for name in re.findall(r"env:(\w+)", code):
            monkeypatch.setenv(name, "value")
        path = tmp_path / "aibridge.toml"
        path.write_text(code, "utf-8")
        settings = load(path)
        assert all(getattr(settings, name) for name in entries)
    else:
        found = rules.parse([code.encode()])
        assert all(found.caller(name.replace("*", "x")) is not None for name in entries)


@pytest.mark.parametrize("block", of("yaml"), ids=named)
def test_manifests_and_values_are_valid(block: Block) -> None:
    """A manifest is valid for Kubernetes; any other YAML block has valid values of the chart."""
    for document in yaml.safe_load_all(block.code):
        if "apiVersion" in document:
            kubernetes_validate.validate(document, "1.34", strict=True)
        else:
            jsonschema.validate(document, json.loads((CHART / "values.schema.json").read_text("utf-8")))


@pytest.mark.parametrize("block", of("json"), ids=named)
def test_json_parses(block: Block) -> None:
    json.loads(block.code)
