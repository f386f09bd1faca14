"""JSON web tokens: good tokens, every kind of bad token, and key sets that change or are unavailable."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from structlog.testing import capture_logs

from bridge import settings
from bridge.access import callers as callers_module
from bridge.access import tokens
from bridge.access.issuer import Issuer, RefusedError, parse
from bridge.errors import BridgeError
from bridge.files import UnusableFileError
from bridge.server.app import App
from bridge.settings import SettingsError
from tests.support import gateway as fake
from tests.support.authority import until
from tests.support.bridge import Bridge, Start
from tests.support.details import failed, verdict
from tests.support.forward import ForwardProxy, forwarding
from tests.support.gateway import Exchange, Gateway, respond, respond_json
from tests.support.payloads import COMPLETION
from tests.support.responses import Hello

ISSUER, AUDIENCE = "https://issuer.test/", "aibridge"
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()
STRANGER = ec.generate_private_key(ec.SECP256R1())
WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 # weak on purpose


def jwk(private: Any, kid: str | None, **more: Any) -> dict[str, Any]:
    kinds = ((ec.EllipticCurvePrivateKey, ECAlgorithm), (rsa.RSAPrivateKey, RSAAlgorithm))
    kind: Any = next((algorithm for of, algorithm in kinds if isinstance(private, of)), OKPAlgorithm)
    return {**kind.to_jwk(private.public_key(), as_dict=True), **({"kid": kid} if kid else {}), **more}


KEYS = {"keys": [jwk(EC, "ec"), jwk(RSA, "rsa"), jwk(ED, "ed"), jwk(WEAK, "weak")]}


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token with changes. None removes a claim."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "someone", "exp": time.time() + 60, **changes}
    return {name: value for name, value in good.items() if value is not None}


def signed(private: Any = EC, algorithm: str = "ES256", kid: str | None = "ec", headers: Any = None, **of: Any) -> str:
    named = {"kid": kid} if kid is not None else {}
    return str(jwt.encode(claims(**of), private, algorithm, {**named, **(headers or {})}))


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], signature: bytes = b"", **of: Any) -> str:
    return ".".join((part(header), part(claims(**of)), part(signature)))


def by_public_key(kid: str) -> str:
    """A token signed with the public key as the secret of a symmetric algorithm, by hand, because PyJWT refuses."""
    public = {"ec": EC, "rsa": RSA}[kid].public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{part({'alg': 'HS256', 'kid': kid})}.{part(claims())}"
    return f"{text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def by_a_weak_key() -> str:
    text = f"{part({'alg': 'RS256', 'kid': 'weak'})}.{part(claims())}"
    return f"{text}.{part(WEAK.sign(text.encode(), PKCS1v15(), SHA256()))}"  # PyJWT would warn


def other_claims() -> str:
    head, _, signature = signed().split(".")
    return f"{head}.{part(claims(sub='someone else'))}.{signature}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(KEYS))
    return path


def given(**more: Any) -> dict[str, Any]:
    return {"jwt_issuer": ISSUER, "jwt_audiences": [AUDIENCE], **more}


def bearer(token: str) -> dict[str, Any]:
    return {"metadata": (("authorization", f"Bearer {token}"),)}


@pytest.fixture(autouse=True)
def _a_gateway_that_answers(gateway: Gateway) -> None:
    gateway.script(respond_json(COMPLETION))


GOOD: dict[str, Callable[[], str]] = {
    "ES256": signed,
    "RS256": lambda: signed(RSA, "RS256", "rsa"),
    "EdDSA": lambda: signed(ED, "EdDSA", "ed"),
    "an expiry at the end of time": lambda: signed(exp=10**400),
    "several audiences": lambda: signed(aud=["other", AUDIENCE]),
    "a subject of 256 characters": lambda: signed(sub="x" * 256),
    "a clock that is slow": lambda: signed(exp=time.time() - 2),
    "a clock that is ahead": lambda: signed(nbf=time.time() + 5, iat=time.time() + 5),
}

BAD: dict[str, Callable[[], str]] = {
    "no signature": lambda: by_hand({"alg": "none"}),
    "no signature, in capitals": lambda: by_hand({"alg": "None", "kid": "ec"}),
    "no signature for a known algorithm": lambda: by_hand({"alg": "ES256", "kid": "ec"}),
    "a signature of zeros": lambda: by_hand({"alg": "ES256", "kid": "ec"}, bytes(64)),
    "the public EC key as a secret": lambda: by_public_key("ec"),
    "the public RSA key as a secret": lambda: by_public_key("rsa"),
    "an empty secret": lambda: jwt.encode(claims(), "x" * 32, "HS256", {"kid": "ec"}),
    "a stranger's key": lambda: signed(STRANGER),
    "a stranger's key in the header": lambda: signed(STRANGER, headers={"jwk": jwk(STRANGER, "ec")}),
    "a stranger's key at a URL": lambda: signed(
        STRANGER, headers={"jku": "http://127.0.0.1:9/jwks", "x5u": "http://127.0.0.1:9"}
    ),
    "claims exchanged": other_claims,
    "half a signature": lambda: signed()[:-20],
    "two signatures": lambda: signed() + "." + signed().split(".")[2],
    "an algorithm that is not allowed": lambda: signed(RSA, "PS256", "rsa"),
    "another key's algorithm": lambda: signed(RSA, "RS256", "ec"),
    "a key that is too short": by_a_weak_key,
    "an unknown key": lambda: signed(kid="unknown"),
    "no key id, where there are several keys": lambda: signed(kid=None),
    "a critical extension": lambda: signed(headers={"crit": ["x"], "x": 1}),
    "expired": lambda: signed(exp=time.time() - 60),
    "no expiry": lambda: signed(exp=None),
    "an expiry that is no number": lambda: signed(exp="soon"),
    "an expiry beyond all numbers": lambda: signed(exp=float("inf")),
    "not valid yet": lambda: signed(nbf=time.time() + 120),
    "issued in the future": lambda: signed(iat=time.time() + 120),
    "another audience": lambda: signed(aud="other"),
    "no audience": lambda: signed(aud=None),
    "an audience that begins alike": lambda: signed(aud=f"{AUDIENCE}2"),
    "another issuer": lambda: signed(iss="https://issuer.test.evil/"),
    "no issuer": lambda: signed(iss=None),
    "no subject": lambda: signed(sub=None),
    "an empty subject": lambda: signed(sub=""),
    "a subject of two lines": lambda: signed(sub="some\none"),
    "a subject of 257 characters": lambda: signed(sub="x" * 257),
    "a subject without end": lambda: signed(sub="x" * 300),
    "not base64": lambda: "a.b.c",
    "not JSON": lambda: f"{part(b'nonsense')}.{part(b'nonsense')}.",
    "no object": lambda: f"{part([1])}.{part([1])}.",
    "two parts": lambda: ".".join(signed().split(".")[:2]),
    "nothing": lambda: "..",
}


@pytest.mark.parametrize("token", GOOD.values(), ids=GOOD)
async def test_a_good_token(start: Start, file: Path, hello: Hello, token: Callable[[], str]) -> None:
    """A good token is accepted and not sent upstream."""
    async with start(**given(jwt_jwks_file=file)) as bridge:
        given_token = token()
        await bridge.chat.CreateChatCompletion(hello, **bearer(given_token))
    assert given_token not in str(bridge.gateway.last)


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
async def test_a_bad_token(start: Start, file: Path, hello: Hello, token: Callable[[], str]) -> None:
    """All bad tokens are refused with the same message. The log gives the reason and nothing of the token."""
    with capture_logs() as logs:
        async with start(**given(jwt_jwks_file=file)) as bridge:
            bad = token()
            failure = await failed(bridge.chat.CreateChatCompletion(hello, **bearer(bad)))
    assert verdict(failure) == ("UNAUTHENTICATED", "CALLER_UNAUTHENTICATED", "-1")
    assert failure.message == "the call has no credential that the bridge accepts"
    assert not bridge.gateway.requests
    assert [line["problem"] for line in logs if line["event"] == "call"]
    assert not any(piece in str(logs) for piece in bad.split(".") if len(piece) > 10)


async def test_one_key_needs_no_id(start: Start, tmp_path: Path, hello: Hello) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [jwk(EC, None)]}))
    async with start(**given(jwt_jwks_file=file)) as bridge:
        await bridge.chat.CreateChatCompletion(hello, **bearer(signed(kid=None)))


async def test_another_claim_names_the_caller(start: Start, file: Path, tmp_path: Path, hello: Hello) -> None:
    rules = tmp_path / "callers.toml"
    rules.write_text('["sub:service-*"]\n')
    options = given(jwt_jwks_file=file, jwt_claim="client_id", callers_file=rules)
    async with start(**options) as bridge:
        await bridge.chat.CreateChatCompletion(hello, **bearer(signed(client_id="service-a")))
        for token, reason in (
            (signed(client_id="person-a"), "CALLER_NOT_ALLOWED"),
            (signed(client_id=7), "CALLER_UNAUTHENTICATED"),
            (signed(sub="service-a"), "CALLER_UNAUTHENTICATED"),
        ):
            assert (await failed(bridge.chat.CreateChatCompletion(hello, **bearer(token)))).reason == reason


async def test_verified_once(start: Start, file: Path, hello: Hello, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signature is verified once; an expired token is refused all the same."""
    verified = []
    decode = jwt.decode
    monkeypatch.setattr(
        jwt, "decode", lambda token, *rest, **more: verified.append(token) or decode(token, *rest, **more)
    )
    token, short = signed(), signed(exp=time.time() + 30)
    async with start(**given(jwt_jwks_file=file, jwt_leeway=0)) as bridge:
        for _ in range(5):
            await bridge.chat.CreateChatCompletion(hello, **bearer(token))
        assert verified == [token]
        await bridge.chat.CreateChatCompletion(hello, **bearer(short))
        now = time.time()
        with monkeypatch.context() as later:
            later.setattr(callers_module.time, "time", lambda: now + 31)
            await bridge.chat.CreateChatCompletion(hello, **bearer(token))
            # PyJWT's own clock still accepts the token, so it is verified again.
            await bridge.chat.CreateChatCompletion(hello, **bearer(short))
        assert verified == [token, short, short]


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
async def test_leeway(start: Start, file: Path, hello: Hello, claim: str) -> None:
    """The issuer's clock may differ by `jwt_leeway`, but not by more."""
    sign = -1 if claim == "exp" else 1
    async with start(**given(jwt_jwks_file=file, jwt_leeway=40)) as bridge:
        within, beyond = (signed(**{claim: time.time() + sign * seconds}) for seconds in (20, 60))
        await bridge.chat.CreateChatCompletion(hello, **bearer(within))
        failure = await failed(bridge.chat.CreateChatCompletion(hello, **bearer(beyond)))
    assert failure.reason == "CALLER_UNAUTHENTICATED"


