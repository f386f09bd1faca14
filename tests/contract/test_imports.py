"""The architecture as a table: which module may import which, and which may use each library.

Imports point one way: command line -> server -> services -> codec, upstream -> modules without further imports. Read
from the bottom up, the table leads through the bridge from its leaves.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Module or package (the longest that fits), and what of ours it may import, except itself. `bridge` is the server and
#: its commands; `aibridge.client` is another distribution, which only the commands import.
ALLOWED: dict[str, set[str]] = {
    # Entry points may import anything, and nothing imports them.
    "bridge.__main__": {"bridge.cli.app"},
    "bridge.cli.app": {
        "aibridge.client", "bridge.access.tokens", "bridge.cli.commands", "bridge.cli.console", "bridge.cli.demo",
        "bridge.cli.doctor", "bridge.cli.flags", "bridge.cli.help", "bridge.cli.local", "bridge.jsontext",
        "bridge.server", "bridge.settings", "bridge.telemetry",
    },
    "bridge.cli.commands": {
        "aibridge.client", "bridge.cli.attachments", "bridge.cli.bench", "bridge.cli.connection", "bridge.cli.console",
        "bridge.cli.conversation", "bridge.codec", "bridge.jsontext",
    },
    "bridge.cli.connection": {
        "aibridge.client", "bridge.cli.console", "bridge.jsontext", "bridge.settings",
    },
    "bridge.cli.bench": {"aibridge.client", "bridge.cli.console"},
    "bridge.cli.conversation": {
        "aibridge.client", "bridge.clean", "bridge.cli.attachments", "bridge.cli.console", "bridge.codec",
        "bridge.jsontext",
    },
    "bridge.cli.attachments": {"bridge.codec", "bridge.errors", "bridge.jsontext"},
    "bridge.cli.flags": {"bridge.settings"},
    "bridge.cli.doctor": {
        "bridge.access.callers", "bridge.certificates", "bridge.cli.local", "bridge.cli.verdict", "bridge.files",
        "bridge.settings", "bridge.upstream.causes", "bridge.upstream.probe",
    },
    "bridge.cli.verdict": {"bridge.jsontext", "bridge.settings", "bridge.upstream.probe"},
    "bridge.cli.demo": {
        "aibridge.client", "bridge.cli.console", "bridge.cli.local", "bridge.errors", "bridge.server",
        "bridge.settings",
    },
    # The caller's side: calls a bridge over gRPC, and shares only the form of errors with the server.
    "bridge.cli.console": {
        "aibridge.client", "bridge.clean", "bridge.cli.interrupts", "bridge.errors", "bridge.jsontext",
    },
    "bridge.cli.interrupts": set(),
    "aibridge.client.openai": {"aibridge.client"},
    "aibridge.client": set(),
    # The embedded llama.cpp is another process, which does not know the bridge.
    "bridge.cli.local": set(),
    "bridge.cli.help": {"bridge.settings"},
    "bridge.cli": set(),
    # The server and the RPCs.
    "bridge.server": {
        "bridge.access", "bridge.call", "bridge.certificates", "bridge.errors", "bridge.files", "bridge.jsontext",
        "bridge.metadata", "bridge.services", "bridge.settings", "bridge.status", "bridge.telemetry",
        "bridge.upstream.client", "bridge.upstream.credentials", "bridge.upstream.probe",
    },
    # Authentication and authorization. It fetches key sets through upstream.
    "bridge.access": {
        "bridge.call", "bridge.certificates", "bridge.clean", "bridge.errors", "bridge.files", "bridge.jsontext",
        "bridge.metadata", "bridge.settings", "bridge.upstream.jwks",
    },
    # The RPCs know neither gRPC nor HTTP.
    "bridge.services": {
        "bridge.offload", "bridge.call", "bridge.clean", "bridge.codec", "bridge.errors", "bridge.jsontext",
        "bridge.settings", "bridge.upstream",
    },
    # HTTP, without gRPC and protobuf.
    "bridge.upstream": {
        "bridge.offload", "bridge.call", "bridge.certificates", "bridge.errors", "bridge.files", "bridge.jsontext",
        "bridge.metadata", "bridge.operations", "bridge.redact", "bridge.settings", "bridge.telemetry",
    },
    "bridge.upstream.sse": set(),
    # JSON <-> protobuf, without HTTP and calls.
    "bridge.codec": {"bridge.errors", "bridge.jsontext"},
    # Observes calls, without knowing gRPC or HTTP.
    "bridge.telemetry": {
        "bridge.call", "bridge.clean", "bridge.errors", "bridge.jsontext", "bridge.operations", "bridge.redact",
        "bridge.settings",
    },
    "bridge.status": {"bridge.call", "bridge.clean", "bridge.errors", "bridge.jsontext", "bridge.redact"},
    "bridge.call": {"bridge.errors", "bridge.metadata"},
    "bridge.settings": {"bridge.errors", "bridge.metadata", "bridge.redact"},
    # Reading files, and certificates in them, for several packages.
    "bridge.certificates": {"bridge.files"},
    "bridge.files": set(),
    "bridge.metadata": {"bridge.errors"},
    "bridge.redact": {"bridge.clean"},
    "bridge.jsontext": set(),
    "bridge.offload": set(),
    "bridge.operations": set(),
    "bridge.errors": {"bridge.clean"},
    "bridge.clean": set(),
    "bridge": set(),
}  # fmt: skip

#: The part of `bridge` that runs on the caller's side.
CALLERS = {"bridge.__main__", "bridge.cli"}

#: Libraries, and the only modules or packages that may import them.
CONFINED: dict[str, set[str]] = {
    "httpx": {"bridge.upstream"},
    "httptools": {"bridge.upstream.connection"},
    "aiohappyeyeballs": {"bridge.upstream.dialer"},
    "grpc": {
        "bridge.cli", "aibridge.client", "bridge.server", "bridge.status",
    },
    "openai": {"aibridge.client.openai"},
    "orjson": {"bridge.jsontext", "aibridge.client.openai.jsontext"},
    # local: responses of llama.cpp's own endpoints; client: gRPC's service config. Neither is a call's request or
    # response.
    "json": {"bridge.cli.local", "aibridge.client", "bridge.jsontext"},
    "pybase64": {"aibridge.client.openai.codec", "bridge.codec", "bridge.services.vectors"},
    # Certificates are read in one place, and tokens verified in another.
    "cryptography": {"bridge.certificates"},
    "jwt": {"bridge.access.issuer"},
    "structlog": {"bridge.access", "bridge.files", "bridge.server", "bridge.telemetry", "bridge.upstream"},
    "typer": {"bridge.cli"},
    "prompt_toolkit": {"bridge.cli.conversation"},
    "rich": {"bridge.cli"},
    "xllamacpp": {"bridge.cli.local"},
    "prometheus_client": {"bridge.telemetry"},
    "opentelemetry": {"bridge.telemetry"},
    "uvloop": {"bridge.cli", "bridge.server"},
}  # fmt: skip

#: Pure modules: they may not do I/O, wait or read the clock.
PURE = (
    "aibridge.client.openai.codec", "aibridge.client.openai.errors", "aibridge.client.openai.jsontext",
    "bridge.codec", "bridge.errors", "bridge.jsontext", "bridge.redact", "bridge.upstream.sse",
)  # fmt: skip
IMPURE = {
    "aiohappyeyeballs", "asyncio", "grpc", "http", "httpx", "logging", "multiprocessing", "os", "pathlib", "select",
    "signal", "socket", "ssl", "structlog", "subprocess", "threading", "time", "urllib",
}  # fmt: skip


def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for root, package in ((ROOT, "bridge"), (ROOT / "clients" / "python", "aibridge"))
        for path in sorted((root / package).rglob("*.py"))
    }


MODULES = modules()


def imports(name: str) -> Iterator[str]:
    """The modules that a module imports anywhere, including in functions and for types."""
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name} has a relative import"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [module for module in inner if module in MODULES]
            yield from found
            if len(found) < len(inner):
                yield str(node.module)


def within(name: str, places: set[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def row_of(name: str) -> str:
    return max((row for row in ALLOWED if within(name, {row})), key=len)


@cache
def every_import() -> list[tuple[str, str]]:
    """Each module with each module that it imports."""
    return [(name, target) for name in MODULES for target in imports(name)]


def test_imports_follow_the_table() -> None:
    """No import goes against the direction of the architecture."""
    for name in MODULES:
        assert row_of(name) != "bridge" or name == "bridge", f"{name} has no row in the table"
    for name, target in every_import():
        row = row_of(name)
        if within(target, {"bridge", "aibridge.client"}) and not within(target, ALLOWED[row] | {row}):
            assert target == "bridge", (
                f"{name} -> {target} is not in the table: {row} may import {sorted(ALLOWED[row])}"
            )


def test_the_server_never_imports_the_client() -> None:
    """Only the commands import the client."""
    for row, targets in ALLOWED.items():
        if within(row, {"bridge"}) and not within(row, CALLERS):
            assert not any(within(target, {"aibridge.client"} | CALLERS) for target in targets), row


def test_libraries_stay_in_their_places() -> None:
    """HTTP is known to upstream/, gRPC to the server's side and the clients, the JSON library to jsontext."""
    for name, target in every_import():
        places = CONFINED.get(target.partition(".")[0])
        assert places is None or within(name, places), f"{name} -> {target}, which belongs to {sorted(places or ())}"


