"""What the commands say about a mistake: its name, its value, and what to do."""

from pathlib import Path
from typing import Any

import pytest

from bridge.access import tokens
from tests.support.bridge import Start
from tests.support.commands import invoke
from tests.support.gateway import respond_json

MODELS = respond_json({"object": "list", "data": [{"id": "openai/gpt", "object": "model"}]})


def callers(tmp_path: Path, rules: str) -> dict[str, Any]:
    """Settings of a bridge with one token, for the caller `search`, and its token in `tmp_path/token`."""
    made = tokens.new("search")
    files = {"caller_tokens_file": tmp_path / "tokens", "callers_file": tmp_path / "callers.toml"}
    files["caller_tokens_file"].write_text(made.line)
    files["callers_file"].write_text(rules)
    (tmp_path / "token").write_text(made.token)
    return files


async def test_a_caller_without_a_table(start: Start, tmp_path: Path) -> None:
    """The message names the caller and the file, and no other command as the way out."""
    async with start(**callers(tmp_path, "[other]\n")) as bridge:
        result = await invoke("models", "--target", bridge.address, AIBRIDGE_TOKEN=(tmp_path / "token").read_text())
    assert result.code == 1
    first, advice, *_ = result.err.splitlines()
    assert first == (
        "PERMISSION_DENIED CALLER_NOT_ALLOWED: the caller search may not use this bridge: no table in callers_file"
        " matches this name"
    )
    assert advice == "  The bridge's operator can allow it there. A change of callers_file needs no restart."


async def test_a_model_that_the_caller_may_not_use(start: Start, tmp_path: Path) -> None:
    async with start(**callers(tmp_path, '[search]\nmodels = ["openai/*"]\n')) as bridge:
        token = (tmp_path / "token").read_text()
        result = await invoke("chat", "hi", "--model", "x/y", "--target", bridge.address, AIBRIDGE_TOKEN=token)
    assert "the caller search may not use the model x/y: `models` in its table in callers_file" in result.err


async def test_a_list_that_is_empty_for_this_caller(start: Start, tmp_path: Path) -> None:
    """The gateway is not blamed for what callers_file hides."""
    async with start(**callers(tmp_path, '[search]\nmodels = ["nothing"]\n')) as bridge:
        bridge.gateway.script(MODELS)
        for arguments, code in ((("models",), 0), (("chat", "hi"), 2)):
            result = await invoke(
                *arguments, "--target", bridge.address, AIBRIDGE_TOKEN=(tmp_path / "token").read_text()
            )
            assert (result.code, result.out) == (code, "")
            assert "or `models` in the bridge's callers_file allows none of them" in result.err


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "Set AIBRIDGE_TOKEN to the caller's token"),
        ("aib_of_nobody", "The bridge does not accept the token in AIBRIDGE_TOKEN"),
    ],
    ids=["missing", "wrong"],
)
async def test_a_token_that_is_missing_or_wrong(start: Start, tmp_path: Path, token: str, words: str) -> None:
    async with start(**callers(tmp_path, "[search]\n")) as bridge:
        result = await invoke("models", "--target", bridge.address, AIBRIDGE_TOKEN=token)
    assert result.code == 1
    assert words in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("chat", "hi", "--temperature", "hot"), "'--temperature': must be a number"),
        (("chat", "hi", "--max-tokens", "1.5"), "'--max-tokens': must be a whole number, not `1.5`"),
        (("chat", "hi", "--timeout", "-1"), "'--timeout': must be at least 0.001, not `-1`"),
        (("embed", "hi", "--dimensions", "x"), "'--dimensions': must be a whole number"),
        (("bench", "--calls", "0"), "'--calls' / '-n': must be at least 1, not `0`"),
        (("bench", "--only", "all"), "'--only': 'all' is not one of 'unary', 'stream'."),
        (
            ("config", "--workers", "two"),
            "workers: must be a whole number; allowed: at least 1, at most 256",
        ),
        (("config", "--provider-name", "A B"), "provider_name: must match ^[a-z0-9_.-]{1,64}$"),
    ],
    ids=lambda value: value[-2] if isinstance(value, tuple) else "",
)
async def test_a_value_that_is_wrong(arguments: tuple[str, ...], words: str) -> None:
    """The flag, the value, and what is allowed, in words that do not come from a library."""
    result = await invoke(*arguments)
    assert result.code == 2
    assert words in result.err
    assert "Input should" not in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("serve", "--upstream-api-key"),
            "AIBRIDGE_UPSTREAM_API_KEY or AI_GATEWAY_API_KEY or OPENAI_API_KEY, or name a",
        ),
        (("doctor", "--api-key"), "or name a file with --upstream-api-key-file."),
        (("config", "--upstream-oidc-token"), "or name a file with --upstream-oidc-token-file."),
        (("serve", "--upstream-proxy"), "Set the variable AIBRIDGE_UPSTREAM_PROXY."),
        (("chat", "hi", "--token"), "Set the variable AIBRIDGE_TOKEN."),
        (("bench", "--api-key"), "Set the variable AIBRIDGE_TOKEN."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
async def test_a_secret_is_not_a_flag(arguments: tuple[str, ...], words: str) -> None:
    result = await invoke(*arguments, "sk-nobody-may-see-this")
    assert result.code == 2
    assert "a secret is never a flag, because other users" in result.err
    assert words in result.err
    assert "sk-nobody" not in result.err + result.out


async def test_another_unknown_flag() -> None:
    result = await invoke("serve", "--worker", "2")
    assert "No such option: --worker" in result.err
    assert "--workers" in result.err


async def test_the_settings_of_the_embedded_model() -> None:
    """`config --local` shows what `serve --local` uses."""
    result = await invoke("config", "--local", "--changed")
    assert result.out.splitlines() == [
        "upstream_url\thttp://127.0.0.1:PORT/v1\tflag --local",
        "upstream_credentials\tnone\tflag --local",
        "retrieve_from_list\ttrue\tflag --local",
    ]
    for command in ("serve", "config", "doctor"):
        result = await invoke(command, "--local", "--upstream-url", "http://127.0.0.1:1/v1")
        assert result.code == 2
        assert "--local and --upstream-url cannot be used together" in result.err


async def test_the_context_length_that_is_served(start: Start) -> None:
    """llama.cpp lists the context length of the training too, which is larger."""
    model = {"id": "m", "object": "model", "meta": {"n_ctx_train": 8192, "n_ctx": 2048}}
    async with start() as bridge:
        bridge.gateway.script(respond_json({"object": "list", "data": [model]}))
        assert (await invoke("models", "--target", bridge.address)).out == "m\t\t\t2048\n"
