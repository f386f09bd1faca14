"""Frameworks on openai-python: a program has the same outcome and requests directly and over a bridge."""

import json
import sys
from dataclasses import dataclass
from typing import Any, Final

from bridge import settings
from bridge.server.app import App
from tests.e2e.openai.libraries import HERE, INSTALL_TIMEOUT, INSTALLED, LibraryError, execute
from tests.e2e.openai.result import Result
from tests.support.assistant import respond
from tests.support.gateway import Request, running

_PROGRAMS: Final = HERE / "programs"
_PINS: Final = _PROGRAMS / "frameworks.txt"
_HOME: Final = INSTALLED / "frameworks"
_PYTHON: Final = str(_HOME / "bin" / "python")
_ROOT: Final = HERE.parents[2]
_TIMEOUT: Final = 120.0


@dataclass(frozen=True)
class Framework:
    """One framework, with the name of its distribution."""

    name: str
    title: str
    language: str = "Python"


FRAMEWORKS: Final = (
    Framework("langchain-openai", "LangChain"),
    Framework("pydantic-ai-slim", "Pydantic AI"),
    Framework("instructor", "instructor"),
    Framework("openai-agents", "OpenAI Agents SDK"),
    Framework("litellm", "LiteLLM's SDK"),
    Framework("haystack-ai", "Haystack"),
)


async def check_framework(framework: Framework) -> Result:
    """Run it directly and over a bridge in this process."""
    result = Result(framework, {"language": ".".join(map(str, sys.version_info[:3]))})
    try:
        await _install()
        async with running([respond]) as gateway:
            app = App(settings.load(listen="127.0.0.1:0", upstream_url=gateway.url, upstream_credentials="caller"))
            setup = {"framework": framework.name, "url": gateway.url, "target": await app.start()}
            try:
                command = (_PYTHON, "-P", str(_PROGRAMS / "frameworks.py"))
                said = json.loads(await execute(command, {}, json.dumps(setup), _TIMEOUT))
            finally:
                await app.stop()
            sent = {way: [_body(request) for request in gateway.requests if _came(request, way)] for way in _WAYS}
    except LibraryError as error:
        result.verdicts = {framework.name: [str(error)]}
        return result
    result.versions["library"] = said["version"]
    result.verdicts = {
        "outcome": _differences(said["outcomes"]),
        "requests": _differences(sent) if all(sent.values()) else ["no request came"],
    }
    return result


_WAYS: Final = ("direct", "bridge")


def _came(request: Request, way: str) -> bool:
    return request.headers.get("authorization") == f"Bearer sk-{way}"


def _body(request: Request) -> Any:
    """The request body without `null` and without `"stream": false`, which are left out by docs/openai.md."""
    body = _without_null(request.json) if request.body else {}
    return {name: value for name, value in body.items() if (name, value) != ("stream", False)}


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(member) for name, member in value.items() if member is not None}
    return [_without_null(item) for item in value] if isinstance(value, list) else value


def _differences(found: dict[str, Any]) -> list[str]:
    direct, bridge = (found[way] for way in _WAYS)
    if isinstance(direct, dict) and "raised" in direct:
        return [f"it fails directly: {direct['raised']}"]
    return [] if direct == bridge else [f"direct {direct}, over the bridge {bridge}"]


async def _install() -> None:
    """One environment for all of them, made once, and again when the pins change."""
    stamp = INSTALLED / "frameworks.stamp"
    pins = _PINS.read_text("utf-8")
    if stamp.exists() and stamp.read_text("utf-8") == pins:
        return
    INSTALLED.mkdir(exist_ok=True)
    await execute((sys.executable, "-m", "venv", "--clear", str(_HOME)), {}, "", INSTALL_TIMEOUT)
    pip = (_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    ours = (str(_ROOT / "generated" / "python"), str(_ROOT / "clients" / "python"))
    await execute((*pip, "--requirement", str(_PINS)), {}, "", 2 * INSTALL_TIMEOUT)
    await execute((*pip, "--editable", ours[0], "--editable", ours[1]), {}, "", INSTALL_TIMEOUT)
    stamp.write_text(pins, "utf-8")
