"""Model rules for ambiguous spellings of models, and of the members that name them."""

import time
from pathlib import Path
from typing import Any

import pytest

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge.access import tokens
from bridge.call import Caller
from bridge.services.permits import may_use
from tests.access.files import bearer, put
from tests.support.bridge import Start
from tests.support.details import RPCS, failed, failed_either, verdict
from tests.support.gateway import Gateway, respond_json
from tests.support.payloads import COMPLETION

STRICT, LENIENT, FREE = (tokens.new(name) for name in ("strict", "lenient", "free"))
RULES = """
[strict]
models = ["openai/*"]

[lenient]
models = ["openai/*"]
unknown_members = true

[free]
"""
OTHER = "anthropic/claude-opus"


@pytest.fixture
def rules(tmp_path: Path) -> dict[str, Any]:
    return {
        "caller_tokens_file": put(tmp_path / "tokens", STRICT.line, LENIENT.line, FREE.line),
        "callers_file": put(tmp_path / "callers.toml", RULES),
    }


@pytest.fixture(autouse=True)
def _a_gateway_that_answers(gateway: Gateway) -> None:
    gateway.script(respond_json(COMPLETION))


def request(model: str = "openai/gpt", **more: Any) -> chat_pb2.CreateChatCompletionRequest:
    given = {"messages": [{"role": "user", "content": "hi"}], **more}
    return chat_pb2.CreateChatCompletionRequest(model=model or None, **given)


TWO_WAYS = [
    f"openai/x,{OTHER}",  # LiteLLM splits at commas
    f"openai/x, {OTHER}",
    f"openai/x;{OTHER}",
    f"openai/x|{OTHER}",
    f"openai/x {OTHER}",
    f"openai/x\t{OTHER}",
    f"openai/x\n{OTHER}",
    f"openai/x\u00a0{OTHER}",
    f"openai/x\u2028{OTHER}",
    f"openai/x\uff0c{OTHER}",  # a comma after normalisation
    f"openai/x\u037e{OTHER}",  # a semicolon after normalisation
    f"openai/x&model={OTHER}",
    f"openai/x?model={OTHER}",
    f"openai/x#{OTHER}",
    f'openai/x","model":"{OTHER}',
    f"openai/x\\{OTHER}",
    f"openai/../{OTHER}",
    f"openai/./../{OTHER}",
    f"openai/\u2025/{OTHER}",
    f"openai/%2e%2e/{OTHER}",
    f"openai//{OTHER}",
    "openai/",
    "openai/x\0y",
    "openai/x\x7f",
    "openai/x\u200b",
    "openai/x\u202ey",
    "openai/\uff47pt",  # compatibility characters
    "openai/\u212aimi",
    "openai/gpt@preset/all",
    "openai/gpt@Preset/all",
    "openai/" + "x" * 5000,
]


@RPCS
@pytest.mark.parametrize("model", TWO_WAYS, ids=lambda model: ascii(model)[:40])
async def test_a_name_that_could_be_another(rpc: str, start: Start, rules: dict[str, Any], model: str) -> None:
    """An ambiguous name gets PERMISSION_DENIED although `openai/*` matches it, and nothing goes upstream.

    Without patterns it passes.
    """
    async with start(**rules) as bridge:
        failure = await failed_either(bridge, rpc, request(model), metadata=bearer(STRICT.token))
        assert verdict(failure) == ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED", "-1")
        assert not bridge.gateway.requests
        await bridge.chat.CreateChatCompletion(request(model), metadata=bearer(FREE.token))


