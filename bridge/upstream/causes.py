"""Maps exceptions of the transport to causes, and logs when the upstream becomes unreachable or reachable."""

import errno
import re
import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Self

import httpx
import structlog

from bridge.upstream.proxy import ProxyRefusedError

_log = structlog.get_logger("aibridge.upstream")


class Cause(Enum):
    """Why a connection failed: a value for logs and `ErrorInfo.metadata`, a text for messages, advice for operators."""

    words: str
    advice: str

    def __new__(cls, value: str, words: str, advice: str) -> Self:
        """Create a member with its texts."""
        member = object.__new__(cls)
        member._value_, member.words, member.advice = value, words, advice
        return member

    NAME_NOT_FOUND = (
        "name_not_found",
        "the host name does not exist",
        "Check the host in upstream_url (or in the proxy's URL), and the DNS of this machine or pod.",
    )
    NAME_LOOKUP_FAILED = (
        "name_lookup_failed",
        "the host name could not be looked up",
        "Check the DNS server of this machine or pod.",
    )
    REFUSED = (
        "connection_refused",
        "the connection was refused",
        "Check that the upstream (or the proxy) runs, the port in its URL, and egress rules (NetworkPolicy).",
    )
    UNREACHABLE = (
        "network_unreachable",
        "there is no route to the host",
        "Check the network, firewalls and egress rules (NetworkPolicy).",
    )
    TIMEOUT = (
        "connect_timeout",
        "connecting timed out",
        "Check firewalls and egress rules (NetworkPolicy), and connect_timeout.",
    )
    CLOSED = (
        "connection_closed",
        "the connection was closed before it could be used",
        "Check the port in upstream_url, and any proxy or load balancer between the bridge and the upstream.",
    )
    SOCKET_NOT_FOUND = (
        "socket_not_found",
        "the unix socket does not exist",
        "Check the path in upstream_url, and that the upstream runs.",
    )
    PERMISSION_DENIED = (
        "permission_denied",
        "the system does not allow the connection",
        "Give the bridge's user access to the socket, or check the firewall rules.",
    )
    CERTIFICATE_EXPIRED = (
        "certificate_expired",
        "the certificate has expired",
        "Ask the operator of the upstream to renew it, and check the clock of this machine.",
    )
    CERTIFICATE_NOT_YET_VALID = (
        "certificate_not_yet_valid",
        "the certificate is not valid yet",
        "Check the clock of this machine.",
    )
    CERTIFICATE_UNKNOWN_AUTHORITY = (
        "certificate_unknown_authority",
        "the certificate is signed by an untrusted CA",
        "Set upstream_extra_ca_file to a PEM file with the certificate of that CA.",
    )
    CERTIFICATE_WRONG_HOST = (
        "certificate_wrong_host",
        "the certificate is for another host name",
        "Check the host in upstream_url: it has to be a name in the certificate.",
    )
    CERTIFICATE_INVALID = (
        "certificate_invalid",
        "the certificate is not valid",
        "Ask the operator of the upstream for a valid certificate.",
    )
    TLS_FAILED = (
        "tls_failed",
        "the TLS handshake failed",
        "Check that upstream_url should be https, and upstream_certificate_file if the upstream asks for one.",
    )
    PROXY_CREDENTIALS = (
        "proxy_authentication_required",
        "the proxy requires a valid credential",
        "Set upstream_proxy_credentials_file, or user and password in upstream_proxy.",
    )
    PROXY_REFUSED = (
        "proxy_refused",
        "the proxy did not open a tunnel",
        "Check that the proxy allows this host and port, and that it can reach them.",
    )
    PROXY_CLOSED = (
        "proxy_closed",
        "the proxy closed the connection",
        "Check upstream_proxy: its port, and whether it should be http or https.",
    )
    OTHER = (
        "connection_failed",
        "the connection failed",
        "Run `aibridge doctor` with the same settings.",
    )


