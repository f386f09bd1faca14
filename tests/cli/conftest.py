"""Fixtures: the command line in this process, to check its output, and as a process, to check its behaviour."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from structlog.testing import capture_logs

from bridge.cli.local import LocalUnavailable, running
from tests.support.bridge import Bridge, start_bridge
from tests.support.commands import Result, Run, invoke
from tests.support.gateway import Gateway


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("AIBRIDGE_") and name != "AIBRIDGE_LOCAL_MODEL":
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_logs() -> Iterator[None]:
    """Keep the log lines of this process's bridge out of a command's standard output."""
    with capture_logs():
        yield


@pytest.fixture
def aibridge(bridge: Bridge) -> Run:
    """Runs a command against the fixture's bridge."""

    async def run(*arguments: str, stdin: str | None = None, **variables: str) -> Result:
        return await invoke(*arguments, stdin=stdin, AIBRIDGE_TARGET=bridge.address, **variables)

    return run


@pytest.fixture(scope="session")
def llama() -> Iterator[str]:
    """The base URL of a llama.cpp server.

    Without its packages the tests fail, because a skipped test proves nothing.
    """
    try:
        with running() as url:
            yield url
    except LocalUnavailable as error:
        pytest.fail(f"{error}\n  or leave these tests out: -m 'not real'", pytrace=False)


@pytest.fixture
async def real(llama: str) -> AsyncIterator[Bridge]:
    upstream = Gateway()
    upstream.url = llama
    async with start_bridge(upstream) as bridge:
        yield bridge
