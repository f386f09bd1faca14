"""Lists of models of many servers through real sockets, and retrieving a model by any id."""

import json
from typing import Any

import pytest

from aibridge.v1 import models_pb2
from tests.dialects.cases import StatusCode
from tests.dialects.law import assert_nothing_lost
from tests.support.bridge import Bridge, Start
from tests.support.gateway import respond, respond_json
from tests.support.outcomes import Outcome, ask

pytestmark = pytest.mark.asyncio(loop_scope="module")

GPT = {"id": "gpt-x", "object": "model", "created": 1790000000, "owned_by": "openai"}
PRICING = {
    "input": "0.000003",
    "output": "0.000015",
    "input_tiers": [{"cost": "0.000003", "min": 0, "max": 200001}, {"cost": "0.000006", "min": 200001}],
}
PERMISSION = {"id": "modelperm-1", "object": "model_permission", "created": 1790000000, "allow_view": True}
LLAMA = {
    "models": [{"name": "m.gguf", "capabilities": ["completion"], "details": {"format": "gguf"}}],
    "object": "list",
    "data": [
        {
            "id": "m.gguf",
            "object": "model",
            "created": 1790000000,
            "owned_by": "llamacpp",
            "meta": {
                "vocab_type": 2,
                "n_vocab": 151936,
                "n_ctx_train": 40960,
                "n_embd": 1024,
                "size": 397_000_000,
                "n_params": 751_632_384,
                "n_ctx": 8192,
                "ftype": "Q4_K - Medium",
            },
            "tags": ["small"],
            "status": {"value": "loaded"},
        }
    ],
}
LISTS: dict[str, dict[str, Any]] = {
    "openai": {"object": "list", "data": [GPT, {**GPT, "id": "gpt-old", "shutdown_date": "2026-12-01"}]},
    "vercel": {
        "object": "list",
        "data": [
            {
                "id": "anthropic/claude-x",
                "object": "model",
                "created": 1755815280,
                "released": 1790000000,
                "owned_by": "anthropic",
                "name": "Claude X",
                "description": "Writes.",
                "context_window": 200000,
                "max_tokens": 64000,
                "type": "language",
                "tags": ["reasoning", "tool-use", "vision"],
                "pricing": PRICING,
            },
            {"id": "openai/embed", "object": "model", "type": "embedding", "pricing": None},
        ],
    },
    "openrouter": {
        "data": [
            {
                "id": "x-ai/grok-x:free",
                "canonical_slug": "x-ai/grok-x-0709",
                "hugging_face_id": "",
                "name": "Grok",
                "created": 1790000000.0,
                "description": None,
                "context_length": 256000,
                "architecture": {
                    "modality": "text->text",
                    "input_modalities": ["text"],
                    "output_modalities": ["text"],
                    "tokenizer": "Grok",
                    "instruct_type": None,
                },
                "pricing": {"prompt": "0.000003", "completion": "0.000015", "request": "0", "discount": 0},
                "top_provider": {"context_length": 256000, "max_completion_tokens": None, "is_moderated": False},
                "per_request_limits": None,
                "supported_parameters": ["tools", "seed"],
            }
        ]
    },
    "vllm": {
        "object": "list",
        "data": [
            {
                "id": "Qwen/Qwen3-X",
                "object": "model",
                "created": 1790000000,
                "owned_by": "vllm",
                "root": "Qwen/Qwen3-X",
                "parent": None,
                "max_model_len": 40960,
                "permission": [PERMISSION],
            }
        ],
    },
    "llamacpp": LLAMA,
    "groq": {
        "object": "list",
        "data": [
            {**GPT, "active": True, "context_window": 131072, "public_apps": None, "max_completion_tokens": 8192},
        ],
    },
    "mistral": {
        "object": "list",
        "data": [
            {
                **GPT,
                "capabilities": {"completion_chat": True, "vision": False},
                "aliases": ["mistral-latest"],
                "deprecation": None,
                "max_context_length": 32768,
                "default_model_temperature": 0.3,
                "type": "base",
            }
        ],
    },
    "gemini": {"object": "list", "data": [{"id": "models/gem-x", "object": "model", "owned_by": "google"}]},
    "ollama": {"object": "list", "data": [{"id": "llama3.2:1b", "object": "model", "created": 0, "owned_by": ""}]},
    "pages": {"data": [GPT], "has_more": False, "first_id": "gpt-x", "last_id": "gpt-x"},
    "none": {"object": "list", "data": []},
}


async def listing(bridge: Bridge, body: Any) -> Outcome:
    bridge.gateway.script(respond(body) if isinstance(body, bytes) else respond_json(body))
    return await ask(bridge.models.ListModels(models_pb2.ListModelsRequest()))


