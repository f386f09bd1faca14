"""The code blocks of the pages in Go, TypeScript and Java pass their compilers, with the libraries of the examples.

`tests/docs` checks all other blocks.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.docs.blocks import Block, of
from tests.e2e.clients.checks import Check
from tests.e2e.clients.programs import BUILDS, EXAMPLES, Result, build, execute
from tests.e2e.clients.stacks import STACKS
from tests.e2e.clients.toolchains import provide
from tests.e2e.openai.libraries import HERE as PARITY
from tests.e2e.openai.libraries import LIBRARIES, install

NAME: Final = "blocks"
_TIMEOUT: Final = 300.0
_OPTIONS: Final = (
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--target",
    "es2023",
    "--module",
    "nodenext",
    "--types",
    "node",
)


async def check() -> list[Check]:
    """One check for each language.

    Raises:
        LibraryError, ProgramError, ToolchainError: an example or a library that the blocks need cannot be built.
    """
    return [await _go(of("go")), await _typescript(of("ts")), await _java(of("java"))]


async def _go(blocks: Sequence[Block]) -> Check:
    await provide(("go",), (), ())
    folder = _folder("go")
    module = (EXAMPLES / "go" / "go.mod").read_text("utf-8")
    (folder / "go.mod").write_text(module.replace("../../generated", str(EXAMPLES.parent / "generated")), "utf-8")
    shutil.copy(EXAMPLES / "go" / "go.sum", folder)
    for number, block in enumerate(blocks):
        (folder / str(number)).mkdir()
        (folder / str(number) / "main.go").write_text(block.code, "utf-8")
    return _judged("Go", blocks, await execute(("go", "vet", "./..."), folder, {}, _TIMEOUT))


async def _typescript(blocks: Sequence[Block]) -> Check:
    modules = EXAMPLES / "typescript" / "node_modules"
    if not modules.exists():
        await _build("typescript")
    await install(next(library for library in LIBRARIES if library.name == "openai-npm"))
    others = PARITY / "programs" / "npm" / "node_modules"
    folder = _folder("typescript")
    for name in ("@aibridge/protos", "@bufbuild", "@connectrpc", "@types"):
        _link(folder, name, modules)
    for name in ("@aibridge/openai-fetch", "@ai-sdk", "openai"):
        _link(folder, name, others)
    (folder / "package.json").write_text('{"type": "module"}\n', "utf-8")
    files = [folder / f"block_{number}.ts" for number in range(len(blocks))]
    for file, block in zip(files, blocks, strict=True):
        file.write_text(block.code, "utf-8")
    compiler = str(modules / ".bin" / "tsc")
    names = [file.name for file in files]
    return _judged("TypeScript", blocks, await execute((compiler, *_OPTIONS, *names), folder, {}, _TIMEOUT))


async def _java(blocks: Sequence[Block]) -> Check:
    built = BUILDS / "java"
    if not (built / "lib").exists():
        await _build("java")
    folder = _folder("java")
    for block in blocks:
        name = block.code.partition("class ")[2].split()[0]
        (folder / f"{name}.java").write_text(block.code, "utf-8")
    files = [path.name for path in folder.glob("*.java")]
    command = ("javac", "-d", "classes", "-cp", f"{built}/classes:{built}/lib/*", *files)
    return _judged("Java", blocks, await execute(command, folder, {}, _TIMEOUT))


async def _build(name: str) -> None:
    stack = next(stack for stack in STACKS if stack.name == name)
    await provide(stack.tools, stack.tool_packages, stack.debian)
    await build(stack)


def _folder(language: str) -> Path:
    """An empty folder for blocks in this language."""
    folder = BUILDS / NAME / language
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _link(folder: Path, name: str, modules: Path) -> None:
    place = folder / "node_modules" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(modules / name)


def _judged(language: str, blocks: Sequence[Block], result: Result) -> Check:
    name = f"{language}: {', '.join(block.name for block in blocks)}"
    return Check(name, "" if result.code == 0 else result.tail)
