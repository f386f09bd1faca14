"""Finds out from gRPC's message why there is no connection to a bridge, and what to do about it."""

import re
from typing import Final, NamedTuple


class NoConnection(NamedTuple):
    """Why a connection could not be made. `cause` is a short name, empty if there is no advice."""

    words: str
    cause: str = ""
    advice: str = ""


#: By parts of gRPC's message; the first match applies. The causes are those that a bridge names for its
#: upstream (docs/errors.md).
_CAUSES: Final = tuple(
    (re.compile(pattern), NoConnection(words, cause, advice))
    for pattern, words, cause, advice in (
        (
            r"certificate has expired",
            "the bridge's certificate has expired",
            "certificate_expired",
            "Renew the bridge's certificate, and check the clock of this machine.",
        ),
        (
            r"certificate is not yet valid",
            "the bridge's certificate is not valid yet",
            "certificate_not_yet_valid",
            "Check the clock of this machine.",
        ),
        (
            r"CERTIFICATE_VERIFY_FAILED",
            "the bridge's certificate is from an authority that is not trusted",
            "certificate_unknown_authority",
            "Trust the authority of the bridge: tls=Tls(extra_ca=FILE).",
        ),
        (
            r"Hostname Verification Check failed|is not in peer certificate",  # the second is of older grpcio
            "the bridge's certificate is for another host name",
            "certificate_wrong_host",
            "Name the host that is in the certificate: tls=Tls(server_name=NAME).",
        ),
        (
            r"WRONG_VERSION_NUMBER",
            "the bridge does not speak TLS there",
            "tls_failed",
            "Connect without TLS: tls=False.",
        ),
        (
            r"Failed parsing HTTP/2|Trying to connect an http1\.x server",
            "the server there does not speak gRPC",
            "not_grpc",
            "Check the target: it is the address of the bridge, not of the gateway or of the bridge's metrics.",
        ),
        (
            # A server with TLS closes at the first bytes that are not TLS. One that requires a client certificate
            # closes after the handshake, and the client cannot tell why.
            r"(to all addresses|to all backends failing).*(Socket closed|Connection reset by peer)",
            "the connection was closed at once",
            "connection_closed",
            "The bridge may want TLS: tls=True. With TLS, it may want the certificate of a caller: tls=Tls(...).",
        ),
    )
)


def why(text: str) -> NoConnection:
    """The cause in gRPC's message about a failed connection."""
    for pattern, found in _CAUSES:
        if pattern.search(text):
            return found
    # gRPC's message is a chain of "failed to …: [ipv4:…: …]". The last link is the cause.
    return NoConnection(text.rpartition(": ")[2].rstrip("]"))
