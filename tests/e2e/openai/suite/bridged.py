"""A pytest plugin for openai-python's own tests: their clients call a bridge whose upstream is this process.

The tests are those of the sdist, unchanged. Their clients get the tested transport. The requests arrive here through
the bridge, and the mock router of the running test (respx, or the sdist's copy of it) or `canned` responds.
`left_out.toml` names the tests that are not run, with the reason. The variables come from `suites.py`.
"""

import inspect
import json
import os
import socket
import sys
import threading
import tomllib
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import canned
import openai
import pytest

from aibridge.client.openai import async_http_client, http_client

#: The upstream that the tests expect.
BASE_URL = os.environ["TEST_API_BASE_URL"]
#: The mocking library of this generation, and the HTTP library that it mocks.
RESPX, HTTPX = ("respx", "httpx") if openai.__version__.startswith("2.") else ("tests.respx2", "httpx2")
LEFT_OUT = tomllib.loads(Path(__file__).with_name("left_out.toml").read_text(encoding="utf-8"))["tests"]

#: The output for `suites.py`.
result: dict[str, Any] = {
    "version": openai.__version__,
    "requests": 0,
    "passed": [],
    "failed": {},
    "left_out": {},
    "skipped": [],
    "unmatched": [],
}


class Upstream(BaseHTTPRequestHandler):
    """Responds to the bridge's requests."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Respond to a request."""
        result["requests"] += 1
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        status, headers, content = mocked(self, body) or canned.respond(self.command, self.path, body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_DELETE = do_GET  # noqa: N815 # the names that http.server looks for

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def mocked(request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes] | None:
    """The response of the running test's mock router; None if the test has none."""
    mocks = sys.modules.get(f"{RESPX}.mocks")
    if mocks is None or not mocks.HTTPCoreMocker.routers:
        return None
    url = BASE_URL + request.path.removeprefix("/v1")
    headers = [(name, value) for name, value in request.headers.items() if name.lower() != "host"]
    mock_request = sys.modules[HTTPX].Request(request.command, url, headers=headers, content=body)
    response = mocks.HTTPCoreMocker.handler(mock_request)
    kept = {name: value for name, value in response.headers.items() if name != "content-length"}
    return response.status_code, kept, response.read()


def call_the_bridge(kind: Any, make: Any) -> None:
    """Let each client of this class for `BASE_URL` call the bridge."""
    original = kind.__init__

    def init(self: Any, **arguments: Any) -> None:
        if str(arguments.get("base_url")) == BASE_URL:
            arguments["http_client"] = make(os.environ["SUITE_TARGET"])
        original(self, **arguments)

    init.__dict__["__signature__"] = inspect.signature(original)  # some tests look at it
    kind.__init__ = init


def pytest_configure() -> None:
    """Start to respond, and let the clients call the bridge."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(os.environ["SUITE_SOCKET"]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    call_the_bridge(openai.OpenAI, http_client)
    call_the_bridge(openai.AsyncOpenAI, async_http_client)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Remove the tests that are left out."""
    matched = set()
    kept, dropped = [], []
    for item in items:
        found = [(row, test) for row in LEFT_OUT for test in row["tests"] if fnmatchcase(item.nodeid, test)]
        matched.update(test for _, test in found)
        (dropped if found else kept).append(item)
        if found:
            result["left_out"].setdefault(found[0][0]["why"], []).append(item.nodeid)
    result["unmatched"] = [test for row in LEFT_OUT for test in row["tests"] if test not in matched]
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Record the outcome of a test."""
    if report.failed:
        result["failed"][report.nodeid] = str(report.longrepr)[-2000:]
    elif report.skipped:
        result["skipped"].append(report.nodeid)
    elif report.when == "call":
        result["passed"].append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write the results for `suites.py`."""
    Path(os.environ["SUITE_RESULT"]).write_text(json.dumps(result), encoding="utf-8")