#: OpenSSL's numbers for what is wrong with a certificate (x509_vfy.h).
_CERTIFICATES: Final[Mapping[int, Cause]] = {
    2: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    9: Cause.CERTIFICATE_NOT_YET_VALID,
    10: Cause.CERTIFICATE_EXPIRED,
    18: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,  # signed by itself
    19: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    20: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    21: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    27: Cause.CERTIFICATE_UNKNOWN_AUTHORITY,
    62: Cause.CERTIFICATE_WRONG_HOST,
    64: Cause.CERTIFICATE_WRONG_HOST,  # for an IP address
}
#: If several addresses failed for different reasons, the first of these counts: it says most about the upstream.
_NUMBERS: Final[Mapping[int, Cause]] = {
    errno.ECONNREFUSED: Cause.REFUSED,
    errno.ECONNRESET: Cause.CLOSED,
    errno.EPIPE: Cause.CLOSED,
    errno.ETIMEDOUT: Cause.TIMEOUT,
    errno.EACCES: Cause.PERMISSION_DENIED,
    errno.EPERM: Cause.PERMISSION_DENIED,
    errno.ENOENT: Cause.SOCKET_NOT_FOUND,
    errno.EHOSTUNREACH: Cause.UNREACHABLE,
    errno.ENETUNREACH: Cause.UNREACHABLE,
    errno.EADDRNOTAVAIL: Cause.UNREACHABLE,
}
_NO_NAME: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
#: Responses of proxies to CONNECT without a valid credential. tinyproxy responds with 401 to a wrong one.
_PROXY_CREDENTIALS: Final = frozenset({401, 407})
#: aiohappyeyeballs joins the texts of several failures into one exception without a number.
_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")
#: At most this many log lines in this time.
_MAX_LINES: Final = 10
_WINDOW_SECONDS: Final = 60.0


def cause_of(error: BaseException) -> Cause:
    """The cause for an exception of the transport, or for the exception that caused it."""
    match error:
        case ProxyRefusedError():
            cause = Cause.PROXY_CREDENTIALS if error.status in _PROXY_CREDENTIALS else Cause.PROXY_REFUSED
        case httpx.ProxyError():
            cause = Cause.PROXY_CLOSED
        case httpx.ConnectTimeout() | TimeoutError():
            cause = Cause.TIMEOUT
        case ssl.SSLCertVerificationError():
            cause = _CERTIFICATES.get(getattr(error, "verify_code", 0), Cause.CERTIFICATE_INVALID)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            cause = Cause.CLOSED  # during the handshake, which does not mean that TLS is the problem
        case ssl.SSLError():
            cause = Cause.TLS_FAILED
        case UnicodeError():
            cause = Cause.NAME_NOT_FOUND
        case socket.gaierror():
            cause = Cause.NAME_NOT_FOUND if error.errno in _NO_NAME else Cause.NAME_LOOKUP_FAILED
        case _:
            cause = _of_other(error)
    return cause


def _of_other(error: BaseException) -> Cause:
    number = error.errno if isinstance(error, OSError) else None
    behind = error.__cause__ or error.__context__  # httpcore sets only the context
    if number is None and behind is not None:
        return cause_of(behind)
    numbers = {number} if number is not None else {int(found) for found in _NUMBER.findall(str(error))}
    unknown = Cause.CLOSED if isinstance(error, ConnectionError | httpx.TransportError) else Cause.OTHER
    return next((cause for number, cause in _NUMBERS.items() if number in numbers), unknown)


class Reachability:
    """Logs when the upstream becomes unreachable, when the cause changes, and when it is reachable again.

    If some of the servers behind a name fail, the state changes often. So there are at most `_MAX_LINES` lines in
    `_WINDOW_SECONDS`. A change that could not be logged is logged later, if it still holds.

    Each line has the `fields`, which describe the route to the upstream. Without any, nothing is logged.
    """

    def __init__(self, **fields: Any) -> None:
        self._fields = fields
        self._cause: Cause | None = None  # in the last line
        self._lines: deque[float] = deque(maxlen=_MAX_LINES)  # when the latest lines were written

    def failed(self, cause: Cause) -> None:
        """A connection could not be made."""
        if cause is not self._cause and self._may_log():
            self._cause = cause
            _log.warning(
                "upstream cannot be reached",
                cause=cause.value,
                problem=cause.words,
                advice=cause.advice,
                **self._fields,
            )

    def reached(self) -> None:
        """A new connection has returned a response."""
        if self._cause is not None and self._may_log():
            _log.warning("upstream can be reached again", cause=self._cause.value, **self._fields)
            self._cause = None

    def _may_log(self) -> bool:
        now = time.monotonic()
        is_full = len(self._lines) == _MAX_LINES and now < self._lines[0] + _WINDOW_SECONDS
        if is_full or not self._fields:
            return False
        self._lines.append(now)
        return True
