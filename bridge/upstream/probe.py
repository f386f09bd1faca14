"""Probes the upstream on a separate connection: name resolution, TCP, TLS, and GET /models."""

import asyncio
import os
import ssl
from collections.abc import Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import httpx

from bridge.settings import Settings
from bridge.upstream.causes import Cause, cause_of
from bridge.upstream.credentials import Credentials
from bridge.upstream.dialer import PORTS
from bridge.upstream.origin import Origin
from bridge.upstream.proxy import unused_variables, upstream_proxy
from bridge.upstream.tls import contexts
from bridge.upstream.transport import Transport

_MAX_BODY_BYTES: Final = 4 << 20  # the longest list of models that is known has half a megabyte


class UnreachableError(Exception):
    """The upstream cannot be reached. The message says why, for the operator."""

    def __init__(self, message: str, cause: Cause) -> None:
        super().__init__(message)
        self.cause = cause


class ProbeResponse(NamedTuple):
    """The response to GET /models: the HTTP status, the headers with names in lower case, and the body if asked for.

    `is_complete` says that `body` is all of it, and not its beginning.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    is_complete: bool = False


class Probe:
    """Probes the upstream outside of the pool, as a new connection would meet it.

    `credentials` are those of the calls. Without them, the probe has its own, which may have to be started.
    """

    def __init__(self, settings: Settings, credentials: Credentials | None = None) -> None:
        self._url = httpx.URL(settings.upstream_base)
        self.socket = settings.upstream_socket
        self.host = self._url.host
        self.port = self._url.port or PORTS[self._url.scheme]
        self._contexts = contexts(settings)
        self._max_header_bytes = settings.max_header_bytes
        self._origin = Origin(settings)
        self.credentials = credentials or Credentials(settings)
        self._timeout = settings.upstream_check_timeout
        self.proxy = upstream_proxy(settings)
        self.unused_variables = unused_variables(settings)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The TLS context of the next connection; None without TLS."""
        return self._contexts() if self._url.scheme == "https" else None

    @property
    def authorization(self) -> str | None:
        """The bridge's own credential as a header value; None if it has none."""
        return self.credentials.choose(()).authorization

    async def problem(self) -> str:
        """The problem that would make every call fail; empty if none is found.

        Without a credential of its own the bridge only connects, or sends the request without one if there is a proxy.
        A status that depends on the caller or the moment, such as 403, 404 or 429, is not such a problem.
        """
        try:
            if self.authorization is None and self.proxy is None:
                await self.connect(tls=self.tls)
                return ""
            status = (await self.ask()).status
        except UnreachableError as error:
            return str(error)
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return "the proxy requires a valid credential (HTTP 407)"
        if status == HTTPStatus.UNAUTHORIZED and self.authorization is not None:
            return "the upstream rejects the bridge's credential (HTTP 401)"
        return f"the upstream responds with HTTP {status}" if status >= 500 or 300 <= status < 400 else ""

    async def resolve(self) -> list[str]:
        """The addresses of the upstream's name.

        Raises:
            UnreachableError: it has no address, or no DNS server responds in time.
        """
        async with self._failing():
            found = await asyncio.get_running_loop().getaddrinfo(self.host, self.port)
            return sorted({str(address[0]) for *_, address in found})

    async def connect(self, *, tls: ssl.SSLContext | None) -> dict[str, Any]:
        """Connect, with `tls` if given, and close the connection. Returns the upstream's certificate, as from `ssl`.

        Raises:
            UnreachableError: there is no connection in time.
        """
        async with self._failing():
            if self.socket:
                _, writer = await asyncio.open_unix_connection(self.socket)
            else:
                _, writer = await asyncio.open_connection(self.host, self.port, ssl=tls)
            try:
                return writer.get_extra_info("peercert") or {}
            finally:
                writer.transport.abort()

    async def ask(self, *, anonymously: bool = False, with_body: bool = False) -> ProbeResponse:
        """GET /models, with the bridge's credential unless `anonymously`. The body is read only `with_body`.

        Raises:
            UnreachableError: there is no response in time.
        """
        headers = {"user-agent": f"aibridge/{version('aibridge')}", "accept": "application/json"}
        headers["accept-encoding"] = "identity"
        headers.update(self._origin.headers())
        if not anonymously and (authorization := self.authorization) is not None:
            name, value = self._origin.credential(authorization)
            headers[name] = value
        transport = Transport(
            self._url,
            self._contexts,
            connect_timeout=self._timeout,
            max_header_bytes=self._max_header_bytes,
            proxy=self.proxy,
            path=self.socket,
        )
        async with self._failing(), transport:
            url = self._url.copy_with(raw_path=self._origin.target("/models").encode("ascii"))
            request = httpx.Request("GET", url, headers=headers)
            response = await transport.handle_async_request(request)
            try:
                body, is_complete = await _beginning(response) if with_body else (b"", False)
                return ProbeResponse(response.status_code, dict(response.headers), body, is_complete)
            finally:
                await response.aclose()

    @asynccontextmanager
    async def _failing(self) -> Any:
        where = self.socket or f"{self.host}:{self.port}"
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError as error:
            raise UnreachableError(f"no response from {where} in {self._timeout:g} s", cause_of(error)) from None
        except ssl.SSLCertVerificationError as error:
            words = f"the certificate of {self.host} is not valid: {error.verify_message}"
            raise UnreachableError(words, cause_of(error)) from None
        except (OSError, UnicodeError, httpx.TransportError, httpx.DecodingError) as error:
            raise UnreachableError(f"{where}: {_words(error.__cause__ or error)}", cause_of(error)) from None


async def _beginning(response: httpx.Response) -> tuple[bytes, bool]:
    """The body of a response, or its first bytes, and whether it is all of it."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MAX_BODY_BYTES:
            return bytes(body), False
    return bytes(body), True


def _words(error: BaseException) -> str:
    number = error.errno if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
    if number is not None and number > 0:
        return os.strerror(number)  # asyncio's own text names no cause
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
