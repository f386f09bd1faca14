"""The steps to a bridge with TLS and a caller with a token, followed from top to bottom with the embedded model."""

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.docs.blocks import BLOCKS
from tests.support.commands import invoke, spawn

pytestmark = pytest.mark.real

_PROGRAMS: Final = Path(sys.executable).parent


async def _shell(command: str, folder: Path) -> str:
    """The output of a command, on both streams."""
    variables = os.environ | {"PATH": f"{_PROGRAMS}:{os.environ['PATH']}"}
    pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    child = await asyncio.create_subprocess_shell(command, stdout=pipe, stderr=both, cwd=folder, env=variables)
    output, _ = await child.communicate()
    assert child.returncode == 0, output
    return output.decode()


def _arguments(command: str, folder: Path) -> list[str]:
    """The words after `aibridge`, without the comment. Files are those in the folder."""
    words = command.partition(" #")[0].partition("aibridge ")[2].split()
    return [str(folder / word) if re.fullmatch(r"[a-z]+\.[a-z]+|tokens", word) else word for word in words]


@pytest.mark.parametrize("page", ["README.md", "docs/secure.md"])
async def test_the_steps_with_the_embedded_model(page: str, tmp_path: Path) -> None:
    """The caller of the example sees the embedded model, and may use it."""
    blocks = [block for block in BLOCKS if block.page == page]
    rules = next(block.code for block in blocks if block.language == "toml" and block.code.startswith("[search]"))
    (tmp_path / "callers.toml").write_text(rules)
    lines = "\n".join(block.code for block in blocks if block.language == "sh").replace("\\\n", " ").splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("aibridge token search"))
    last = next(index for index, line in enumerate(lines) if line.startswith("AIBRIDGE_TOKEN=aib_… aibridge models"))
    serve = next(line for line in lines[first:last] if line.startswith("aibridge serve"))
    said = "".join([await _shell(line, tmp_path) for line in lines[first:last] if line not in {serve, ""}])
    token = re.search(r"aib_\S+", said)
    assert token
    options = ("--local", "--metrics-listen", "off", "--listen", "127.0.0.1:0")
    async with spawn(*_arguments(serve, tmp_path), *options) as bridge:
        variables = {"AIBRIDGE_TOKEN": token[0]}
        words = _arguments(lines[last].replace("localhost:50051", await bridge.address()), tmp_path)
        listed = await invoke(*words, **variables)
        response = await invoke("chat", "Say yes", "--max-tokens", "2", *words[1:], **variables)
    assert (listed.code, listed.err) == (0, "")
    assert "smollm2-" in listed.out
    assert response.code == 0, response.err
