"""What a gateway requires besides a key: headers, a query, another header for the key, the deployment in the path."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge import settings
from bridge.settings import SettingsError
from bridge.settings.sources import effective
from bridge.upstream.origin import Origin
from tests.support.bridge import Bridge, Start
from tests.support.details import failed
from tests.support.gateway import Exchange, Gateway, respond, respond_json
from tests.support.payloads import COMPLETION

KEY = "sk-own-key-of-bridge"
AZURE = {
    "upstream_api_key": KEY,
    "upstream_auth_header": "api-key",
    "upstream_query": ["api-version=2024-10-21"],
    "upstream_deployments": True,
}


def chat(bridge: Bridge, model: str = "m", **options: Any) -> Any:
    request = chat_pb2.CreateChatCompletionRequest(model=model, messages=[{"role": "user", "content": "hi"}])
    return bridge.chat.CreateChatCompletion(request, **options)


def embed(bridge: Bridge, model: str) -> Any:
    return bridge.embeddings.CreateEmbedding(embeddings_pb2.CreateEmbeddingRequest(model=model, input="hi"))


def models(bridge: Bridge) -> Any:
    return bridge.models.ListModels(models_pb2.ListModelsRequest())


async def azure(exchange: Exchange) -> None:
    """As strict as classic Azure OpenAI: the deployment in the path, `api-version`, the key in `api-key`."""
    request = exchange.request
    path, _, query = request.path.partition("?")
    if request.headers.get("api-key") != KEY or "authorization" in request.headers:
        await respond_json(
            {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}, 401
        )(exchange)
    elif query != "api-version=2024-10-21" or path not in {
        "/v1/deployments/my%20gpt/chat/completions", "/v1/deployments/my%20gpt/embeddings", "/v1/models",
    }:  # fmt: skip
        await respond_json({"error": {"code": "404", "message": "Resource not found"}}, 404)(exchange)
    elif path == "/v1/models":
        await respond_json({"object": "list", "data": [{"id": "gpt", "object": "model"}]})(exchange)
    elif path.endswith("/embeddings"):
        await respond_json({"object": "list", "data": [{"index": 0, "embedding": [1.0]}]})(exchange)
    else:
        await respond_json(COMPLETION)(exchange)


async def test_classic_azure(start: Start, gateway: Gateway) -> None:
    """The classic Azure OpenAI API works: deployment in the path, api-key header, api-version."""
    gateway.script(azure)
    async with start(**AZURE) as bridge:
        await chat(bridge, model="my gpt")
        await embed(bridge, model="my gpt")
        assert (await models(bridge)).data[0].id == "gpt"


@pytest.mark.parametrize("missing", ["upstream_auth_header", "upstream_query", "upstream_deployments"])
async def test_each_setting_of_azure_is_needed(start: Start, gateway: Gateway, missing: str) -> None:
    gateway.script(azure)
    async with start(**{name: value for name, value in AZURE.items() if name != missing}) as bridge:
        await failed(chat(bridge, model="my gpt"))


@pytest.mark.parametrize("model", ["", ".", ".."])
async def test_a_deployment_needs_a_name(start: Start, gateway: Gateway, model: str) -> None:
    async with start(**AZURE) as bridge:
        error = await failed(chat(bridge, model=model))
        assert error.reason == "INVALID_REQUEST"
    assert not gateway.requests


async def test_headers_and_query_go_with_each_request(
    start: Start, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request has the values from the setting, from a variable, and from a file that is reloaded."""
    secret = tmp_path / "secret"
    secret.write_text("first\n")
    monkeypatch.setenv("PORTKEY", "from a variable")
    gateway.script(respond_json(COMPLETION))
    headers = ["X-Portkey-Provider=openai", "x-portkey-api-key=env:PORTKEY", f"cf-aig-authorization=file:{secret}"]
    async with start(upstream_headers=headers, upstream_query=["a b=c&d", "e=f"]) as bridge:
        await chat(bridge)
        seen = gateway.last
        assert seen.path == "/v1/chat/completions?a%20b=c%26d&e=f"
        assert seen.headers["x-portkey-provider"] == "openai"
        assert seen.headers["x-portkey-api-key"] == "from a variable"
        assert seen.headers["cf-aig-authorization"] == "first"
        replaced = tmp_path / "next"
        replaced.write_text("second")
        os.utime(replaced, (0, 0))  # old enough to be complete
        replaced.replace(secret)
        await chat(bridge)
        assert gateway.last.headers["cf-aig-authorization"] == "second"


