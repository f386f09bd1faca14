"""Authentication and authorization: every refusal comes before the upstream is called."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2, embeddings_pb2, models_pb2
from bridge import settings
from bridge.access import tokens
from bridge.access.rules import parse as parse_rules
from bridge.files import UnusableFileError
from bridge.server.app import App
from bridge.settings import SettingsError
from tests.access.files import bearer, put
from tests.support.authority import Secret, chain, channel, identity, key, trusting, until
from tests.support.bridge import Bridge, Start
from tests.support.details import RPCS, failed, failed_either, verdict
from tests.support.gateway import Exchange, Gateway, respond_json, sse
from tests.support.payloads import COMPLETION
from tests.support.responses import Hello

SEARCH, BATCH, OTHER = (tokens.new(name) for name in ("search", "batch", "other"))
CA = trustme.CA()
UNKNOWN = tokens.new("search").token


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return put(tmp_path / "tokens", "# who may call", "", SEARCH.line, f"  {BATCH.line}  ")


@pytest.fixture(autouse=True)
def _a_gateway_that_answers(gateway: Gateway) -> None:
    gateway.script(respond_json(COMPLETION))


@RPCS
@pytest.mark.parametrize(
    "metadata",
    [
        (),
        bearer(UNKNOWN),
        bearer(SEARCH.token[:-1]),
        bearer(f"{SEARCH.token}x"),
        bearer(SEARCH.token.upper()),
        bearer(SEARCH.line.rpartition(":")[2]),  # the digest in the file is not a token
        bearer(""),
        bearer(f"{SEARCH.token} {SEARCH.token}"),
        bearer(f"{SEARCH.token},{UNKNOWN}"),
        (("authorization", SEARCH.token),),
        (("authorization", f"Basic {SEARCH.token}"),),
        (("authorization", ""),),
        (("x-api-key", SEARCH.token),),
        (("authorization-bin", f"Bearer {SEARCH.token}".encode()),),
        (*bearer(SEARCH.token), *bearer(SEARCH.token)),
        (*bearer(SEARCH.token), *bearer(UNKNOWN)),
    ],
)
async def test_no_good_token(rpc: str, start: Start, file: Path, hello: Hello, metadata: Any) -> None:
    """Every invalid credential gets UNAUTHENTICATED with the same message, and nothing goes upstream."""
    with capture_logs() as logs:
        async with start(caller_tokens_file=file, upstream_api_key="sk-bridge-test-key") as bridge:
            failure = await failed_either(bridge, rpc, hello, metadata=metadata)
    assert verdict(failure) == ("UNAUTHENTICATED", "CALLER_UNAUTHENTICATED", "-1")
    assert failure.message == "the call has no credential that the bridge accepts"
    assert not bridge.gateway.requests
    assert SEARCH.token not in str(logs)
    assert UNKNOWN not in str(logs)
    assert [line["problem"] for line in logs if line["event"] == "call"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_good_token(start: Start, file: Path, hello: Hello, scheme: str) -> None:
    """The call goes upstream with the bridge's key and without the caller's token."""
    async with start(caller_tokens_file=file, upstream_api_key="sk-bridge-test-key") as bridge:
        for token in (SEARCH.token, BATCH.token):
            metadata = (("authorization", f"{scheme} {token}"),)
            response = await bridge.chat.CreateChatCompletion(hello, metadata=metadata)
            assert response.choices[0].message.content == "hello"
            assert bridge.gateway.last.headers["authorization"] == "Bearer sk-bridge-test-key"


@pytest.mark.parametrize("credentials", ["auto", "bridge", "none"])
async def test_the_token_is_never_passed_on(start: Start, file: Path, hello: Hello, credentials: str) -> None:
    """Without a key the bridge sends none, because `authorization` authenticates the caller to the bridge."""
    async with start(caller_tokens_file=file, upstream_credentials=credentials) as bridge:
        await bridge.chat.CreateChatCompletion(hello, metadata=bearer(SEARCH.token))
    assert "authorization" not in bridge.gateway.last.headers
    assert SEARCH.token not in str(bridge.gateway.last)


async def test_nobodys_credential(start: Start, file: Path, hello: Hello) -> None:
    """With `none`, neither the bridge's key nor the caller's credential is sent, whoever authenticates."""
    for options in ({}, {"caller_tokens_file": file}):
        async with start(upstream_credentials="none", upstream_api_key="sk-bridge-test-key", **options) as bridge:
            await bridge.chat.CreateChatCompletion(hello, metadata=bearer(SEARCH.token))
        assert "authorization" not in bridge.gateway.last.headers


async def test_an_upstream_that_rejects_the_bridge(start: Start, file: Path, hello: Hello) -> None:
    """A 401 from the upstream is BRIDGE_CREDENTIALS_REJECTED, because the caller's token was not sent."""
    async with start(caller_tokens_file=file) as bridge:
        bridge.gateway.script(respond_json({"error": {"message": "no key"}}, 401))
        failure = await failed(bridge.chat.CreateChatCompletion(hello, metadata=bearer(SEARCH.token)))
    assert failure.reason == "BRIDGE_CREDENTIALS_REJECTED"


