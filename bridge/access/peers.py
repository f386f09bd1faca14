"""The names in a client certificate that gRPC has verified: its SPIFFE ID and its DNS names."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from bridge.certificates import has_printable_names

#: gRPC's authentication context of a connection: the names in the certificate, by kind.
AuthContext = Mapping[str, Iterable[bytes]]

_SPIFFE_ID: Final = re.compile(r"spiffe://[a-z0-9._-]{1,255}(?:/[A-Za-z0-9._-]+)*").fullmatch


class UnreadableError(Exception):
    """A name in the certificate is ambiguous."""


def names_of(connection: AuthContext) -> list[str]:
    r"""The names of the client, each with the prefix of its kind; none without a certificate.

    gRPC cuts a name at a NUL: it reads `a.example.org\0.evil` as `a.example.org`. So the certificate is checked too.

    Raises:
        UnreadableError: a name has a NUL or another unprintable character, or a SPIFFE ID breaks the standard: it has a
            query, percent-encoding, or a segment that is empty, `.` or `..`.
    """
    names = [uri.decode("utf-8", "replace") for uri in connection.get("peer_spiffe_id", ())]
    if not all(map(_is_spiffe_id, names)):
        raise UnreadableError
    names += [f"dns:{name.decode('utf-8', 'replace').lower()}" for name in connection.get("peer_dns", ())]
    if names and not all(map(_is_readable, connection.get("x509_pem_cert", (b"",)))):
        raise UnreadableError
    return names


def _is_spiffe_id(name: str) -> bool:
    return _SPIFFE_ID(name) is not None and not {".", ".."} & set(name.split("/"))


_is_readable = lru_cache(maxsize=1024)(has_printable_names)  # 50 µs per certificate
