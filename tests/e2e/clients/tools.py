"""Operators' tools and the bridge: what they do by reflection, without the protos."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.clients.checks import Check
from tests.e2e.clients.programs import BUILDS, EXAMPLES, ProgramError, execute, free_port, serving
from tests.e2e.clients.toolchains import provide

_BUILD_TIMEOUT: Final = 900.0
_RUN_TIMEOUT: Final = 60.0
_BUF: Final = str(Path(sys.executable).parent / "buf")
_WEB: Final = ("curl", "--protocol", "grpcweb", "--schema", str(EXAMPLES.parent / "protos"))
_CHAT: Final = "aibridge.v1.ChatService"
_HELLO: Final = '"messages": [{"role": "user", "content": "Hello!"}]'


@dataclass(frozen=True)
class ToolRun:
    """A command line (TARGET stands for the address), and the required parts of its output."""

    name: str
    arguments: tuple[str, ...]
    wanted: tuple[str, ...]
    fails: bool = False


@dataclass(frozen=True)
class Tool:
    """A program that `go install` builds.

    If it is a server (`serve` has its arguments, with PORT), `client` is run against it.
    """

    name: str
    module: str
    version: str
    uses: tuple[ToolRun, ...]
    serve: tuple[str, ...] = ()
    client: str = ""


TOOLS: Final = (
    Tool(
        name="grpcurl",
        module="github.com/fullstorydev/grpcurl/cmd/grpcurl",
        version="v1.9.4",
        uses=(
            ToolRun("lists the services", ("-plaintext", "TARGET", "list"), (_CHAT, "grpc.health.v1.Health")),
            ToolRun(
                "describes a message",
                ("-plaintext", "TARGET", "describe", "aibridge.v1.CreateEmbeddingRequest"),
                ("optional string model = 1;", "input_texts"),
            ),
            ToolRun(
                "calls an RPC",
                ("-plaintext", "TARGET", "aibridge.v1.ModelsService/ListModels"),
                ('"id": "example/chat"', '"id": "example/embed"'),
            ),
            ToolRun(
                "reads a stream",
                (
                    *("-plaintext", "-d", f'{{"model": "example/stream", {_HELLO}}}'),
                    *("TARGET", f"{_CHAT}/CreateChatCompletionStream"),
                ),
                ('"content": "Hello"', '"content": " bridge."', '"finish_reason": "stop"'),
            ),
            ToolRun(
                "shows the details of an error",
                (
                    *("-plaintext", "-d", f'{{"model": "example/rate-limited", {_HELLO}}}'),
                    *("TARGET", f"{_CHAT}/CreateChatCompletion"),
                ),
                (
                    "ResourceExhausted",
                    '"reason": "RATE_LIMIT_EXCEEDED"',
                    '"retry_delay": "1.500s"',
                    '"http_status": 429',
                ),
                fails=True,
            ),
        ),
    ),
    Tool(
        name="grpc-health-probe",
        module="github.com/grpc-ecosystem/grpc-health-probe",
        version="v0.4.61",
        uses=(
            ToolRun("the bridge serves", ("-addr=TARGET",), ("status: SERVING",)),
            ToolRun("a service serves", ("-addr=TARGET", f"-service={_CHAT}"), ("status: SERVING",)),
            ToolRun(
                "an unknown service does not", ("-addr=TARGET", "-service=no.such.Service"), ("NotFound",), fails=True
            ),
        ),
    ),
    Tool(
        name="ghz",
        module="github.com/bojand/ghz/cmd/ghz",
        version="v0.93.0",
        uses=(
            ToolRun(
                "500 calls",
                (
                    *("--insecure", "--call", "aibridge.v1.ModelsService.ListModels"),
                    *("--total", "500", "--concurrency", "20", "--connections", "2", "TARGET"),
                ),
                ("[OK]   500 responses",),
            ),
            ToolRun(
                "100 streams",
                (
                    *("--insecure", "--call", f"{_CHAT}.CreateChatCompletionStream"),
                    *("--data", f'{{"model": "example/stream", {_HELLO}}}'),
                    *("--total", "100", "--concurrency", "10", "TARGET"),
                ),
                ("[OK]   100 responses",),
            ),
        ),
    ),
    Tool(
        name="grpcwebproxy",
        module="github.com/improbable-eng/grpc-web/go/grpcwebproxy",
        version="v0.15.0",
        serve=(
            *("--backend_addr=TARGET", "--run_tls_server=false", "--allow_all_origins"),
            *("--server_bind_address=127.0.0.1", "--server_http_debug_port=PORT"),
        ),
        client=_BUF,
        uses=(
            ToolRun(
                "gRPC-Web: a call",
                (*_WEB, "http://TARGET/aibridge.v1.ModelsService/ListModels"),
                ("example/chat", "example/embed"),
            ),
            ToolRun(
                "gRPC-Web: a stream",
                (
                    *(*_WEB, "-d", f'{{"model": "example/stream", {_HELLO}}}'),
                    f"http://TARGET/{_CHAT}/CreateChatCompletionStream",
                ),
                ("Hello", " bridge.", "stop"),
            ),
            ToolRun(
                "gRPC-Web: the details of an error",
                (
                    *(*_WEB, "-d", f'{{"model": "example/rate-limited", {_HELLO}}}'),
                    f"http://TARGET/{_CHAT}/CreateChatCompletion",
                ),
                ("resource_exhausted", "google.rpc.ErrorInfo", "google.rpc.RetryInfo", "aibridge.v1.UpstreamError"),
                fails=True,
            ),
        ),
    ),
)


async def use(tool: Tool, target: str) -> list[Check]:
    """Build the tool, if need be, and try each use of it.

    Raises:
        ToolchainError: there is no Go.
        ProgramError: it cannot be built.
    """
    await provide(("go",), (), ())
    folder = BUILDS / "tools"
    folder.mkdir(parents=True, exist_ok=True)
    install = ("go", "install", f"{tool.module}@{tool.version}")
    result = await execute(install, folder, {"GOBIN": str(folder)}, _BUILD_TIMEOUT)
    if result.code != 0:
        raise ProgramError(f"{' '.join(install)}\n{result.tail}")
    program = str(folder / tool.name)
    if not tool.serve:
        return [await _check(entry, program, target) for entry in tool.uses]
    port = str(free_port())
    arguments = [argument.replace("TARGET", target).replace("PORT", port) for argument in tool.serve]
    async with serving((program, *arguments), folder, f"127.0.0.1:{port}"):
        return [await _check(entry, tool.client, f"127.0.0.1:{port}") for entry in tool.uses]


async def _check(entry: ToolRun, program: str, target: str) -> Check:
    arguments = [argument.replace("TARGET", target) for argument in entry.arguments]
    result = await execute((program, *arguments), BUILDS, {}, _RUN_TIMEOUT)
    text = result.output + result.errors
    missing = [wanted for wanted in entry.wanted if wanted not in text]
    if result.code is None or (result.code != 0) is not entry.fails:
        return Check(entry.name, f"exit status {result.code}:\n{result.tail}")
    return Check(entry.name, f"{missing} is not in:\n{result.tail}" if missing else "")