async def test_every_method(start: Start, file: Path) -> None:
    """Every method requires authentication."""
    async with start(caller_tokens_file=file) as bridge:
        for call in (
            bridge.models.ListModels(models_pb2.ListModelsRequest()),
            bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model="m")),
            bridge.embeddings.CreateEmbedding(embeddings_pb2.CreateEmbeddingRequest(model="m", input="x")),
        ):
            assert (await failed(call)).reason == "CALLER_UNAUTHENTICATED"
    assert not bridge.gateway.requests


async def test_before_the_request_is_read(start: Start, file: Path) -> None:
    """The request of an unknown caller is not parsed."""
    async with start(caller_tokens_file=file) as bridge:
        method = bridge.channel.unary_unary("/aibridge.v1.ChatService/CreateChatCompletion")
        assert (await failed(method(b"\xff\xff no message"))).reason == "CALLER_UNAUTHENTICATED"
        nonsense = method(b"\xff\xff no message", metadata=bearer(SEARCH.token))
        assert (await failed(nonsense)).reason == "INVALID_REQUEST"


async def test_strangers_take_no_place(start: Start, file: Path, hello: Hello) -> None:
    """An unknown caller takes no call slot and does not wait for one."""

    async def script(exchange: Exchange) -> None:
        await exchange.wait_closed()

    async with start(caller_tokens_file=file, max_calls=1, queue_timeout=30) as bridge:
        bridge.gateway.script(script)
        running = bridge.chat.CreateChatCompletion(hello, metadata=bearer(SEARCH.token))
        await bridge.gateway.exchange()
        async with asyncio.timeout(5):
            failures = await asyncio.gather(*(failed(bridge.chat.CreateChatCompletion(hello)) for _ in range(5)))
        assert {failure.reason for failure in failures} == {"CALLER_UNAUTHENTICATED"}
        running.cancel()


async def test_health_is_open(start: Start, file: Path) -> None:
    """Health checks need no credential."""
    async with start(caller_tokens_file=file) as bridge:
        health = health_pb2_grpc.HealthStub(bridge.channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_is_not(start: Start, file: Path, version: str) -> None:
    """Reflection requires authentication."""

    def method(bridge: Bridge) -> Any:
        return bridge.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )

    async def names(bridge: Bridge, metadata: Any) -> list[str]:
        call = method(bridge)(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), metadata=metadata)
        return [service.name async for response in call for service in response.list_services_response.service]

    async with start(caller_tokens_file=file) as bridge:
        assert "aibridge.v1.ChatService" in await names(bridge, bearer(SEARCH.token))
        for metadata in ((), bearer(UNKNOWN)):
            # No message: it would come too late, which grpcio's client reports in place of the status.
            assert await method(bridge)(metadata=metadata).code() is grpc.StatusCode.UNAUTHENTICATED
    async with start() as bridge:
        assert "aibridge.v1.ChatService" in await names(bridge, ())
    assert reflection_pb2_grpc  # registers the service's descriptor


