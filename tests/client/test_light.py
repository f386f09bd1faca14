"""What a caller has to load: gRPC and the messages, and nothing of the server."""

import subprocess
import sys

SERVER_ONLY = {
    "aiohttp", "bridge", "httpx", "httpx2", "openai", "orjson", "pydantic", "rich", "structlog", "typer", "uvloop",
}  # fmt: skip


def test_the_client_does_not_import_the_server() -> None:
    code = "import aibridge.client, aibridge.client.aio, sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()  # noqa: S603 # our own
    assert "aibridge.client.aio" in loaded
    assert sorted(SERVER_ONLY.intersection(loaded)) == []
