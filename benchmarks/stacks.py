"""Starts the processes of a run: upstreams, the bare server, bridges, the load generator."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final, Self

from benchmarks import golang, nginx
from benchmarks.payloads import LITELLM_KEY
from benchmarks.processes import Server, StartError, children, module, sink, stop, workers

_LITELLM_START: Final = 180.0


class Stacks:
    """The servers of one run, each started when it is first needed, and all stopped at the end."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._made: dict[str, Server] = {}
        self._upstreams: dict[str, int] = {}
        self.canned = "asyncio"  # the server of the canned bodies

    def __enter__(self) -> Self:
        self._errors = self._stack.enter_context(sink())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def upstream(self, kind: str) -> int:
        """The port of the upstream `canned` (nginx, if installed) or `paced` (one event per write)."""
        if kind not in self._upstreams:
            port = self._stack.enter_context(nginx.serving()) if kind == "canned" else None
            if port is None:
                _, line = self._stack.enter_context(module("benchmarks.upstream"))
                port = int(line)
            else:
                self.canned = nginx.version() or ""
            self._upstreams[kind] = port
        return self._upstreams[kind]

    def server(self, name: str) -> Server:
        """A server: `bare`, `litellm`, or `bridge`, `least` or `go` with an upstream, as in `bridge canned`."""
        if name not in self._made:
            if name == "bare":
                made = self._stack.enter_context(_simple("bare"))
            elif name == "litellm":
                made = self._stack.enter_context(_litellm(self.upstream("canned"), self._errors))
            elif name.startswith("least "):
                made = self._stack.enter_context(_simple("least", str(self.upstream(name.partition(" ")[2]))))
            elif name.startswith("go "):
                made = self._stack.enter_context(golang.serving(self._url(name.partition(" ")[2])))
            else:
                made = self._stack.enter_context(self.bridge(name.partition(" ")[2]))
            self._made[name] = made
        return self._made[name]

    @contextmanager
    def bridge(self, upstream: str, *flags: str) -> Iterator[Server]:
        """Run `aibridge serve` with its defaults in front of an upstream during the context."""
        command = ("serve", "--listen", "127.0.0.1:0", "--upstream-url", self._url(upstream), *flags)
        with module("bridge", *command, errors=self._errors) as (pid, line):
            yield Server(workers(pid) if "--workers" in flags else [pid], int(line.rpartition(":")[2]))

    def _url(self, upstream: str) -> str:
        return f"http://127.0.0.1:{self.upstream(upstream)}/v1"

    @contextmanager
    def fresh(self, name: str) -> Iterator[Server]:
        """As `server`, but newly started."""
        with _simple("bare") if name == "bare" else self.bridge(name.partition(" ")[2]) as server:
            yield server


@contextmanager
def _simple(name: str, *arguments: str) -> Iterator[Server]:
    with module(f"benchmarks.{name}", *arguments) as (pid, line):
        yield Server([pid], int(line))


@contextmanager
def _litellm(upstream: int, errors: IO[bytes]) -> Iterator[Server]:
    """Run the LiteLLM proxy with one worker and its defaults. It is installed as by `make test-peers`."""
    from tests.e2e.peers.install import installed  # noqa: PLC0415 # only for this reference
    from tests.e2e.peers.process import free_port  # noqa: PLC0415 # same

    parameters = {"model": "openai/bench", "api_key": "none", "api_base": f"http://127.0.0.1:{upstream}/v1"}
    config = {
        "model_list": [{"model_name": "bench", "litellm_params": parameters}],
        "general_settings": {"master_key": LITELLM_KEY},
    }
    port = free_port()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        path = Path(folder) / "config.yaml"
        path.write_text(json.dumps(config))
        program = installed("litellm") / "bin" / "litellm"
        command = [str(program), "--config", str(path), "--host", "127.0.0.1", "--port", str(port)]
        environment = {"PATH": "/usr/bin:/bin", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
        child = subprocess.Popen(command, stdout=errors, stderr=errors, env={**environment, "HOME": folder}, cwd=folder)
        stack.callback(stop, child)
        _await(child, f"http://127.0.0.1:{port}/health/readiness")
        yield Server([child.pid, *children(child.pid)], port)


def _await(child: subprocess.Popen[bytes], url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _LITELLM_START
    while time.monotonic() < deadline and child.poll() is None:
        try:
            opener.open(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise StartError("the LiteLLM proxy did not start")


class Load:
    """The load generator's process, which runs one command after the other."""

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._output()
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._child)

    def __call__(self, do: str, server: Server, **arguments: Any) -> dict[str, Any]:
        """Run a command of `benchmarks.load` against a server, and return its figures."""
        assert self._child.stdin is not None
        command = {"do": do, "port": server.port, **({} if do == "rate" else {"pids": server.pids}), **arguments}
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()
        figures: dict[str, Any] = json.loads(self._output())
        return figures

    def _output(self) -> str:
        assert self._child.stdout is not None
        line = self._child.stdout.readline().strip()
        if not line:
            raise StartError("the load generator failed, see above")
        return "{}" if line == "ready" else line