@pytest.mark.parametrize(
    ("pattern", "model", "allowed"),
    [
        ("openai/*", "openai/gpt-5.1_x+y~z", True),
        ("openai/*", "openai/gpt:online", True),  # the star allows it
        ("openai/gpt", "openai/gpt:online", False),
        ("openai/gpt:*", "openai/gpt:online", True),
        ("*", "claude@20251001", True),
        ("@cf/*", "@cf/meta/llama", True),
        ("openai/*@preset/mine", "openai/gpt@preset/mine", True),
        ("openai/*@preset/mine", "openai/gpt@preset/other", False),
        ("@preset/*", "@preset/mine", True),
        ("a, b", "a, b", True),  # allowed, because the pattern contains it
        ("a,*", "a,b", True),
        ("a *", "a,b", False),
        ("a*", "a b", False),
        ("a?b", "a,b", False),
        ("a[,]b", "a,b", True),
        ("*", "größe", True),
        ("*", "gro\u0308ße", False),  # looks the same, but has two characters
        ("/models/*", "/models/llama.gguf", True),
        ("*", "//models/llama.gguf", False),
        ("*", "", False),
    ],
)
def test_what_a_star_stands_for(pattern: str, model: str, allowed: bool) -> None:  # noqa: FBT001 # a column
    """`*` matches letters, digits and marks of model ids. Any other character must be in the pattern."""
    assert may_use(Caller("c", (pattern,)), model) is allowed


UNKNOWN = [
    request(extra_json='{"new_option": 1}'),
    request(extra_json='{"Model": "openai/x"}'),
    request(extra_json=f'{{"deployment_id": "{OTHER}"}}'),
    request(extra_json='{"api_base": "http://evil.test/"}'),
    request(provider={"extra_json": '{"new": 1}'}),
    request(provider_options={"gateway": {"extra_json": '{"new": 1}'}}),
    request(provider_options={"extra_json": '{"gateway": {"models": ["openai/x"], "new": 1}}'}),
    request(extra_json='{"provider": {"new": 1}}'),
    request(extra_json='{"providerOptions": {"gateway": {"new": 1}}}'),
    request(messages=[{"role": "user", "content": "hi", "extra_json": '{"new": 1}'}]),
    request(messages=[], extra_json='{"messages": [{"role": "user", "content": "hi", "new": 1}]}'),
    request(tools=[{"type": "function", "function": {"name": "f", "extra_json": '{"new": 1}'}}]),
    request(tools=[{"type": "advisor", "extra_json": '{"new": 1}'}]),
    request("", extra_json='{"model": "openai/x", "new": 1}'),
]