async def test_channelz_is_not(start: Start, file: Path) -> None:
    """Channelz requires authentication."""
    async with start(caller_tokens_file=file, channelz=True) as bridge:
        channelz = channelz_pb2_grpc.ChannelzStub(bridge.channel)
        servers = await channelz.GetServers(channelz_pb2.GetServersRequest(), metadata=bearer(SEARCH.token))
        assert servers.server
        for metadata in ((), bearer(UNKNOWN)):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await channelz.GetServers(channelz_pb2.GetServersRequest(), metadata=metadata)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("loopback", "secured", "warns"), [(False, False, True), (False, True, False), (True, False, False)]
)
async def test_tokens_in_the_clear(
    start: Start, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Any, secured: Any, warns: Any
) -> None:
    """Beyond loopback without TLS the bridge warns about tokens in plain text; with TLS it does not."""
    # This replaces listening beyond loopback.
    monkeypatch.setattr("bridge.settings.model.listens_to_loopback", lambda _: loopback)
    pair = CA.issue_cert("127.0.0.1")
    secret = Secret(tmp_path / "tls", crt=chain(pair), key=key(pair))
    tls = {"tls_certificate_file": secret.crt, "tls_key_file": secret.key} if secured else {}
    with capture_logs() as logs:
        async with start(caller_tokens_file=file, **tls):
            pass
    assert any(line["event"] == "callers' tokens are received unencrypted" for line in logs) is warns


# ---------------------------------------------------------------------------------------------------- tokens change


def accepts(bridge: Bridge, hello: Hello, token: str) -> Callable[[], Any]:
    async def ask() -> bool:
        call = bridge.chat.CreateChatCompletion(hello, metadata=bearer(token))
        return await call.code() is grpc.StatusCode.OK

    return ask


async def test_tokens_change(start: Start, file: Path, hello: Hello) -> None:
    """An added token is accepted, and a removed one is refused, even if it was just used."""
    async with start(caller_tokens_file=file) as bridge:
        assert await accepts(bridge, hello, SEARCH.token)()
        assert not await accepts(bridge, hello, OTHER.token)()
        put(file, BATCH.line, OTHER.line)
        await until(accepts(bridge, hello, OTHER.token))
        assert not await accepts(bridge, hello, SEARCH.token)()
        assert await accepts(bridge, hello, BATCH.token)()


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["nonsense"], "line 1 is not `NAME sha256:HEX`"),
        ([SEARCH.line, f"spiffe://x sha256:{'0' * 64}"], "line 2 is not `NAME sha256:HEX`"),
        ([SEARCH.line, f"sub:x sha256:{'0' * 64}"], "line 2 is not `NAME sha256:HEX`"),
        ([f"search {SEARCH.token}"], "line 1 is not `NAME sha256:HEX`"),
        ([SEARCH.line, SEARCH.line.replace("search", "impostor")], "line 2 repeats the token of another name"),
        (["# all gone"], "has no token"),
    ],
)
async def test_bad_tokens(
    start: Start, file: Path, tmp_path: Path, hello: Hello, lines: list[str], problem: str
) -> None:
    """A malformed tokens file prevents startup.

    While the bridge runs, the last good tokens stay valid, with one log line.
    """
    with pytest.raises(SettingsError, match=f"^caller_tokens_file: {problem}$"):
        App(settings.load(caller_tokens_file=put(tmp_path / "bad", *lines)))
    with capture_logs() as logs:
        async with start(caller_tokens_file=file) as bridge:
            put(file, *lines)

            async def told() -> bool:
                assert await accepts(bridge, hello, SEARCH.token)()
                return any(line["log_level"] == "error" for line in logs)

            await until(told)
            assert await accepts(bridge, hello, SEARCH.token)()
    errors = [(line["event"], line["problem"]) for line in logs if line["log_level"] == "error"]
    assert errors == [("caller tokens file unusable", problem)]
    assert SEARCH.token not in str(logs)


async def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"^caller_tokens_file: not text$"):
        App(settings.load(caller_tokens_file=tmp_path / "tokens"))


def test_tokens_are_new_each_time() -> None:
    """A token has 256 random bits and the prefix for scanners, and its line in the file does not reveal it."""
    made = [tokens.new("search") for _ in range(100)]
    assert len({token.token for token in made}) == 100
    assert all(token.token.startswith("aib_") and len(token.token) == 47 for token in made)
    assert all(token.token not in token.line for token in made)
    with pytest.raises(ValueError, match="must be"):
        tokens.new("sub:someone")


# ------------------------------------------------------------------------------------------------------------ rules

RULES = """
[search]
models = ["openai/*", "text-embedding-3-small"]
max_calls = 1
upstream_api_key_file = "{key}"

["spiffe://test/ns/prod/*"]
models = ["anthropic/claude-*"]

["sub:*"]
models = []
"""


