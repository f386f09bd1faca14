"""The client loads gRPC and the messages, and nothing of the server."""

import subprocess
import sys

import pytest

SERVER_ONLY = {
    "aiohttp", "bridge", "httpx", "httpx2", "openai", "orjson", "pydantic", "rich", "structlog", "typer", "uvloop",
}  # fmt: skip


def test_the_client_does_not_import_the_server() -> None:
    code = "import aibridge.client, aibridge.client.aio, sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()  # noqa: S603 # our own
    assert "aibridge.client.aio" in loaded
    assert sorted(SERVER_ONLY.intersection(loaded)) == []


@pytest.mark.parametrize("library", ["orjson", "pybase64"])
def test_the_extra_that_is_missing_is_named(library: str) -> None:
    """Without what `aibridge-client[openai]` installs, the import says what to install."""
    code = f"import sys; sys.modules[{library!r}] = None; import aibridge.client.openai"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 # our own
    assert f"no module named {library!r}; install it with: pip install 'aibridge-client[openai]'" in done.stderr


def test_the_openai_transport_does_not_import_the_server() -> None:
    """The transport uses the client's own copy of the codec, and imports openai when it is needed."""
    code = "import aibridge.client.openai, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()  # noqa: S603 # our own
    assert sorted((SERVER_ONLY - {"orjson"}).intersection(loaded)) == []
