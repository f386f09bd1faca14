"""The credential that was sent is in no error, trailer or log, however the upstream quotes it."""

import base64
import json
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aibridge.v1 import chat_pb2
from bridge.access import tokens
from bridge.upstream.leaks import Secrets
from bridge.upstream.masking import Mask, Text
from tests.support.bridge import Start
from tests.support.details import Failure, failed, failed_stream
from tests.support.gateway import Script, raw_sse, respond, respond_json

KEYS = [
    "sk-proj-abcdefGHIJKL0123456789",
    "0123456789abcdef0123456789abcdef",
    "token-abc123secret",
    "vllm_local_key_42",
    "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA",
    "7Yk2pQ9mNc4vXr8tLw1zHb6sJd3fGa5e",
    "AbCd/efGH+ijKL=mnOP/qrST+uvWX==",
    'quo"te\\back&amp<less>%25 percent',
    "3f0c8a52-7d1e-4b6f-9a3d-5c2e8f714b90",
    "correct horse battery staple",
    "p-1!q-2!r-3!s-4!t-5!u-6!",
    "x" * 40,
    "eyJhbGciOiJIUzI1NiJ9." + "Ab1" * 300 + ".c2lnbmF0dXJlIG9mIHRoZSB0b2tlbg",
]

QUOTES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "in JSON": lambda key: json.dumps({"api_key": key}),
    "in JSON in JSON": lambda key: json.dumps(json.dumps({"api_key": key})),
    "by Python": lambda key: repr({"authorization": f"Bearer {key}"}),
    "header": lambda key: f"Authorization: Bearer {key}",
    "header in lower case": lambda key: f"authorization: bearer {key}",
    "header in upper case": lambda key: f"AUTHORIZATION: BEARER {key}",
    "in a URL": lambda key: f"https://x/v1?key={quote(key, safe='')}&x=1",
    "percent-encoded": lambda key: f"key={quote(key, safe='')}&x=1",
    "all of it percent-encoded": lambda key: "".join(f"%{ord(letter):02x}" for letter in key),
    "in HTML": lambda key: f"<code>{escape(key)}</code>",
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 of a pair": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(f'{{"k":"{key}"}}'.encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "without its end": lambda key: f"{key[: len(key) * 3 // 4]}…",
    "its end": lambda key: f"ends in {key[len(key) // 3 :]}",
    "without its middle": lambda key: f"{key[:7]}...{key[-4:]}",
    "stars in its middle": lambda key: f"{key[:4]}{'*' * 20}{key[-4:]}",
    "in two parts": lambda key: f"'{key[: len(key) // 2]}' '{key[len(key) // 2 :]}'",
    "in lines": lambda key: "\n".join(key[at : at + 9] for at in range(0, len(key), 9)),
    "without quotes": lambda key: key.replace('"', "").replace("\\", ""),
}


def told(key: str, text: str, size: int = 0) -> str:
    """A part of a key in a text: a third of it, or `size` characters; empty if there is none."""
    size = size or max(8, len(key) // 3)
    lower = text.lower()
    parts = (key[at : at + size].lower() for at in range(max(1, len(key) - size + 1)))
    return next((part for part in parts if part in lower), "")


def test_the_range_of_a_divided_key() -> None:
    """It has the key from its first to its last character, and nothing around it."""
    key = "Yk2pQ9mNc4vXr8tL"
    for before, between, behind in (("", " ", ""), ("the key ", ", ", "!"), ("(", "-\n", ") is wrong")):
        divided = between.join(key)
        text = f"{before}{divided}{behind}".encode()
        assert list(Secrets([key]).ranges(text)) == [(len(before), len(before) + len(divided))]


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", ""])
@pytest.mark.parametrize("quoted", QUOTES.values(), ids=QUOTES)
def test_a_key_is_masked(scheme: str, quoted: Callable[[str], str]) -> None:
    """A key is masked, and the text around it is shown."""
    for key in KEYS:
        (shown,) = Mask(b"", Secrets([scheme + key])).shown(
            [Text(f"Wrong credential: {quoted(key)} (see the docs)", 10_000)]
        )
        assert shown.startswith("Wrong credential: ")
        assert not told(key, shown), shown
        assert not told(key.encode().hex(), shown), shown
        assert not told(base64.b64encode(key.encode()).decode().rstrip("="), shown), shown
        assert len(shown) < 400 or len(key) > 400


@pytest.mark.parametrize("key", ["sk-proj-abcdefGHIJKL0123456789", "???>>>~~~???"])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_key_in_base64_is_masked_wherever_it_begins(key: str, before: int, encode: Callable[[bytes], bytes]) -> None:
    """A key in base64 is masked at each offset, which decides its letters."""
    text = encode(b"u" * before + key.encode()).decode()
    (shown,) = Mask(b"", Secrets([f"Bearer {key}"])).shown([Text(f"got {text}", 512)])
    assert shown.startswith("got ")
    assert not told(text, shown, 8), shown


@pytest.mark.parametrize(("head", "tail"), [(3, 0), (4, 4), (8, 4), (0, 4), (6, 2)])
@pytest.mark.parametrize("middle", ["...", "…", "****", "••••", "xxxxxxxx"])
def test_its_ends_are_masked(head: int, tail: int, middle: str) -> None:
    """The ends of a key are masked too, as providers show a key without its middle."""
    for key in KEYS:
        part = key[:head] + middle + (key[-tail:] if tail else "")
        (shown,) = Mask(b"", Secrets([f"Bearer {key}"])).shown([Text(f"key '{part}' is wrong", 512)])
        assert part not in shown
        rest = shown.lower().replace("[secret]", "")
        assert head < 3 or key[:head].lower() not in rest.removeprefix("key ")
        assert tail < 3 or key[-tail:].lower() not in rest


@pytest.mark.parametrize("key", ["none", "EMPTY", "ollama", "abcd1234"])
def test_a_short_key_is_a_word(key: str) -> None:
    """A short key is masked as a whole word only, not within other words."""
    mask = Mask(b"", Secrets([f"Bearer {key}"]))
    message = f"bad key {key}, x{key}x is something else"
    assert mask.shown([Text(message, 512)]) == [f"bad key [secret], x{key}x is something else"]


@pytest.mark.parametrize("key", KEYS[:6])
@pytest.mark.parametrize(
    "message",
    [
        "Incorrect API key provided. You can find your API key at the dashboard.",
        "Missing bearer authentication in header: Authorization",
        "The model `gpt-5.4` does not exist or you do not have access to it...",
        "max_tokens must be <= 4096, got 5000; ** note: x-api-key is not read",
    ],
)
def test_plain_messages_stay(key: str, message: str) -> None:
    """Messages without a part of the key do not change."""
    assert Mask(b"", Secrets([f"Bearer {key}"])).shown([Text(message, 512)]) == [message]


@pytest.mark.parametrize("size", [8, 16, 24, 64, 65])
def test_any_piece_of_a_key_in_a_header_is_found(size: int) -> None:
    """Any piece of a key in a header is found, also the last one of a key without a remainder."""
    key = "".join(chr(ord("a") + number % 26) + str(number % 10) for number in range(size))[:size]
    secrets = Secrets([f"Bearer {key}"])
    piece = max(8, -(-size // 8))
    assert all(secrets.are_in(f"x{key[at : at + piece]}x") for at in range(0, size - piece + 1, piece))
    assert not secrets.are_in(f"x{key[: piece - 1]}x")


def test_basic_credentials() -> None:
    """The password in basic credentials is masked, too."""
    value = base64.b64encode(b"somebody:open sesame, please").decode()
    mask = Mask(b"", Secrets([f"Basic {value}"]))
    for text in (f"got {value}", "got open sesame, please", "got Basic " + value):
        (shown,) = mask.shown([Text(text, 512)])
        assert "sesame" not in shown
        assert value[:12] not in shown


@given(
    key=st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=80),
    before=st.text(max_size=30),
    behind=st.text(max_size=30),
    cut=st.tuples(st.integers(0, 40), st.integers(0, 40)),
)
def test_no_large_part_of_any_key_survives(key: str, before: str, behind: str, cut: tuple[int, int]) -> None:
    """No text shows half of a key, whatever its letters and the text around it."""
    part = key[cut[0] :][: len(key) - cut[1]]
    (shown,) = Mask(b"", Secrets([f"Bearer {key}"])).shown([Text(before + part + behind, 512)])
    assert not told(key, shown, max(16, -(-len(key) // 2)))


def test_headers_are_looked_through_in_no_time() -> None:
    """The headers of a response are searched quickly, as this happens on every call."""
    secrets = Secrets([f"Bearer {KEYS[0]}", f"Bearer {KEYS[-1]}"])
    values = "\n".join(f"x-value-{number} 0123456789abcdef-LHR" for number in range(12))
    assert not secrets.are_in(values)
    assert secrets.are_in(f"{values}{KEYS[0][4:]}")
    assert secrets.are_in(f"{values}{KEYS[-1][20:]}")
    began = time.thread_time()
    for _ in range(1000):
        secrets.are_in(values)
    assert time.thread_time() - began < 0.05


# Through a bridge, in everything that it sends.


def scripts(text: str) -> list[Script]:
    error = {"error": {"message": text, "type": text, "code": text, "param": text}}
    detail = {"detail": [{"loc": ["body", text], "msg": text, "type": text, "input": text}]}
    return [
        respond_json(error, 401),
        respond_json(error, 500),
        respond_json(error),
        respond_json(detail, 422),
        respond(text, 403, "text/plain"),
        raw_sse(f"data: {json.dumps(error)}\n\n"),
        respond_json(
            {"error": {"message": "no"}}, 429, x_request_id=text, x_ratelimit_limit_requests=text, cf_ray=text
        ),
    ]


def check(key: str, failure: Failure) -> None:
    everything = failure.shown + json.dumps(failure.shown) + repr(failure.trailers)
    assert not told(key, everything), told(key, everything)
    assert "[secret]" in failure.shown or failure.code == "RESOURCE_EXHAUSTED"


HELLO = chat_pb2.CreateChatCompletionRequest(model="m", messages=[{"role": "user", "content": "hi"}])


@pytest.mark.parametrize("key", ["7Yk2pQ9mNc4vXr8tLw1zHb6sJd3fGa5e", "vllm_local_key_42"])
async def test_the_bridges_own_key(key: str, start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    """The bridge's key is in no status, details, trailers or log, of unary calls and streams."""
    async with start(upstream_api_key=key, log_level="debug") as bridge:
        for script in scripts(f"the key {key} is wrong"):
            bridge.gateway.script(script)
            _, failure = await failed_stream(bridge.chat.CreateChatCompletionStream(HELLO))
            check(key, failure)
            assert bridge.gateway.last.headers["authorization"] == f"Bearer {key}"
        for script in scripts(f"the key {key} is wrong")[:5]:
            bridge.gateway.script(script)
            check(key, await failed(bridge.chat.CreateChatCompletion(HELLO)))
    assert not told(key, capfd.readouterr().err)


async def test_the_callers_own_key(start: Start) -> None:
    """The caller's own key is masked too: the caller knows it, but its logs should not have it."""
    key = "9f8e7d6c5b4a-own-key-of-a-caller"
    async with start(upstream_credentials="caller") as bridge:
        for authorization in (f"Bearer {key}", f"bearer {key}", key):
            for script in scripts(f"the key {key} is wrong"):
                bridge.gateway.script(script)
                call = bridge.chat.CreateChatCompletionStream(HELLO, metadata=(("authorization", authorization),))
                check(key, (await failed_stream(call))[1])


async def test_the_key_of_a_caller_in_a_file(start: Start, tmp_path: Path) -> None:
    """A caller's upstream key from a file and the token that identifies the caller are masked."""
    token = tokens.new("one")
    (tmp_path / "tokens").write_text(f"{token.line}\n")
    (tmp_path / "key").write_text("key-of-team-one-0123456789\n")
    (tmp_path / "callers.toml").write_text(f'[one]\nupstream_api_key_file = "{tmp_path / "key"}"\n')
    settings: dict[str, Any] = {"caller_tokens_file": tmp_path / "tokens", "callers_file": tmp_path / "callers.toml"}
    async with start(**settings) as bridge:
        for secret in ("key-of-team-one-0123456789", token.token):
            for script in scripts(f"{secret} is wrong"):
                bridge.gateway.script(script)
                metadata = (("authorization", f"Bearer {token.token}"),)
                call = bridge.chat.CreateChatCompletionStream(HELLO, metadata=metadata)
                check(secret, (await failed_stream(call))[1])


async def test_keys_in_headers_and_query_of_the_settings(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys in configured headers and queries are masked; the version in a query is shown."""
    monkeypatch.setenv("GATEWAY_KEY", "k-0123456789")
    settings: dict[str, Any] = {
        "upstream_headers": ["x-gateway=env:GATEWAY_KEY", "ocp-key=a-literal-key-of-24-chars"],
        "upstream_query": ["api-version=2024-10-21"],
    }
    async with start(**settings) as bridge:
        for secret in ("k-0123456789", "a-literal-key-of-24-chars"):
            for script in scripts(f"{secret} is wrong"):
                bridge.gateway.script(script)
                check(secret, (await failed_stream(bridge.chat.CreateChatCompletionStream(HELLO)))[1])
        bridge.gateway.script(respond_json({"error": {"message": "no 2024-10-21"}}, 400))
        assert (await failed(bridge.chat.CreateChatCompletion(HELLO))).message == "no 2024-10-21"