@pytest.fixture
def limited(file: Path, tmp_path: Path) -> dict[str, Any]:
    """Settings with rules for callers. `batch` has no rule."""
    upstream_key = put(tmp_path / "key", "sk-of-search")
    rules = put(tmp_path / "callers.toml", RULES.format(key=upstream_key))
    return {"caller_tokens_file": file, "callers_file": rules, "upstream_api_key": "sk-bridge-test-key"}


def test_the_first_rule_that_matches_counts() -> None:
    """The order of the tables in the file decides."""
    tables = ['["a*"]\nmax_calls = 1\n', '["*"]\nmax_calls = 2\n']
    for order, limits in ((tables, (1, 2)), (tables[::-1], (2, 2))):
        found = parse_rules(["".join(order).encode()])
        assert tuple(found.caller(name).max_calls for name in ("abc", "xyz")) == limits  # type: ignore[union-attr]


def test_a_rule_has_a_key_or_a_command(tmp_path: Path) -> None:
    """Both together are refused, as nobody could say which one counts."""
    key = put(tmp_path / "key", "sk-of-search")
    text = f'[search]\nupstream_api_key_file = "{key}"\nupstream_token_command = "echo x"\n'
    with pytest.raises(UnusableFileError, match="cannot be set together"):
        parse_rules([text.encode()])


def request(model: str, **more: Any) -> chat_pb2.CreateChatCompletionRequest:
    return chat_pb2.CreateChatCompletionRequest(model=model, messages=[{"role": "user", "content": "hi"}], **more)


async def test_who_has_no_rule(start: Start, limited: dict[str, Any]) -> None:
    """An authenticated caller without a rule may do nothing. The log names it."""
    with capture_logs() as logs:
        async with start(**limited) as bridge:
            call = bridge.chat.CreateChatCompletion(request("openai/gpt"), metadata=bearer(BATCH.token))
            failure = await failed(call)
    assert [line["caller"] for line in logs if line["event"] == "call"] == ["batch"]
    assert verdict(failure) == ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED", "-1")
    assert failure.message == ("the caller batch may not use this bridge: no table in callers_file matches this name")
    assert not bridge.gateway.requests


GATEWAY = {"gateway": {"models": ["openai/gpt", "anthropic/claude"]}}


@RPCS
@pytest.mark.parametrize(
    "smuggled",
    [
        request("anthropic/claude"),
        request("OpenAI/gpt"),
        request("x/openai/gpt"),
        request("openai"),
        request("openai/gpt", models=["anthropic/claude"]),
        request("openai/gpt", provider={"extra_json": '{"models": ["anthropic/claude"]}'}),
        request("openai/gpt", provider_options=GATEWAY),
        request("openai/gpt", moderation={"model": "omni-moderation"}),
        request("openai/gpt", plugins_json='[{"id": "web", "model": "anthropic/claude"}]'),
        request("openai/gpt", extra_body_json='{"model": "anthropic/claude"}'),
        request("openai/gpt", extra_json='{"fallbacks": ["anthropic/claude"]}'),
        request("openai/gpt", extra_json='{"fallbacks": [{"anything": "anthropic/claude"}]}'),
        request("openai/gpt", extra_json='{"Model": "anthropic/claude"}'),
        request("openai/gpt", extra_json='{"mod\\u0065ls": ["anthropic/claude"]}'),
        request("openai/gpt", extra_json='{"x": {"model": "anthropic/claude", "model": "openai/gpt"}}'),
        request("openai/gpt", extra_json='{"y": {"x": {"model": "anthropic/claude"}, "x": {}}}'),
        request("openai/gpt", extra_json='{"preset": "mine"}'),
        request("openai/gpt", tools=[{"type": "advisor", "extra_json": '{"model": "anthropic/claude"}'}]),
        request("openai/gpt", extra_json='{"tools": [{"function": {}, "model": "anthropic/claude"}]}'),
        request("", extra_json='{"model": "anthropic/claude"}'),
        request("", extra_json='{"model": ["anthropic/claude"]}'),
        request("", extra_json='{"model": null}'),
    ],
    ids=str,
)
async def test_a_model_that_is_not_allowed(
    rpc: str, start: Start, limited: dict[str, Any], smuggled: chat_pb2.CreateChatCompletionRequest
) -> None:
    """A forbidden model gets PERMISSION_DENIED in any place of the request, and nothing goes upstream."""
    if not smuggled.model:
        smuggled.ClearField("model")
    async with start(**limited) as bridge:
        failure = await failed_either(bridge, rpc, smuggled, metadata=bearer(SEARCH.token))
    assert (failure.code, failure.reason) in {
        ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED"),
        ("INVALID_ARGUMENT", "INVALID_REQUEST"),  # not a valid request for anyone
    }
    assert failure.code == "PERMISSION_DENIED" or "null" in smuggled.extra_json
    assert not bridge.gateway.requests


