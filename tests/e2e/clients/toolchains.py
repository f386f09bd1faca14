"""The requirements of a stack: programs on the PATH, and Debian packages, which are installed if they are missing."""

import asyncio
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_TIMEOUT: Final = 300.0


class ToolchainError(Exception):
    """Something is missing. The message names it."""


async def provide(tools: Sequence[str], tool_packages: Sequence[str], packages: Sequence[str]) -> None:
    """Returns when all of it is there: the packages, and the tools, for which `tool_packages` are installed if need be.

    Raises:
        ToolchainError: it is not, and cannot be installed.
    """
    wanted = [*packages, *(tool_packages if _missing(tools) else ())]
    absent = [package for package in wanted if not await _is_installed(package)]
    if absent:
        await _install(absent)
    if missing := _missing(tools):
        raise ToolchainError(f"not on the PATH: {', '.join(missing)}")


def _missing(tools: Sequence[str]) -> list[str]:
    return [tool for tool in tools if shutil.which(tool) is None]


async def _is_installed(package: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    code, text = await _output("dpkg-query", "--show", "--showformat=${db:Status-Status}", package)
    return code == 0 and text == "installed"


async def _install(packages: Sequence[str]) -> None:
    names = " ".join(packages)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise ToolchainError(f"Debian packages that only root can install: {names}")
    patient = ("-o", "DPkg::Lock::Timeout=120", "--quiet", "--assume-yes")
    await _output("apt-get", *patient, "update")
    with _no_services():
        code, text = await _output("apt-get", *patient, "install", "--no-install-recommends", *packages)
    if code:
        raise ToolchainError(f"apt-get install {names} failed:\n{text[-2000:]}")


@contextmanager
def _no_services() -> Iterator[None]:
    """With this file, Debian does not start installed services, such as nginx on port 80."""
    policy = Path("/usr/sbin/policy-rc.d")
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


async def _output(*command: str) -> tuple[int, str]:
    """The exit status, and all output."""
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(), _TIMEOUT)
    except TimeoutError:
        child.kill()
        await child.wait()
        raise ToolchainError(f"{' '.join(command)} took more than {_TIMEOUT:g} s") from None
    return child.returncode or 0, output.decode(errors="replace")