async def test_a_remembered_token_has_the_same_leeway(
    start: Start, file: Path, hello: Hello, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached token is accepted until its expiry plus the leeway, and then verified again."""
    verified = []
    decode = jwt.decode
    monkeypatch.setattr(
        jwt, "decode", lambda token, *rest, **more: verified.append(token) or decode(token, *rest, **more)
    )
    now = time.time()
    token = signed(exp=now + 30)
    async with start(**given(jwt_jwks_file=file, jwt_leeway=40)) as bridge:
        for later, times in ((0, 1), (60, 1), (80, 2)):
            with monkeypatch.context() as clock:
                clock.setattr(callers_module.time, "time", lambda: now + later)  # noqa: B023 # called in this round
                await bridge.chat.CreateChatCompletion(hello, **bearer(token))
            assert len(verified) == times, later


async def test_no_more_are_remembered_than_there_is_room_for(
    start: Start, file: Path, hello: Hello, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers_module, "_MAX_REMEMBERED", 3)
    async with start(**given(jwt_jwks_file=file)) as bridge:
        for number in range(8):
            await bridge.chat.CreateChatCompletion(hello, **bearer(signed(sub=f"caller-{number}")))
            assert len(bridge.app._callers._known) <= 3


async def test_room_is_made_without_forgetting_the_tokens_of_the_file(
    start: Start, file: Path, tmp_path: Path, hello: Hello, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers_module, "_MAX_REMEMBERED", 3)
    static = tokens.new("static")
    lines = tmp_path / "tokens"
    lines.write_text(static.line)
    async with start(**given(jwt_jwks_file=file, caller_tokens_file=lines)) as bridge:
        for number in range(8):
            await bridge.chat.CreateChatCompletion(hello, **bearer(signed(sub=f"caller-{number}")))
            await bridge.chat.CreateChatCompletion(hello, **bearer(static.token))


async def test_what_changes_while_a_token_is_verified_is_not_forgotten_over_it(
    start: Start, file: Path, hello: Hello, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that was found with rules that have changed meanwhile is not cached."""
    async with start(**given(jwt_jwks_file=file)) as bridge:
        callers = bridge.app._callers
        identity = callers._issuer.identity

        async def changed_meanwhile(token: str) -> Any:
            found = await identity(token)
            callers._sources, callers._known = (object(),), {}  # as `_refresh` does for another call
            return found

        monkeypatch.setattr(callers._issuer, "identity", changed_meanwhile)
        await bridge.chat.CreateChatCompletion(hello, **bearer(signed()))
        assert callers._known == {}


# ------------------------------------------------------------------------------------------------------- key sets


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"nonsense", "not a JWK set"),
        (b"[]", "not a JWK set"),
        (b'{"keys": 5}', "not a JWK set"),
        (b'{"keys": ["x"]}', "has no key"),
        (b'{"keys": {"a": 1}}', "not a JWK set"),
        (json.dumps({"keys": [jwk(EC, str(number)) for number in range(257)]}).encode(), "has more than 256 keys"),
        (b"[" * 100_000, "not a JWK set"),
        (b'{"keys": []}', "has no key"),
        (json.dumps({"keys": [{"kty": "oct", "k": part(b"x" * 32), "alg": "HS256"}]}).encode(), "has no key"),
        (json.dumps({"keys": [jwk(EC, "ec", use="enc")]}).encode(), "has no key"),
        (json.dumps({"keys": [jwk(EC, "ec", key_ops=["sign"])]}).encode(), "has no key"),
        (json.dumps({"keys": [jwk(EC, "ec", alg="ES384")]}).encode(), "has no key"),
        (json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}).encode(), "has no key"),
        (json.dumps({"keys": [{"kty": "RSA"}]}).encode(), "has no key"),
    ],
    ids=[
        "no JSON", "a list", "a number for the list", "a text as a key", "an object for the list", "257 keys", "deep",
        "empty", "a secret", "for encryption", "for signing", "another algorithm", "no point", "no numbers",
    ],
)  # fmt: skip
async def test_a_key_set_without_a_key(tmp_path: Path, content: bytes, problem: str) -> None:
    """A key set without a usable key prevents startup, and the message names the setting."""
    with pytest.raises(UnusableFileError, match=problem):
        parse(content, ["RS256", "ES256"])
    file = tmp_path / "jwks.json"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=f"^jwt_jwks_file: {problem}"):
        App(settings.load(**given(jwt_jwks_file=file)))


