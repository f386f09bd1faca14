"""Fetches the key set of an issuer of tokens. Its URL comes from the settings, and no redirect leads elsewhere."""

import asyncio
import ssl
from typing import Final

import httpx

from bridge.settings import Settings
from bridge.upstream.causes import cause_of
from bridge.upstream.proxy import Proxy, proxy_of
from bridge.upstream.tls import trust

#: Seconds for the whole of it.
_TIMEOUT_SECONDS: Final = 5.0
#: No key set is larger, in bytes.
_MAX_BYTES: Final = 1 << 20


class FetchError(Exception):
    """There was no key set to be had. The message says why, without the URL."""


async def fetch(settings: Settings) -> bytes:
    """The document at `jwt_jwks_url`, by the proxy and with the authorities of the settings.

    Raises:
        FetchError: no connection, no 200, or more than a key set can be.
    """
    url = str(settings.jwt_jwks_url)
    try:
        context = trust(settings.jwt_jwks_ca_file, settings.jwt_jwks_extra_ca_file)
        proxy = _httpx(proxy_of(settings, url), context)
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            httpx.AsyncClient(verify=context, trust_env=False, proxy=proxy) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as reply,
        ):
            if reply.status_code != httpx.codes.OK:
                raise FetchError(f"HTTP status {reply.status_code}")
            content = bytearray()
            async for piece in reply.aiter_bytes():
                content += piece
                if len(content) > _MAX_BYTES:
                    raise FetchError("too large for a key set")
            return bytes(content)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise FetchError(f"no connection: {cause_of(error).words}") from None
    except httpx.ProxyError as error:
        status = str(error)[:3]  # httpcore's words begin with it
        raise FetchError(f"the proxy answers HTTP {status}" if status.isdecimal() else "the proxy failed") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise FetchError(type(error).__name__) from None


def _httpx(proxy: Proxy | None, context: ssl.SSLContext) -> httpx.Proxy | None:
    if proxy is None:
        return None
    return httpx.Proxy(proxy.url, headers=proxy.header(), ssl_context=context if proxy.tls else None)