@pytest.mark.parametrize("server", LISTS)
async def test_list(bridge: Bridge, server: str) -> None:
    """Every model of a list arrives with all its members."""
    sent = json.dumps(LISTS[server], separators=(",", ":"))
    outcome = await listing(bridge, sent.encode())
    assert outcome.code is StatusCode.OK, outcome.message
    (message,) = outcome.messages
    assert [model.id for model in message.data] == [model["id"] for model in LISTS[server]["data"]]
    assert_nothing_lost(message, sent)
    assert (bridge.gateway.last.method, bridge.gateway.last.path) == ("GET", "/v1/models")


async def test_vercel_prices_are_text(bridge: Bridge) -> None:
    """Prices keep all their digits. A model without a price has none."""
    (message,) = (await listing(bridge, LISTS["vercel"])).messages
    claude, embed = message.data
    assert claude.pricing.input == "0.000003"
    assert [(tier.cost, tier.min, tier.HasField("max")) for tier in claude.pricing.input_tiers] == [
        ("0.000003", 0, True),
        ("0.000006", 200001, False),
    ]
    assert list(claude.tags) == ["reasoning", "tool-use", "vision"]
    assert not embed.HasField("pricing")
    assert claude.extra_json == embed.extra_json == ""


async def test_vllm_permission(bridge: Bridge) -> None:
    (message,) = (await listing(bridge, LISTS["vllm"])).messages
    (permission,) = message.data[0].permission
    assert permission == models_pb2.ModelPermission(**PERMISSION)
    assert not message.data[0].HasField("parent")


async def test_llamacpp_parallel_list(bridge: Bridge) -> None:
    """llama.cpp lists its models twice: `data` is the list, and the other list is kept."""
    (message,) = (await listing(bridge, LISTS["llamacpp"])).messages
    assert [model.id for model in message.data] == ["m.gguf"]
    assert message.data[0].meta.n_ctx_train == 40960
    assert json.loads(message.extra_json) == {"models": LLAMA["models"]}


async def test_bare_array(bridge: Bridge) -> None:
    """A list without an object around it is accepted."""
    (message,) = (await listing(bridge, [GPT])).messages
    assert message == models_pb2.ListModelsResponse(data=[models_pb2.Model(**GPT)])


async def test_models_instead_of_data(bridge: Bridge) -> None:
    """A list under the name `models` is accepted, and unknown members are kept."""
    sent = b'{"models": [{"id": "m", "quantum_mode": {"b": 1, "a": 2.50}}]}'
    (message,) = (await listing(bridge, sent)).messages
    assert [model.id for model in message.data] == ["m"]
    assert message.data[0].extra_json == '{"quantum_mode":{"b":1,"a":2.5}}'


async def test_null_data(bridge: Bridge) -> None:
    """Ollama's null for an empty list is accepted."""
    (message,) = (await listing(bridge, {"object": "list", "data": None})).messages
    assert list(message.data) == []


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": ["gpt-x"]}, {"data": "none"}])
async def test_no_list(bridge: Bridge, body: dict[str, Any]) -> None:
    """A response without a list is an error, not an empty success."""
    outcome = await listing(bridge, body)
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")


async def retrieve(bridge: Bridge, model: str) -> Outcome:
    return await ask(bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model=model)))


@pytest.mark.parametrize(
    ("model", "segment"),
    [
        ("gpt-x", "gpt-x"),
        ("anthropic/claude-opus-4.6", "anthropic%2Fclaude-opus-4.6"),
        ("llama3.2:1b", "llama3.2:1b"),
        ("accounts/x/models/y@2026", "accounts%2Fx%2Fmodels%2Fy@2026"),
        ("100%", "100%25"),
        ("a%2Fb", "a%252Fb"),
        ("m?x=1#y", "m%3Fx=1%23y"),
        ("mit leerzeichen", "mit%20leerzeichen"),
        ("模型", "%E6%A8%A1%E5%9E%8B"),
        ("...", "..."),
        ("a\\b", "a%5Cb"),
    ],
)
async def test_retrieve(bridge: Bridge, model: str, segment: str) -> None:
    """Any id is one segment of the path."""
    bridge.gateway.script(respond_json({**GPT, "id": model}))
    outcome = await retrieve(bridge, model)
    assert outcome.messages == [models_pb2.Model(**{**GPT, "id": model})], outcome.message
    assert bridge.gateway.last.path == f"/v1/models/{segment}"