@pytest.mark.parametrize(
    "broken",
    [
        5,
        None,
        "x",
        [],
        {},
        {"kty": "RSA", "kid": [1]},
        {"kty": {"a": 1}, "kid": "x"},
        {"kty": ["EC"], "crv": "P-256"},
        {"kty": "EC", "crv": "P-256", "kid": "z", "x": "!", "y": ""},
        {"kty": "EC", "crv": ["P-256"], "kid": "z"},
        {"kty": "RSA", "kid": "z", "n": 5, "e": None},
        {"kty": "RSA", "kid": "z", "n": "AA", "e": "AA"},
        {**jwk(RSA, "z"), "key_ops": 5},
        {**jwk(RSA, "z"), "use": ["sig"]},
        {**jwk(RSA, "z"), "alg": {"a": 1}},
        {**jwk(EC, "z"), "x": "A" * 100_000},
    ],
    ids=lambda broken: re.sub(r"[\w-]{12,}", "...", str(broken)),  # equal in each process, although the keys differ
)
def test_a_broken_key_does_not_refuse_the_set(broken: Any) -> None:
    """An invalid key is skipped, and the others are used."""
    for keys in ([broken, jwk(EC, "ec")], [jwk(EC, "ec"), broken]):
        assert ("ec", "ES256") in parse(json.dumps({"keys": keys}).encode(), ["RS256", "ES256"])


