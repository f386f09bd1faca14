"""Metadata can only add the allowed headers to the upstream request.

The attacks come from grpc's own client, as far as it sends them, and from a raw client.
"""

import base64
from typing import Any
from urllib.parse import unquote

import grpc
import pytest

from aibridge.v1 import chat_pb2, models_pb2
from bridge.metadata import DENIED, REQUEST_HEADERS, is_denied, request_headers
from tests.access import raw
from tests.support.bridge import Bridge, Start
from tests.support.details import failed
from tests.support.gateway import Gateway, Request, respond_json
from tests.support.payloads import COMPLETION
from tests.support.responses import Hello

#: Headers that the bridge sets itself on a request with a body.
OWN = {"host", "user-agent", "accept", "accept-encoding", "content-type", "content-length", "authorization"}
KEY = "sk-bridge-test-key"
HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])
#: Every header on the allow-list, and some that an operator might add.
FORWARDED = ["x-team", "x-tenant"]


@pytest.fixture(autouse=True)
def _a_gateway_that_answers(gateway: Gateway) -> None:
    gateway.script(respond_json(COMPLETION))


def lines(request: Request) -> list[tuple[str, str]]:
    """The headers as received, including duplicates."""
    found = (line.partition(b":") for line in request.head.rstrip(b"\r\n").split(b"\r\n")[1:])
    return [(name.decode("latin-1").lower(), value.decode("latin-1").strip()) for name, _, value in found]


def check(bridge: Bridge, *passed: tuple[str, str]) -> None:
    """One request arrived at the right place, with the bridge's own headers once each and the allowed ones."""
    gateway = bridge.gateway
    assert [request.head.split(b"\r\n")[0] for request in gateway.requests] == [b"POST /v1/chat/completions HTTP/1.1"]
    found = lines(gateway.last)
    names = [name for name, _ in found]
    assert sorted(names) == sorted(OWN | {name for name, _ in passed})
    assert dict(found)["host"] == gateway.url.split("/")[2]
    assert dict(found)["authorization"] == f"Bearer {KEY}"
    assert dict(found)["content-length"] == str(len(gateway.last.body))
    assert {pair for pair in found if pair[0] not in OWN} == set(passed)
    assert gateway.last.json["model"] == "m"


ATTACKS: dict[str, tuple[tuple[str, str | bytes], ...]] = {
    "host": (("host", "evil.test"),),
    "content-length": (("content-length", "0"),),
    "transfer-encoding": (("transfer-encoding", "chunked"),),
    "both": (("content-length", "5"), ("transfer-encoding", "chunked")),
    "content-encoding": (("content-encoding", "gzip"), ("content-location", "/x"), ("content-disposition", "x")),
    "underscores": (("content_length", "0"), ("transfer_encoding", "chunked"), ("x_forwarded_for", "10.0.0.1")),
    "forwarded": (("forwarded", "for=10.0.0.1;host=evil.test"), ("via", "1.1 evil")),
    "x-forwarded": tuple((f"x-forwarded-{name}", "evil.test") for name in ("for", "host", "proto", "port", "prefix")),
    "the caller's address": (("x-real-ip", "10.0.0.1"), ("true-client-ip", "10.0.0.1"), ("x-client-ip", "10.0.0.1")),
    "the path": (("x-original-url", "/admin"), ("x-rewrite-url", "/admin"), ("x-envoy-original-path", "/admin")),
    "the method": (("x-http-method-override", "DELETE"), ("x-http-method", "DELETE"), ("x-method-override", "PUT")),
    "another host": (("x-host", "evil.test"), ("x-original-host", "evil.test"), ("x-forwarded-server", "evil.test")),
    "cookies": (("cookie", "session=1"), ("set-cookie", "session=1")),
    "credentials": (
        ("authorization", "Bearer sk-callers-own"),
        ("proxy-authorization", "Basic eA=="),
        ("api-key", "k"),
    ),
    "other credentials": (("x-api-key", "k"), ("x-goog-api-key", "k"), ("x-amz-security-token", "k")),
    "the account": (("openai-organization", "org-evil"), ("openai-project", "proj-evil")),
    "hop by hop": (("keep-alive", "timeout=1"), ("trailer", "x"), ("expect", "100-continue"), ("max-forwards", "0")),
    "an upgrade": (("upgrade", "h2c"), ("http2-settings", "AAMAAABk")),
    "conditions": (("if-none-match", "*"), ("range", "bytes=0-1"), ("if-modified-since", "x")),
    "what the bridge can read": (("accept", "text/html"), ("accept-encoding", "gzip, br"), ("user-agent2", "x")),
    "binary": (("x-team-bin", b"\x00\r\nhost: evil.test"), ("authorization-bin", b"Bearer x"), ("host-bin", b"evil")),
    "unknown": (("x-anything", "x"), ("evil", "x"), ("x-stainless-lang", "python"), ("idempotency-key", "x")),
}