@RPCS
@pytest.mark.parametrize("unknown", UNKNOWN, ids=str)
async def test_members_that_the_schema_does_not_know(
    rpc: str, start: Start, rules: dict[str, Any], unknown: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Callers with patterns may not send unknown members, at any place. The message names the place and the reason."""
    async with start(**rules) as bridge:
        failure = await failed_either(bridge, rpc, unknown, metadata=bearer(STRICT.token))
        assert verdict(failure) == ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED", "-1")
        assert "extra_json: the caller strict has model patterns" in failure.message
        assert "unknown_members" in failure.message
        assert not bridge.gateway.requests
        await bridge.chat.CreateChatCompletion(unknown, metadata=bearer(FREE.token))


@pytest.mark.parametrize(
    "known",
    [
        request(extra_json='{"tools": [], "logit_bias": {}}'),  # empty ones, which look absent to protobuf
        request(extra_json='{"temperature": "0.5"}'),  # another type
        request("", extra_json='{"model": "openai/x"}'),
        request(provider_options={"extra_json": '{"anthropic": {"effort": "low", "new": 1}}'}),
        request(extra_body_json='{"google": {"cached_content": "x"}}'),
        request(metadata={"model": OTHER}),
        request(extra_json='{"thinking": null}'),
    ],
    ids=str,
)
async def test_members_that_the_schema_knows(
    start: Start, rules: dict[str, Any], known: chat_pb2.CreateChatCompletionRequest
) -> None:
    """Known members pass, even if their value only fits into `extra_json`."""
    async with start(**rules) as bridge:
        await bridge.chat.CreateChatCompletion(known, metadata=bearer(STRICT.token))


SECOND_SPELLINGS = [
    '{"Model": "%s"}',
    '{"MODEL": ["%s"]}',
    '{"mod\\u0065l_name": "%s"}',
    '{"\\uff4dodel": "%s"}',
    '{"mo\\u200bdel": "%s"}',
    '{"\\u0000model": "%s"}',
    '{"pre\\u017fet": "%s"}',
    '{"fallbac\\u212as": ["%s"]}',
    '{"fall_backs": ["%s"]}',
    '{"fallbacks": [{"%s": {"temperature": 1}}]}',
    '{"fallbacks": {"openai/x": ["%s"]}}',
    '{"routing": {"models": {"%s": 1}}}',
    '{"x": [[{"model": {"deep": {"deeper": "%s"}}}]]}',
    '{"deployment_id": "%s"}',
    '{"azureDeployment": "%s"}',
    '{"engine": "%s"}',
    '{"ENGINE": "%s"}',
    '{"extra_body": {"engine": "%s"}}',
    '{"adapter_id": "%s"}',
    '{"lora_request": {"lora_name": "%s"}}',
    '{"x": {"model": "%s", "model": "openai/x"}}',
    '{"metadata": {"fallbacks": ["%s"]}}',
    '{"plugins": [{"id": "auto-router", "allowed_models": ["%s"]}]}',
    '{"' + "m" * 200 + 'odel": "%s"}',
    '{"' + "x" * 129 + '": "%s"}',
]


@RPCS
@pytest.mark.parametrize("extra", SECOND_SPELLINGS)
async def test_a_second_spelling(rpc: str, start: Start, rules: dict[str, Any], extra: str) -> None:
    """Even with `unknown_members`, every value that a gateway could read as a model must be allowed."""
    async with start(**rules) as bridge:
        smuggled = request(extra_json=extra % OTHER)
        failure = await failed_either(bridge, rpc, smuggled, metadata=bearer(LENIENT.token))
        assert verdict(failure) == ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED", "-1")
        assert failure.message == (
            "the caller lenient may not use a model that the request names, or could name: `models` in its table in"
            " callers_file does not allow it"
        )
        assert not bridge.gateway.requests


@pytest.mark.parametrize(
    "extra",
    [
        '{"new_option": {"text": "anthropic/claude-opus"}}',
        '{"Model": "openai/x"}',
        '{"fallbacks": {"openai/x": ["openai/y"]}}',
        '{"thinking_style": "model"}',
        '{"web_search_options": {"engine": "exa"}}',
        '{"provider": {"allow_fallbacks": true, "order": ["anthropic"]}}',
        '{"messages_note": "x"}',
        '{"' + "x" * 128 + '": "anthropic/claude-opus"}',
    ],
)
async def test_unknown_members_by_rule(start: Start, rules: dict[str, Any], extra: str) -> None:
    """With `unknown_members`, unknown members that name no model go upstream unchanged."""
    async with start(**rules) as bridge:
        await bridge.chat.CreateChatCompletion(request(extra_json=extra), metadata=bearer(LENIENT.token))
        assert extra[1:-1].replace(" ", "") in bridge.gateway.last.body.decode().replace(" ", "")


async def test_other_methods(start: Start, rules: dict[str, Any]) -> None:
    """The same rules apply to embeddings, RetrieveModel and ListModels."""
    strict = {"metadata": bearer(STRICT.token)}
    embed = embeddings_pb2.CreateEmbeddingRequest
    async with start(**rules) as bridge:
        for call in (
            bridge.embeddings.CreateEmbedding(embed(model=f"openai/x,{OTHER}", input="x"), **strict),
            bridge.embeddings.CreateEmbedding(embed(model="openai/x", input="x", extra_json='{"new":1}'), **strict),
            bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model=f"openai/x,{OTHER}"), **strict),
            bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="openai//x"), **strict),
        ):
            assert verdict(await failed(call)) == ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED", "-1")
        assert not bridge.gateway.requests
        bridge.gateway.script(respond_json({"data": [{"id": "openai/x"}, {"id": f"openai/x,{OTHER}"}]}))
        response = await bridge.models.ListModels(models_pb2.ListModelsRequest(), **strict)
        assert [model.id for model in response.data] == ["openai/x"]


async def test_before_the_content_is_converted(start: Start, rules: dict[str, Any]) -> None:
    """A forbidden model is refused before the request's content is converted."""
    async with start(**rules) as bridge:
        broken = request(OTHER, messages=[{"role": "user", "content": "x", "extra_json": "no JSON"}])
        failure = await failed(bridge.chat.CreateChatCompletion(broken, metadata=bearer(STRICT.token)))
    assert failure.reason == "CALLER_NOT_ALLOWED"


@pytest.mark.parametrize(
    "extra",
    [
        '{"x":' * 5000 + "1" + "}" * 5000,
        '{"provider":' * 5000 + "1" + "}" * 5000,
        '{"messages":[{"content":' + '[{"thinking":' * 1000 + "1" + "}]" * 1000 + "}]}",
        '{"model":' + "[" * 900 + '"openai/x"' + "]" * 900 + "}",
        '{"y":' + "[" * 900 + '{"model":"openai/x"}' + "]" * 900 + "}",
        '{"x":"\\ud800"}',
        '{"provider":{"order":["\\ud800"]}}',
        "not JSON",
        "[]",
    ],
    ids=lambda extra: extra[:20],
)
@pytest.mark.parametrize("token", [STRICT.token, LENIENT.token], ids=["strict", "lenient"])
async def test_odd_members(start: Start, rules: dict[str, Any], extra: str, token: str) -> None:
    """Unusual members pass or are refused with a reason, never with an internal error."""
    async with start(**rules) as bridge:
        call = bridge.chat.CreateChatCompletion(request(extra_json=extra), metadata=bearer(token))
        if (await call.code()).name != "OK":
            assert (await failed(call)).reason in {"CALLER_NOT_ALLOWED", "INVALID_REQUEST"}


@RPCS
@pytest.mark.parametrize("levels", [1, 100, 300, 480])
async def test_models_at_any_depth(rpc: str, start: Start, rules: dict[str, Any], levels: int) -> None:
    """Models are found at every depth up to the bridge's nesting limit."""
    async with start(**rules) as bridge:
        for opening, closing in (("[", "]"), ('{"model":', "}")):
            deep = '{"model": ' + opening * levels + '"%s"' + closing * levels + "}"
            extra = '{"x": ' + deep + "}"
            hidden = request(extra_json=extra % OTHER)
            failure = await failed_either(bridge, rpc, hidden, metadata=bearer(LENIENT.token))
            assert verdict(failure) == ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED", "-1")
            assert bridge.gateway.requests == []
        good = bridge.chat.CreateChatCompletion(request(extra_json=extra % "openai/x"), metadata=bearer(LENIENT.token))
        assert (await good.code()).name == "OK"


async def test_nested_over_the_bound(start: Start, rules: dict[str, Any]) -> None:
    """A request that is nested over the limit is the caller's error, not an internal one."""
    async with start(**rules) as bridge:
        for levels in (600, 5_000, 100_000):
            extra = '{"x": ' + "[" * levels + "]" * levels + "}"
            call = bridge.chat.CreateChatCompletion(request(extra_json=extra), metadata=bearer(LENIENT.token))
            assert (await failed(call)).reason == "INVALID_REQUEST"


#: Each of these characters is compared as 18 letters.
LETTERS = "\ufdfa" * 118


@pytest.mark.alone
@pytest.mark.parametrize(
    "extra",
    [
        '{"' + "m\u200b" * (2 << 20) + '": 1}',
        '{"models": [' + '"openai/x",' * (1 << 18) + f'"{OTHER}"]}}',
        '{"models": ["openai/' + "x" * (4 << 20) + '"]}',
        '{"x": ' + '{"model":' * 400 + "1" + "}" * 400 + "}",
        '{"models": ' + "[" * 400 + '"openai/x",' * (1 << 18) + '"openai/x"' + "]" * 400 + "}",
        '{"x": {' + ",".join(f'"{LETTERS}{number}":1' for number in range(20_000)) + "}}",
    ],
    ids=["name", "many", "long", "deep", "many and deep", "letters of many"],
)
async def test_the_search_is_linear(start: Start, rules: dict[str, Any], extra: str) -> None:
    """The time of the search for models is proportional to the size of the request."""
    async with start(**rules) as bridge:
        began = time.process_time()
        call = bridge.chat.CreateChatCompletion(request(extra_json=extra), metadata=bearer(LENIENT.token))
        assert (await call.code()).name in {"OK", "PERMISSION_DENIED", "INVALID_ARGUMENT"}
        assert time.process_time() - began < 2.0
