"""TLS for callers: what is served and refused, and how certificates change while calls run."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from structlog.testing import capture_logs

from aibridge.v1 import chat_pb2_grpc
from bridge import settings
from bridge.access import tokens
from bridge.server.app import App
from bridge.settings import SettingsError
from tests.access.raw import call_frames, request_headers
from tests.support.authority import Secret, chain, channel, identity, key, trusting, until
from tests.support.bridge import Bridge, Start
from tests.support.gateway import Exchange, Gateway, respond_json, sse
from tests.support.payloads import COMPLETION
from tests.support.processes import Process, serving
from tests.support.responses import Hello

HOST = "127.0.0.1"
CA = trustme.CA()
SERVER = CA.issue_cert(HOST)


@pytest.fixture
def secret(tmp_path: Path) -> Secret:
    return Secret(tmp_path / "tls", crt=chain(SERVER), key=key(SERVER))


def served(secret: Secret, **more: Any) -> dict[str, Any]:
    return {"tls_certificate_file": secret.crt, "tls_key_file": secret.key, **more}


@asynccontextmanager
async def connected(bridge: Bridge, credentials: grpc.ChannelCredentials) -> AsyncIterator[Bridge]:
    """The bridge over a separate connection."""
    async with channel(bridge.address, credentials) as own:
        yield Bridge(bridge.address, bridge.gateway, own, bridge.app)


async def presented(address: str, context: ssl.SSLContext) -> bytes:
    """The certificate that the bridge presents now."""
    context.set_alpn_protocols(["h2"])
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return bytes(shown)


def believing(*authorities: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for authority in authorities:
        authority.configure_trust(context)
    return context


async def code_of(call: Any) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return str(error.code().name)
    return "OK"


async def test_a_call(start: Start, gateway: Gateway, secret: Secret, hello: Hello) -> None:
    """With TLS, calls work over TLS and fail without it."""
    gateway.script(respond_json(COMPLETION))
    async with start(**served(secret)) as bridge:
        async with connected(bridge, trusting(CA)) as caller:
            assert (await caller.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"
        assert await code_of(bridge.chat.CreateChatCompletion(hello)) == "UNAVAILABLE"
    assert len(gateway.requests) == 1


async def test_several_addresses(start: Start, secret: Secret, tmp_path: Path) -> None:
    """Each address has TLS, and each gets a new certificate."""
    listen = f"{HOST}:0,{HOST}:0,unix:{tmp_path}/s"
    async with start(listen=listen, **served(secret)) as bridge:
        first, second, _ = bridge.address.split(",")
        for leaf in (SERVER, CA.issue_cert(HOST)):
            secret.swap(crt=chain(leaf), key=key(leaf))
            expected = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
            for address in (first, second):

                async def is_shown(address: str = address, expected: bytes = expected) -> bool:
                    return await presented(address, believing(CA)) == expected

                await until(is_shown)


async def test_a_caller_who_trusts_another_authority(start: Start, secret: Secret, hello: Hello) -> None:
    async with start(**served(secret)) as bridge, connected(bridge, trusting(trustme.CA())) as caller:
        assert await code_of(caller.chat.CreateChatCompletion(hello)) == "UNAVAILABLE"
    assert not bridge.gateway.requests


async def test_versions(start: Start, secret: Secret) -> None:
    """TLS 1.2 and 1.3 are accepted, 1.1 is refused."""
    async with start(**served(secret)) as bridge:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = believing(CA)
            context.minimum_version = context.maximum_version = version
            assert await presented(bridge.address, context)
        old = believing(CA)
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await presented(bridge.address, old)


class Load:
    """Callers that stream continuously, on kept connections and on new ones."""

    def __init__(self, bridge: Bridge, credentials: grpc.ChannelCredentials, request: Hello) -> None:
        self._bridge, self._credentials, self._request = bridge, credentials, request
        self._over = asyncio.Event()
        self._counts = {"kept": 0, "new": 0}
        self._tasks = asyncio.gather(*(work() for work in (self._on_one, self._on_new) for _ in range(2)))

    async def progress(self) -> None:
        """Wait until both kinds of callers have made progress."""
        before = self._counts.copy()

        async def went_on() -> bool:
            if self._tasks.done():
                await self._tasks  # raises
            return all(self._counts[name] > before[name] for name in before)

        await until(went_on)

    async def end(self) -> None:
        self._over.set()
        await self._tasks

    async def _stream(self, caller: Bridge) -> None:
        chunks = [chunk async for chunk in caller.chat.CreateChatCompletionStream(self._request)]
        assert len(chunks) == 21

    async def _on_one(self) -> None:
        async with connected(self._bridge, self._credentials) as caller:
            while not self._over.is_set():
                await self._stream(caller)
                self._counts["kept"] += 1

    async def _on_new(self) -> None:
        while not self._over.is_set():
            async with connected(self._bridge, self._credentials) as caller:
                await self._stream(caller)
            self._counts["new"] += 1


async def test_rotation_under_load(start: Start, gateway: Gateway, secret: Secret, hello: Hello) -> None:
    """Streams and calls go on while certificates and their CA change, and new connections see the new certificate."""
    event = {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": None}]}
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    gateway.script(sse(*[event] * 20, last))
    others = [trustme.CA() for _ in range(3)]
    bundle = b"".join(authority.cert_pem.bytes() for authority in (CA, *others))
    async with start(**served(secret)) as bridge:
        load = Load(bridge, grpc.ssl_channel_credentials(bundle), hello)
        seen = [await presented(bridge.address, believing(CA))]

        async def changed() -> bool:
            shown = await presented(bridge.address, believing(CA, *others))
            if shown != seen[-1]:
                seen.append(shown)
                return True
            return False

        for authority in others:
            leaf = authority.issue_cert(HOST)
            secret.swap(crt=chain(leaf), key=key(leaf))
            await until(changed)
            await load.progress()
        await load.end()
    assert len(set(seen)) == 4


def other_key(secret: Secret) -> None:
    secret.swap(crt=chain(SERVER), key=key(CA.issue_cert(HOST)))


def garbage(secret: Secret) -> None:
    secret.swap(crt=b"-----BEGIN CERTIFICATE-----\nnonsense\n", key=key(SERVER))


def half(secret: Secret) -> None:
    secret.swap(crt=chain(SERVER)[:200], key=key(SERVER))


def empty(secret: Secret) -> None:
    secret.swap(crt=b"", key=b"")


def gone(secret: Secret) -> None:
    (secret.folder / "..data").unlink()


def expired(secret: Secret) -> None:
    old = CA.issue_cert(HOST, not_after=datetime.now(UTC) - timedelta(seconds=1))
    secret.swap(crt=chain(old), key=key(old))


def of_tomorrow(secret: Secret) -> None:
    early = CA.issue_cert(HOST, not_before=datetime.now(UTC) + timedelta(days=1))
    secret.swap(crt=chain(early), key=key(early))


def encrypted(secret: Secret) -> None:
    private = load_pem_private_key(key(SERVER), None)
    locked = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    secret.swap(crt=chain(SERVER), key=locked)


def of_another_kind(secret: Secret) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    secret.swap(crt=chain(SERVER), key=private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def swapped(secret: Secret) -> None:
    secret.swap(crt=key(SERVER), key=chain(SERVER))


BAD: list[tuple[Callable[[Secret], None], str]] = [
    (other_key, "the private key does not match the certificate"),
    (garbage, "the certificate is not a certificate in PEM"),
    (half, "the certificate is not a certificate in PEM"),
    (empty, "the certificate is not a certificate in PEM"),
    (expired, "the certificate expired at"),
    (of_tomorrow, "the certificate is not valid before"),
    (encrypted, "the key is encrypted"),
    (of_another_kind, "the key is neither RSA nor EC"),
    (swapped, "the certificate is not a certificate in PEM"),
]


@pytest.mark.parametrize(("change", "problem"), BAD)
async def test_the_start_is_refused(secret: Secret, change: Callable[[Secret], None], problem: str) -> None:
    """An unusable certificate prevents startup.

    The message names the settings and the problem, and nothing of the key.
    """
    change(secret)
    with pytest.raises(SettingsError, match="^tls_certificate_file, tls_key_file: " + problem) as caught:
        App(settings.load(listen=f"{HOST}:0", **served(secret)))
    assert "BEGIN" not in str(caught.value)


@pytest.mark.parametrize(("change", "problem"), [*BAD, (gone, "FileNotFoundError")])
async def test_the_last_good_pair_stays(
    start: Start, secret: Secret, change: Callable[[Secret], None], problem: str
) -> None:
    """While the new pair is invalid, the last good one is used, with one log line. A corrected pair is loaded."""
    with capture_logs() as logs:
        async with start(**served(secret)) as bridge:
            first = await presented(bridge.address, believing(CA))
            change(secret)

            async def told() -> bool:
                assert await presented(bridge.address, believing(CA)) == first
                return any(line["log_level"] == "error" for line in logs)

            await until(told)
            errors = [line for line in logs if line["log_level"] == "error"]
            assert [(line["event"], line["in_force"]) for line in errors] == [("TLS file unusable", True)]
            assert errors[0]["problem"].startswith(problem)
            assert await presented(bridge.address, believing(CA)) == first
            new = CA.issue_cert(HOST)
            secret.swap(crt=chain(new), key=key(new))

            async def mended() -> bool:
                return await presented(bridge.address, believing(CA)) != first

            await until(mended)
    assert len([line for line in logs if line["log_level"] == "error"]) == 1
    assert "BEGIN" not in str(logs)


async def test_a_pair_with_rsa(start: Start, secret: Secret) -> None:
    leaf = CA.issue_cert(HOST, key_type=trustme.KeyType.RSA)
    assert isinstance(load_pem_private_key(key(leaf), None), rsa.RSAPrivateKey)
    secret.swap(crt=chain(leaf), key=key(leaf))
    async with start(**served(secret)) as bridge:
        assert await presented(bridge.address, believing(CA))


CLIENTS = trustme.CA()
SEARCH = identity(CLIENTS, "spiffe://test/ns/prod/sa/search")


@pytest.fixture
def mutual(tmp_path: Path) -> dict[str, Any]:
    """Settings that require client certificates of one CA."""
    secret = Secret(tmp_path / "mtls", crt=chain(SERVER), key=key(SERVER), ca=CLIENTS.cert_pem.bytes())
    return served(secret, tls_client_ca_file=secret.ca, tls_client_names=["spiffe://test/ns/prod/*"])


def of(certificate: trustme.LeafCert) -> tuple[bytes, bytes]:
    return chain(certificate), key(certificate)


def no_certificate() -> None:
    return None


def by_another_ca() -> tuple[bytes, bytes]:
    return identity(trustme.CA(), "spiffe://test/ns/prod/sa/search")


def of_yesterday() -> tuple[bytes, bytes]:
    return of(CLIENTS.issue_cert("search.test", not_after=datetime.now(UTC) - timedelta(seconds=1)))


def by_the_servers_ca() -> tuple[bytes, bytes]:
    return of(CA.issue_cert("search.test"))


@pytest.mark.parametrize("shown", [no_certificate, by_another_ca, of_yesterday, by_the_servers_ca])
async def test_no_connection_without_a_good_client_certificate(
    start: Start, mutual: dict[str, Any], hello: Hello, shown: Callable[[], tuple[bytes, bytes] | None]
) -> None:
    """Without a certificate, or with an expired one or one of another CA, nothing is served, not even health."""
    async with start(**mutual) as bridge, connected(bridge, trusting(CA, shown())) as caller:
        assert await code_of(caller.chat.CreateChatCompletion(hello)) == "UNAVAILABLE"
    assert not bridge.gateway.requests


async def test_the_client_ca_changes(start: Start, mutual: dict[str, Any], hello: Hello) -> None:
    """When the client CA changes, certificates of the new one are accepted and those of the old one refused."""
    new = trustme.CA()
    old_caller, new_caller = SEARCH, identity(new, "spiffe://test/ns/prod/sa/search")
    async with start(**mutual) as bridge:
        bridge.gateway.script(respond_json(COMPLETION))

        async def respond(shown: tuple[bytes, bytes]) -> str:
            async with connected(bridge, trusting(CA, shown)) as caller:
                return await code_of(caller.chat.CreateChatCompletion(hello))

        assert [await respond(old_caller), await respond(new_caller)] == ["OK", "UNAVAILABLE"]
        folder = mutual["tls_client_ca_file"].parent
        bundle = folder / "..data" / "ca"
        bundle.with_name("new").write_bytes(new.cert_pem.bytes())
        bundle.with_name("new").replace(bundle)

        async def lets_the_new_one_in() -> bool:
            return await respond(new_caller) == "OK"

        await until(lets_the_new_one_in)
        assert await respond(old_caller) == "UNAVAILABLE"


async def test_a_client_ca_that_is_none(start: Start, mutual: dict[str, Any], hello: Hello) -> None:
    """An invalid client CA prevents startup.

    While the bridge runs, the last good one stays, and a new certificate still loads.
    """
    folder = mutual["tls_client_ca_file"].parent
    good, other = CLIENTS.cert_pem.bytes(), CA.issue_cert(HOST)
    secret = Secret(folder.with_name("other"), ca=b"nonsense")
    with pytest.raises(SettingsError, match=r"^tls_client_ca_file: the CA bundle is not a certificate"):
        App(settings.load(listen=f"{HOST}:0", **{**mutual, "tls_client_ca_file": secret.ca}))
    secret.swap(ca=good)
    with capture_logs() as logs:
        async with start(**{**mutual, "tls_client_ca_file": secret.ca}) as bridge:
            bridge.gateway.script(respond_json(COMPLETION))
            secret.swap(ca=b"nonsense")
            for name, content in (("crt", chain(other)), ("key", key(other))):
                new = folder / "..data" / "new"
                new.write_bytes(content)
                new.replace(new.with_name(name))

            async def taken() -> bool:
                async with connected(bridge, trusting(CA, SEARCH)) as caller:
                    assert await code_of(caller.chat.CreateChatCompletion(hello)) == "OK"
                return sum(line["event"] == "certificate in force" for line in logs) == 2

            await until(taken)
    assert [line["event"] for line in logs if line["log_level"] == "error"][-1] == "client CA file unusable"


async def test_workers(gateway: Gateway, secret: Secret, tmp_path: Path, hello: Hello) -> None:
    """Each worker authenticates callers and loads the new certificate, and so do restarted workers."""
    gateway.script(respond_json(COMPLETION))
    made = tokens.new("search")
    (tmp_path / "tokens").write_text(f"{made.line}\n")
    files = ["--tls-certificate-file", secret.crt, "--tls-key-file", secret.key, "--caller-tokens-file"]
    arguments = [*map(str, files), str(tmp_path / "tokens"), "--workers", "2", "--metrics-listen", "off"]

    async def once(process: Process, metadata: tuple[tuple[str, str], ...]) -> str:
        async with channel(process.address, trusting(CA)) as own:
            return await code_of(chat_pb2_grpc.ChatServiceStub(own).CreateChatCompletion(hello, metadata=metadata))

    async with serving(gateway, *arguments) as process:
        for _ in range(8):
            assert await once(process, (("authorization", f"Bearer {made.token}"),)) == "OK"
            assert await once(process, ()) == "UNAUTHENTICATED"
        first = await presented(process.address, believing(CA))
        new = CA.issue_cert(HOST)
        secret.swap(crt=chain(new), key=key(new))

        async def everywhere() -> bool:
            await presented(process.address, believing(CA))
            return sum(line["event"] == "TLS file read again" for line in process.log) == 2

        await until(everywhere)
        assert first not in [await presented(process.address, believing(CA)) for _ in range(8)]


@pytest.mark.parametrize("end", ["abort", "shutdown"])
async def test_a_caller_who_goes_without_notice(start: Start, secret: Secret, hello: Hello, end: str) -> None:
    """If TCP ends without a TLS close, the call ends and the upstream connection is closed at once."""

    async def waits(exchange: Exchange) -> None:
        await exchange.wait_closed()

    context = ssl.create_default_context(cadata=CA.cert_pem.bytes().decode())
    context.set_alpn_protocols(["h2"])
    async with start(**served(secret)) as bridge:
        bridge.gateway.script(waits)
        host, _, port = bridge.address.rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port), ssl=context)
        writer.write(call_frames(request_headers(scheme=b"https"), hello.SerializeToString()))
        exchange = await bridge.gateway.exchange()
        if end == "shutdown":
            with socket.fromfd(
                writer.get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_STREAM
            ) as connection:
                connection.shutdown(socket.SHUT_RDWR)
        else:
            writer.transport.abort()
        await asyncio.wait_for(exchange.wait_closed(), 10)
        writer.transport.abort()
