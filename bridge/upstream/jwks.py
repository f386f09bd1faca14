"""Fetches the key set of a token issuer. The URL comes from the settings; redirects are not followed."""

import asyncio
import ssl
from typing import Final

import httpx

from bridge.settings import Settings
from bridge.upstream.causes import cause_of
from bridge.upstream.proxy import Proxy, proxy_of
from bridge.upstream.tls import trust

#: For the whole fetch.
_TIMEOUT_SECONDS: Final = 5.0
#: The largest key set.
_MAX_BYTES: Final = 1 << 20


class FetchError(Exception):
    """The key set could not be fetched. The message says why, without the URL."""


async def fetch(settings: Settings) -> bytes:
    """The document at `jwt_jwks_url`, through the proxy and with the CAs of the settings.

    Raises:
        FetchError: there is no connection, the status is not 200, or the document is too large.
    """
    url = str(settings.jwt_jwks_url)
    try:
        context = trust(settings.jwt_jwks_ca_file, settings.jwt_jwks_extra_ca_file)
        proxy = _httpx(proxy_of(settings, url), context)
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            httpx.AsyncClient(verify=context, trust_env=False, proxy=proxy) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise FetchError(f"HTTP status {response.status_code}")
            content = bytearray()
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > _MAX_BYTES:
                    raise FetchError("too large for a key set")
            return bytes(content)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise FetchError(f"no connection: {cause_of(error).words}") from None
    except httpx.ProxyError as error:
        status = str(error)[:3]  # httpcore's words begin with it
        raise FetchError(
            f"the proxy responds with HTTP {status}" if status.isdecimal() else "the proxy failed"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise FetchError(type(error).__name__) from None


def _httpx(proxy: Proxy | None, context: ssl.SSLContext) -> httpx.Proxy | None:
    if proxy is None:
        return None
    return httpx.Proxy(proxy.url, headers=proxy.header(), ssl_context=context if proxy.tls else None)