def test_null_is_as_absent_in_a_key() -> None:
    key = {**jwk(EC, None), "kid": None, "use": None, "alg": None, "key_ops": None}
    assert list(parse(json.dumps({"keys": [key]}).encode(), ["ES256"])) == [(None, "ES256")]


@pytest.mark.parametrize("header", [b"[" * 6000, b'{"alg":' * 1200, b'{"a":' + b"[" * 6000], ids=len)
async def test_a_header_of_brackets(start: Start, file: Path, hello: Hello, header: bytes) -> None:
    """A deeply nested header makes a bad token, not an internal error."""
    token = ".".join((part(header), part(claims()), part(b"x")))
    with capture_logs() as logs:
        async with start(**given(jwt_jwks_file=file)) as bridge:
            failure = await failed(bridge.chat.CreateChatCompletion(hello, **bearer(token)))
    assert verdict(failure) == ("UNAUTHENTICATED", "CALLER_UNAUTHENTICATED", "-1")
    assert not [line for line in logs if line["log_level"] == "error"]


def test_keys_that_are_of_no_use_do_not_matter() -> None:
    keys = {
        "keys": [{"kty": "oct", "k": "AAAA"}, {"kty": "new", "kid": "x"}, jwk(EC, "ec"), jwk(RSA, "rsa", alg="RS256")]
    }
    assert set(parse(json.dumps(keys).encode(), ["RS256", "PS256", "ES256"])) == {("ec", "ES256"), ("rsa", "RS256")}


