"""The forward proxy to the upstream: which one, for which hosts, and the tunnel through it.

A request to an https upstream goes through a tunnel (CONNECT, RFC 9110 9.3.6), so that the proxy sees only the host and
the port. A request to an http upstream goes to the proxy itself, with the whole URL.
"""

import asyncio
import base64
import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from bridge.settings import Settings
from bridge.upstream.heads import MAX_INFORMATIONAL, Fields, head_of
from bridge.upstream.secrets import FixedSecret, Secret, SecretFile

_MAX_HEAD_BYTES: Final = 1 << 16  # bytes of the response to CONNECT
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
_PORTS: Final = {"http": 80, "https": 443}
#: Variables that other programs read. The bridge reads them only with `upstream_proxy_from_environment`.
VARIABLES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


class ProxyRefusedError(httpx.ProxyError):
    """The proxy did not open a tunnel. `status` is its HTTP status, 0 if it does not speak HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"the proxy responds with HTTP {status} to CONNECT" if status else "the proxy does not speak HTTP"
        )
        self.status = status


class Proxy(NamedTuple):
    """A forward proxy. `secret` returns the current USER:PASSWORD, empty for none."""

    host: str
    port: int
    tls: bool
    secret: Secret

    def header(self) -> Fields:
        """The `proxy-authorization` header, if there is a credential for the proxy."""
        secret = self.secret.value()
        value = base64.b64encode(secret.encode("utf-8")).decode("ascii")
        return [("proxy-authorization", f"Basic {value}")] if secret else []

    def secrets(self) -> list[str]:
        """The secrets that errors must not show: the value of that header, and the password."""
        password = self.secret.value().partition(":")[2]
        return [*(value for _, value in self.header()), *([password] if password else [])]

    @property
    def url(self) -> str:
        """The proxy's URL without its credential."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def upstream_proxy(settings: Settings) -> Proxy | None:
    """The proxy for requests to the upstream; None if they go directly, as to a unix socket."""
    return None if settings.upstream_socket else proxy_of(settings, settings.upstream_base)


def proxy_of(settings: Settings, url: str) -> Proxy | None:
    """The proxy for requests to a URL; None if they go directly."""
    target = urlsplit(url)
    host, port = target.hostname or "", target.port or _PORTS[target.scheme]
    if settings.upstream_proxy is not None:
        given, exempt = settings.upstream_proxy.get_secret_value(), settings.upstream_no_proxy
    elif settings.upstream_proxy_from_environment:
        given = _variable(f"{target.scheme}_proxy")
        exempt = tuple(item.strip() for item in _variable("no_proxy").split(",") if item.strip())
        exempt = (*exempt, "localhost", "127.0.0.0/8", "::1")
    else:
        return None
    if not given or is_exempt(host, port, exempt):
        return None
    parts = urlsplit(given if "://" in given else f"http://{given}")
    secret = _secret(settings, parts)
    return Proxy(parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme == "https", secret)


def unused_variables(settings: Settings, environment: Mapping[str, str] = os.environ) -> list[str]:
    """The proxy variables that are set but not used, for a warning at startup."""
    if settings.upstream_proxy is not None or settings.upstream_proxy_from_environment or settings.upstream_socket:
        return []
    return [name for name in VARIABLES[:2] if environment.get(name) or environment.get(name.lower())]


def is_exempt(host: str, port: int, exempt: Iterable[str]) -> bool:
    """Whether a host is in a list of hosts, domains (with everything below), addresses, networks, or `*`.

    An entry that ends with `:PORT` applies to that port only.
    """
    address = _address(host)
    for entry in exempt:
        name, colon, wanted = entry.rpartition(":")
        if colon and wanted.isdecimal() and (":" not in name or name.endswith("]")):
            if int(wanted) != port:
                continue
            entry = name  # noqa: PLW2901 # the rest is the same with and without a port
        entry = entry.strip("[]").lower().removeprefix("*.").removeprefix(".").rstrip(".")  # noqa: PLW2901 # same
        if entry == "*":
            return True
        if address is not None:
            if _contains(entry, address):
                return True
        elif entry and f".{host.lower().rstrip('.')}".endswith(f".{entry}"):
            return True
    return False


class Tunnel(asyncio.Protocol):
    """The protocol of a connection to the proxy until the tunnel is open."""

    def __init__(self) -> None:
        self._data = b""
        self._informational = 0
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def open(self, transport: asyncio.Transport, proxy: Proxy, authority: bytes) -> None:
        """Ask the proxy for a tunnel to `authority`, HOST:PORT.

        Raises:
            ProxyRefusedError: the proxy did not open it.
            httpx.ProxyError: the connection to the proxy ended first.
        """
        target = authority.decode("ascii")
        transport.write(head_of("CONNECT", target, [("host", target), *proxy.header()]))
        status = await self._status
        if not 200 <= status < 300:
            raise ProxyRefusedError(status)

    def data_received(self, data: bytes) -> None:
        """A part of the proxy's response. Nothing may follow its head before the bridge starts TLS."""
        self._data += data
        while not self._status.done():
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not (end or len(self._data) > _MAX_HEAD_BYTES):
                return
            found = _STATUS_LINE.match(head + b"\r")
            status = int(found[1]) if found else 0
            if end and 100 <= status < 200 and self._informational < MAX_INFORMATIONAL:
                self._informational += 1
                self._data = rest
            else:
                is_open = bool(end) and not rest
                self._status.set_result(status if is_open or status >= 300 else 0)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection to the proxy has ended."""
        del exc
        if not self._status.done():
            self._status.set_exception(httpx.ProxyError("the proxy closed the connection"))
            self._status.exception()  # retrieved, because nobody may be waiting


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _contains(entry: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _variable(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.upper()) or ""


def _secret(settings: Settings, parts: SplitResult) -> Secret:
    if settings.upstream_proxy_credentials_file is not None:
        return SecretFile(settings.upstream_proxy_credentials_file)
    text = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    return FixedSecret(text, "upstream_proxy")