@pytest.mark.parametrize(
    "fine",
    [
        request("openai/gpt"),
        request("openai/gpt", models=["openai/other"]),
        request("openai/gpt", provider={"order": ["anthropic"], "allow_fallbacks": True}),
        request("openai/gpt", metadata={"model": "anthropic/claude"}),
        request(
            "openai/gpt", tools=[{"type": "function", "function": {"name": "f", "parameters_json": '{"model":"x"}'}}]
        ),
    ],
    ids=str,
)
async def test_what_is_allowed(
    start: Start, limited: dict[str, Any], fine: chat_pb2.CreateChatCompletionRequest
) -> None:
    """An allowed model goes upstream, with the caller's own key."""
    async with start(**limited) as bridge:
        await bridge.chat.CreateChatCompletion(fine, metadata=bearer(SEARCH.token))
        assert bridge.gateway.last.headers["authorization"] == "Bearer sk-of-search"


async def test_other_methods(start: Start, limited: dict[str, Any]) -> None:
    """ListModels has only allowed models; RetrieveModel and embeddings refuse the others."""
    as_search = {"metadata": bearer(SEARCH.token)}
    listed = {"data": [{"id": "openai/gpt"}, {"id": "anthropic/claude"}], "models": [{"name": "anthropic/claude"}]}
    async with start(**limited) as bridge:
        bridge.gateway.script(respond_json(listed))
        response = await bridge.models.ListModels(models_pb2.ListModelsRequest(), **as_search)
        assert [model.id for model in response.data] == ["openai/gpt"]
        assert "claude" not in str(response)
        asked = len(bridge.gateway.requests)
        retrieve = models_pb2.RetrieveModelRequest(model="anthropic/claude")
        embed = embeddings_pb2.CreateEmbeddingRequest(model="text-embedding-3-large", input="x")
        for call in (
            bridge.models.RetrieveModel(retrieve, **as_search),
            bridge.embeddings.CreateEmbedding(embed, **as_search),
        ):
            assert verdict(await failed(call)) == ("PERMISSION_DENIED", "CALLER_NOT_ALLOWED", "-1")
        assert len(bridge.gateway.requests) == asked


async def test_a_page_of_models(start: Start, limited: dict[str, Any]) -> None:
    """The next page starts after the last allowed model, and no forbidden id appears in a page."""
    models = [{"id": "anthropic/claude"}, {"id": "openai/gpt"}, {"id": "openai/gpt"}, {"id": "anthropic/opus"}]
    page = {"data": models, "has_more": True, "first_id": "anthropic/claude", "last_id": "anthropic/opus"}
    async with start(**limited) as bridge:
        bridge.gateway.script(respond_json(page))
        response = await bridge.models.ListModels(models_pb2.ListModelsRequest(), metadata=bearer(SEARCH.token))
    assert (response.has_more, response.first_id, response.last_id) == (True, "openai/gpt", "openai/gpt")
    assert "anthropic" not in str(response)


async def test_calls_at_once(start: Start, limited: dict[str, Any]) -> None:
    """A caller gets as many concurrent calls as its rule allows, over any number of connections.

    Others are not affected.
    """
    go_on = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await go_on.wait()
        await respond_json(COMPLETION)(exchange)

    put(limited["callers_file"], limited["callers_file"].read_text(), "[batch]")
    async with start(**limited, queue_timeout=0.02) as bridge, grpc.aio.insecure_channel(bridge.address) as second:
        bridge.gateway.script(script)
        other = Bridge(bridge.address, bridge.gateway, second, bridge.app)
        first = bridge.chat.CreateChatCompletion(request("openai/gpt"), metadata=bearer(SEARCH.token))
        await bridge.gateway.exchange()
        failure = await failed(other.chat.CreateChatCompletion(request("openai/gpt"), metadata=bearer(SEARCH.token)))
        assert verdict(failure)[:2] == ("RESOURCE_EXHAUSTED", "BRIDGE_OVERLOADED")
        batch = other.chat.CreateChatCompletion(request("anything"), metadata=bearer(BATCH.token))
        await bridge.gateway.exchange(1)
        go_on.set()
        await first
        await batch
        await bridge.chat.CreateChatCompletion(request("openai/gpt"), metadata=bearer(SEARCH.token))