async def test_a_file_that_changes(start: Start, file: Path, hello: Hello) -> None:
    """A token of a removed key is refused, even if it was verified before."""

    def change() -> None:
        file.write_text(json.dumps({"keys": [jwk(STRANGER, "new")]}))
        os.utime(file, (1, 1))

    async with start(**given(jwt_jwks_file=file)) as bridge:

        async def accepted(token: str) -> bool:
            call = bridge.chat.CreateChatCompletion(hello, **bearer(token))
            return await call.code() is grpc.StatusCode.OK

        assert await accepted(signed())
        change()
        await until(lambda: accepted(signed(STRANGER, kid="new")))
        assert not await accepted(signed())


@pytest.fixture
async def issuer() -> AsyncIterator[Gateway]:
    """The issuer's server."""
    async with fake.running([respond_json(KEYS)]) as running:
        yield running


async def test_by_url(start: Start, issuer: Gateway, hello: Hello) -> None:
    """The key set is fetched at startup, and not for each call."""
    async with start(**given(jwt_jwks_url=f"{issuer.url}/jwks")) as bridge:
        assert [request.path for request in issuer.requests] == ["/v1/jwks"]
        for _ in range(3):
            await bridge.chat.CreateChatCompletion(hello, **bearer(signed()))
        assert len(issuer.requests) == 1


