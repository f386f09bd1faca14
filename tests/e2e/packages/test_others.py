"""The Go module, the npm packages and the examples, in folders outside of the repository."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.clients import programs
from tests.e2e.clients.checks import checks
from tests.e2e.clients.stacks import STACKS, Stack
from tests.e2e.clients.upstream import upstream
from tests.e2e.packages.installed import PROGRAMS, VERSION, run, tarball, wheel
from tests.e2e.packages.scripts import says, streams
from tests.support.bridge import Bridge
from tools import dist

NPM: Final = ("npm", "install", "--silent", "--no-audit", "--no-fund")
CONNECT: Final = ("@connectrpc/connect@2.1.2", "@connectrpc/connect-node@2.1.2")
COMPILER: Final = ("typescript@7.0.2", "@types/node@20.19.0")


async def project(folder: Path, *packages: str | Path) -> Path:
    """An npm project with these packages."""
    folder.mkdir()  # noqa: ASYNC240 # nobody else is on this loop
    (folder / "package.json").write_text('{"private": true, "type": "module"}\n', "utf-8")
    await run(*NPM, *packages, folder=folder)
    return folder


def copied(*names: str, to: Path) -> None:
    for name in names:
        shutil.copy(PROGRAMS / name, to)


async def test_the_go_module(tmp_path: Path, bridge: Bridge) -> None:
    """`go get` finds the module through a module proxy, and its dependencies as usual."""
    copied("main.go", to=tmp_path)
    variables = dist.go_variables()
    await run("go", "mod", "init", "example.test/caller", folder=tmp_path, variables=variables)
    await run("go", "get", f"{dist.GO_MODULE}@v{VERSION}", folder=tmp_path, variables=variables)
    await run("go", "mod", "tidy", folder=tmp_path, variables=variables)
    bridge.gateway.script(says("one"), streams("t", "wo"))
    said = await run("go", "run", ".", bridge.address, folder=tmp_path, variables=variables)
    assert said == "one\ntwo\n"


async def test_the_messages_for_node(tmp_path: Path) -> None:
    """The package installs the protobuf library with it, and its helpers work."""
    folder = await project(tmp_path / "project", tarball("@aibridge/protos"))
    copied("helpers.mjs", to=folder)
    assert await run("node", "helpers.mjs", folder=folder) == "8 checks\n"


async def test_the_program_of_the_readme(tmp_path: Path, bridge: Bridge) -> None:
    """The README's program compiles in strict mode and runs unchanged."""
    readme = (dist.ROOT / dist.NPM["@aibridge/protos"] / "README.md").read_text("utf-8")
    (program,) = re.findall(r"```ts\n(.*?)```", readme, re.DOTALL)
    folder = await project(tmp_path / "project", tarball("@aibridge/protos"), *CONNECT, *COMPILER)
    (folder / "chat.ts").write_text(program, "utf-8")
    options = ("--strict", "--target", "es2023", "--module", "nodenext", "--types", "node")
    await run("npx", "tsc", *options, "chat.ts", folder=folder)
    usage = {"prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42}
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "tide", "arguments": "{}"}}
    bridge.gateway.script(streams("At ", "noon.", last={"tool_calls": [call]}, more=({"choices": [], "usage": usage},)))
    said = await run("node", "chat.js", "m", folder=folder, variables={"AIBRIDGE_TARGET": bridge.address})
    assert said == "At noon.\n42 tokens\ntide {}\n"
    assert bridge.gateway.last.json["messages"][1] == {"role": "user", "content": "When is high tide?"}


async def test_the_fetch_for_openai(tmp_path: Path, bridge: Bridge) -> None:
    """It is compiled, and depends on a version of the messages, not on a folder."""
    packages = (tarball("@aibridge/openai-fetch"), tarball("@aibridge/protos"), "openai@6.49.0")
    folder = await project(tmp_path / "project", *packages)
    copied("fetch.mjs", to=folder)
    bridge.gateway.script(says("one"), streams("t", "wo"))
    assert await run("node", "fetch.mjs", bridge.address, folder=folder) == "one\ntwo\n"


def outside(stack: Stack, folder: Path) -> None:
    """Turn a copy of an example into its own project, which uses dist/ in place of the repository."""
    match stack.name:
        case "python":
            path = folder / "requirements.txt"
            path.write_text(path.read_text("utf-8").replace("../../generated/python", str(wheel("aibridge-protos"))))
        case "go":
            path = folder / "go.mod"
            text = re.sub(r"\n//[^\n]*\nreplace [^\n]*", "", path.read_text("utf-8"))
            path.write_text(text.replace("generated/go v0.0.0", f"generated/go v{VERSION}"), "utf-8")
        case _:
            path = folder / "package.json"
            text = path.read_text("utf-8").replace(
                "file:../../generated/typescript", f"file:{tarball('@aibridge/protos')}"
            )
            path.write_text(text, "utf-8")
            (folder / "package-lock.json").unlink()


#: Commands to build each, without a lock file for the packages from dist/.
BUILDS: Final[dict[str, Sequence[str]]] = {
    "go": ("go mod tidy",),
    "typescript": (" ".join(NPM), "npm run --silent build"),
    "grpc-js": (" ".join(NPM), "npm run --silent build"),
}


@pytest.mark.parametrize("name", ["python", "go", "typescript", "grpc-js"])
async def test_an_example_outside_of_the_repository(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copied example works outside of the repository with the published packages."""
    stack = next(stack for stack in STACKS if stack.name == name)
    folder = tmp_path / "examples" / stack.folder
    ignored = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    shutil.copytree(programs.EXAMPLES / stack.folder, folder, ignore=ignored)
    outside(stack, folder)
    monkeypatch.setattr(programs, "EXAMPLES", tmp_path / "examples")
    monkeypatch.setattr(programs, "BUILDS", tmp_path / "builds")
    for variable, value in dist.go_variables().items() if name == "go" else ():
        monkeypatch.setenv(variable, value)
    if name in BUILDS:
        for command in BUILDS[name]:
            await run("sh", "-c", command, folder=folder)
    if name in {"python", "go"}:
        await programs.build(stack)
    async with upstream() as gateway, programs.bridge(gateway.url) as address:
        result = await programs.run(stack, address)
        problems = [f"{check.name}: {check.problem}" for check in checks(result, gateway.seen) if check.problem]
    assert problems == []