@pytest.mark.parametrize(
    "model", ["", ".", "..", "a\nb", "a\r\nHost: evil", "\0", "a\x7f", "\u2028", "\u202egpt", "m" * 4097]
)
async def test_retrieve_refuses(bridge: Bridge, model: str) -> None:
    """An invalid id is refused before anything goes upstream."""
    outcome = await retrieve(bridge, model)
    assert (outcome.code, outcome.info.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert [violation.field for violation in outcome.details["BadRequest"].field_violations] == ["model"]
    assert bridge.gateway.requests == []


async def test_retrieve_what_is_no_model(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json({"data": {"id": "m"}}))
    outcome = await retrieve(bridge, "m")
    assert (outcome.code, outcome.info.reason) == (StatusCode.INTERNAL, "UPSTREAM_MALFORMED_RESPONSE")


@pytest.mark.parametrize(
    "more",
    [
        {"default": True},
        {"is_default": True, "object": None},
        {"parameters": {"temperature": {"default": 0.7}}, "object": None},
        {"pricing": {"default": "0.1"}},
        {"last_error": {"message": "no GPU", "code": 3}},
        {"status": {"value": "failed", "exit_code": 1}},
    ],
    ids=json.dumps,
)
async def test_a_model_is_no_error(bridge: Bridge, more: dict[str, Any]) -> None:
    """A description of a model may contain a default, which is no fault, and errors of the model's past."""
    model = {**GPT, **more}
    bridge.gateway.script(respond_json(model))
    (message,) = (await ask(bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="gpt-x")))).messages
    assert_nothing_lost(message, json.dumps(model))


async def test_retrieve_an_unknown_model(bridge: Bridge) -> None:
    bridge.gateway.script(respond_json({"error": {"message": "no", "type": "invalid_request_error"}}, 404))
    outcome = await retrieve(bridge, "none")
    assert (outcome.code, outcome.info.reason) == (StatusCode.NOT_FOUND, "MODEL_NOT_FOUND")
    assert outcome.details["ResourceInfo"].resource_name == "none"


async def test_retrieve_from_list(start: Start) -> None:
    """For servers that only list, the model is found in the list, or reported as not found."""
    async with start(retrieve_from_list=True) as bridge:
        bridge.gateway.script(respond_json(LISTS["vllm"]))
        outcome = await retrieve(bridge, "Qwen/Qwen3-X")
        assert outcome.messages[0].max_model_len == 40960
        assert bridge.gateway.last.path == "/v1/models"
        outcome = await retrieve(bridge, "Qwen/Qwen3")
        assert (outcome.code, outcome.info.reason) == (StatusCode.NOT_FOUND, "MODEL_NOT_FOUND")
        assert outcome.details["ResourceInfo"].resource_name == "Qwen/Qwen3"


@pytest.mark.parametrize(
    ("fields", "query"),
    [
        ({}, ""),
        ({"after": "a/b c", "limit": 20}, "?after=a%2Fb%20c&limit=20"),
        ({"limit": 0}, "?limit=0"),
        ({"after": "&x=1#é"}, "?after=%26x%3D1%23%C3%A9"),
        ({"extra_json": '{"category": "programming"}'}, "?category=programming"),
        ({"extra_json": '{"api-version":"2024-10-21","deep":false,"ids":["a",7,1.5]}'},
         "?api-version=2024-10-21&deep=false&ids=a&ids=7&ids=1.5"),
        ({"limit": 5, "extra_json": '{"a=b": ""}'}, "?limit=5&a%3Db="),
    ],
)  # fmt: skip
async def test_query(bridge: Bridge, fields: dict[str, Any], query: str) -> None:
    """Fields and extra members become the query. A value cannot become another parameter."""
    bridge.gateway.script(respond_json({"object": "list", "data": [GPT], "has_more": True, "last_id": "gpt-x"}))
    models = await bridge.models.ListModels(models_pb2.ListModelsRequest(**fields))
    assert bridge.gateway.last.path == f"/v1/models{query}"
    assert (models.has_more, models.last_id) == (True, "gpt-x")


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('{"a": {"b": 1}}', "not a string, number, boolean or array"),
        ('{"a": [["b"]]}', "not a string, number, boolean or array"),
        ('{"a": null}', "not a string, number, boolean or array"),
        ('{"limit": 7}', "overrides the field 'limit'"),
        ("[]", "must be a JSON object"),
        (json.dumps({"a": "x" * 9000}), "8192 are allowed"),
    ],
)
async def test_what_is_no_query(bridge: Bridge, extra: str, words: str) -> None:
    """A value that a query cannot express is refused with the field's name, before anything goes upstream."""
    outcome = await ask(bridge.models.ListModels(models_pb2.ListModelsRequest(limit=5, extra_json=extra)))
    assert outcome.code is StatusCode.INVALID_ARGUMENT
    assert outcome.info.reason == "INVALID_REQUEST"
    assert outcome.message.startswith("extra_json: ")
    assert words in outcome.message
    assert bridge.gateway.requests == []