@asynccontextmanager
async def an_issuer(url: str, **options: Any) -> AsyncIterator[Issuer]:
    min_interval = options.pop("min_interval", 0.0)
    made = Issuer(settings.load(**given(jwt_jwks_url=url, **options)), min_interval=min_interval)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def test_an_unknown_key_is_asked_for(issuer: Gateway) -> None:
    """A token with an unknown key causes one fetch, however many calls wait for it."""
    async with an_issuer(f"{issuer.url}/jwks") as tokens:
        issuer.script(respond_json({"keys": [jwk(STRANGER, "new")]}))
        token = signed(STRANGER, kid="new")
        found = await asyncio.gather(*(tokens.identity(token) for _ in range(10)))
        assert {identity.subject for identity in found} == {"someone"}
        assert len(issuer.requests) == 2


async def test_nobody_can_make_the_bridge_ask_all_the_time(issuer: Gateway) -> None:
    async with an_issuer(f"{issuer.url}/jwks", min_interval=60.0) as tokens:
        for number in range(20):
            with pytest.raises(RefusedError):
                await tokens.identity(signed(kid=f"made-up-{number}"))
        assert len(issuer.requests) == 1


async def test_who_gives_up_does_not_end_the_fetch_of_others(issuer: Gateway) -> None:
    """Calls that wait for an unknown key share one fetch, and one of them may be cancelled."""
    async with an_issuer(f"{issuer.url}/jwks") as tokens:
        may_answer = asyncio.Event()

        async def script(exchange: Exchange) -> None:
            await may_answer.wait()
            await respond_json({"keys": [jwk(STRANGER, "new")]})(exchange)

        issuer.script(script)
        token = signed(STRANGER, kid="new")
        first, second = (asyncio.create_task(tokens.identity(token)) for _ in range(2))
        await issuer.exchange(1)
        first.cancel()
        await asyncio.wait([first])
        may_answer.set()
        assert (await asyncio.wait_for(second, 5)).subject == "someone"
        assert len(issuer.requests) == 2


async def test_when_an_unknown_key_may_be_asked_for_again(issuer: Gateway) -> None:
    """As soon as the interval between two fetches is over."""
    async with an_issuer(f"{issuer.url}/jwks", min_interval=60.0) as tokens:
        now = asyncio.get_running_loop().time()
        tokens._renewed = now - 61.0
        assert tokens._may_fetch()
        tokens._renewed = now - 50.0
        assert not tokens._may_fetch()


async def test_keys_are_fetched_in_the_background(issuer: Gateway) -> None:
    """A key that the issuer has removed is soon refused, without any call."""
    async with an_issuer(f"{issuer.url}/jwks", jwt_refresh=0.05) as tokens:
        assert (await tokens.identity(signed())).subject == "someone"
        issuer.script(respond_json({"keys": [jwk(STRANGER, "new")]}))

        async def gone() -> bool:
            return ("ec", "ES256") not in tokens.key_set()

        await until(gone)
        with pytest.raises(RefusedError):
            await tokens.identity(signed())


async def slow(exchange: Exchange) -> None:
    await exchange.wait_closed()


async def endless(exchange: Exchange) -> None:
    await exchange.head()
    while not exchange.closed.is_set():
        await exchange.send(b" " * (1 << 16))


TROUBLE = {
    "an error": respond("no", 500),
    "a redirect": respond("", 302, location="http://127.0.0.1:9/jwks"),
    "a page": respond("<html>", content_type="text/html"),
    "no key": respond_json({"keys": []}),
    "no end": endless,
}


