"""Why an issuer's key set cannot be fetched, by real failures. The log has the cause without the URL."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from bridge import settings
from bridge.upstream.jwks import FetchError, fetch
from tests.support.forward import Fault, ForwardProxy, forwarding
from tests.support.gateway import respond_json, running
from tests.upstream.wire import refusing


def given(url: str, **more: Any) -> settings.Settings:
    return settings.load(jwt_issuer="i", jwt_audiences=["a"], jwt_jwks_url=url, **more)


@asynccontextmanager
async def issuing(authority: trustme.CA, host: str = "127.0.0.1") -> AsyncIterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    async with running([respond_json({"keys": []})], ssl=context) as gateway:
        yield gateway.url


async def failure(url: str, **more: Any) -> str:
    with pytest.raises(FetchError) as caught:
        await fetch(given(url, **more))
    return str(caught.value)


async def test_refused() -> None:
    """A refused connection is named as such."""
    with refusing() as (host, port):
        assert await failure(f"http://{host}:{port}/jwks") == "no connection: the connection was refused"


async def test_a_name_that_does_not_exist() -> None:
    assert await failure("https://-no-such-name/jwks") == "no connection: the host name does not exist"


async def test_an_authority_that_is_not_trusted() -> None:
    async with issuing(trustme.CA()) as url:
        assert await failure(url) == "no connection: the certificate is signed by an untrusted CA"


async def test_another_host(tmp_path: Path) -> None:
    """A certificate for another host is named as such."""
    authority, file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    async with issuing(authority, "issuer.test") as url:
        words = await failure(url, jwt_jwks_extra_ca_file=file)
    assert words == "no connection: the certificate is for another host name"


@pytest.mark.parametrize(
    ("fault", "words"), [("407", "the proxy responds with HTTP 407"), ("502", "the proxy responds with HTTP 502")]
)
async def test_a_proxy_that_refuses(fault: Fault, words: str) -> None:
    async with forwarding(ForwardProxy(fault=fault)) as proxy:
        assert await failure("https://issuer.test/jwks", upstream_proxy=f"http://127.0.0.1:{proxy.port}") == words