@pytest.mark.parametrize(("of_rule", "of_setting", "admitted"), [(2, 1, 2), (0, 1, 1), (1, 2, 1)])
async def test_which_limit_counts(
    of_rule: int, of_setting: int, admitted: int, start: Start, file: Path, tmp_path: Path, hello: Hello
) -> None:
    """A caller's rule goes before the setting. Callers on the same host are counted by their names."""
    limit = f"max_calls = {of_rule}"
    options = {
        "caller_tokens_file": file,
        "callers_file": put(tmp_path / "callers.toml", "[search]", limit, "[batch]", limit),
        "upstream_api_key": "sk-bridge-test-key",
        "max_calls_per_caller": of_setting,
        "queue_timeout": 0.02,
    }
    async with start(**options) as bridge:
        bridge.gateway.script(Exchange.wait_closed)
        calls = []
        for number in range(2 * admitted):
            metadata = bearer((SEARCH, BATCH)[number % 2].token)
            calls.append(bridge.chat.CreateChatCompletion(hello, metadata=metadata))
            await asyncio.wait_for(bridge.gateway.exchange(number), 5)
        for token in (SEARCH, BATCH):
            call = bridge.chat.CreateChatCompletion(hello, metadata=bearer(token.token), timeout=5)
            assert (await failed(call)).reason == "BRIDGE_OVERLOADED"
        for call in calls:
            call.cancel()


async def test_rules_change(start: Start, limited: dict[str, Any]) -> None:
    """Changed rules apply at once, and broken ones are ignored."""
    file: Path = limited["callers_file"]
    async with start(**limited) as bridge:
        claude = accepts(bridge, request("anthropic/claude"), SEARCH.token)
        assert await accepts(bridge, request("openai/gpt"), SEARCH.token)()
        assert not await claude()
        put(file, "[search]", 'models = ["anthropic/*"]')
        await until(claude)
        assert not await accepts(bridge, request("openai/gpt"), SEARCH.token)()
        with capture_logs() as logs:
            put(file, "[search]", "models = 5", "")

            async def told() -> bool:
                assert await claude()
                return bool(logs and any(line["log_level"] == "error" for line in logs))

            await until(told)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[search", "not TOML"),
        ("[search]\nmodel = []", "search.model: no such entry; did you mean models\\? .allowed: models, max_calls,"),
        ("[search]\nmax_calls = -1", "search.max_calls: must be at least 0, not -1"),
        ("[search]\nmodels = 5", "search.models: must be a list, not 5"),
        ("[search]\nmodels = 'gpt-*'", "search.models: must be a list$"),
        ("[search]\nmodels = [7]", "search.models.0.: must be text, not 7"),
        ("[search]\nmax_calls = 'many'", "search.max_calls: must be a whole number$"),
        ("[search]\nunknown_members = 'x'", "search.unknown_members: must be true or false$"),
        ('[search]\nupstream_api_key_file = "/nowhere"', "search.upstream_api_key_file: no such file: /nowhere"),
        (f"[search]\nupstream_api_key_file = '{'x' * 5000}'", "search.upstream_api_key_file: no such file$"),
        ("[search]\nupstream_api_key_file = 'Zk9fQ2xw-a-key'", "search.upstream_api_key_file: no such file$"),
        (
            "[search]\nupstream_token_command = 'Zk9fQ2xw-a-key'",
            "search.upstream_token_command: must begin with a .*one$",
        ),
        ("search = 1", "search: must be a table; write it as .search."),
        ("search = 'a-short-token'", "search: must be a table; write it as .search."),
        ("x = " + "[" * 5000, "not TOML"),
        ("x = " + "[" * 5000 + "]" * 5000, "not TOML"),
        ("x = " + "{a = " * 5000 + "1" + "}" * 5000, "not TOML"),
        ("x = " + "9" * 5000, "not TOML"),
    ],
)
async def test_bad_rules(tmp_path: Path, file: Path, text: str, problem: str) -> None:
    """A malformed rules file prevents startup."""
    rules = put(tmp_path / "callers.toml", text)
    with pytest.raises(SettingsError, match=f"^callers_file: {problem}"):
        App(settings.load(caller_tokens_file=file, callers_file=rules))