@pytest.mark.parametrize("metadata", ATTACKS.values(), ids=ATTACKS)
async def test_by_a_grpc_client(start: Start, metadata: tuple[tuple[str, str | bytes], ...]) -> None:
    """Forbidden metadata neither reaches the upstream nor changes the request."""
    async with start(upstream_api_key=KEY, forward_headers=FORWARDED) as bridge:
        await bridge.chat.CreateChatCompletion(HELLO, metadata=metadata)
        check(bridge)


@pytest.mark.parametrize("metadata", ATTACKS.values(), ids=ATTACKS)
async def test_by_any_client(start: Start, metadata: tuple[tuple[str, str | bytes], ...]) -> None:
    """The same from a raw client, whose metadata no library has checked."""
    more = [
        (name.encode(), base64.b64encode(value) if isinstance(value, bytes) else value.encode())
        for name, value in metadata
    ]
    async with start(upstream_api_key=KEY, forward_headers=FORWARDED) as bridge:
        response = await raw.call(bridge.address, raw.request_headers(more), HELLO.SerializeToString())
        assert response.status == "0"
        check(bridge)


SPLITS: dict[str, bytes] = {
    "CR LF": b"a\r\nhost: evil.test",
    "LF": b"a\nhost: evil.test",
    "CR": b"a\rhost: evil.test",
    "two requests": b"a\r\n\r\nDELETE /v1/models/m HTTP/1.1\r\nhost: evil.test\r\n\r\n",
    "NUL": b"a\x00b",
    "an escape": b"a\x1b[2Jb",
    "a tab": b"a\tb",
    "DEL": b"a\x7fb",
    "UTF-8": "größe".encode(),
    "an overlong line feed": b"a\xc0\x8ahost: evil.test",
    "a line feed of Unicode": "a\u010ahost: evil.test".encode(),
    "the line separator": "a\u2028b".encode(),
    "Latin-1": b"a\xe9b",
    "the next line of Latin-1": b"a\x85b",
}


@pytest.mark.parametrize("name", [b"x-request-id", b"traceparent", b"x-title", b"x-team", b"authorization"])
@pytest.mark.parametrize("value", SPLITS.values(), ids=SPLITS)
async def test_a_value_that_is_no_header(start: Start, name: bytes, value: bytes) -> None:
    """A value with a line end is refused with INVALID_METADATA, and nothing is sent.

    gRPC's core passes all of these to the server; only its own client refuses to send them.
    """
    async with start(forward_headers=FORWARDED) as bridge:
        headers = raw.request_headers([(name, value)])
        response = await raw.call(bridge.address, headers, HELLO.SerializeToString())
        assert response.status == "3"  # INVALID_ARGUMENT
        assert (response.info.reason, response.info.metadata["metadataKey"]) == ("INVALID_METADATA", name.decode())
        assert not bridge.gateway.requests


