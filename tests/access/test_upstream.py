"""TLS to the upstream: trusted CAs and the client certificate, and how both change while calls run."""

import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from bridge import settings
from bridge.server.app import App
from bridge.settings import SettingsError
from bridge.upstream.tls import trust
from tests.support import gateway as fake
from tests.support.authority import Secret, chain, key, until
from tests.support.bridge import Bridge, start_bridge
from tests.support.details import RPCS, failed, failed_either, verdict
from tests.support.gateway import Gateway, respond
from tests.support.payloads import COMPLETION
from tests.support.responses import Hello

CA, NEXT_CA = trustme.CA(), trustme.CA()
CLIENTS, NEXT_CLIENTS = trustme.CA(), trustme.CA()
FIRST, SECOND = CLIENTS.issue_cert("first.test"), NEXT_CLIENTS.issue_cert("second.test")
#: A completion after which the gateway closes the connection, so that each call makes a new one.
CLOSING = respond(json.dumps(COMPLETION), connection="close")


def of(server: trustme.CA, clients: trustme.CA | None = None) -> ssl.SSLContext:
    """The TLS context of a gateway, and the CA of its client certificates."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.issue_cert("127.0.0.1").configure_cert(context)
    if clients is not None:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def closing(exchange: fake.Exchange) -> None:
    await CLOSING(exchange)
    exchange.writer.close()


@pytest.fixture
async def secured() -> AsyncIterator[Gateway]:
    async with fake.running([closing], ssl=of(CA)) as running:
        yield running


@pytest.fixture
async def mutual() -> AsyncIterator[Gateway]:
    """A gateway that requires a client certificate of CLIENTS."""
    async with fake.running([closing], ssl=of(CA, CLIENTS)) as running:
        yield running


@pytest.fixture
def secret(tmp_path: Path) -> Secret:
    return Secret(tmp_path / "upstream", ca=CA.cert_pem.bytes(), crt=chain(FIRST), key=key(FIRST))


def shown(secret: Secret) -> dict[str, Any]:
    return {
        "upstream_ca_file": secret.ca,
        "upstream_certificate_file": secret.crt,
        "upstream_key_file": secret.key,
    }


async def test_a_ca_of_ones_own(secured: Gateway, secret: Secret, hello: Hello) -> None:
    async with start_bridge(secured, upstream_ca_file=secret.ca) as bridge:
        assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"


async def test_a_further_ca(secured: Gateway, secret: Secret, hello: Hello) -> None:
    """`upstream_extra_ca_file` adds to the public CAs, `upstream_ca_file` replaces them."""
    async with start_bridge(secured, upstream_extra_ca_file=secret.ca) as bridge:
        assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"
    public = {str(certificate) for certificate in trust(None).get_ca_certs()}
    both = {str(certificate) for certificate in trust(None, secret.ca).get_ca_certs()}
    assert public
    assert public < both
    assert len(both) == len(public) + 1


@RPCS
async def test_another_ca(rpc: str, secured: Gateway, secret: Secret, hello: Hello) -> None:
    """With `upstream_ca_file`, nothing is sent to a gateway with a certificate of another CA."""
    secret.swap(ca=NEXT_CA.cert_pem.bytes(), crt=chain(FIRST), key=key(FIRST))
    async with start_bridge(secured, upstream_ca_file=secret.ca) as bridge:
        failure = await failed_either(bridge, rpc, hello)
    assert verdict(failure) == ("UNAVAILABLE", "UPSTREAM_TLS_ERROR", "-1")
    assert not secured.requests


async def test_a_name_that_is_another(secured: Gateway, secret: Secret, hello: Hello) -> None:
    """A valid certificate for another host is refused."""
    url = secured.url.replace("127.0.0.1", "localhost")
    async with start_bridge(secured, upstream_url=url, upstream_ca_file=secret.ca) as bridge:
        failure = await failed(bridge.chat.CreateChatCompletion(hello))
    assert failure.reason == "UPSTREAM_TLS_ERROR"
    assert not secured.requests


async def test_a_client_certificate(mutual: Gateway, secret: Secret, hello: Hello) -> None:
    """The gateway accepts calls with the client certificate and refuses them without it."""
    async with start_bridge(mutual, **shown(secret)) as bridge:
        assert (await bridge.chat.CreateChatCompletion(hello)).choices[0].message.content == "hello"
    async with start_bridge(mutual, upstream_ca_file=secret.ca) as bridge:
        assert (await failed(bridge.chat.CreateChatCompletion(hello))).code == "UNAVAILABLE"


async def succeeds(bridge: Bridge, hello: Hello) -> bool:
    call = bridge.chat.CreateChatCompletion(hello)
    return (await call.code()).name == "OK"


async def test_the_ca_changes(secured: Gateway, secret: Secret, hello: Hello) -> None:
    """After a change of the CA file, the old CA is not trusted."""
    async with start_bridge(secured, upstream_ca_file=secret.ca) as bridge:
        assert await succeeds(bridge, hello)
        secret.swap(ca=NEXT_CA.cert_pem.bytes(), crt=chain(FIRST), key=key(FIRST))

        async def refuses() -> bool:
            return not await succeeds(bridge, hello)

        await until(refuses)


async def test_the_client_certificate_changes(secret: Secret, hello: Hello) -> None:
    """A changed client certificate is presented without a restart."""
    async with (
        fake.running([closing], ssl=of(CA, NEXT_CLIENTS)) as gateway,
        start_bridge(gateway, **shown(secret)) as bridge,
    ):
        assert not await succeeds(bridge, hello)
        secret.swap(ca=CA.cert_pem.bytes(), crt=chain(SECOND), key=key(SECOND))
        await until(lambda: succeeds(bridge, hello))


async def test_the_last_good_ones_stay(mutual: Gateway, secret: Secret, hello: Hello) -> None:
    """While the files are invalid, calls use the last good ones, with one log line. Corrected files are loaded."""
    with capture_logs() as logs:
        async with start_bridge(mutual, **shown(secret)) as bridge:
            assert await succeeds(bridge, hello)
            secret.swap(ca=CA.cert_pem.bytes(), crt=chain(SECOND), key=key(FIRST))

            async def told() -> bool:
                assert await succeeds(bridge, hello)
                return any(line["log_level"] == "error" for line in logs)

            await until(told)
            assert await succeeds(bridge, hello)
            secret.swap(ca=CA.cert_pem.bytes(), crt=chain(FIRST), key=key(FIRST))
            logs.clear()

            async def mended() -> bool:
                assert await succeeds(bridge, hello)
                return any(line["event"] == "upstream TLS file read again" for line in logs)

            await until(mended)
    assert "BEGIN" not in str(logs)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("ca", b"nonsense", "the CA bundle is not a certificate in PEM"),
        ("crt", b"nonsense", "the certificate is not a certificate in PEM"),
        ("key", key(SECOND), "the private key does not match the certificate"),
        ("key", b"nonsense", "the key is not a private key in PEM"),
    ],
    ids=["no authority", "no certificate", "another key", "no key"],
)
async def test_the_start_is_refused(secret: Secret, name: str, content: bytes, problem: str) -> None:
    good = {"ca": CA.cert_pem.bytes(), "crt": chain(FIRST), "key": key(FIRST)}
    secret.swap(**{**good, name: content})
    with pytest.raises(SettingsError, match=rf"^upstream_ca_file.*: {problem}"):
        App(settings.load(**shown(secret)))