# ----------------------------------------------------------------------------------------------- client certificates


@pytest.fixture(scope="module")
def server() -> Iterator[trustme.LeafCert]:
    return CA.issue_cert("127.0.0.1")


@pytest.fixture
def mutual(tmp_path: Path, server: trustme.LeafCert) -> dict[str, Any]:
    secret = Secret(tmp_path / "mtls", crt=chain(server), key=key(server), ca=CA.cert_pem.bytes())
    patterns = ["spiffe://test/ns/prod/*", "dns:*.batch.test"]
    files = {"tls_certificate_file": secret.crt, "tls_key_file": secret.key, "tls_client_ca_file": secret.ca}
    return {**files, "tls_client_names": patterns}


@asynccontextmanager
async def calling(bridge: Bridge, shown: tuple[bytes, bytes]) -> AsyncIterator[Bridge]:
    async with channel(bridge.address, trusting(CA, shown)) as own:
        yield Bridge(bridge.address, bridge.gateway, own, bridge.app)


@pytest.mark.parametrize(
    ("uris", "dns", "code"),
    [
        (["spiffe://test/ns/prod/sa/search"], (), "OK"),
        ([], ("a.batch.test",), "OK"),
        ([], ("other.test", "A.Batch.Test"), "OK"),
        (["spiffe://test/ns/dev/sa/search"], (), "PERMISSION_DENIED"),
        (["spiffe://test.evil/ns/prod/sa/search"], (), "PERMISSION_DENIED"),
        ([], ("batch.test",), "PERMISSION_DENIED"),
        ([], ("a.batch.test.evil",), "PERMISSION_DENIED"),
        ([], ("spiffe.test",), "PERMISSION_DENIED"),
        (["https://test/ns/prod/sa/search"], (), "UNAUTHENTICATED"),
        (
            ["spiffe://test/ns/prod/a", "spiffe://test/ns/prod/b"],
            (),
            "UNAUTHENTICATED",
        ),  # an SVID has one
        (["spiffe://test/ns/prod/../admin"], (), "UNAUTHENTICATED"),
        (["spiffe://test/ns/prod/./x"], (), "UNAUTHENTICATED"),
        (["spiffe://test/ns/prod//x"], (), "UNAUTHENTICATED"),
        (["spiffe://test/ns/prod/%2e%2e/admin"], (), "UNAUTHENTICATED"),
        (["spiffe://test/ns/prod/x?y"], (), "UNAUTHENTICATED"),
        (["spiffe://test/ns/prod/x#y"], (), "UNAUTHENTICATED"),
        ([], ("a.batch.test\0.evil.test",), "UNAUTHENTICATED"),  # gRPC cuts it at the NUL
        ([], ("a.batch.test", "b\0c"), "UNAUTHENTICATED"),
        (["spiffe://test/ns/prod/sa/search\0x"], (), "UNAUTHENTICATED"),
        ([], ("a.batch.test\n",), "UNAUTHENTICATED"),
    ],
)
async def test_names_in_certificates(
    start: Start, mutual: dict[str, Any], hello: Hello, uris: list[str], dns: tuple[str, ...], code: str
) -> None:
    """The SPIFFE ID or a DNS name must match a pattern. The common name, a SPIFFE ID here, does not count."""
    async with start(**mutual) as bridge, calling(bridge, identity(CA, *uris, dns=dns)) as caller:
        call = caller.chat.CreateChatCompletion(hello)
        assert (await call.code()).name == code
    assert bool(bridge.gateway.requests) == (code == "OK")


async def test_the_callers_own_key_with_certificates(start: Start, mutual: dict[str, Any], hello: Hello) -> None:
    """With client certificates alone, the caller's `authorization` goes upstream."""
    shown = identity(CA, "spiffe://test/ns/prod/sa/search")
    async with start(**mutual, upstream_credentials="caller") as bridge, calling(bridge, shown) as caller:
        await caller.chat.CreateChatCompletion(hello, metadata=bearer("sk-callers-own"))
    assert bridge.gateway.last.headers["authorization"] == "Bearer sk-callers-own"


