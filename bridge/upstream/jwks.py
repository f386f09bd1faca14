"""Fetches the key set of an issuer of tokens. Its URL comes from the settings, and no redirect leads elsewhere."""

import asyncio
from pathlib import Path
from typing import Final

import httpx

from bridge.upstream.tls import trust

#: Seconds for the whole of it.
_TIMEOUT: Final = 5.0
#: No key set is larger, in bytes.
_LARGEST: Final = 1 << 20


class FetchError(Exception):
    """There was no key set to be had. The message says why, without the URL."""


async def fetch(url: str, ca_file: Path | None, extra_ca_file: Path | None = None) -> bytes:
    """The document at a URL. `ca_file` replaces the public CA certificates, `extra_ca_file` adds to what is trusted.

    Raises:
        FetchError: no connection, no 200, or more than a key set can be.
    """
    try:
        async with (
            asyncio.timeout(_TIMEOUT),
            httpx.AsyncClient(verify=trust(ca_file, extra_ca_file), trust_env=False) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as reply,
        ):
            if reply.status_code != httpx.codes.OK:
                raise FetchError(f"HTTP status {reply.status_code}")
            content = bytearray()
            async for piece in reply.aiter_bytes():
                content += piece
                if len(content) > _LARGEST:
                    raise FetchError("too large for a key set")
            return bytes(content)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise FetchError(type(error).__name__) from None