async def test_what_the_operator_sets_wins_over_the_caller(start: Start, gateway: Gateway) -> None:
    gateway.script(respond_json(COMPLETION))
    async with start(upstream_headers=["x-title=ours"]) as bridge:
        await chat(bridge, metadata=(("x-title", "theirs"),))
        assert gateway.last.headers["x-title"] == "ours"
    gateway.script(respond_json({"object": "list", "data": []}))
    extra = '{"api-version": "theirs", "api%2dversion": "x", "category": "a b"}'
    async with start(upstream_query=["api-version=ours"]) as bridge:
        await bridge.models.ListModels(models_pb2.ListModelsRequest(limit=5, extra_json=extra))
        assert gateway.last.path == "/v1/models?limit=5&api%252dversion=x&category=a%20b&api-version=ours"


async def test_the_credential_of_a_caller_goes_in_that_header_too(start: Start, gateway: Gateway) -> None:
    gateway.script(respond_json(COMPLETION))
    async with start(upstream_auth_header="api-key", upstream_credentials="caller") as bridge:
        await chat(bridge, metadata=(("authorization", "Bearer theirs"),))
        assert gateway.last.headers["api-key"] == "theirs"
        assert "authorization" not in gateway.last.headers


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"upstream_headers": ["host=x"]},
            "upstream_headers: must not name a header that the bridge sets itself; wrong: item 1",
        ),
        ({"upstream_headers": ["a b=x"]}, "upstream_headers: must begin with the name of a header; wrong: item 1"),
        ({"upstream_headers": ["x-a"]}, "upstream_headers: must be NAME=VALUE"),
        (
            {"upstream_headers": ["x-a=1", "x-a=2"]},
            "upstream_headers: must not have a name more than once; wrong: item 1, item 2",
        ),
        ({"upstream_auth_header": "content-type"}, "upstream_auth_header: must be the name of a header"),
        (
            {"upstream_auth_header": "api-key", "upstream_headers": ["api-key=x"]},
            "upstream_headers: upstream_auth_header reserves this header for the credential; wrong: item 1",
        ),
        (
            {"upstream_url": "https://h/v1?api-version=1", "upstream_query": ["api-version=2"]},
            "upstream_url: must not have a query: set upstream_query instead",
        ),
    ],
)
def test_wrong_settings_are_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load(**given)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("env:NO_SUCH_VARIABLE", "the variable NO_SUCH_VARIABLE is not set"),
        ("file:/no/such/file", "the file /no/such/file cannot be read"),
        ("line\nbreak", "contains characters that are not allowed in a header"),
    ],
)
async def test_a_value_that_is_not_to_be_had_stops_the_start(source: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Origin(settings.load(upstream_headers=[f"x-a={source}"]))


@pytest.mark.parametrize("source", ["env:KEY", "file:KEY"])
@pytest.mark.parametrize("key", ["Zk9fQ2xwA7mN", "sk-a-key", "hunter"])
async def test_a_key_in_place_of_a_reference_is_not_shown(source: str, key: str) -> None:
    with pytest.raises(SettingsError) as caught, capture_logs() as logs:
        Origin(settings.load(upstream_headers=[f"x-a={source.replace('KEY', key)}"]))
    assert str(caught.value).startswith("upstream_headers: x-a: the ")
    assert key not in str(caught.value) + str(logs)


def test_values_are_never_shown() -> None:
    chosen = settings.load(upstream_headers=["x-a=a-secret-value", "x-b=env:HOME"])
    shown = [str(item) for item in effective(upstream_headers=["x-a=a-secret-value", "x-b=env:HOME"])]
    assert "a-secret-value" not in repr(chosen) + "".join(shown)
    assert any("x-b=env:HOME" in item for item in shown)


async def test_an_unset_deployment_path_is_left_alone(start: Start, gateway: Gateway) -> None:
    gateway.script(respond(json.dumps(COMPLETION)))
    async with start() as bridge:
        await chat(bridge, model="m")
        assert gateway.last.path == "/v1/chat/completions"
