"""openai-python's own tests from its sdist, with a bridge between client and mock."""

import json
import os
import shutil
import socket
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bridge import settings
from bridge.server.app import App
from tests.e2e.openai.libraries import HERE, INSTALL_TIMEOUT, INSTALLED, OLDER, Library, LibraryError, execute, install
from tests.e2e.openai.result import Result

_PLUGIN: Final = HERE / "suite"
_TOOLS: Final = INSTALLED / "suite-tools"
_NEEDED: Final = ("inline-snapshot==0.36.1", "asttokens==3.0.2", "executing==2.3.0", "respx==0.23.1")
_TESTS: Final = (
    "tests/api_resources/chat",
    "tests/api_resources/responses",
    "tests/api_resources/test_completions.py",
    "tests/api_resources/test_embeddings.py",
    "tests/api_resources/test_models.py",
    "tests/api_resources/test_moderations.py",
    "tests/api_resources/test_responses.py",
    "tests/lib/chat",
    "tests/lib/responses/test_responses.py",
)
_RAW_PATHS: Final = (
    *("/models/*", "/completions", "/moderations"),
    *("/chat/completions", "/chat/completions/*", "/chat/completions/*/messages"),
    *("/responses", "/responses/*", "/responses/*/*"),
)
_TIMEOUT: Final = 300.0
_PIP: Final = (sys.executable, "-m", "pip")
_PYTEST: Final = (
    *(sys.executable, "-m", "pytest", "-q", "-o", "addopts="),
    *("-p", "bridged", "-p", "no:xdist", "-p", "no:cacheprovider"),
)


@dataclass(frozen=True)
class Suite:
    """The tests of one version of openai-python. `library` has that version if the environment does not."""

    name: str
    title: str
    version: str
    library: Library | None = None
    language: str = "Python"

    @property
    def folder(self) -> Path:
        """The folder of the tests."""
        return INSTALLED / f"openai-{self.version}"


SUITES: Final = (
    Suite("openai-python-suite", "openai-python's own tests, on httpx2", "3.54.0"),
    Suite("openai-python-2-suite", "openai-python's own tests before 3, on httpx", "2.54.0", OLDER),
)


async def check_suite(suite: Suite) -> Result:
    """Run the tests over a bridge in this process."""
    result = Result(suite, {"library": suite.version, "language": ".".join(map(str, sys.version_info[:3]))})
    try:
        await _install(suite)
        said = await _run(suite)
    except LibraryError as error:
        result.verdicts = {suite.name: [str(error)]}
        return result
    result.verdicts = {test: [] for test in said["passed"]} | {test: [text] for test, text in said["failed"].items()}
    result.verdicts |= {test: ["is in left_out.toml, but there is no such test"] for test in said["unmatched"]}
    result.left_out = {why: len(tests) for why, tests in said["left_out"].items()}
    result.left_out |= {"skipped by the suite itself": len(said["skipped"])} if said["skipped"] else {}
    if said["version"] != suite.version:
        result.verdicts["version"] = [f"tests of {suite.version} were run with {said['version']}"]
    if not said["requests"]:
        result.verdicts["over the bridge"] = ["no request came through the bridge"]
    return result


async def _run(suite: Suite) -> Any:
    """The plugin's results."""
    with socket.create_server(("127.0.0.1", 0)) as listener, TemporaryDirectory() as folder:
        upstream = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        chosen = settings.load(
            listen="127.0.0.1:0", upstream_url=upstream, upstream_credentials="caller", raw_paths=_RAW_PATHS
        )
        app = App(chosen)
        found = Path(folder) / "result.json"
        paths = [str(_PLUGIN), str(_TOOLS), *(suite.library.variables.values() if suite.library else ())]
        variables = {
            "PYTHONPATH": os.pathsep.join(paths),
            "SUITE_TARGET": await app.start(),
            "SUITE_SOCKET": str(listener.fileno()),
            "SUITE_RESULT": str(found),
            "TEST_API_BASE_URL": "http://upstream.invalid",
        }
        command = ("sh", "-c", '"$@" || [ $? = 1 ]', "sh", *_PYTEST, *_TESTS)  # 1: some failed
        try:
            await execute(command, variables, "", _TIMEOUT, folder=suite.folder, sockets=[listener.fileno()])
        finally:
            await app.stop()
        return json.loads(found.read_text(encoding="utf-8"))


async def _install(suite: Suite) -> None:
    """The sdist's tests, the older library, and the tests' dependencies."""
    if suite.library:
        await install(suite.library)
    INSTALLED.mkdir(exist_ok=True)
    pip = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    stamp = INSTALLED / "suite-tools.stamp"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != repr(_NEEDED):
        shutil.rmtree(_TOOLS, ignore_errors=True)
        command = (*_PIP, "install", "--quiet", "--no-deps", "--target", str(_TOOLS), *_NEEDED)
        await execute(command, pip, "", INSTALL_TIMEOUT)
        stamp.write_text(repr(_NEEDED), encoding="utf-8")
    if suite.folder.exists():
        return
    with TemporaryDirectory(dir=INSTALLED) as folder:
        fetch = ("download", "--quiet", "--no-deps", "--no-binary", "openai", "--dest", folder)
        await execute((*_PIP, *fetch, f"openai=={suite.version}"), pip, "", INSTALL_TIMEOUT)
        with tarfile.open(Path(folder) / f"{suite.folder.name}.tar.gz") as sdist:
            sdist.extractall(folder, filter="data")
        shutil.rmtree(Path(folder) / suite.folder.name / "src")  # the installed library is meant
        (Path(folder) / suite.folder.name).rename(suite.folder)
