"""Keys in the environment stay in the process that needs them."""

import json
import os
from pathlib import Path

import pytest

from aibridge.v1 import chat_pb2, chat_pb2_grpc
from bridge.cli import local
from bridge.settings import forget_secrets, load
from bridge.settings.reference import reference
from tests.support.gateway import Gateway, respond_json
from tests.support.payloads import COMPLETION
from tests.support.processes import channel_to, serving

Hello = chat_pb2.CreateChatCompletionRequest
SECRETS = {
    "AIBRIDGE_UPSTREAM_API_KEY": "sk-canary-1111111111",
    "AI_GATEWAY_API_KEY": "vck_canary-2222222222",
    "OPENAI_API_KEY": "sk-canary-3333333333",
    "AIBRIDGE_UPSTREAM_OIDC_TOKEN": "canary-4444444444",
    "VERCEL_OIDC_TOKEN": "canary-5555555555",
    "AIBRIDGE_TOKEN": "aib_canary-6666666666",
}


def test_all_secrets_are_known() -> None:
    """SECRETS lists all secret settings, and the token of the commands."""
    variables = {name for setting in reference().values() if setting.kind == "secret" for name in setting.variables}
    assert variables | {"AIBRIDGE_TOKEN"} == set(SECRETS) | {"AIBRIDGE_UPSTREAM_PROXY"}  # a URL with a password


async def test_workers_have_no_key_in_their_environment(gateway: Gateway, hello: Hello) -> None:
    """Workers get the key with their settings, not in their environment."""
    gateway.script(respond_json(COMPLETION))
    async with serving(gateway, "--workers", "2", "--metrics-listen", "off", **SECRETS) as server:
        async with channel_to(server.address) as channel:
            await chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(hello)
        seen = seen_of_children(server.pid)
        server.terminate()
        assert await server.ended() == 0
    assert len(seen) >= 2
    assert b"PATH=" in seen[0]
    assert not any(b"canary" in text for text in seen)
    assert gateway.last.headers["authorization"] == f"Bearer {SECRETS['AIBRIDGE_UPSTREAM_API_KEY']}"


def seen_of_children(pid: int) -> list[bytes]:
    """The environment and the command line of each child process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    folders = [Path(f"/proc/{child}") for child in children]
    return [(folder / "environ").read_bytes() + (folder / "cmdline").read_bytes() for folder in folders]


async def test_a_variable_that_a_header_refers_to_stays(gateway: Gateway, hello: Hello) -> None:
    """A variable that a header refers to stays, because each worker reads it."""
    gateway.script(respond_json(COMPLETION))
    options = ("--workers", "2", "--metrics-listen", "off", "--upstream-headers", "x-key=env:OPENAI_API_KEY")
    async with (
        serving(gateway, *options, OPENAI_API_KEY="sk-canary-3333333333") as server,
        channel_to(server.address) as channel,
    ):
        await chat_pb2_grpc.ChatServiceStub(channel).CreateChatCompletion(hello)
    assert gateway.last.headers["x-key"] == "sk-canary-3333333333"


def test_what_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are removed from the environment in any spelling; other variables stay."""
    for name in list(os.environ):
        if name.upper() in SECRETS:
            monkeypatch.delenv(name)
    monkeypatch.setenv("aibridge_upstream_api_key", "sk-canary")
    monkeypatch.setenv("AZURE_KEY", "canary")
    settings = load(upstream_headers="x-key=env:AZURE_KEY")
    before = dict(os.environ)
    forget_secrets(settings)
    assert set(before) - set(os.environ) == {"aibridge_upstream_api_key"}
    assert settings.upstream_api_key is not None


def test_the_local_model_gets_what_makes_programs_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The model's process gets the variables that programs need, and no key."""
    for name, value in {**SECRETS, "HF_TOKEN": "canary", "AWS_SECRET_ACCESS_KEY": "canary"}.items():
        monkeypatch.setenv(name, value)
    program = tmp_path / "child.py"
    program.write_text(
        "import json, os, sys\nprint(json.dumps({'url': json.dumps(dict(os.environ))}), flush=True)\nsys.stdin.read()\n"
    )
    model = tmp_path / "model.gguf"
    model.write_bytes(b"")
    monkeypatch.setattr(local, "__file__", str(program))
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda _: True)
    with local.running(model) as url:
        found = json.loads(url.removesuffix("/v1"))
    assert "canary" not in str(found)
    assert found["PATH"] == os.environ["PATH"]
