"""What a caller has to load: gRPC and the messages, and nothing of the server."""

import subprocess
import sys

SERVER_ONLY = {
    "aiohttp", "bridge.call", "bridge.codec", "bridge.server", "bridge.services", "bridge.settings", "bridge.status",
    "bridge.telemetry", "bridge.upstream", "httpx", "httpx2", "openai", "pydantic", "rich",
    "structlog", "typer", "uvloop",
}  # fmt: skip


def test_the_client_does_not_import_the_server() -> None:
    code = "import bridge.client, bridge.client.aio, sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()  # noqa: S603 # our own
    assert "bridge.client.aio" in loaded
    assert sorted(SERVER_ONLY.intersection(loaded)) == []