def test_no_io() -> None:
    """Pure modules stay free of I/O, so that they can be tested with values alone."""
    for name, target in every_import():
        assert not within(name, set(PURE)) or target.partition(".")[0] not in IMPURE, f"{name} -> {target}: no I/O here"


def test_there_are_no_cycles() -> None:
    """There are no import cycles."""
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a cycle: {' -> '.join([*path, name])}"
        if name not in done:
            for target in imports(name):
                if target in MODULES and target != name:
                    visit(target, (*path, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def test_the_table_is_acyclic_and_about_modules_that_exist() -> None:
    """The table itself has no cycles, and names only existing modules."""
    rows = list(ALLOWED)
    for number, (row, targets) in enumerate(ALLOWED.items()):
        assert within(row, set(MODULES)), f"{row} is gone"
        for target in targets:
            assert row_of(target) in rows[number + 1 :], f"{row} -> {target} points upwards"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import httpx", {"httpx"}),
        ("import httpx.auth as x", {"httpx.auth"}),
        ("from bridge import codec", {"bridge.codec"}),
        ("from bridge.codec import build, kinds", {"bridge.codec", "bridge.codec.kinds"}),
        ("def f():\n    import grpc.aio", {"grpc.aio"}),
        ("if TYPE_CHECKING:\n    from json import loads", {"json"}),
    ],
)
def test_imports_are_seen(source: str, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above find every form of import."""
    path = tmp_path / "module.py"
    path.write_text(source)
    monkeypatch.setitem(MODULES, "bridge.new", path)
    assert set(imports("bridge.new")) == expected