@pytest.mark.parametrize("script", TROUBLE.values(), ids=TROUBLE)
async def test_an_issuer_in_trouble(start: Start, issuer: Gateway, hello: Hello, script: fake.Script) -> None:
    """The last good keys stay in use.

    Without keys the bridge serves, and responds that it cannot verify callers yet.
    """
    issuer.script(script)
    with capture_logs() as logs:
        async with start(**given(jwt_jwks_url=f"{issuer.url}/jwks")) as bridge:
            failure = await failed(bridge.chat.CreateChatCompletion(hello, **bearer(signed())))
            assert verdict(failure)[:2] == ("UNAVAILABLE", "CALLER_UNVERIFIABLE")
            assert failure.delay_ms
            anonymous = await failed(bridge.chat.CreateChatCompletion(hello))
            assert anonymous.reason == "CALLER_UNAUTHENTICATED"
        errors = [line["event"] for line in logs if line["log_level"] == "error"]
        assert errors == ["JWKS not fetched"]
        assert "127.0.0.1" not in str(logs)
        issuer.script(respond_json(KEYS))
        async with an_issuer(f"{issuer.url}/jwks", jwt_refresh=0.05) as tokens:
            issuer.script(script)
            asked = len(issuer.requests)

            async def asked_again() -> bool:
                return len(issuer.requests) > asked + 1

            await until(asked_again)
            assert (await tokens.identity(signed())).subject == "someone"


async def test_an_issuer_that_does_not_respond(issuer: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer that does not respond delays startup by a few seconds only."""
    monkeypatch.setattr("bridge.upstream.jwks._TIMEOUT_SECONDS", 0.05)
    issuer.script(slow)
    async with an_issuer(f"{issuer.url}/jwks", min_interval=60.0) as tokens:
        with pytest.raises(BridgeError, match="CALLER_UNVERIFIABLE"):
            await tokens.identity(signed())


async def test_an_issuer_that_comes_back(issuer: Gateway) -> None:
    """Keys of an issuer that comes back are fetched without a restart."""
    issuer.script(respond("no", 503))
    async with an_issuer(f"{issuer.url}/jwks", min_interval=0.02) as tokens:
        assert not tokens.key_set()
        issuer.script(respond_json(KEYS))

        async def has_keys() -> bool:
            return bool(tokens.key_set())

        await until(has_keys)


@pytest.fixture
def authority() -> Iterator[trustme.CA]:
    return trustme.CA()


async def test_tls_to_the_issuer(authority: trustme.CA, tmp_path: Path) -> None:
    """The issuer's certificate must be from a trusted CA, by default a public one."""
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with fake.running([respond_json(KEYS)], ssl=context) as server:
        async with an_issuer(f"{server.url}/jwks", jwt_jwks_ca_file=ca_file) as tokens:
            assert tokens.key_set()
        async with an_issuer(f"{server.url}/jwks", jwt_jwks_extra_ca_file=ca_file) as tokens:
            assert tokens.key_set()
        async with an_issuer(f"{server.url}/jwks") as tokens:
            assert not tokens.key_set()
        async with forwarding(ForwardProxy(credential="user:password")) as proxy:
            url = f"http://user:password@127.0.0.1:{proxy.port}"
            async with an_issuer(f"{server.url}/jwks", jwt_jwks_ca_file=ca_file, upstream_proxy=url) as tokens:
                assert tokens.key_set()
            assert proxy.lines[0].startswith("CONNECT 127.0.0.1:")


async def test_callers_without_a_token(start: Start, file: Path, hello: Hello) -> None:
    """Calls without a token are refused like those with a bad one."""

    async def refused(bridge: Bridge, **options: Any) -> str:
        return (await failed(bridge.chat.CreateChatCompletion(hello, **options))).reason

    async with start(**given(jwt_jwks_file=file)) as bridge:
        assert await refused(bridge) == "CALLER_UNAUTHENTICATED"
        assert await refused(bridge, **bearer("aib_unknown")) == "CALLER_UNAUTHENTICATED"