async def test_a_token_and_a_certificate(
    start: Start, mutual: dict[str, Any], limited: dict[str, Any], hello: Hello
) -> None:
    """A bad token is refused even with a good certificate."""
    shown = identity(CA, "spiffe://test/ns/prod/sa/proxy")
    async with start(**mutual, **limited) as bridge, calling(bridge, shown) as caller:
        stub = caller.chat.CreateChatCompletion
        assert (await failed(stub(hello, metadata=bearer(UNKNOWN)))).reason == "CALLER_UNAUTHENTICATED"
        await stub(request("openai/gpt"), metadata=bearer(SEARCH.token))
        await stub(request("anthropic/claude-opus"))
        assert (await failed(stub(request("openai/gpt")))).reason == "CALLER_NOT_ALLOWED"


async def test_reflection_by_certificate(start: Start, mutual: dict[str, Any]) -> None:
    """Reflection accepts client certificates too."""
    async with start(**mutual) as bridge:
        for uri, code in (("spiffe://test/ns/prod/x", "OK"), ("spiffe://test/ns/dev/x", "PERMISSION_DENIED")):
            async with calling(bridge, identity(CA, uri)) as caller:
                stub = reflection_pb2_grpc.ServerReflectionStub(caller.channel)
                call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
                with suppress(grpc.aio.AioRpcError):
                    assert [response async for response in call]
                assert (await call.code()).name == code


# --------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["tls_certificate_file"], "tls_key_file: is missing"),
        (["tls_key_file"], "tls_certificate_file: is missing"),
        (["tls_client_ca_file"], "tls_client_ca_file: needs tls_certificate_file"),
        (["tls_certificate_file", "tls_key_file", "tls_client_ca_file"], "tls_client_names: is missing"),
        (["callers_file"], "callers_file: needs callers to authenticate"),
        (["jwt_jwks_file"], "jwt_issuer: is needed"),
        (["upstream_certificate_file"], "upstream_key_file: is missing"),
    ],
)
def test_what_belongs_together(tmp_path: Path, given: list[str], problem: str) -> None:
    """A setting that needs another one is refused alone, with a message that names the missing one."""
    some = put(tmp_path / "some", "text")
    with pytest.raises(SettingsError, match=problem):
        settings.load(**dict.fromkeys(given, some))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"tls_client_names": ["dns:x"]}, "tls_client_names: needs tls_client_ca_file"),
        ({"jwt_issuer": "https://issuer"}, "jwt_jwks_url: this or jwt_jwks_file is needed"),
        ({"jwt_jwks_url": "https://issuer/jwks", "jwt_issuer": "https://issuer"}, "jwt_audiences: is needed"),
        (
            {"jwt_jwks_url": "http://issuer/jwks", "jwt_issuer": "https://issuer", "jwt_audiences": ["a"]},
            "jwt_jwks_url: must be https",
        ),
        ({"jwt_algorithms": ["none"]}, "jwt_algorithms"),
        ({"jwt_algorithms": ["HS256"]}, "jwt_algorithms"),
        ({"jwt_algorithms": []}, "jwt_algorithms"),
    ],
)
def test_what_does_not_fit(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        settings.load(**given)


def test_names_without_their_kind(tmp_path: Path) -> None:
    """A pattern in tls_client_names must start with the kind of name."""
    some = put(tmp_path / "some", "text")
    files = dict.fromkeys(["tls_certificate_file", "tls_key_file", "tls_client_ca_file"], some)
    with pytest.raises(SettingsError, match="tls_client_names: must begin with spiffe:// or dns:; wrong: item 1"):
        settings.load(**files, tls_client_names=["*"])


def test_exposure(file: Path) -> None:
    """Beyond loopback, a bridge with its own key starts only if callers authenticate."""
    exposed = {"listen": "0.0.0.0:0", "upstream_api_key": "sk-bridge-test-key"}
    with pytest.raises(SettingsError, match=r"^listen: .* not loopback.*caller_tokens_file"):
        settings.load(**exposed)
    assert settings.load(**exposed, caller_tokens_file=file).knows_callers
    with pytest.raises(SettingsError, match="upstream_credentials: caller"):
        settings.load(caller_tokens_file=file, upstream_credentials="caller")


async def test_a_stream(start: Start, limited: dict[str, Any]) -> None:
    """Rules apply to streams too."""
    last = {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]}
    async with start(**limited) as bridge:
        bridge.gateway.script(sse(last))
        call = bridge.chat.CreateChatCompletionStream(request("openai/gpt"), metadata=bearer(SEARCH.token))
        assert [chunk.choices[0].delta.content async for chunk in call] == ["x"]