NAMES = [
    b"x-team: a\r\nhost",
    b"x-team\r\nhost",
    b"x-team host",
    b"X-Team",
    b"x-team:",
    b":x-team",
    "x-teäm".encode(),
    b"",
    b"x-team\x00",
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
async def test_a_name_that_is_none(start: Start, name: bytes) -> None:
    async with start(upstream_api_key=KEY, forward_headers=FORWARDED) as bridge:
        response = await raw.call(bridge.address, raw.request_headers([(name, b"x")]), HELLO.SerializeToString())
        assert response.status == "13"  # INTERNAL, from gRPC itself
        assert not bridge.gateway.requests


PSEUDO: dict[str, dict[str, bytes]] = {
    "authority": {"authority": b"evil.test"},
    "an address": {"authority": b"169.254.169.254"},
    "an authority of two lines": {"authority": b"evil.test\r\nx: y"},
    "a scheme": {"scheme": b"file"},
    "a method": {"method": b"GET"},
    "a path with a query": {"path": raw.METHOD + b"?model=evil"},
    "a path that goes up": {"path": b"/aibridge.v1.ChatService/../../v1/models"},
    "a path that is a URL": {"path": b"http://evil.test" + raw.METHOD},
    "a path of another service": {"path": b"/aibridge.v1.ChatService/CreateChatCompletion/x"},
    "a path in capitals": {"path": raw.METHOD.upper()},
}


@pytest.mark.parametrize("pseudo", PSEUDO.values(), ids=PSEUDO)
async def test_pseudo_headers(start: Start, pseudo: dict[str, bytes]) -> None:
    """Pseudo-headers of the call do not affect the upstream request."""
    async with start(upstream_api_key=KEY) as bridge:
        response = await raw.call(bridge.address, raw.request_headers(**pseudo), HELLO.SerializeToString())
        if response.status == "0":
            check(bridge)
        else:
            assert not bridge.gateway.requests


@pytest.mark.parametrize("name", [b"x-request-id", b"authorization", b":path", b":authority", b"te", b"content-type"])
async def test_duplicates(start: Start, name: bytes) -> None:
    """A header that is sent twice goes upstream once at most."""
    async with start(upstream_api_key=KEY) as bridge:
        headers = raw.request_headers()
        value = dict(headers).get(name, b"one")
        both = [(name, value), (name, b"two")]
        headers = [pair for pair in headers if pair[0] != name]
        headers = [*both, *headers] if name.startswith(b":") else [*headers, *both]
        response = await raw.call(bridge.address, headers, HELLO.SerializeToString())
        if response.status == "0":
            check(bridge, *([("x-request-id", "one")] if name == b"x-request-id" else []))
        else:
            assert not bridge.gateway.requests


async def test_what_passes(start: Start) -> None:
    """Allowed headers go upstream once each; with the caller's own credential, the account headers too."""
    values = {name: f"value of {name}" for name in [*REQUEST_HEADERS, *FORWARDED]}
    # gRPC itself keeps only the last `traceparent`.
    twice = (*values.items(), *((name, "again") for name in values if name != "traceparent"))
    async with start(upstream_api_key=KEY, forward_headers=FORWARDED) as bridge:
        await bridge.chat.CreateChatCompletion(HELLO, metadata=twice)
        check(bridge, *values.items())
    account = (("authorization", "Bearer sk-callers-own"), ("openai-organization", "org"), ("openai-project", "proj"))
    async with start() as bridge:
        await bridge.chat.CreateChatCompletion(HELLO, metadata=account)
        assert set(account) <= set(lines(bridge.gateway.last))


@pytest.mark.parametrize("size", [1 << 10, 8 << 10, 32 << 10, 256 << 10, 4 << 20])
async def test_large_values(start: Start, size: int) -> None:
    """Values over gRPC's limit are refused before Python sees them; values under it arrive unchanged."""
    async with start(upstream_api_key=KEY) as bridge:
        call = bridge.chat.CreateChatCompletion(HELLO, metadata=(("x-title", "x" * size),))
        code = await call.code()
        if size < 8 << 10:
            assert code is grpc.StatusCode.OK
            check(bridge, ("x-title", "x" * size))
        elif size > 16 << 10:
            assert code in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}
            assert not bridge.gateway.requests
        else:  # between its soft and its hard limit, gRPC refuses at random
            assert len(bridge.gateway.requests) == (code is grpc.StatusCode.OK)


async def test_many_keys(start: Start) -> None:
    """Very many keys are refused in the same way."""
    async with start(upstream_api_key=KEY) as bridge:
        metadata = tuple((f"x-{number}", "x" * 100) for number in range(2000))
        with pytest.raises(grpc.aio.AioRpcError):
            await bridge.chat.CreateChatCompletion(HELLO, metadata=metadata)
        assert not bridge.gateway.requests
        await bridge.chat.CreateChatCompletion(HELLO)


MODELS = [
    "....//admin",
    "/admin",
    "//evil.test/admin",
    "http://evil.test/",
    "@evil.test/",
    "m?x=y",
    "m#fragment",
    "m%00",
    "m%0d%0ahost:%20evil.test",
    "m HTTP/1.1",
    "m&x=y;z=w",
    "größe/模型",
    "m" * 4000,
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model[:30])
async def test_model_ids_stay_one_segment(bridge: Bridge, model: str) -> None:
    """Every id is one path segment below /models, and decodes to the caller's id."""
    bridge.gateway.script(respond_json({"id": model, "object": "model"}))
    await bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model=model))
    (request,) = bridge.gateway.requests
    assert request.head.split(b"\r\n")[0] == f"GET {request.path} HTTP/1.1".encode()
    prefix, _, segment = request.path.rpartition("/")
    assert prefix == "/v1/models"
    assert segment.isascii()
    assert not set(segment) & set("?#\\ ")
    assert segment not in {".", ".."}
    assert unquote(segment) == model
    assert request.headers["host"] == bridge.gateway.url.split("/")[2]


DOT_SEGMENTS = [
    ".",
    "..",
    "../admin",
    "a/../../admin",
    "a/./b",
    "a/..",
    "..\\admin",
    "..;/admin",
    "a/..;jsessionid=1/b",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "%2e%2e/admin",
    "..%2f..%2fadmin",
    "..%5cadmin",
    "%252e%252e/admin",
    "a%252f..%252fadmin",
    "%25252e%25252e%25252fadmin",
    "%" + "25" * 1000 + "2e%2e",  # encoded more often than any server decodes
    "%c0%ae%c0%ae/admin",  # an overlong dot
    "\u2025/admin",  # a two-dot leader
    "\uff0e\uff0e\uff0fadmin",
    "%EF%BC%8E%EF%BC%8E/admin",
]


@pytest.mark.parametrize(
    "model",
    ["", "m\r\nhost: evil.test", "m\n", "m\x00", "m\u2028", "m\u0085", *DOT_SEGMENTS],
    ids=lambda model: model[:30],
)
async def test_model_ids_that_are_none(bridge: Bridge, model: str) -> None:
    """Ids that no path can contain are refused, and so are ids that leave their segment when they are decoded."""
    failure = await failed(bridge.models.RetrieveModel(models_pb2.RetrieveModelRequest(model=model)))
    assert failure.reason == "INVALID_REQUEST"
    assert not bridge.gateway.requests


RESPONSES: dict[str, dict[str, str]] = {
    "cookies": {"set-cookie": "session=1", "llm_provider-set-cookie": "__cf_bm=1"},
    "credentials": {
        "authorization": "Bearer x",
        "www-authenticate": "Basic",
        "x-api-key": "k",
        "proxy-authenticate": "x",
    },
    "framing": {"grpc-status": "0", "grpc-message": "x", "grpc-status-details-bin": "AAAA", "trailer": "x"},
    "hop by hop": {"keep-alive": "timeout=1", "upgrade": "h2c", "via": "1.1 proxy"},
    "inner addresses": {
        "x-litellm-model-api-base": "http://10.0.0.1",
        "location": "http://10.0.0.1",
        "x-host": "inner",
    },
    "names that gRPC cannot send": {"x-ratelimit-a!b": "1", "x-ratelimit-a|b": "1", "llm_provider-": "1"},
    "values that gRPC cannot send": {"x-ratelimit-a": "größe", "x-ratelimit-b": "a\x01b"},
    "the bridge's own": {"aibridge-usage": "{}", "x-upstream-request-id": "x", "grpc-retry-pushback-ms": "1"},
}


@pytest.mark.parametrize("headers", RESPONSES.values(), ids=RESPONSES)
async def test_what_a_response_cannot_say(bridge: Bridge, hello: Hello, headers: dict[str, str]) -> None:
    """Only allowed response headers reach the caller, and none can imitate gRPC's or the bridge's own."""

    async def script(exchange: Any) -> None:
        body = respond_json(COMPLETION)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        send = exchange.send

        async def with_more(data: bytes | str) -> None:
            text = data.encode() if isinstance(data, str) else data
            await send(text.replace(b"\r\n\r\n", b"\r\n" + head.encode() + b"\r\n", 1))

        exchange.send = with_more
        await body(exchange)

    bridge.gateway.script(script)
    call = bridge.chat.CreateChatCompletion(hello)
    await call
    shown = {str(name): value for name, value in await call.trailing_metadata()}
    assert not (headers.keys() & shown.keys()) - {"aibridge-usage"}
    assert shown.get("aibridge-usage") != "{}"
    assert set(shown) <= {"x-request-id", "aibridge-usage"}


async def test_cookies_are_not_kept(bridge: Bridge, hello: Hello) -> None:
    """A cookie that the upstream sets for one caller is not sent with another call."""
    bridge.gateway.script(respond_json(COMPLETION, set_cookie="session=of-the-first; Path=/"))
    for _ in range(2):
        await bridge.chat.CreateChatCompletion(hello)
    assert "cookie" not in bridge.gateway.last.headers
    assert "of-the-first" not in str(bridge.gateway.requests)


def test_the_deny_list_wins() -> None:
    """The deny-list overrides settings, and does not contain any header of the built-in allow-list."""
    assert not any(is_denied(name) for name in REQUEST_HEADERS)
    assert not list(request_headers([(name, "x") for name in DENIED], DENIED))
    assert is_denied("transfer_encoding")
    assert is_denied("x-any-api-key")
